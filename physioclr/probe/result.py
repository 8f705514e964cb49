"""What a cross-validated probe found, and several of them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from physioclr.errors import DatasetError
from physioclr.probe.folds import patient_codes
from physioclr.probe.scores import bootstrap_auroc, interval, label_scores

__all__ = ["MACRO", "ProbeResult", "comparison_table"]

MACRO = "macro"
_AREA = ("auroc", "auroc_low", "auroc_high")
_SCORES = (*_AREA, "auprc", "f1", "precision", "recall", "brier", "ece")


@dataclass(frozen=True, eq=False)
class ProbeResult:
    """Out-of-fold predictions of a cross-validated probe, and their scores.

    Parameters
    ----------
    label_names : tuple of str
    table : DataFrame
        One row a label, then ``"macro"``: ``n_known`` (records whose label is known),
        ``n_positive``, ``auroc`` with ``auroc_low`` and ``auroc_high`` (percentile bootstrap of
        the patients, 95 %), ``auprc``, ``f1``, ``precision``, ``recall``, ``brier``, ``ece``
        (expected calibration error), and ``reason``: empty, or why the label was not measured
        (its scores are NaN then). The macro row is the mean over the labels measured; its
        ``n_positive`` and ``n_known`` are sums.
    probabilities : (n_records, n_labels) float64
        Out of fold: each from a model that never saw the record's patient. NaN for labels that
        were not measured.
    targets : (n_records, n_labels) float64
        1, 0 or NaN = unknown.
    groups : (n_records,) str
        Patients.
    folds : (n_records,) int
        The fold in which each record was held out.
    thresholds, regularisation : (n_folds, n_labels) float64
        What each fold's training part chose.
    seed, n_bootstrap : int
    """

    label_names: tuple[str, ...]
    table: pd.DataFrame
    probabilities: NDArray[np.float64]
    targets: NDArray[np.float64]
    groups: NDArray[np.str_]
    folds: NDArray[np.intp]
    thresholds: NDArray[np.float64]
    regularisation: NDArray[np.float64]
    seed: int
    n_bootstrap: int

    @property
    def measured(self) -> tuple[str, ...]:
        """The labels that could be measured."""
        return tuple(name for name in self.label_names if not self.table.loc[name, "reason"])

    @property
    def macro_auroc(self) -> float:
        """Mean AUROC over the labels measured."""
        return float(self.table.loc[MACRO, "auroc"])  # type: ignore[arg-type]

    def roc_curve(self, label: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the ROC curve of one label.

        Parameters
        ----------
        label : str

        Returns
        -------
        fpr, tpr : (n_points,) float64
            False and true positive rate, from (0, 0) to (1, 1).

        Raises
        ------
        ValueError
            If the label was not measured, or is not one of the probe's.
        """
        if label not in self.measured:
            raise ValueError(f"label must be one of {', '.join(self.measured)}, got {label!r}")
        column = self.label_names.index(label)
        known = ~np.isnan(self.targets[:, column])
        fpr, tpr, _ = roc_curve(self.targets[known, column], self.probabilities[known, column])
        return np.asarray(fpr, dtype=np.float64), np.asarray(tpr, dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: NaN becomes None."""
        return {
            **self.summary_dict(),
            "probabilities": _nested(self.probabilities),
            "targets": _nested(self.targets),
            "groups": self.groups.tolist(),
            "folds": self.folds.tolist(),
        }

    def summary_dict(self) -> dict[str, Any]:
        """Return for JSON what is not of single records: `to_dict` without its largest parts."""
        return {
            "label_names": list(self.label_names),
            "table": [
                {"label": label, **{str(k): _plain(v) for k, v in row.items()}}
                for label, row in self.table.iterrows()
            ],
            "thresholds": _nested(self.thresholds),
            "regularisation": _nested(self.regularisation),
            "seed": self.seed,
            "n_bootstrap": self.n_bootstrap,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ProbeResult:
        """Rebuild what `to_dict` returned.

        Parameters
        ----------
        stored : mapping

        Returns
        -------
        ProbeResult

        Raises
        ------
        DatasetError
            If a part is missing.
        """
        absent = [name for name in cls.__dataclass_fields__ if name not in stored]
        if absent:
            raise DatasetError(
                "the stored probe result", expected=f"a value for {absent[0]!r}", found="none"
            )
        return cls(
            label_names=tuple(stored["label_names"]),
            table=_typed_table(pd.DataFrame(stored["table"]).set_index("label")),
            probabilities=np.asarray(stored["probabilities"], dtype=np.float64),
            targets=np.asarray(stored["targets"], dtype=np.float64),
            groups=np.asarray(stored["groups"], dtype=np.str_),
            folds=np.asarray(stored["folds"], dtype=np.intp),
            thresholds=np.asarray(stored["thresholds"], dtype=np.float64),
            regularisation=np.asarray(stored["regularisation"], dtype=np.float64),
            seed=int(stored["seed"]),
            n_bootstrap=int(stored["n_bootstrap"]),
        )


def score_table(
    label_names: tuple[str, ...],
    probabilities: NDArray[np.float64],
    called: NDArray[np.bool_],
    targets: NDArray[np.float64],
    codes: NDArray[np.intp],
    reasons: Mapping[str, str],
    *,
    seed: int,
    n_bootstrap: int,
) -> pd.DataFrame:
    """Score every label and their mean; the columns are those of `ProbeResult.table`.

    Parameters
    ----------
    label_names : tuple of str
    probabilities : (n, k) float64
    called : (n, k) bool
    targets : (n, k) float64
    codes : (n,) int
        Patient of each record.
    reasons : mapping of str to str
        Labels that are not measured, and why.
    seed, n_bootstrap : int

    Returns
    -------
    DataFrame
    """
    measured = [i for i, name in enumerate(label_names) if name not in reasons]
    draws = bootstrap_auroc(
        probabilities[:, measured], targets[:, measured], codes, n_bootstrap=n_bootstrap, seed=seed
    )
    rows: dict[str, dict[str, Any]] = {}
    for i, name in enumerate(label_names):
        row: dict[str, Any] = {
            "n_known": int(np.sum(~np.isnan(targets[:, i]))),
            "n_positive": int(np.sum(targets[:, i] == 1)),
            "reason": reasons.get(name, ""),
        }
        if name not in reasons:
            row |= label_scores(probabilities[:, i], called[:, i], targets[:, i])
            row["auroc_low"], row["auroc_high"] = interval(draws[:, measured.index(i)])
        rows[name] = row
    table = pd.DataFrame.from_dict(rows, orient="index")
    macro: dict[str, Any] = {score: table[score].mean() for score in _SCORES}
    kept = table["reason"] == ""
    macro |= {count: table.loc[kept, count].sum() for count in ("n_known", "n_positive")}
    macro["auroc_low"], macro["auroc_high"] = interval(draws.mean(axis=1))
    table = pd.concat([table, pd.DataFrame([macro | {"reason": ""}], index=[MACRO])])
    return _typed_table(table.rename_axis("label"))


def _typed_table(table: pd.DataFrame) -> pd.DataFrame:
    types: dict[str, Any] = {"n_known": int, "n_positive": int}
    types |= dict.fromkeys(_SCORES, float) | {"reason": str}
    return table[list(types)].astype(types)


def comparison_table(results: Mapping[str, ProbeResult]) -> pd.DataFrame:
    """Put several probes side by side.

    Parameters
    ----------
    results : mapping of str to ProbeResult
        By model.

    Returns
    -------
    DataFrame
        One row a model and label, all models of the macro mean first: ``label``, ``model``,
        ``auroc``, ``auroc_low``, ``auroc_high`` (NaN where not measured) and ``text``:
        ``"0.853 [0.821, 0.882]"`` or ``"not measured"``.
    """
    labels = dict.fromkeys([MACRO, *(x for r in results.values() for x in r.label_names)])
    rows = [
        (label, model, *(float(result.table[area].to_dict()[label]) for area in _AREA))
        for label in labels
        for model, result in results.items()
        if label in result.table.index
    ]
    table = pd.DataFrame(rows, columns=["label", "model", *_AREA])
    table["text"] = [
        f"{area:.3f} [{low:.3f}, {high:.3f}]" if np.isfinite(area) else "not measured"
        for area, low, high in table[list(_AREA)].itertuples(index=False)
    ]
    return table


def _plain(value: object) -> object:
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def _nested(values: NDArray[np.float64]) -> list[list[float | None]]:
    return [[x if np.isfinite(x) else None for x in row] for row in values.tolist()]


def scored_result(
    probabilities: NDArray[np.float64],
    targets: NDArray[np.float64],
    groups: Sequence[object] | NDArray[Any],
    folds: NDArray[np.intp],
    *,
    label_names: tuple[str, ...],
    thresholds: NDArray[np.float64],
    regularisation: NDArray[np.float64],
    reasons: Mapping[str, str],
    seed: int,
    n_bootstrap: int,
) -> ProbeResult:
    """Score out-of-fold probabilities.

    Parameters
    ----------
    probabilities, targets : (n_records, n_labels) float64
        NaN where a label was not measured, or is unknown.
    groups : (n_records,) sequence
        Patient identifiers.
    folds : (n_records,) int
    label_names : tuple of str
    thresholds, regularisation : (n_folds, n_labels) float64
    reasons : mapping of str to str
        Why a label was not measured.
    seed, n_bootstrap : int
        Of the 95 % intervals.

    Returns
    -------
    ProbeResult
    """
    table = score_table(
        label_names,
        probabilities,
        probabilities >= thresholds[folds],
        targets,
        patient_codes(groups),
        reasons,
        seed=seed,
        n_bootstrap=n_bootstrap,
    )
    return ProbeResult(
        label_names=label_names,
        table=table,
        probabilities=probabilities,
        targets=targets,
        groups=np.array([str(group) for group in groups], dtype=np.str_),
        folds=folds,
        thresholds=thresholds,
        regularisation=regularisation,
        seed=seed,
        n_bootstrap=n_bootstrap,
    )
