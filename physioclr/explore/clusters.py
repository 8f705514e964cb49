"""Clusters on a map, and what of their physiology sets them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.angles import ANGLES, turned_to_mean

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from physioclr.datasets.store import Store

__all__ = ["NOTHING_APART", "find_clusters", "name_clusters"]

NOTHING_APART = "no measurement apart"
# Of each measurement: what a low and a high one is called. Those that say the same are not here.
_WORDS = {
    "heart_rate_bpm": ("slow", "fast"),
    "rr_irregularity_pct": ("regular", "irregular"),
    "p_wave_presence_pct": ("few P waves", "all P waves"),
    "pr_ms": ("short PR", "long PR"),
    "qrs_ms": ("narrow QRS", "wide QRS"),
    "qtc_fridericia_ms": ("short QTc", "long QTc"),
    "axis_deg": ("axis to the left", "axis to the right"),
    "n_ectopic_beats": ("no ectopic beats", "ectopic beats"),
}
_LEAST_EFFECT = 0.33  # of Cliff's delta: "medium", Romano et al. 2006
_LEAST_SCORE = 4.0
_MOST_WORDS = 2
_DENSITY_OF = 25
_ALL_PAIRS_UP_TO = 10_000
_MOVED = 1e-7  # of the map's width


def find_clusters(coordinates: NDArray[Any], *, min_cluster_size: int = 25) -> NDArray[np.intp]:
    """Find where the points of a map lie dense.

    Parameters
    ----------
    coordinates : (n, 2) array of numbers
    min_cluster_size : int
        ECGs a cluster has at least, 2 or more.

    Returns
    -------
    (n,) int
        0 for the largest cluster, and so on; -1 for ECGs in none.

    Notes
    -----
    HDBSCAN: Campello, Moulavi, Sander 2013, doi:10.1007/978-3-642-37456-2_14. How dense it is
    about a point is said by its `min_cluster_size`-th nearest, at most the 25th. Above 10,000 ECGs
    the tree that joins all points is sought among each one's nearest and its neighbours in the
    Delaunay triangulation only: the time then grows about as the number of points and not as its
    square, and of 10,000 points the clusters are nearly those of all pairs (adjusted Rand index
    0.99 of six simulated maps). Clusters of a map are clusters of the embedding only so far as the
    map can be trusted.
    """
    from sklearn.cluster import HDBSCAN

    points = np.asarray(coordinates, dtype=np.float64)
    if len(points) <= min_cluster_size:
        return np.full(len(points), -1, dtype=np.intp)
    n_near = min(min_cluster_size, _DENSITY_OF)
    if len(points) <= _ALL_PAIRS_UP_TO:
        clusters = HDBSCAN(min_cluster_size, min_samples=n_near, copy=True)
        found = clusters.fit_predict(points)
    else:  # a point is not among its own neighbours there
        clusters = HDBSCAN(
            min_cluster_size, min_samples=n_near - 1, metric="precomputed", copy=False
        )
        found = clusters.fit_predict(_near_pairs(points, n_near))
    sizes = np.bincount(found[found >= 0])
    rank = np.empty(len(sizes), dtype=np.intp)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.where(found >= 0, rank[found], -1) if len(sizes) else found.astype(np.intp)


def _near_pairs(points: NDArray[np.float64], n_near: int) -> csr_array:
    """Return the distances of points that are near each other or neighbours in the triangulation.

    Parameters
    ----------
    points : (n, 2) float64
    n_near : int
        How many are near each, itself among them.

    Returns
    -------
    (n, n) sparse array
        Symmetric, and joining all points.
    """
    from scipy.sparse import csr_array
    from scipy.spatial import Delaunay, KDTree

    n = len(points)
    # Moved by less than shows, so that no two coincide and not all are on a line.
    rng = np.random.default_rng(0)
    apart = points + _MOVED * (np.ptp(points) or 1.0) * rng.normal(size=points.shape)
    distances, near = map(np.asarray, KDTree(apart).query(apart, n_near, workers=-1))
    starts, neighbours = Delaunay(apart).vertex_neighbor_vertices
    lengths = np.linalg.norm(np.repeat(apart, np.diff(starts), axis=0) - apart[neighbours], axis=1)
    every = np.arange(n + 1) * (n_near - 1)
    nearest = csr_array((distances[:, 1:].ravel(), near[:, 1:].ravel(), every), shape=(n, n))
    pairs = nearest.maximum(csr_array((lengths, neighbours, starts), shape=(n, n)))
    return pairs.maximum(pairs.T.tocsr()).tocsr()


def name_clusters(
    clusters: NDArray[np.intp], rows: NDArray[np.intp], store: Store
) -> dict[int, str]:
    """Name clusters by the measurements that set them apart from all other ECGs of the map.

    Parameters
    ----------
    clusters : (n,) int
        -1 for none.
    rows : (n,) int
        The ECGs' rows in the store.
    store : Store

    Returns
    -------
    dict of int to str
        Cluster → number and name, such as ``"2: fast, irregular"``. At most two measurements are
        named: those of the largest Cliff's delta, at least 0.33, that chance (a rank sum 4 standard
        deviations off) does not explain. An axis is to the left or right of the map's mean one.
    """
    known = [name for name in _WORDS if name in store.measurements]
    values = store.measurements[known].to_numpy(dtype=np.float64)[rows]
    for at in (at for at, name in enumerate(known) if name in ANGLES):
        values[:, at], _ = turned_to_mean(values[:, at])
    deltas, scores = _apart(clusters, values)
    names = {}
    for cluster in range(clusters.max(initial=-1) + 1):
        delta = np.where(np.abs(scores[cluster]) >= _LEAST_SCORE, deltas[cluster], 0.0)
        strongest = np.argsort(-np.abs(delta), kind="stable")[:_MOST_WORDS]
        words = [
            _WORDS[known[at]][int(delta[at] > 0)]
            for at in strongest
            if abs(delta[at]) >= _LEAST_EFFECT
        ]
        names[cluster] = f"{cluster + 1}: {', '.join(words) or NOTHING_APART}"
    return names


def _apart(
    clusters: NDArray[np.intp], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Cliff's delta of each cluster against the rest, and its rank sum's standard score.

    Both (n_clusters, n_measurements); 0 where there is nothing to compare.
    """
    from scipy.stats import rankdata

    n_clusters = clusters.max(initial=-1) + 1
    deltas = np.zeros((n_clusters, values.shape[1]))
    scores = np.zeros_like(deltas)
    for at, column in enumerate(values.T):
        measured = np.isfinite(column)
        of = clusters[measured] + 1  # 0: in none
        ranks = rankdata(column[measured])
        n_all = len(ranks)
        n_in = np.bincount(of, minlength=n_clusters + 1)[1:].astype(np.float64)
        sums = np.bincount(of, weights=ranks, minlength=n_clusters + 1)[1:]
        pairs = n_in * (n_all - n_in)
        above = sums - n_in * (n_in + 1) / 2  # Mann-Whitney's U
        spread = np.sqrt(pairs * ranks.var() / max(n_all - 1, 1)) if n_all else pairs
        np.divide(2 * above, pairs, out=deltas[:, at], where=pairs > 0)
        deltas[:, at] -= pairs > 0
        np.divide(above - pairs / 2, spread, out=scores[:, at], where=spread > 0)
    return deltas, scores
