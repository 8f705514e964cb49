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

__all__ = ["Agreement", "label_agreement", "map_faithfulness", "neighbourhood_agreement"]

_MAP_SAMPLE = 2000


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


def map_faithfulness(
    embeddings: NDArray[Any], coordinates: NDArray[Any], *, k: int = 15, seed: int = 0
) -> tuple[float, float]:
    """Return the trustworthiness and the continuity of a map.

    Parameters
    ----------
    embeddings : (n, d) array of numbers
        Finite, no row zero; compared by cosine.
    coordinates : (n, 2) array of numbers
        On the map.
    k : int
        Neighbours, below n / 2.
    seed : int
        Of the 2,000 ECGs that are looked at where there are more.

    Returns
    -------
    trustworthiness : float
        In [0, 1]: 1 where all neighbours on the map are neighbours in the embedding.
    continuity : float
        In [0, 1]: 1 where all neighbours in the embedding are neighbours on the map.

    Notes
    -----
    Venna, Kaski 2001, doi:10.1007/3-540-44668-0_68. Continuity is trustworthiness with the two
    spaces swapped.
    """
    from sklearn.manifold import trustworthiness

    rows = np.arange(len(embeddings))
    if len(rows) > _MAP_SAMPLE:
        rows = np.random.default_rng(seed).choice(rows, _MAP_SAMPLE, replace=False)
    # Between rows of length 1 the Euclidean distance orders as the cosine does.
    unit, flat = _unit(np.asarray(embeddings)[rows]), np.asarray(coordinates)[rows]
    return (
        float(trustworthiness(unit, flat, n_neighbors=k)),
        float(trustworthiness(flat, unit, n_neighbors=k)),
    )


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
