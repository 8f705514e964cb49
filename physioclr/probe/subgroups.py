"""A probe's scores in parts of its cohort: by age, sex and signal quality.

The probe is the one of the whole cohort; only the records scored are fewer. So a difference between
two groups says how well the same probe serves them, not how well each could be served. The AUROC of
a group ranks its records among themselves: it does not see a level that is off for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.probe.folds import patient_codes, unmeasurable_labels
from physioclr.probe.result import MACRO, ProbeResult
from physioclr.probe.scores import auroc, bootstrap_auroc, interval

__all__ = ["FEWEST_PATIENTS", "Subgroups", "score_subgroups", "subgroups_of"]

Subgroups = Mapping[str, Mapping[str, NDArray[np.bool_]]]
"""What a cohort is parted by → group → which records, (n_records,) bool."""

FEWEST_PATIENTS = 10
"""With a label and without it: in a group with less, the label is not measured."""

_AGE_BANDS = ((0, 40, "under 40"), (40, 60, "40 to 59"), (60, 80, "60 to 79"))
_OLDEST = (80, np.inf, "80 and over")


def subgroups_of(records: pd.DataFrame) -> dict[str, dict[str, NDArray[np.bool_]]]:
    """Part a cohort by age, sex and signal quality.

    Parameters
    ----------
    records : DataFrame
        As `Store.records`: ``age_years``, ``sex``, ``acceptable``.

    Returns
    -------
    dict of str to dict of str to (n_records,) bool
        Each record is in one group of each kind; where a value is unknown in one that says so.
        Groups without records are left out.
    """
    age = records["age_years"].to_numpy(dtype=np.float64)
    ages = {name: (age >= low) & (age < high) for low, high, name in (*_AGE_BANDS, _OLDEST)}
    sexes = {sex: (records["sex"] == sex).to_numpy(bool) for sex in ("female", "male")}
    judged = records["acceptable"]
    quality = {
        name: (judged == value).fillna(False).to_numpy(bool)
        for name, value in (("acceptable", True), ("not acceptable", False))
    }
    kinds = {
        "Age": _with_rest(ages, "not stated"),
        "Sex": _with_rest(sexes, "not stated"),
        "Signal quality": _with_rest(quality, "not judged"),
    }
    return {
        kind: {name: rows for name, rows in groups.items() if rows.any()}
        for kind, groups in kinds.items()
    }


def score_subgroups(result: ProbeResult, subgroups: Subgroups) -> pd.DataFrame:
    """Score a probe in each group.

    Parameters
    ----------
    result : ProbeResult
    subgroups : mapping of str to mapping of str to (n_records,) bool
        As `subgroups_of` gives them, of the result's records.

    Returns
    -------
    DataFrame
        One row a group and label, the macro mean first: ``kind``, ``group``, ``label``,
        ``n_records`` (whose label is known; all of the group for the macro mean),
        ``n_patients``, ``n_positive``, ``auroc``, ``auroc_low``, ``auroc_high`` (95 %, bootstrap
        of the group's patients) and ``reason``: empty, or why it was not measured (NaN then). The
        groups of one kind share the labels of their macro mean, ``n_labels`` of them: those
        measured in every group that measures at least half of all.
    """
    rows: list[dict[str, Any]] = []
    for kind, groups in subgroups.items():
        parts = {group: _Part(result, inside) for group, inside in groups.items()}
        enough = [p for p in parts.values() if 2 * len(p.measured) >= len(result.measured)]
        common = [name for name in result.measured if all(name in p.measured for p in enough)]
        for group, part in parts.items():
            shared = common if part in enough else []
            found = (part.macro(shared), *map(part.of_label, result.measured))
            rows += [{"kind": kind, "group": group, **row} for row in found]
    columns = ["kind", "group", "label", "n_records", "n_patients", "n_positive", "n_labels"]
    return pd.DataFrame(rows)[[*columns, "auroc", "auroc_low", "auroc_high", "reason"]]


class _Part:
    """The records of one group and their scores."""

    def __init__(self, result: ProbeResult, inside: NDArray[np.bool_]) -> None:
        self._names = result.measured
        columns = [result.label_names.index(name) for name in self._names]
        self._targets = result.targets[inside][:, columns]
        self._patients = result.groups[inside]
        probabilities = result.probabilities[inside][:, columns]
        self._reasons = unmeasurable_labels(
            self._targets, self._patients, self._names, n_folds=FEWEST_PATIENTS
        )
        kept = [i for i, name in enumerate(self._names) if name not in self._reasons]
        draws = bootstrap_auroc(
            probabilities[:, kept],
            self._targets[:, kept],
            patient_codes(self._patients),
            n_bootstrap=result.n_bootstrap,
            seed=result.seed,
        )
        self._draws = {self._names[i]: draws[:, at] for at, i in enumerate(kept)}
        self._areas = {
            self._names[i]: float(auroc(probabilities[:, i], self._targets[:, i])[0]) for i in kept
        }

    @property
    def measured(self) -> tuple[str, ...]:
        return tuple(self._areas)

    def of_label(self, name: str) -> dict[str, Any]:
        target = self._targets[:, self._names.index(name)]
        known = ~np.isnan(target)
        low, high = interval(self._draws[name]) if name in self._draws else (np.nan, np.nan)
        return {
            "label": name,
            "n_records": int(known.sum()),
            "n_patients": len(np.unique(self._patients[known])),
            "n_positive": int(np.sum(target == 1)),
            "n_labels": 1,
            "auroc": self._areas.get(name, np.nan),
            "auroc_low": low,
            "auroc_high": high,
            "reason": self._reasons.get(name, ""),
        }

    def macro(self, shared: list[str]) -> dict[str, Any]:
        row: dict[str, Any] = {
            "label": MACRO,
            "n_records": len(self._targets),
            "n_patients": len(np.unique(self._patients)),
            "n_positive": int(np.sum(self._targets == 1)),
            "n_labels": len(shared),
            "auroc": np.nan,
            "auroc_low": np.nan,
            "auroc_high": np.nan,
            "reason": f"{len(self.measured)} of {len(self._names)} labels can be measured",
        }
        if shared:
            row["auroc"] = float(np.mean([self._areas[name] for name in shared]))
            draws = np.mean([self._draws[name] for name in shared], axis=0)
            row["auroc_low"], row["auroc_high"] = interval(draws)
            row["reason"] = ""
        return row


def _with_rest(groups: dict[str, NDArray[np.bool_]], rest: str) -> dict[str, NDArray[np.bool_]]:
    return {**groups, rest: ~np.any(list(groups.values()), axis=0)}
