"""Who is near whom: in an embedding, in physiology, by label, and on a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import DatasetError
from physioclr.probe.folds import patient_codes
from physioclr.probe.scores import interval, patient_resamples

__all__ = [
    "Agreement",
    "MapFaithfulness",
    "label_agreement",
    "map_faithfulness",
    "nearest_rows",
    "neighbourhood_agreement",
]

_MAP_SAMPLE = 2000
_ROWS_AT_ONCE = 512
_SPARE = 8


@dataclass(frozen=True)
class Agreement:
    """A mean share of neighbours, how sure of it one can be, and what chance would give.

    Parameters
    ----------
    share : float
        In [0, 1].
    low, high : float
        Percentile bootstrap of the patients whose neighbours are asked for, 95 %.
    chance : float
        The share among neighbours drawn at random.
    n : int
        ECGs whose neighbours were asked for.
    """

    share: float
    low: float
    high: float
    chance: float
    n: int


def neighbourhood_agreement(
    embeddings: NDArray[Any],
    similarity: NDArray[np.floating],
    groups: Sequence[object] | NDArray[Any],
    *,
    k: int = 10,
    seed: int = 0,
    n_bootstrap: int = 200,
) -> Agreement:
    """Say how many of the nearest ECGs in the embedding are among the nearest by physiology.

    Parameters
    ----------
    embeddings : (n, d) array of numbers
        Finite, no row zero; compared by cosine.
    similarity : (n, n) float array
        Of the same ECGs, as `PhysiologySpace.similarity` gives it; NaN = cannot be compared, and
        so not near. An ECG that can be compared with fewer than `k` others is left out.
    groups : (n,) sequence
        Patient identifiers; ECGs of the same patient are never neighbours.
    k : int
    seed : int
        Of the bootstrap.
    n_bootstrap : int

    Returns
    -------
    Agreement
        By chance ``k / n_others``.

    Raises
    ------
    DatasetError
        If no ECG has `k` others to compare with.
    ValueError
        If shapes or values are not as documented.
    """
    codes, allowed = _others(embeddings, groups, k)
    similar = np.asarray(similarity, dtype=np.float64)
    if similar.shape != allowed.shape:
        raise ValueError(f"similarity must be {allowed.shape}, got {similar.shape}")
    n_comparable = (allowed & np.isfinite(similar)).sum(axis=1)
    asked = np.flatnonzero((n_comparable >= k) & (allowed.sum(axis=1) >= k))
    by_physiology = np.zeros(allowed.shape, dtype=np.bool_)
    np.put_along_axis(by_physiology, _nearest(similar, allowed, k), True, axis=1)
    in_embedding = _nearest(_cosine(embeddings), allowed, k)
    shares = np.take_along_axis(by_physiology, in_embedding, axis=1).mean(axis=1)[asked]
    chances = k / allowed[asked].sum(axis=1)
    return _agreement(shares, chances, codes[asked], k, seed, n_bootstrap)


def label_agreement(
    embeddings: NDArray[Any],
    targets: NDArray[Any],
    groups: Sequence[object] | NDArray[Any],
    *,
    k: int = 10,
    seed: int = 0,
    n_bootstrap: int = 200,
) -> Agreement:
    """Say how many of the nearest ECGs in the embedding share a label.

    Parameters
    ----------
    embeddings : (n, d) array of numbers
        Finite, no row zero; compared by cosine.
    targets : (n, n_labels) array of numbers
        1, 0 or NaN = unknown, which is shared with none. ECGs without a label are not asked.
    groups, k, seed, n_bootstrap
        As in `neighbourhood_agreement`.

    Returns
    -------
    Agreement
        By chance the share of all other patients' ECGs that share a label.

    Raises
    ------
    DatasetError
        If no ECG has a label and `k` others.
    ValueError
        If shapes or values are not as documented.
    """
    codes, allowed = _others(embeddings, groups, k)
    present = np.asarray(targets) == 1
    if present.ndim != 2 or len(present) != len(allowed):
        raise ValueError(f"targets must be ({len(allowed)}, n_labels), got {present.shape}")
    agrees = (present.astype(np.float64) @ present.T.astype(np.float64)) > 0
    asked = np.flatnonzero(present.any(axis=1) & (allowed.sum(axis=1) >= k))
    nearest = _nearest(_cosine(embeddings), allowed, k)[asked]
    shares = np.take_along_axis(agrees[asked], nearest, axis=1).mean(axis=1)
    chances = (agrees & allowed)[asked].sum(axis=1) / allowed[asked].sum(axis=1)
    return _agreement(shares, chances, codes[asked], k, seed, n_bootstrap)


@dataclass(frozen=True)
class MapFaithfulness:
    """How much of an embedding's neighbourhoods a map keeps, each in [0, 1].

    Parameters
    ----------
    trustworthiness : float
        1 where all neighbours on the map are neighbours in the embedding.
    continuity : float
        1 where all neighbours in the embedding are neighbours on the map.
    knn_agreement : float
        Share of the nearest on the map that are among as many nearest in the embedding; by chance
        ``k / (n - 1)``.
    k : int
        Neighbours looked at.
    n : int
        ECGs whose neighbours were looked at.
    """

    trustworthiness: float
    continuity: float
    knn_agreement: float
    k: int
    n: int


def map_faithfulness(
    embeddings: NDArray[Any],
    coordinates: NDArray[Any],
    *,
    metric: str = "cosine",
    k: int = 15,
    seed: int = 0,
) -> MapFaithfulness:
    """Say how far a map can be trusted.

    Parameters
    ----------
    embeddings : (n, d) array of numbers
        Finite, at least 5; no row zero where the metric is the cosine.
    coordinates : (n, 2) array of numbers
        On the map.
    metric : {"cosine", "euclidean"}
        By which the embeddings are compared.
    k : int
        Neighbours; of a cohort that small, fewer than n / 2.
    seed : int
        Of the 2,000 ECGs that are looked at where there are more. Trustworthiness and continuity
        then rank among those alone; the agreement is with the nearest of all.

    Returns
    -------
    MapFaithfulness

    Notes
    -----
    Venna, Kaski 2001, doi:10.1007/3-540-44668-0_68. Continuity is trustworthiness with the two
    spaces swapped.
    """
    from sklearn.manifold import trustworthiness

    values = np.asarray(embeddings)
    # Between rows of length 1 the Euclidean distance orders as the cosine does.
    full = _unit(values) if metric == "cosine" else values.astype(np.float64)
    flat = np.asarray(coordinates, dtype=np.float64)
    rows = np.arange(len(full))
    if len(rows) > _MAP_SAMPLE:
        rows = np.random.default_rng(seed).choice(rows, _MAP_SAMPLE, replace=False)
    k = min(k, (len(rows) - 1) // 2)
    near, near_on_map = (_nearest_others(space, rows, k) for space in (full, flat))
    kept = (near_on_map[:, :, None] == near[:, None, :]).any(axis=2)
    return MapFaithfulness(
        trustworthiness=float(trustworthiness(full[rows], flat[rows], n_neighbors=k)),
        continuity=float(trustworthiness(flat[rows], full[rows], n_neighbors=k)),
        knn_agreement=float(kept.mean()),
        k=k,
        n=len(rows),
    )


def nearest_rows(
    new: NDArray[np.floating], cohort: NDArray[np.floating], k: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the nearest of a cohort by Euclidean distance.

    Parameters
    ----------
    new : (m, d) float array
    cohort : (n, d) float array
    k : int
        1 to n.

    Returns
    -------
    rows : (m, k) int
        In the cohort, the nearest first.
    distances : (m, k) float64

    Notes
    -----
    Candidates are found by float32 products, a few more than are asked for; their distances are
    then those of float64 differences, so that an ECG of the cohort is at 0 of itself.
    """
    fast = np.ascontiguousarray(cohort, dtype=np.float32)
    squared = np.einsum("nd,nd->n", fast, fast)
    n_candidates = min(k + _SPARE, len(fast))
    found = np.empty((len(new), k), dtype=np.intp)
    distances = np.empty((len(new), k))
    for start in range(0, len(new), _ROWS_AT_ONCE):
        some = np.asarray(new[start : start + _ROWS_AT_ONCE])
        part = slice(start, start + len(some))
        order = squared - 2 * (some.astype(np.float32) @ fast.T)  # less |new|², the same for all
        rows = np.argpartition(order, n_candidates - 1, axis=1)[:, :n_candidates]
        apart = cohort[rows].astype(np.float64) - some[:, None, :]
        exact = np.sqrt(np.einsum("mkd,mkd->mk", apart, apart))
        best = np.argsort(exact, axis=1, kind="stable")[:, :k]
        found[part] = np.take_along_axis(rows, best, axis=1)
        distances[part] = np.take_along_axis(exact, best, axis=1)
    return found, distances


