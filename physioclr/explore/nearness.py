"""Whom an ECG is near: in the embedding, in physiology, and where the two disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.explanation import explain_similarity
from physioclr.physiology.similarity import reference_space

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.explore.cohort_map import CohortMap

__all__ = ["Disagreement", "Nearness", "Neighbour", "nearness_of_ecg", "nearness_of_row"]

N_NEAREST = 10


@dataclass(frozen=True)
class Neighbour:
    """One of the ECGs of the cohort that are near another.

    Parameters
    ----------
    row : int
        In the cohort.
    cosine : float
        Of the two embeddings.
    similarity : float
        Of their physiology, as `PhysiologySpace.similarity` gives it; NaN where unknown.
    rank_in_embedding : int
        1 is the nearest.
    rank_by_physiology : int or None
        None where the similarity is unknown.
    same_patient : bool
    """

    row: int
    cosine: float
    similarity: float
    rank_in_embedding: int
    rank_by_physiology: int | None
    same_patient: bool


@dataclass(frozen=True)
class Disagreement:
    """A neighbour in one of the two that is none in the other, and what of physiology says so.

    Parameters
    ----------
    neighbour : Neighbour
    group : str
        The group of entries of the physiological vector that tells most.
    entry, unit : str
        The entry that differs most, or least.
    own, other : float
        Its values.
    """

    neighbour: Neighbour
    group: str
    entry: str
    unit: str
    own: float
    other: float


@dataclass(frozen=True)
class Nearness:
    """The neighbourhood of one ECG.

    Parameters
    ----------
    in_embedding, by_physiology : tuple of Neighbour
        The nearest first; the second is empty where its physiology cannot be compared.
    n_shared : int
        How many of the nearest are the nearest in both.
    by_chance : float
        How many would be.
    apart : Disagreement or None
        Of the nearest in the embedding the one least like it in physiology.
    off_manifold_pct : float or None
        Of an ECG from elsewhere: see `EmbeddingMap.off_manifold`.
    xy : tuple of two of float
        Where it lies on the map.
    """

    in_embedding: tuple[Neighbour, ...]
    by_physiology: tuple[Neighbour, ...]
    n_shared: int
    by_chance: float
    apart: Disagreement | None
    off_manifold_pct: float | None
    xy: tuple[float, float]


def nearness_of_row(row: int, store: Store, mapped: CohortMap) -> Nearness | None:
    """Find the neighbours of an ECG of the cohort.

    Parameters
    ----------
    row : int
        In the cohort.
    store : Store
        The cohort.
    mapped : CohortMap
        Its map.

    Returns
    -------
    Nearness or None
        None if it is not on the map.
    """
    place = np.flatnonzero(mapped.rows == row)
    if not place.size:
        return None
    layout = mapped.layout
    return _nearness(
        store,
        mapped,
        layout.embeddings[place[0]],
        store.physiology.iloc[row].to_numpy(np.float64),
        itself=row,
        xy=layout.coordinates[place[0]],
        off_manifold_pct=None,
    )


def nearness_of_ecg(
    embedding: NDArray[np.float32],
    physiology: NDArray[np.float64],
    store: Store,
    mapped: CohortMap,
) -> Nearness:
    """Find the neighbours of an ECG from elsewhere.

    Parameters
    ----------
    embedding : (n_features,) float32
        Its embedding by the encoder of the map.
    physiology : (n_entries,) float64
        Its physiological vector, as `physioclr.physiology_vector` gives it.
    store : Store
        The cohort.
    mapped : CohortMap
        Its map.

    Returns
    -------
    Nearness
    """
    layout = mapped.layout
    return _nearness(
        store,
        mapped,
        embedding,
        physiology,
        itself=None,
        xy=layout.project(embedding[None])[0],
        off_manifold_pct=float(layout.off_manifold(embedding[None])[0]),
    )


def _is_comparable(store: Store) -> bool:
    return tuple(store.physiology.columns) == reference_space().names


def _nearness(
    store: Store,
    mapped: CohortMap,
    embedding: NDArray[np.float32],
    physiology: NDArray[np.float64],
    *,
    itself: int | None,
    xy: NDArray[np.float32],
    off_manifold_pct: float | None,
) -> Nearness:
    rows = mapped.rows
    cosine = _cosine(embedding, mapped.layout.embeddings)
    comparable = _is_comparable(store)
    if comparable:
        of_cohort = store.physiology.to_numpy(np.float64)[rows]
        similarity = reference_space().similarity(physiology, of_cohort)[0]
    else:
        similarity = np.full(len(rows), np.nan)
    others = rows != itself if itself is not None else np.ones(len(rows), dtype=np.bool_)
    rank_embedding, rank_physiology = _ranks(cosine, others), _ranks(similarity, others)
    patients = store.records["patient_id"].to_numpy()
    own = None if itself is None else patients[itself]

    def neighbours(ranks: NDArray[np.intp]) -> tuple[Neighbour, ...]:
        near = np.flatnonzero((ranks > 0) & (ranks <= N_NEAREST))
        return tuple(
            Neighbour(
                row=int(rows[i]),
                cosine=float(cosine[i]),
                similarity=float(similarity[i]),
                rank_in_embedding=int(rank_embedding[i]),
                rank_by_physiology=int(rank_physiology[i]) or None,
                same_patient=own is not None and patients[rows[i]] == own,
            )
            for i in near[np.argsort(ranks[near])]
        )

    in_embedding, by_physiology = neighbours(rank_embedding), neighbours(rank_physiology)
    shared = {one.row for one in in_embedding} & {one.row for one in by_physiology}
    return Nearness(
        in_embedding,
        by_physiology,
        n_shared=len(shared),
        by_chance=len(in_embedding) * len(by_physiology) / max(int(others.sum()), 1),
        apart=_apart(store, physiology, in_embedding) if comparable else None,
        off_manifold_pct=off_manifold_pct,
        xy=(float(xy[0]), float(xy[1])),
    )


def _cosine(
    embedding: NDArray[np.float32], cohort_embeddings: NDArray[np.float32]
) -> NDArray[np.float64]:
    lengths = np.linalg.norm(cohort_embeddings, axis=1) * np.linalg.norm(embedding)
    found = cohort_embeddings @ embedding / np.maximum(lengths, np.finfo(np.float32).tiny)
    return np.asarray(found, dtype=np.float64)


def _ranks(closeness: NDArray[np.float64], others: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return each ECG's rank, 1 the closest; 0 of those that cannot be compared or do not count."""
    counted = others & np.isfinite(closeness)
    order = np.argsort(np.where(counted, -closeness, np.inf), kind="stable")
    ranks = np.zeros(len(closeness), dtype=np.intp)
    ranks[order[: counted.sum()]] = np.arange(1, counted.sum() + 1)
    return ranks


def _apart(
    store: Store, physiology: NDArray[np.float64], near: tuple[Neighbour, ...]
) -> Disagreement | None:
    known = [one for one in near if np.isfinite(one.similarity)]
    if not known:
        return None
    least = min(known, key=lambda one: one.similarity)
    other = store.physiology.iloc[least.row].to_numpy(np.float64)
    why = explain_similarity(physiology, other)
    group = min(why.contributions, key=lambda name: why.contributions[name])
    entries = why.entries[why.entries["group"] == group]
    if entries.empty:
        return None
    most = entries.iloc[0]
    return Disagreement(
        least, group, str(most["entry"]), str(most["unit"]), float(most["a"]), float(most["b"])
    )
