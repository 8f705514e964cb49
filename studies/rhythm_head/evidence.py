"""What criteria, head and both are worth, on ECGs none of them was fitted on.

Everything fitted is fitted within the training part of five patient-grouped folds: the head, its
calibration, the fusion's weights and the limit at which a finding is called. The fusion of a fold
is fitted on probabilities of the head that are themselves out of fold within the training part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.interpretation.fusion import Fusion, head_label
from physioclr.interpretation.fusion_fit import LabelledFinding, fit_fusion
from physioclr.interpretation.label_map import GROUP_CODES, GROUP_MEMBERS
from physioclr.probe import patient_folds, unmeasurable_labels
from physioclr.probe.calibration import fit_calibration
from physioclr.probe.cross_validation import DEFAULT_STRENGTHS, choose_strength, path_logits
from physioclr.probe.folds import patient_codes
from physioclr.probe.scores import auroc, interval, patient_resamples
from studies.rhythm_head.ecgs import EMBEDDING, LabelledEcgs

__all__ = [
    "MIN_PATIENTS",
    "SOURCES",
    "OutOfFold",
    "findings_of",
    "fittable_codes",
    "grouped_states",
    "out_of_fold",
    "scores_of",
    "table_of",
]

MIN_PATIENTS = 8
"""Patients with a finding, and without it, that a head needs."""

_N_FOLDS = 5
_MOST = 0.8
_LEVELS = {"absent": 0.0, "borderline": 0.5, "present": 1.0, "not assessable": np.nan}
SOURCES = ("criteria", "head", "both")


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Scores and calls of every source, (n_ecgs, n_codes) each, by code.

    Parameters
    ----------
    scores : mapping of str to DataFrame
        Source → a number that rises with the finding; NaN where the source says nothing.
    calls : mapping of str to DataFrame
        Source → 1 where the finding is called, else 0.
    """

    scores: Mapping[str, pd.DataFrame]
    calls: Mapping[str, pd.DataFrame]


def fittable_codes(ecgs: LabelledEcgs) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the codes enough patients have, and lack, and why the others are left out."""
    reasons = unmeasurable_labels(
        ecgs.targets.to_numpy(),
        ecgs.patients,
        tuple(ecgs.targets.columns),
        n_folds=MIN_PATIENTS,
    )
    stated = ecgs.targets.columns[(ecgs.targets == 1).any()]
    kept = tuple(code for code in ecgs.targets.columns if code not in reasons)
    return kept, {code: reasons[code] for code in stated if code in reasons}


def grouped_states(states: pd.DataFrame) -> pd.DataFrame:
    """Add the states of `GROUP_CODES`: present where a member is, absent where all are."""
    groups = {}
    for code in GROUP_CODES:
        levels = _levels(states[list(GROUP_MEMBERS[code])])
        top, unknown = levels.max(axis=1, skipna=True), levels.isna().any(axis=1)
        names = top.map({0.0: "absent", 0.5: "borderline", 1.0: "present"})
        groups[code] = names.mask((unknown & (top != 1)) | top.isna(), "not assessable")
    return states.assign(**groups)


def _levels(states: pd.DataFrame) -> pd.DataFrame:
    return states.apply(lambda column: column.map(_LEVELS)).astype(float)


def out_of_fold(
    ecgs: LabelledEcgs, codes: Sequence[str], *, seed: int, features: str = EMBEDDING
) -> OutOfFold:
    """Let criteria, head and both judge every ECG, none fitted on its patient.

    Parameters
    ----------
    ecgs : LabelledEcgs
    codes : sequence of str
        Those with a head.
    seed : int
        Of the folds.
    features : str
        Of the head.

    Returns
    -------
    OutOfFold
        Of every code that any labelled ECG has.
    """
    states = grouped_states(ecgs.states)
    asked = [code for code in ecgs.targets if code in states and (ecgs.targets[code] == 1).any()]
    empty = pd.DataFrame(np.nan, index=ecgs.targets.index, columns=asked)
    scores = {source: empty.copy() for source in SOURCES}
    calls = {source: empty.copy() for source in SOURCES}
    scores["criteria"] = _levels(states[asked])
    calls["criteria"] = (states[asked] == "present").astype(float)
    targets = ecgs.targets[list(codes)].to_numpy()
    folds = patient_folds(targets, ecgs.patients, n_folds=_N_FOLDS, seed=seed)
    for fold in range(_N_FOLDS):
        training, held_out = folds != fold, folds == fold
        inner, head, limits = _head(ecgs, codes, training, features, seed)
        scores["head"].loc[held_out, list(codes)] = head[held_out]
        calls["head"].loc[held_out, list(codes)] = (head[held_out] >= limits).astype(float)
        fusion = Fusion(
            fit_fusion(
                findings_of(ecgs, states, asked, dict(zip(codes, inner.T, strict=True)), training)
            )
        )
        _fuse(scores["both"], calls["both"], fusion, states, head, codes, held_out)
    return OutOfFold(scores, calls)


def findings_of(
    ecgs: LabelledEcgs,
    states: pd.DataFrame,
    asked: Sequence[str],
    heads: Mapping[str, NDArray[np.float64]],
    rows: NDArray[np.bool_],
) -> dict[str, LabelledFinding]:
    """Return what the fusion is fitted on: some rows of each code."""
    nothing = np.full(len(ecgs.ids), np.nan)
    return {
        code: LabelledFinding(
            states.loc[rows, code].tolist(),
            heads.get(head_label(code, heads), nothing)[rows],
            ecgs.targets.loc[rows, code].to_numpy(),
        )
        for code in asked
    }


def _head(
    ecgs: LabelledEcgs,
    codes: Sequence[str],
    training: NDArray[np.bool_],
    features: str,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fit a head on a training part.

    Returns out-of-fold probabilities of the training part and probabilities of all ECGs, both
    (n_ecgs, n_codes), and the limits of the calls; NaN for a code that cannot be fitted there.
    """
    values, targets = ecgs.features[features], ecgs.targets[list(codes)].to_numpy()
    reasons = unmeasurable_labels(
        targets[training], ecgs.patients[training], codes, n_folds=_N_FOLDS
    )
    kept = [i for i, code in enumerate(codes) if code not in reasons]
    own = targets[:, kept]
    folds = np.full(len(values), -1)
    folds[training] = patient_folds(
        own[training], ecgs.patients[training], n_folds=_N_FOLDS, seed=seed + 1
    )
    grid = np.array(DEFAULT_STRENGTHS)
    validation = np.full((len(grid), *own.shape), np.nan)
    for fold in range(_N_FOLDS):
        fitted, asked = training & (folds != fold), folds == fold
        validation[:, asked] = path_logits(values[fitted], own[fitted], values[asked], grid)
    strengths, logits = choose_strength(validation[:, training], own[training], grid)
    calibration = fit_calibration(logits, own[training])
    outer_logits = path_logits(values[training], own[training], values, strengths[None, :])[0]
    inner, outer = np.full(targets.shape, np.nan), np.full(targets.shape, np.nan)
    limits = np.full(len(codes), np.nan)
    inner[np.ix_(training, kept)] = calibration.probabilities(logits)
    outer[:, kept] = calibration.probabilities(outer_logits)
    limits[kept] = calibration.thresholds
    return inner, outer, limits