def _nearest_others(space: NDArray[np.float64], rows: NDArray[np.intp], k: int) -> NDArray[np.intp]:
    """Return the `k` nearest of each of some rows, but for itself: (m, k)."""
    found, _ = nearest_rows(space[rows], space, k + 1)
    # Where several coincide, the row itself may not be among the nearest: then the last goes.
    itself = found == rows[:, None]
    itself[~itself.any(axis=1), -1] = True
    return np.asarray(found[~itself].reshape(len(rows), k))


def _others(
    embeddings: NDArray[Any], groups: Sequence[object] | NDArray[Any], k: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return each ECG's patient, and which ECGs are of other patients: (n,) and (n, n)."""
    values = np.asarray(embeddings)
    if values.ndim != 2 or len(groups) != len(values) or not np.isfinite(values).all():
        raise ValueError(
            f"embeddings must be ({len(groups)}, d), one row a group, and finite, "
            f"got shape {values.shape}"
        )
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    codes = patient_codes(groups)
    return codes, codes[:, None] != codes


def _unit(embeddings: NDArray[Any]) -> NDArray[np.float64]:
    values = np.asarray(embeddings, dtype=np.float64)
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    if not norms.all():
        raise ValueError("embeddings must not be zero throughout: a zero has no direction")
    return np.asarray(values / norms)


def _cosine(embeddings: NDArray[Any]) -> NDArray[np.float64]:
    unit = _unit(embeddings)
    return np.asarray(unit @ unit.T)


def _nearest(
    similarity: NDArray[np.float64], allowed: NDArray[np.bool_], k: int
) -> NDArray[np.intp]:
    """Return the `k` most similar of the allowed ECGs of each: (n, k)."""
    reachable = np.where(allowed & np.isfinite(similarity), similarity, -np.inf)
    return np.argsort(-reachable, axis=1, kind="stable")[:, :k]


def _agreement(
    shares: NDArray[np.float64],
    chances: NDArray[np.float64],
    codes: NDArray[np.intp],
    k: int,
    seed: int,
    n_bootstrap: int,
) -> Agreement:
    if not shares.size:
        raise DatasetError("the neighbourhoods", expected=f"an ECG with {k} others", found="none")
    of_patient = np.unique(codes, return_inverse=True)[1].astype(np.intp)
    weights = patient_resamples(of_patient, n_bootstrap, seed)[:, of_patient]
    low, high = interval((weights @ shares) / weights.sum(axis=1))
    return Agreement(float(shares.mean()), low, high, float(chances.mean()), len(shares))
