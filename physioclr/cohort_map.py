"""The map of a cohort, computed once for a store and an encoder and then kept on disk.

The package ships the demo cohort's map for the shipped encoder
(``python -m physioclr.cohort_map demo/maps`` makes it).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from physioclr.atomic import make_folder, replace_file
from physioclr.bundle import bundled
from physioclr.cache import cache_folder
from physioclr.checkpoint import Encoder, load_encoder
from physioclr.datasets.demo import open_demo_store
from physioclr.datasets.store import Store
from physioclr.embedding import embed_store
from physioclr.embedding_map import EmbeddingMap, fit_map

__all__ = ["CohortMap", "open_cohort_map"]

_ROWS, _LAYOUT = "rows.npy", "layout"


@dataclass(frozen=True, eq=False)
class CohortMap:
    """A map of the ECGs of a cohort that have an embedding.

    Parameters
    ----------
    rows : (n_mapped,) int
        Their rows in the store.
    layout : EmbeddingMap
        Of those rows.
    """

    rows: NDArray[np.intp]
    layout: EmbeddingMap


def open_cohort_map(
    store: Store,
    encoder: Encoder,
    *,
    folder: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> CohortMap:
    """Open the map of a store in an encoder's space; make it first where there is none yet.

    Parameters
    ----------
    store : Store
    encoder : Encoder
    folder : Path, optional
        Where maps are kept; the shipped ones and the user's cache where absent.
    on_progress : callable, optional
        Called with the ECGs embedded and the ECGs in all.

    Returns
    -------
    CohortMap
        ECGs that cannot be embedded are not on it.

    Raises
    ------
    DatasetError
        If too few ECGs can be embedded for a map.
    """
    name = f"{store.fingerprint}-{encoder.card.fingerprint}"
    places = [folder] if folder else [bundled("demo") / "maps", cache_folder() / "maps"]
    for place in places:
        if (place / name / _ROWS).is_file():
            rows = np.load(place / name / _ROWS, allow_pickle=False)
            return CohortMap(rows, EmbeddingMap.load(place / name / _LAYOUT))
    embeddings = embed_store(store, encoder, on_progress=on_progress)
    rows = np.flatnonzero(np.isfinite(embeddings).all(axis=1))
    layout = fit_map(embeddings[rows])
    kept = places[-1] / name
    make_folder(kept)
    layout.save(kept / _LAYOUT)
    content = io.BytesIO()
    np.save(content, rows, allow_pickle=False)
    replace_file(kept / _ROWS, content.getvalue())  # last: its presence says that all is there
    return CohortMap(rows, layout)


if __name__ == "__main__":
    open_cohort_map(open_demo_store(), load_encoder(), folder=Path(sys.argv[1]))