def _fuse(
    scores: pd.DataFrame,
    calls: pd.DataFrame,
    fusion: Fusion,
    states: pd.DataFrame,
    head: NDArray[np.float64],
    codes: Sequence[str],
    rows: NDArray[np.bool_],
) -> None:
    place = {code: i for i, code in enumerate(codes)}
    for code, weights in fusion.weights.items():
        label = head_label(code, place)
        of_head = head[rows, place[label]] if label in place else np.full(int(rows.sum()), np.nan)
        fused = np.array(
            [
                fusion.certainty(code, state, float(p)).probability
                for state, p in zip(states.loc[rows, code], of_head, strict=True)
            ]
        )
        scores.loc[rows, code] = fused
        calls.loc[rows, code] = (fused >= weights.call_at).astype(float)


def scores_of(
    ecgs: LabelledEcgs,
    found: OutOfFold,
    source: str,
    code: str,
    rows: NDArray[np.bool_] | None = None,
    *,
    n_bootstrap: int = 1000,
) -> dict[str, float]:
    """Score one source on one code: F1, sensitivity, specificity, AUROC, each with an interval.

    What a source says nothing of is not called. The AUROC leaves it out.
    """
    chosen = np.ones(len(ecgs.ids), dtype=bool) if rows is None else rows
    targets = ecgs.targets[code].to_numpy()
    chosen = chosen & ~np.isnan(targets)
    positive = targets[chosen] == 1
    called = found.calls[source][code].to_numpy()[chosen] == 1
    weights = _resamples(ecgs.patients[chosen], n_bootstrap)
    result: dict[str, float] = {"n": int(chosen.sum()), "n_positive": int(positive.sum())}
    counts = {
        "tp": positive & called,
        "fn": positive & ~called,
        "fp": ~positive & called,
        "tn": ~positive & ~called,
    }
    sums = {name: np.append(each.sum(), weights @ each) for name, each in counts.items()}
    with np.errstate(invalid="ignore"):
        rates = {
            "f1": 2 * sums["tp"] / (2 * sums["tp"] + sums["fp"] + sums["fn"]),
            "sensitivity": sums["tp"] / (sums["tp"] + sums["fn"]),
            "specificity": sums["tn"] / (sums["tn"] + sums["fp"]),
        }
    for name, values in rates.items():
        result[name] = float(values[0])
        result[f"{name}_low"], result[f"{name}_high"] = interval(values[1:])
    said = found.scores[source][code].to_numpy()[chosen]
    known = ~np.isnan(said)
    result["n_silent"] = int((~known).sum())
    areas = auroc(
        said[known],
        positive[known].astype(float),
        np.vstack([np.ones(int(known.sum())), weights[:, known]]),
    )
    result["auroc"] = float(areas[0])
    result["auroc_low"], result["auroc_high"] = interval(areas[1:])
    return result


def _resamples(patients: NDArray[np.str_], n_bootstrap: int) -> NDArray[np.int32]:
    codes = patient_codes(patients)
    return patient_resamples(codes, n_bootstrap, 0)[:, codes]


def table_of(ecgs: LabelledEcgs, found: OutOfFold) -> pd.DataFrame:
    """Score every source on every code that any ECG has: one row a code and source."""
    rows = [
        {"code": code, "source": source, **scores_of(ecgs, found, source, code)}
        for code in found.scores["criteria"]
        for source in SOURCES
        if _judged(ecgs, found, source, code)
    ]
    return pd.DataFrame(rows)


def _judged(ecgs: LabelledEcgs, found: OutOfFold, source: str, code: str) -> bool:
    """Whether a source judges most ECGs: a fusion may have been fitted in some folds only."""
    known = ecgs.targets[code].notna()
    return bool(found.scores[source].loc[known, code].notna().mean() > _MOST)
