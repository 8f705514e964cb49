"""A flat map of an embedding space: UMAP, how far to trust it, and new ECGs placed on it."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.atomic import replace_file
from physioclr.errors import DatasetError

__all__ = ["METRICS", "EmbeddingMap", "fit_map"]

METRICS = ("cosine", "euclidean")
_FORMAT, _VERSION = "physioclr-embedding-map", 1
_SMALLEST_COHORT = 5
_PLACED_BY = 5
_TRUST_SAMPLE = 2000
_SPECTRAL_FROM = 50
_SAME_POINT = 1e-4


@dataclass(frozen=True, eq=False)
class EmbeddingMap:
    """Where each ECG of a cohort lies on the map, and where a new one would.

    Parameters
    ----------
    embeddings : (n, d) float32
        The cohort.
    coordinates : (n, 2) float32
        On the map. Only who is near whom has a meaning: not the axes, the distances between
        groups, nor their sizes.
    trustworthiness : float
        In [0, 1] (Venna, Kaski 2001): 1 where all neighbours on the map are neighbours in the
        embedding space.
    typical_distances : (n,) float64
        Mean distance of each ECG of the cohort to its nearest neighbours in the embedding space,
        sorted. With the cosine metric a distance is the chord ``sqrt(2 - 2 * cosine)``.
    n_neighbors : int
    min_dist : float
    metric : {"cosine", "euclidean"}
    seed : int
    """

    embeddings: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    trustworthiness: float
    typical_distances: NDArray[np.float64]
    n_neighbors: int
    min_dist: float
    metric: str
    seed: int

    def project(self, new_embeddings: NDArray[Any]) -> NDArray[np.float32]:
        """Place new ECGs among their nearest neighbours.

        Parameters
        ----------
        new_embeddings : (m, d) array of numbers

        Returns
        -------
        (m, 2) float32
            The mean of the coordinates of the 5 nearest ECGs of the cohort in the embedding
            space, weighted by 1 / distance²; an ECG of the cohort falls on itself. This is not
            UMAP's own transform: it takes no optimisation, and never leaves the cohort's hull,
            so read `off_manifold` with it.
        """
        rows, distances = self._nearest(new_embeddings, min(_PLACED_BY, len(self.embeddings)))
        floor = max(_SAME_POINT * float(np.median(self.typical_distances)), np.finfo(float).tiny)
        weights = (np.maximum(distances, floor) / floor) ** -2.0
        weights /= weights.sum(axis=1, keepdims=True)
        placed = np.einsum("mk,mkc->mc", weights, self.coordinates[rows].astype(np.float64))
        return np.asarray(placed, dtype=np.float32)

    def neighbours(
        self, new_embeddings: NDArray[Any], k: int = 5
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Find the most similar ECGs of the cohort.

        Parameters
        ----------
        new_embeddings : (m, d) array of numbers
        k : int

        Returns
        -------
        rows : (m, k) int
            In the cohort, the nearest first by the map's metric.
        similarities : (m, k) float64
            Cosine similarity of each.

        Raises
        ------
        ValueError
            If `k` is not between 1 and the size of the cohort.
        """
        if not 1 <= k <= len(self.embeddings):
            raise ValueError(f"k must be 1 to {len(self.embeddings)}, got {k}")
        rows, _ = self._nearest(new_embeddings, k)
        new = _prepared(np.asarray(new_embeddings), "cosine")
        found = _prepared(self.embeddings, "cosine")[rows]
        return rows, np.clip(np.einsum("md,mkd->mk", new, found), -1.0, 1.0)

    def off_manifold(self, new_embeddings: NDArray[Any]) -> NDArray[np.float64]:
        """Say how unlike the cohort each ECG is.

        Parameters
        ----------
        new_embeddings : (m, d) array of numbers

        Returns
        -------
        (m,) float64
            Percentage of the cohort whose mean distance to its own nearest neighbours is below
            this ECG's. Near 100: the cohort holds nothing like it, and its place on the map says
            little.
        """
        _, distances = self._nearest(new_embeddings, _n_typical(self.n_neighbors, self.embeddings))
        below = np.searchsorted(self.typical_distances, distances.mean(axis=1), side="left")
        return np.asarray(100.0 * below / len(self.typical_distances), dtype=np.float64)

    def save(self, path: Path) -> None:
        """Write ``<path>.npz`` (arrays) and ``<path>.json`` (settings), each whole or not at all.

        Parameters
        ----------
        path : Path
            Without suffix.
        """
        arrays = io.BytesIO()
        np.savez_compressed(
            arrays,
            embeddings=self.embeddings,
            coordinates=self.coordinates,
            typical_distances=self.typical_distances,
        )
        settings = {
            "format": _FORMAT,
            "version": _VERSION,
            "trustworthiness": self.trustworthiness,
            "n_neighbors": self.n_neighbors,
            "min_dist": self.min_dist,
            "metric": self.metric,
            "seed": self.seed,
        }
        replace_file(_beside(path, ".npz"), arrays.getvalue())
        replace_file(_beside(path, ".json"), (json.dumps(settings, indent=2) + "\n").encode())

    @classmethod
    def load(cls, path: Path) -> EmbeddingMap:
        """Read what `save` wrote; nothing is unpickled.

        Parameters
        ----------
        path : Path
            Without suffix.

        Returns
        -------
        EmbeddingMap

        Raises
        ------
        DatasetError
            If a file is missing, damaged or not a map.
        """
        try:
            settings = json.loads(_beside(path, ".json").read_text(encoding="utf-8"))
            content = io.BytesIO(_beside(path, ".npz").read_bytes())
            with np.load(content, allow_pickle=False) as arrays:
                return cls(
                    embeddings=arrays["embeddings"],
                    coordinates=arrays["coordinates"],
                    trustworthiness=float(settings["trustworthiness"]),
                    typical_distances=arrays["typical_distances"],
                    n_neighbors=int(settings["n_neighbors"]),
                    min_dist=float(settings["min_dist"]),
                    metric=str(settings["metric"]),
                    seed=int(settings["seed"]),
                )
        except FileNotFoundError as error:
            name = Path(str(error.filename)).name
            raise DatasetError(path.name, expected=f"a file {name}", found="none") from error
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise DatasetError(
                path.name, expected="an embedding map as PhysioCLR writes it", found=str(error)
            ) from error

    def _nearest(
        self, new_embeddings: NDArray[Any], k: int
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        new = np.asarray(new_embeddings)
        if new.ndim != 2 or new.shape[1] != self.embeddings.shape[1]:
            raise ValueError(
                f"new_embeddings must be (m, {self.embeddings.shape[1]}), got shape {new.shape}"
            )
        return _nearest(_prepared(new, self.metric), _prepared(self.embeddings, self.metric), k)


def fit_map(
    embeddings: NDArray[Any],
    *,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    metric: str = "cosine",
    seed: int = 0,
) -> EmbeddingMap:
    """Lay a cohort's embeddings out on a plane by UMAP.

    Parameters
    ----------
    embeddings : (n, d) array of numbers
        Finite. Leave out ECGs that could not be embedded.
    n_neighbors : int
        At least 2. In a cohort that small, ``n - 1`` is used, and kept in the map.
    min_dist : float
        From 0 to 1: how tightly points may sit.
    metric : {"cosine", "euclidean"}
    seed : int
        The same seed and embeddings give the same map on the same machine.

    Returns
    -------
    EmbeddingMap

    Raises
    ------
    DatasetError
        If there are fewer than 5 ECGs.
    ValueError
        If `embeddings` or a setting is not as documented.

    Notes
    -----
    UMAP: McInnes, Healy, Melville 2018, arXiv:1802.03426. Below 50 ECGs the layout starts at
    random points instead of the spectral ones, which need a larger graph.
    """
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}, got {metric!r}")
    if n_neighbors < 2:
        raise ValueError(f"n_neighbors must be at least 2, got {n_neighbors}")
    if not 0 <= min_dist <= 1:
        raise ValueError(f"min_dist must be 0 to 1, got {min_dist}")
    values = np.array(embeddings, dtype=np.float32)
    if values.ndim != 2:
        raise ValueError(f"embeddings must be (n, d), got shape {values.shape}")
    if len(values) < _SMALLEST_COHORT:
        raise DatasetError(
            "the map", expected=f"at least {_SMALLEST_COHORT} ECGs", found=f"{len(values)}"
        )
    prepared = _prepared(values, metric)
    n_neighbors = min(n_neighbors, len(values) - 1)
    coordinates = _lay_out(prepared, n_neighbors=n_neighbors, min_dist=min_dist, seed=seed)
    values.setflags(write=False)
    coordinates.setflags(write=False)
    return EmbeddingMap(
        embeddings=values,
        coordinates=coordinates,
        trustworthiness=_trustworthiness(prepared, coordinates, n_neighbors, seed),
        typical_distances=_typical_distances(prepared, _n_typical(n_neighbors, values)),
        n_neighbors=n_neighbors,
        min_dist=min_dist,
        metric=metric,
        seed=seed,
    )


