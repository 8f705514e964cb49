"""What sets some ECGs of a cohort apart from the rest: each measurement and each label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from physioclr.errors import DatasetError
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.physiology.angles import ANGLES, turned_to_mean
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.probe.folds import patient_codes

if TYPE_CHECKING:
    from physioclr.datasets.store import Store

__all__ = ["Difference", "compare_selection"]

_Z = 1.959963984540054  # 97.5th percentile of the standard normal distribution
_FEW = 5
# Of the table of records: what it is called, and its unit.
_OF_PATIENTS = {"age_years": ("Age", "years"), "quality_score": ("Signal quality", "")}


@dataclass(frozen=True)
class Difference:
    """One measurement or label among the selected ECGs and among the rest.

    Parameters
    ----------
    kind : {"measurement", "label", "statement", "patient"}
    name : str
        The column, of a label ``set/label``, of a statement its code in lower case.
    label : str
        As it is shown.
    unit : str
    n_selected, n_rest : int
        ECGs of which it is known.
    selected, rest : float
        The median of a number, the share of a label; of an angle the mean direction of all plus
        the median offset from it.
    effect : float
        Of a number Cliff's delta, in [-1, 1]: how much likelier a selected ECG has the higher value
        than the lower, against one of the rest. Of a label the difference of the shares. NaN
        where one side has no value.
    effect_low, effect_high : float
        95 %.
    p : float
        Two-sided, of no difference.
    """

    kind: str
    name: str
    label: str
    unit: str
    n_selected: int
    n_rest: int
    selected: float
    rest: float
    effect: float
    effect_low: float
    effect_high: float
    p: float


def compare_selection(
    store: Store,
    rows: NDArray[Any],
    *,
    within: NDArray[Any] | None = None,
    label_sets: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compare selected ECGs with the others of a cohort.

    Parameters
    ----------
    store : Store
    rows : (n,) int array
        The selected.
    within : (m,) int array, optional
        The ECGs that are compared, the selected among them; all where absent.
    label_sets : sequence of str, optional
        All where absent.

    Returns
    -------
    DataFrame
        The fields of `Difference` and ``p_corrected``, one row a measurement or label, those that
        differ most first.

    Raises
    ------
    DatasetError
        If none or all are selected.

    Notes
    -----
    Cliff 1993, doi:10.1037/0033-2909.114.3.494. Its interval and the spread of a share are those
    of the sum over patients of what each ECG adds to the estimate (Obuchowski 1997,
    doi:10.2307/2533958), so that ten ECGs of one patient are not ten patients. p of a number:
    rank sum with ties (Mann, Whitney), of a label: normal approximation, or Fisher's exact test
    where fewer than 5 are expected and nobody has two ECGs; both widened by what the patients'
    repeats cost. The interval of a difference of shares is Newcombe's (1998,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I). Corrected for the
    number of comparisons after Benjamini and Hochberg (1995). Angles are compared as their offsets
    from the mean direction of all that are compared, clockwise the higher: where the circle of
    degrees is cut does not matter.
    """
    of_all = np.arange(len(store)) if within is None else np.unique(np.asarray(within))
    chosen = np.isin(of_all, rows)
    if chosen.all() or not chosen.any():
        counted = f"{int(chosen.sum())} of {len(of_all)}"
        raise DatasetError("the selection", expected="some ECGs and others left", found=counted)
    patients = patient_codes(store.records["patient_id"].to_numpy(dtype=object)[of_all])
    found = [
        *_numbers(store, of_all, chosen, patients),
        *_labels(store, of_all, chosen, patients, label_sets),
    ]
    table = pd.DataFrame([asdict(one) for one in found])
    table["p_corrected"] = np.nan
    tested = table["p"].notna()
    if tested.any():
        table.loc[tested, "p_corrected"] = stats.false_discovery_control(table.loc[tested, "p"])
    order = table["effect"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _numbers(
    store: Store, of_all: NDArray[np.intp], chosen: NDArray[np.bool_], patients: NDArray[np.intp]
) -> list[Difference]:
    columns = [
        ("measurement", name, MEASUREMENTS[name].label, MEASUREMENTS[name].unit, store.measurements)
        for name in store.measurements.columns
        if name in MEASUREMENTS
    ] + [
        ("patient", name, *said, store.records)
        for name, said in _OF_PATIENTS.items()
        if name in store.records
    ]
    found = []
    for kind, name, label, unit, table in columns:
        values = table[name].to_numpy(np.float64, na_value=np.nan)[of_all]
        known = np.isfinite(values)
        if known.any():
            compare = _compare_angles if name in ANGLES else _compare_numbers
            numbers = compare(values[known], chosen[known], patients[known])
            found.append(Difference(kind, name, label, unit, **numbers))
    return found


def _labels(
    store: Store,
    of_all: NDArray[np.intp],
    chosen: NDArray[np.bool_],
    patients: NDArray[np.intp],
    label_sets: Sequence[str] | None,
) -> list[Difference]:
    columns: list[tuple[str, str, str, NDArray[np.float64]]] = []
    if "sex" in store.records:
        sex = store.records["sex"].iloc[of_all]
        female = np.where(sex.isna(), np.nan, (sex == "female").to_numpy(dtype=np.float64))
        columns.append(("patient", "sex", "Female", female))
    for label_set in store.label_sets if label_sets is None else label_sets:
        table = store.labels(label_set).to_numpy(np.float64)[of_all]
        for at, (label, said) in enumerate(store.label_names[label_set].items()):
            columns.append(("label", f"{label_set}/{label}", said, table[:, at]))
    columns += _statements(store, of_all)
    found = []
    for kind, name, label, values in columns:
        known = np.isfinite(values)
        if (values[known] > 0).any():
            shares = _compare_shares(values[known] == 1, chosen[known], patients[known])
            found.append(Difference(kind, name, label, "", **shares))
    return found


def _statements(
    store: Store, of_all: NDArray[np.intp]
) -> list[tuple[str, str, str, NDArray[np.float64]]]:
    """Return the findings of the criteria: present, absent, or unknown where neither."""
    states = store.statements.iloc[of_all]
    return [
        (
            "statement",
            code,
            f"{VOCABULARY[code.upper()].text}, by criteria",
            np.asarray(states[code].map({"present": 1.0, "absent": 0.0}), dtype=np.float64),
        )
        for code in map(str, states)
        if code.upper() in VOCABULARY and VOCABULARY[code.upper()].family != "technical"
    ]


def _compare_angles(
    angles_deg: NDArray[np.float64], chosen: NDArray[np.bool_], patients: NDArray[np.intp]
) -> dict[str, Any]:
    """Compare angles by how far they are from their mean direction; all finite."""
    offsets, mean_deg = turned_to_mean(angles_deg)
    numbers = _compare_numbers(offsets, chosen, patients)
    for side in ("selected", "rest"):
        numbers[side] = (numbers[side] + mean_deg + 180.0) % 360.0 - 180.0
    return numbers


def _compare_numbers(
    values: NDArray[np.float64], chosen: NDArray[np.bool_], patients: NDArray[np.intp]
) -> dict[str, Any]:
    """Compare the values of the chosen with those of the rest; all finite."""
    one, other = values[chosen], values[~chosen]
    said: dict[str, Any] = {
        "n_selected": len(one),
        "n_rest": len(other),
        "selected": float(np.median(one)) if len(one) else np.nan,
        "rest": float(np.median(other)) if len(other) else np.nan,
    }
    if not (len(one) and len(other)):
        return said | _unknown()
    ranks = stats.rankdata(values)
    # Of each ECG the share of the other side that it is above (the rest: below), ties half.
    above = np.empty(len(values))
    above[chosen] = (ranks[chosen] - stats.rankdata(one)) / len(other)
    above[~chosen] = 1 - (ranks[~chosen] - stats.rankdata(other)) / len(one)
    area = float(above[chosen].mean())
    spread, repeats = _spread(above, area, area, chosen, patients)
    n_patients = min(len(np.unique(patients[side])) for side in (chosen, ~chosen))
    # Where not one pair is out of order the spread is 0; then what as many patients can exclude.
    least = 1 - 0.025 ** (1 / n_patients) if spread == 0 and abs(area - 0.5) == 0.5 else 0.0
    half = max(_Z * spread, least)
    null = np.sqrt(ranks.var() / (max(len(values) - 1, 1) * len(one) * len(other)))
    score = abs(area - 0.5) / (null * np.sqrt(repeats)) if null > 0 else 0.0
    return said | {
        "effect": 2 * area - 1,
        "effect_low": max(2 * (area - half) - 1, -1.0),
        "effect_high": min(2 * (area + half) - 1, 1.0),
        "p": float(2 * stats.norm.sf(score)),
    }


def _compare_shares(
    present: NDArray[np.bool_], chosen: NDArray[np.bool_], patients: NDArray[np.intp]
) -> dict[str, Any]:
    """Compare how many of the chosen have a label with how many of the rest."""
    n, n_rest = int(chosen.sum()), int((~chosen).sum())
    said: dict[str, Any] = {
        "n_selected": n,
        "n_rest": n_rest,
        "selected": float(present[chosen].mean()) if n else np.nan,
        "rest": float(present[~chosen].mean()) if n_rest else np.nan,
    }
    if not (n and n_rest):
        return said | _unknown()
    share, share_rest = said["selected"], said["rest"]
    signed = np.where(chosen, present, -present.astype(np.float64))
    _, repeats = _spread(signed, share, -share_rest, chosen, patients)
    low, high = _wilson(share, n / repeats)
    low_rest, high_rest = _wilson(share_rest, n_rest / repeats)
    effect = share - share_rest
    return said | {
        "effect": effect,
        "effect_low": effect - float(np.hypot(share - low, high_rest - share_rest)),
        "effect_high": effect + float(np.hypot(high - share, share_rest - low_rest)),
        "p": _p_of_shares(present, chosen, repeats),
    }


def _spread(
    values: NDArray[np.float64],
    mean: float,
    mean_rest: float,
    chosen: NDArray[np.bool_],
    patients: NDArray[np.intp],
) -> tuple[float, float]:
    """Return the standard error of the sum of two means (each side's), and what repeats cost.

    The second is how many times as large the variance is as it were if each ECG were of another
    patient; 1 where it is not larger.
    """
    n, n_rest = chosen.sum(), (~chosen).sum()
    added = np.where(chosen, (values - mean) / n, (values - mean_rest) / n_rest)
    _, of_patient = np.unique(patients, return_inverse=True)
    of_patients = np.bincount(of_patient, weights=added)
    clustered, single = float((of_patients**2).sum()), float((added**2).sum())
    return float(np.sqrt(clustered)), max(clustered / single, 1.0) if single > 0 else 1.0


def _wilson(share: float, n: float) -> tuple[float, float]:
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return float(centre - half), float(centre + half)


def _p_of_shares(present: NDArray[np.bool_], chosen: NDArray[np.bool_], repeats: float) -> float:
    counts = np.array(
        [[(present & side).sum(), (~present & side).sum()] for side in (chosen, ~chosen)]
    )
    n = counts.sum()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    if expected.min() < _FEW and repeats == 1:
        return float(stats.fisher_exact(counts).pvalue)
    share = counts[:, 0].sum() / n
    null = np.sqrt(share * (1 - share) * (1 / counts.sum(axis=1)).sum() * repeats)
    shares = counts[:, 0] / counts.sum(axis=1)
    return float(2 * stats.norm.sf(abs(shares[0] - shares[1]) / null)) if null > 0 else 1.0


def _unknown() -> dict[str, float]:
    return dict.fromkeys(("effect", "effect_low", "effect_high", "p"), np.nan)
