"""A flat map of an embedding space: its layout, how far to trust it, where a new ECG lies."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import warnings
import zipfile
import zlib
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import DatasetError
from physioclr.explore.neighbourhoods import MapFaithfulness, map_faithfulness, nearest_rows
from physioclr.runtime.atomic_files import replace_file

__all__ = ["METHODS", "METRICS", "EmbeddingMap", "MapSettings", "fit_map"]

METHODS = {"umap": "UMAP", "pca": "PCA", "tsne": "t-SNE"}
"""How an embedding is laid out, and what each way is called."""
METRICS = ("cosine", "euclidean")
_FORMAT, _VERSION = "physioclr-embedding-map", 2
_SMALLEST_COHORT = 5
_PLACED_BY = 5
_SPECTRAL_FROM = 50
_TSNE_DIMENSIONS = 50
_TSNE_ROUNDS = 1_000
_SAME_POINT = 1e-4
_Said = Callable[[str, float], None]


@dataclass(frozen=True)
class MapSettings:
    """How a map is laid out.

    Parameters
    ----------
    method : {"umap", "pca", "tsne"}
    n_neighbors : int
        Of UMAP, at least 2; and the neighbours by which `EmbeddingMap.off_manifold` judges. In a
        cohort that small, ``n - 1``.
    min_dist : float
        Of UMAP, 0 to 1: how tightly points may sit.
    perplexity : float
        Of t-SNE, at least 2: about how many neighbours an ECG has. In a cohort that small,
        ``(n - 1) / 3``.
    metric : {"cosine", "euclidean"}
        By which the embeddings are compared.
    seed : int
        The same seed, settings and embeddings give the same map on the same machine.

    Raises
    ------
    ValueError
        If one is not as documented.
    """

    method: str = "umap"
    n_neighbors: int = 15
    min_dist: float = 0.1
    perplexity: float = 30.0
    metric: str = "cosine"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be laid out."""
        for name, allowed in (("method", METHODS), ("metric", METRICS)):
            if getattr(self, name) not in allowed:
                found = getattr(self, name)
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {found!r}")
        if self.n_neighbors < 2:
            raise ValueError(f"n_neighbors must be at least 2, got {self.n_neighbors}")
        if not 0 <= self.min_dist <= 1:
            raise ValueError(f"min_dist must be 0 to 1, got {self.min_dist}")
        if not self.perplexity >= 2:
            raise ValueError(f"perplexity must be at least 2, got {self.perplexity}")

    @property
    def fingerprint(self) -> str:
        """Name of 16 hexadecimal digits that maps laid out alike share.

        What the method does not heed makes no other map.
        """
        heeded = {"method": self.method, "metric": self.metric, "seed": self.seed}
        heeded["n_neighbors"] = self.n_neighbors
        if self.method == "umap":
            heeded["min_dist"] = float(self.min_dist)
        if self.method == "tsne":
            heeded["perplexity"] = float(self.perplexity)
        said = json.dumps(heeded, sort_keys=True).encode()
        return hashlib.sha256(said).hexdigest()[:16]


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
        new = _prepared(np.asarray(new_embeddings), "cosine")
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

    def save(self, path: Path) -> None:
        """Write ``<path>.npz`` (arrays) and ``<path>.json`` (settings), each whole or not at all.

        Parameters
        ----------
        path : Path
            Without suffix.
        """
        arrays = BytesIO()
        np.savez(
            arrays,
            embeddings=self.embeddings,
            coordinates=self.coordinates,
            typical_distances=self.typical_distances,
        )
        said = {
            "format": _FORMAT,
            "version": _VERSION,
            "settings": asdict(self.settings),
            "faithfulness": asdict(self.faithfulness),
        }
        replace_file(_beside(path, ".npz"), arrays.getvalue())
        replace_file(_beside(path, ".json"), (json.dumps(said, indent=2) + "\n").encode())

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
            If a file is missing, damaged, of another version or not a map.
        """
        try:
            said = json.loads(_beside(path, ".json").read_text(encoding="utf-8"))
            found = (said["format"], said["version"])
            if found != (_FORMAT, _VERSION):
                raise ValueError(f"{found[0]} of version {found[1]}, not {_VERSION}")
            with (
                _beside(path, ".npz").open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                loaded = cls(
                    embeddings=arrays["embeddings"],
                    coordinates=arrays["coordinates"],
                    settings=MapSettings(**said["settings"]),
                    faithfulness=MapFaithfulness(**said["faithfulness"]),
                    typical_distances=arrays["typical_distances"],
                )
            loaded._check_shapes()
        except FileNotFoundError as error:
            name = Path(str(error.filename)).name
            raise DatasetError(path.name, expected=f"a file {name}", found="none") from error
        except (
            *(ValueError, KeyError, TypeError, EOFError, OSError, MemoryError),
            *(zipfile.BadZipFile, zlib.error),
        ) as error:
            raise DatasetError(
                path.name, expected="an embedding map as PhysioCLR writes it", found=str(error)
            ) from error
        return loaded

    def _check_shapes(self) -> None:
        n = len(self.embeddings)
        shapes = (self.embeddings.ndim, self.coordinates.shape, self.typical_distances.shape)
        if shapes != (2, (n, 2), (n,)):
            raise ValueError(f"arrays that do not go together: {shapes}")

    @cached_property
    def _compared(self) -> NDArray[np.float32]:
        return _prepared(self.embeddings, self.settings.metric).astype(np.float32)

    def _nearest(
        self, new_embeddings: NDArray[Any], k: int
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        new = np.asarray(new_embeddings)
        if new.ndim != 2 or new.shape[1] != self.embeddings.shape[1]:
            raise ValueError(
                f"new_embeddings must be (m, {self.embeddings.shape[1]}), got shape {new.shape}"
            )
        compared = _prepared(new, self.settings.metric).astype(np.float32)
        return nearest_rows(compared, self._compared, k)


def fit_map(
    embeddings: NDArray[Any],
    settings: MapSettings | None = None,
    *,
    on_progress: _Said | None = None,
) -> EmbeddingMap:
    """Lay a cohort's embeddings out on a plane.

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

    Notes
    -----
    UMAP: McInnes, Healy, Melville 2018, arXiv:1802.03426. Below 50 ECGs the layout starts at
    random points instead of the spectral ones, which need a larger graph. t-SNE: van der Maaten,
    Hinton 2008, of the first 50 principal components, and starting from the first two.
    """
    settings = settings or MapSettings()
    report = on_progress or _say_nothing
    values = np.array(embeddings, dtype=np.float32)
    if values.ndim != 2:
        raise ValueError(f"embeddings must be (n, d), got shape {values.shape}")
    if len(values) < _SMALLEST_COHORT:
        raise DatasetError(
            "the map", expected=f"at least {_SMALLEST_COHORT} ECGs", found=f"{len(values)}"
        )
    prepared = _prepared(values, settings.metric)
    lay_out = {"umap": _by_umap, "pca": _by_pca, "tsne": _by_tsne}[settings.method]
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


def _say_nothing(what: str, share: float) -> None:
    del what, share


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


def _by_umap(
    prepared: NDArray[np.float32], settings: MapSettings, report: _Said
) -> NDArray[np.float32]:
    report("Loading UMAP", 0.0)
    # Imported here: umap compiles with numba and takes seconds to load. It warns that its
    # parametric variant, which is not used, lacks TensorFlow.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)
        from umap import UMAP

    report("Finding neighbours", 0.1)
    rounds = _Rounds(report, r"(\d+)/(\d+)")
    # Between rows of length 1 the Euclidean distance orders as the cosine does.
    layout = UMAP(
        n_components=2,
        n_neighbors=min(settings.n_neighbors, len(prepared) - 1),
        min_dist=settings.min_dist,
        metric="euclidean",
        init="spectral" if len(prepared) >= _SPECTRAL_FROM else "random",
        random_state=settings.seed,
        n_jobs=1,
        tqdm_kwds={"disable": False, "file": rounds, "bar_format": "{n_fmt}/{total_fmt}"},
    )
    return np.asarray(layout.fit_transform(prepared), dtype=np.float32)


class _Rounds:
    """A file for a layout to write its account of its rounds to, which reports them.

    Parameters
    ----------
    report : callable
    counted : str
        A pattern of the number of rounds done and, in a second group, of all.
    n_rounds : int
        Of all, where the pattern has no second group.
    """

    def __init__(self, report: _Said, counted: str, n_rounds: int = 0) -> None:
        self._report, self._counted, self._n_rounds = report, re.compile(counted), n_rounds
        self._stdout = sys.stdout  # to which who is told may write, also while this stands for it

    def write(self, text: str) -> int:
        counted = self._counted.search(text)
        if counted:
            done, total, *_ = (*map(int, counted.groups()), self._n_rounds)
            with redirect_stdout(self._stdout):
                self._report(f"Laying out: {done} of {total} rounds", 0.3 + 0.6 * done / total)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


def _by_pca(
    prepared: NDArray[np.float32], settings: MapSettings, report: _Said
) -> NDArray[np.float32]:
    report("Finding the directions of most variance", 0.1)
    return _principal_components(prepared, 2, settings.seed)


def _by_tsne(
    prepared: NDArray[np.float32], settings: MapSettings, report: _Said
) -> NDArray[np.float32]:
    from sklearn.manifold import TSNE

    report("Finding neighbours", 0.1)
    if prepared.shape[1] > _TSNE_DIMENSIONS < len(prepared):
        prepared = _principal_components(prepared, _TSNE_DIMENSIONS, settings.seed)
    layout = TSNE(
        n_components=2,
        perplexity=min(settings.perplexity, (len(prepared) - 1) / 3),
        init="pca",
        random_state=settings.seed,
        max_iter=_TSNE_ROUNDS,
        verbose=2,
    )
    # It prints how far it is, each 50 rounds, and has no other way to tell.
    with redirect_stdout(_Rounds(report, r"Iteration (\d+):", _TSNE_ROUNDS)):
        return np.asarray(layout.fit_transform(prepared), dtype=np.float32)


def _principal_components(
    prepared: NDArray[np.float32], n_components: int, seed: int
) -> NDArray[np.float32]:
    from sklearn.decomposition import PCA

    reduced = PCA(n_components, random_state=seed).fit_transform(prepared)
    return np.ascontiguousarray(reduced, dtype=np.float32)


def _n_typical(settings: MapSettings, embeddings: NDArray[Any]) -> int:
    return min(settings.n_neighbors, len(embeddings) - 1)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
