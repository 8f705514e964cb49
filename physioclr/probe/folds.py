"""Folds that keep a patient whole and spread each label evenly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.errors import DatasetError

__all__ = ["measured_labels", "patient_codes", "patient_folds", "unmeasurable_labels"]


def patient_codes(groups: Sequence[object] | NDArray[Any]) -> NDArray[np.intp]:
    """Give each patient a number, in the order of their names.

    Parameters
    ----------
    groups : (n_records,) sequence
        Patient identifiers; compared as text.

    Returns
    -------
    (n_records,) int
        0 to ``n_patients - 1``; the same whatever the order of the records.

    Raises
    ------
    DatasetError
        If a record has no patient identifier: it could not be kept apart from its own patient.
    """
    identifiers = pd.Series(list(groups), dtype=object)
    missing = int(identifiers.isna().sum())
    if missing:
        raise DatasetError(
            "patient identifiers",
            expected="one for every record",
            found=f"none for {missing} of {len(identifiers)}",
        )
    names = np.array([str(name) for name in identifiers], dtype=np.str_)
    return np.unique(names, return_inverse=True)[1].astype(np.intp)


def patient_folds(
    targets: NDArray[np.float64],
    groups: Sequence[object] | NDArray[Any],
    *,
    n_folds: int = 5,
    seed: int = 0,
) -> NDArray[np.intp]:
    """Deal patients to folds so that each fold has its share of every label.

    Parameters
    ----------
    targets : (n_records, n_labels) float64
        1, 0 or NaN.
    groups : (n_records,) sequence
        Patient identifiers.
    n_folds : int
    seed : int

    Returns
    -------
    (n_records,) int
        The fold of each record, 0 to ``n_folds - 1``. It depends on the patients, their labels
        and the seed, not on the order of the records.

    Raises
    ------
    DatasetError
        If there are fewer patients than folds.

    Notes
    -----
    Iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011,
    doi:10.1007/978-3-642-23808-6_10) with two changes: patients are dealt, not records, and a
    label is represented by whichever of its two classes is rarer.
    """
    codes = patient_codes(groups)
    sizes = np.bincount(codes)
    if len(sizes) < n_folds:
        raise DatasetError(
            "the cohort", expected=f"at least {n_folds} patients, one a fold", found=f"{len(sizes)}"
        )
    counts = _rarer_class_counts(targets, codes, len(sizes))
    fold_of_patient = _deal(counts, sizes, n_folds, np.random.default_rng(seed))
    return fold_of_patient[codes]


def unmeasurable_labels(
    targets: NDArray[np.float64],
    groups: Sequence[object] | NDArray[Any],
    label_names: Sequence[str],
    *,
    n_folds: int = 5,
) -> dict[str, str]:
    """Say which labels a cross-validation cannot measure, and why.

    Parameters
    ----------
    targets : (n_records, n_labels) float64
        1, 0 or NaN.
    groups : (n_records,) sequence
        Patient identifiers.
    label_names : sequence of str
    n_folds : int

    Returns
    -------
    dict of str to str
        Reason by label; a label that can be measured is not in it.
    """
    codes = patient_codes(groups)
    reasons = {}
    for name, column in zip(label_names, np.asarray(targets).T, strict=True):
        for value, what in ((1, "with it"), (0, "without it")):
            n_patients = len(np.unique(codes[column == value]))
            if n_patients < n_folds:
                reasons[name] = f"needs {n_folds} patients {what}, has {n_patients}"
                break
    return reasons


def measured_labels(
    targets: NDArray[np.float64],
    groups: Sequence[object] | NDArray[Any],
    label_names: Sequence[str],
    *,
    n_folds: int = 5,
) -> tuple[NDArray[np.intp], dict[str, str]]:
    """Find the labels that a cross-validation can measure.

    Parameters
    ----------
    targets, groups, label_names, n_folds
        As for `unmeasurable_labels`.

    Returns
    -------
    columns : (n_measured,) int
        Of `targets`.
    reasons : dict of str to str
        As `unmeasurable_labels` gives them, for the others.

    Raises
    ------
    DatasetError
        If there is none.
    """
    reasons = unmeasurable_labels(targets, groups, label_names, n_folds=n_folds)
    if len(reasons) == len(label_names):
        why = "; ".join(f"{name} {reason}" for name, reason in reasons.items())
        raise DatasetError("the labels", expected="one that can be measured", found=why)
    columns = [i for i, name in enumerate(label_names) if name not in reasons]
    return np.array(columns, dtype=np.intp), reasons


def _rarer_class_counts(
    targets: NDArray[np.float64], codes: NDArray[np.intp], n_patients: int
) -> NDArray[np.float64]:
    """Count each patient's records of each label's rarer class: (n_patients, n_labels)."""
    positive, negative = targets == 1, targets == 0
    rarer = np.where(positive.sum(axis=0) <= negative.sum(axis=0), positive, negative)
    counts = np.zeros((n_patients, targets.shape[1]))
    np.add.at(counts, codes, rarer)
    return counts


def _deal(
    counts: NDArray[np.float64],
    sizes: NDArray[np.intp],
    n_folds: int,
    rng: np.random.Generator,
) -> NDArray[np.intp]:
    wanted = np.tile(counts.sum(axis=0) / n_folds, (n_folds, 1))
    room = np.full(n_folds, sizes.sum() / n_folds)
    fold = np.full(len(sizes), -1, dtype=np.intp)
    shuffled = rng.permutation(len(sizes))

    def place(patient: int, need: NDArray[np.float64]) -> None:
        neediest = np.flatnonzero(need >= need.max() - 1e-9)
        chosen = neediest[np.argmax(room[neediest])]
        fold[patient] = chosen
        wanted[chosen] -= counts[patient]
        room[chosen] -= sizes[patient]

    while True:
        waiting = shuffled[fold[shuffled] < 0]
        remaining = (counts[waiting] > 0).sum(axis=0)
        if not remaining.any():
            break
        rarest = int(np.argmin(np.where(remaining > 0, remaining, np.iinfo(np.intp).max)))
        holders = waiting[counts[waiting, rarest] > 0]
        # Patients with many records first, while every fold still has room for them.
        for patient in holders[np.argsort(-counts[holders, rarest], kind="stable")]:
            place(patient, wanted[:, rarest])
    for patient in waiting[np.argsort(-sizes[waiting], kind="stable")]:
        place(patient, room)
    return fold