def _prepared(embeddings: NDArray[Any], metric: str) -> NDArray[np.float64]:
    """Return float64 rows between which Euclidean distance means `metric`."""
    values = np.asarray(embeddings, dtype=np.float64)
    bad = int((~np.isfinite(values)).any(axis=1).sum())
    if bad:
        raise ValueError(f"embeddings must be finite, got {bad} of {len(values)} rows that are not")
    if metric == "euclidean":
        return values
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    if not norms.all():
        raise ValueError("embeddings must not be zero throughout: a zero has no direction")
    return np.asarray(values / norms, dtype=np.float64)


def _lay_out(
    prepared: NDArray[np.float64], *, n_neighbors: int, min_dist: float, seed: int
) -> NDArray[np.float32]:
    # Imported here: umap compiles with numba and takes seconds to load. It warns that its
    # parametric variant, which is not used, lacks TensorFlow.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)
        from umap import UMAP

    # Between rows of length 1 the Euclidean distance orders as the cosine does.
    layout = UMAP(
        n_components=2,
        n_neighbors=n_neighbors,
        min_dist=min_dist,
        metric="euclidean",
        init="spectral" if len(prepared) >= _SPECTRAL_FROM else "random",
        random_state=seed,
        n_jobs=1,
    )
    return np.asarray(layout.fit_transform(prepared.astype(np.float32)), dtype=np.float32)


def _trustworthiness(
    prepared: NDArray[np.float64], coordinates: NDArray[np.float32], n_neighbors: int, seed: int
) -> float:
    from sklearn.manifold import trustworthiness

    rows = np.arange(len(prepared))
    if len(rows) > _TRUST_SAMPLE:
        rows = np.random.default_rng(seed).choice(rows, _TRUST_SAMPLE, replace=False)
    k = min(n_neighbors, (len(rows) - 1) // 2)
    return float(trustworthiness(prepared[rows], coordinates[rows], n_neighbors=k))


def _n_typical(n_neighbors: int, embeddings: NDArray[Any]) -> int:
    return min(n_neighbors, len(embeddings) - 1)


def _typical_distances(prepared: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return each row's mean distance to its `k` nearest others, sorted."""
    _, distances = _nearest(prepared, prepared, k + 1)
    return np.sort(distances[:, 1:].mean(axis=1))


def _nearest(
    new: NDArray[np.float64], cohort: NDArray[np.float64], k: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return rows (m, k) of the nearest in `cohort`, the nearest first, and their distances."""
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(cohort)
    distances, rows = index.kneighbors(new)
    return rows, np.asarray(distances, dtype=np.float64)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
