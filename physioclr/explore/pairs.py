"""Which ECGs of a cohort would be drawn together by PhysioCLR, and how δ changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from physioclr.errors import DatasetError
from physioclr.objectives.physiological_pairs import physiological_pairs
from physioclr.physiology.similarity import reference_space

if TYPE_CHECKING:
    from physioclr.datasets.store import Store

__all__ = ["Positives", "cohort_similarity", "positives_at"]

_MOST = 1500


@dataclass(frozen=True, eq=False)
class Positives:
    """The physiological positives of a cohort at one δ.

    Parameters
    ----------
    per_anchor : (n,) int
        How many other ECGs are a positive of each.
    n_incomparable : int
        Pairs that are neither a positive nor a negative: no measurement in common.
    share_alike : float
        Of the positive pairs whose labels are known the share that has a label in common; NaN
        where there are none.
    share_by_chance : float
        The same of all pairs.
    """

    per_anchor: NDArray[np.intp]
    n_incomparable: int
    share_alike: float
    share_by_chance: float


def cohort_similarity(
    store: Store, *, seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return how alike the ECGs of a cohort are by their physiology.

    Parameters
    ----------
    store : Store
    seed : int
        Of the 1,500 ECGs that are compared where there are more.

    Returns
    -------
    rows : (n,) int
        The ECGs, in the store.
    similarity : (n, n) float32
        In the shipped `reference_space`; NaN where two have no measurement in common.

    Raises
    ------
    DatasetError
        If the store's physiology is not the vector of that space.
    """
    space = reference_space()
    if tuple(store.physiology.columns) != tuple(space.names):
        raise DatasetError(
            store.path.name,
            expected=f"the physiological vector of {len(space.names)} entries",
            found=f"one of {len(store.physiology.columns)}; prepare the cohort again",
        )
    rows = np.arange(len(store))
    if len(rows) > _MOST:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _MOST, replace=False))
    values = store.physiology.to_numpy(dtype=np.float64)[rows]
    return rows, space.similarity(values, values).astype(np.float32)


def positives_at(
    similarity: NDArray[np.float32],
    delta: float,
    targets: NDArray[np.float64] | None = None,
) -> Positives:
    """Count the positives by the rule that pretraining has.

    Parameters
    ----------
    similarity : (n, n) float32
        As `cohort_similarity` gives it.
    delta : float
        In [-1, 1].
    targets : (n, n_labels) float64, optional
        1, 0 or NaN = unknown.

    Returns
    -------
    Positives
        By `physiological_pairs`, of one segment an ECG.
    """
    recording = torch.arange(len(similarity))
    weight, negative = physiological_pairs(
        torch.from_numpy(similarity), recording, delta=delta, neighbour=None
    )
    positive = (weight > 0).numpy()
    others = ~np.eye(len(similarity), dtype=np.bool_)
    alike = by_chance = np.nan
    if targets is not None:
        present = (targets == 1).astype(np.float32)
        labelled = present.any(axis=1)
        known = np.outer(labelled, labelled) & others
        shares = (present @ present.T) > 0
        alike = _share(shares, positive & known)
        by_chance = _share(shares, known)
    return Positives(
        per_anchor=positive.sum(axis=1),
        n_incomparable=int((others & ~positive & ~negative.numpy()).sum()) // 2,
        share_alike=alike,
        share_by_chance=by_chance,
    )


def _share(holds: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(holds[among].mean()) if among.any() else float("nan")
