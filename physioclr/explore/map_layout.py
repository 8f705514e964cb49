"""How an embedding is laid out on a plane: UMAP, PCA or t-SNE, and their settings."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["METHODS", "METRICS", "MapSettings", "Report", "comparable", "lay_out"]

METHODS = {"umap": "UMAP", "pca": "PCA", "tsne": "t-SNE"}
"""How an embedding is laid out, and what each way is called."""
METRICS = ("cosine", "euclidean")
_SPECTRAL_FROM = 50
_TSNE_DIMENSIONS = 50
_TSNE_ROUNDS = 1_000
Report = Callable[[str, float], None]


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


def lay_out(
    prepared: NDArray[np.float32], settings: MapSettings, report: Report
) -> NDArray[np.float32]:
    """Lay embeddings out on a plane.

    Parameters
    ----------
    prepared : (n, d) float32
        As `comparable` gives them.
    settings : MapSettings
    report : callable
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    (n, 2) float32

    Notes
    -----
    UMAP: McInnes, Healy, Melville 2018, arXiv:1802.03426. Below 50 ECGs the layout starts at
    random points instead of the spectral ones, which need a larger graph. t-SNE: van der Maaten,
    Hinton 2008, of the first 50 principal components, and starting from the first two.
    """
    by_method = {"umap": _by_umap, "pca": _by_pca, "tsne": _by_tsne}
    return by_method[settings.method](prepared, settings, report)


def comparable(embeddings: NDArray[Any], metric: str) -> NDArray[np.float64]:
    """Return float64 rows between which Euclidean distance means `metric`.

    Parameters
    ----------
    embeddings : (n, d) array of numbers
    metric : {"cosine", "euclidean"}

    Returns
    -------
    (n, d) float64

    Raises
    ------
    ValueError
        If a value is not finite, or a row that the cosine compares is zero throughout.
    """
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
    prepared: NDArray[np.float32], settings: MapSettings, report: Report
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

    def __init__(self, report: Report, counted: str, n_rounds: int = 0) -> None:
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
    prepared: NDArray[np.float32], settings: MapSettings, report: Report
) -> NDArray[np.float32]:
    report("Finding the directions of most variance", 0.1)
    return _principal_components(prepared, 2, settings.seed)


def _by_tsne(
    prepared: NDArray[np.float32], settings: MapSettings, report: Report
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
