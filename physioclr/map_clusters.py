"""Clusters on a map, and what of their physiology sets them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
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
    HDBSCAN: Campello, Moulavi, Sander 2013, doi:10.1007/978-3-642-37456-2_14. Clusters of a map
    are clusters of the embedding only so far as the map can be trusted.
    """
    from sklearn.cluster import HDBSCAN

    points = np.asarray(coordinates, dtype=np.float64)
    if len(points) <= min_cluster_size:
        return np.full(len(points), -1, dtype=np.intp)
    found = HDBSCAN(min_cluster_size=min_cluster_size, copy=True).fit_predict(points)
    sizes = np.bincount(found[found >= 0])
    rank = np.empty(len(sizes), dtype=np.intp)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.where(found >= 0, rank[found], -1) if len(sizes) else found.astype(np.intp)


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
        deviations off) does not explain.
    """
    known = [name for name in _WORDS if name in store.measurements]
    values = store.measurements[known].to_numpy(dtype=np.float64)[rows]
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
