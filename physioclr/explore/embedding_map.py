"""A flat map of an embedding space: how far to trust it, and where a new ECG lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import DatasetError
from physioclr.explore.map_layout import MapSettings, Report, comparable, lay_out
from physioclr.explore.neighbourhoods import MapFaithfulness, map_faithfulness, nearest_rows

__all__ = ["EmbeddingMap", "fit_map"]

_SMALLEST_COHORT = 5
_PLACED_BY = 5
_SAME_POINT = 1e-4


@dataclass(frozen=True, eq=False)
class EmbeddingMap:
    """Where each ECG of a cohort lies on the map, and where a new one would.

    Parameters
    ----------
    embeddings : (n, d) float32
        The cohort.
    coordinates : (n, 2) float32
        On the map. By UMAP and t-SNE only who is near whom has a meaning: not the axes, the
        distances between groups, nor their sizes. By PCA the axes are the two directions in which
        the embeddings (of length 1 with the cosine metric) vary most.
    settings : MapSettings
    faithfulness : MapFaithfulness
    typical_distances : (n,) float64
        Mean distance of each ECG of the cohort to its nearest neighbours in the embedding space,
        sorted. With the cosine metric a distance is the chord ``sqrt(2 - 2 * cosine)``.
    """

    embeddings: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    settings: MapSettings
    faithfulness: MapFaithfulness
    typical_distances: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse arrays that do not go together."""
        n = len(self.embeddings)
        shapes = (self.embeddings.ndim, self.coordinates.shape, self.typical_distances.shape)
        if shapes != (2, (n, 2), (n,)):
            raise ValueError(f"arrays that do not go together: {shapes}")

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
            UMAP's own transform (t-SNE has none): it takes no optimisation, and never leaves the
            cohort's hull, so read `off_manifold` with it.
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
        new = comparable(np.asarray(new_embeddings), "cosine")
        found = self.embeddings[rows].astype(np.float64)
        found /= np.linalg.norm(found, axis=2, keepdims=True)
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
        _, distances = self._nearest(new_embeddings, _n_typical(self.settings, self.embeddings))
        below = np.searchsorted(self.typical_distances, distances.mean(axis=1), side="left")
        return np.asarray(100.0 * below / len(self.typical_distances), dtype=np.float64)

    @cached_property
    def _compared(self) -> NDArray[np.float32]:
        return comparable(self.embeddings, self.settings.metric).astype(np.float32)

    def _nearest(
        self, new_embeddings: NDArray[Any], k: int
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        new = np.asarray(new_embeddings)
        if new.ndim != 2 or new.shape[1] != self.embeddings.shape[1]:
            raise ValueError(
                f"new_embeddings must be (m, {self.embeddings.shape[1]}), got shape {new.shape}"
            )
        compared = comparable(new, self.settings.metric).astype(np.float32)
        return nearest_rows(compared, self._compared, k)


def fit_map(
    embeddings: NDArray[Any],
    settings: MapSettings | None = None,
    *,
    on_progress: Report | None = None,
) -> EmbeddingMap:
    """Lay a cohort's embeddings out on a plane (see `physioclr.explore.map_layout.lay_out`).

    Parameters
    ----------
    embeddings : (n, d) array of numbers
        Finite. Leave out ECGs that could not be embedded.
    settings : MapSettings, optional
        UMAP with 15 neighbours where absent.
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    EmbeddingMap

    Raises
    ------
    DatasetError
        If there are fewer than 5 ECGs.
    ValueError
        If `embeddings` is not as documented.
    """
    settings = settings or MapSettings()
    report = on_progress or (lambda _what, _share: None)
    values = np.array(embeddings, dtype=np.float32)
    if values.ndim != 2:
        raise ValueError(f"embeddings must be (n, d), got shape {values.shape}")
    if len(values) < _SMALLEST_COHORT:
        raise DatasetError(
            "the map", expected=f"at least {_SMALLEST_COHORT} ECGs", found=f"{len(values)}"
        )
    prepared = comparable(values, settings.metric)
    coordinates = lay_out(prepared.astype(np.float32), settings, report)
    report("Seeing how far the map can be trusted", 0.9)
    values.setflags(write=False)
    coordinates.setflags(write=False)
    k = _n_typical(settings, values)
    _, distances = nearest_rows(prepared, prepared, k + 1)
    found = EmbeddingMap(
        embeddings=values,
        coordinates=coordinates,
        settings=settings,
        faithfulness=map_faithfulness(prepared, coordinates, metric="euclidean", k=k),
        typical_distances=np.sort(distances[:, 1:].mean(axis=1)),
    )
    report("Done", 1.0)
    return found


def _n_typical(settings: MapSettings, embeddings: NDArray[Any]) -> int:
    return min(settings.n_neighbors, len(embeddings) - 1)
