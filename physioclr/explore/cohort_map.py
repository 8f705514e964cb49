"""The maps of a cohort, made once for a store, an encoder and a layout, and then kept on disk.

The package ships the demo cohort's map for the shipped encoder
(``python -m physioclr.explore.cohort_map demo/maps`` makes it).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.demo import open_demo_store
from physioclr.datasets.store import Store
from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.embedding import embed_store
from physioclr.encoders.encoder import Encoder
from physioclr.errors import DatasetError
from physioclr.explore.embedding_map import EmbeddingMap, fit_map
from physioclr.explore.map_files import load_map, save_map
from physioclr.explore.map_layout import MapSettings
from physioclr.runtime.atomic_files import make_folder, replace_file
from physioclr.runtime.cache_folder import cache_folder
from physioclr.runtime.shipped_files import bundled

__all__ = [
    "CohortMap",
    "find_cohort_map",
    "make_cohort_map",
    "save_cohort_map",
    "unreadable_map",
]

_ROWS, _LAYOUT = "rows.npy", "layout"
_NPY_HEADER_BYTES = 4096
_EMBEDDED_BY = 0.6


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


def find_cohort_map(
    store: Store,
    encoder: Encoder,
    settings: MapSettings | None = None,
    *,
    folder: Path | None = None,
) -> CohortMap | None:
    """Open the map of a store in an encoder's space, where one is kept.

    Parameters
    ----------
    store : Store
    encoder : Encoder
    settings : MapSettings, optional
        As by default where absent.
    folder : Path, optional
        Where maps are kept; the shipped ones and the user's cache where absent.

    Returns
    -------
    CohortMap or None
        None also where what is kept is damaged or of another version: `unreadable_map` says so.
    """
    name = _name(store, encoder, settings or MapSettings())
    return next(_kept(folder, name, store), None)


def unreadable_map(
    store: Store,
    encoder: Encoder,
    settings: MapSettings | None = None,
    *,
    folder: Path | None = None,
) -> str:
    """Say why a map that is kept cannot be opened.

    Parameters
    ----------
    store, encoder, settings, folder
        As `find_cohort_map` takes them.

    Returns
    -------
    str
        One sentence; empty where none is kept, or it can be opened.
    """
    said = ""
    for place in _places(folder, _name(store, encoder, settings or MapSettings())):
        try:
            _open(place, store)
        except DatasetError as error:
            said = str(error)
        else:
            return ""
    return said


def make_cohort_map(
    store: Store,
    encoder: Encoder,
    settings: MapSettings | None = None,
    *,
    folder: Path | None = None,
    on_progress: Callable[[str, float], None] | None = None,
) -> CohortMap:
    """Embed a store, lay it out, and keep the map.

    Parameters
    ----------
    store : Store
    encoder : Encoder
    settings : MapSettings, optional
        As by default where absent.
    folder : Path, optional
        Where maps are kept; the user's cache where absent.
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    CohortMap
        ECGs that cannot be embedded are not on it. Where a map of another layout is kept, its
        embeddings are taken.

    Raises
    ------
    DatasetError
        If too few ECGs can be embedded for a map.
    """

    def report(what: str, share: float) -> None:
        if on_progress is not None:
            on_progress(what, share)

    def embedded(done: int, total: int) -> None:
        report(f"Embedding: {done:,} of {total:,} ECGs", _EMBEDDED_BY * done / total)

    def laid_out(what: str, share: float) -> None:
        report(what, _EMBEDDED_BY + (1 - _EMBEDDED_BY) * share)

    other = next(_kept(folder, f"{store.fingerprint}-{encoder.card.fingerprint}-*", store), None)
    if other is not None:
        rows, embeddings = other.rows, other.layout.embeddings
    else:
        every = embed_store(store, encoder, on_progress=embedded)
        rows = np.flatnonzero(np.isfinite(every).all(axis=1))
        embeddings = every[rows]
    made = CohortMap(rows, fit_map(embeddings, settings, on_progress=laid_out))
    save_cohort_map(made, store, encoder, folder=folder)
    return made


def save_cohort_map(
    mapped: CohortMap, store: Store, encoder: Encoder, *, folder: Path | None = None
) -> None:
    """Keep a map for `find_cohort_map`; it is found whole or not at all.

    Parameters
    ----------
    mapped : CohortMap
    store : Store
    encoder : Encoder
    folder : Path, optional
        The user's cache where absent.
    """
    place = folder or cache_folder() / "maps"
    kept = place / _name(store, encoder, mapped.layout.settings)
    make_folder(kept)
    save_map(mapped.layout, kept / _LAYOUT)
    content = BytesIO()
    np.save(content, mapped.rows, allow_pickle=False)
    replace_file(kept / _ROWS, content.getvalue())  # last: its presence says that all is there


def _name(store: Store, encoder: Encoder, settings: MapSettings) -> str:
    return f"{store.fingerprint}-{encoder.card.fingerprint}-{settings.fingerprint}"


def _kept(folder: Path | None, pattern: str, store: Store) -> Iterator[CohortMap]:
    """Open the maps that are kept under a name and can be, one after the other."""
    for place in _places(folder, pattern):
        with suppress(DatasetError):
            yield _open(place, store)


def _places(folder: Path | None, pattern: str) -> Iterator[Path]:
    for place in [folder] if folder else [bundled("demo") / "maps", cache_folder() / "maps"]:
        yield from sorted(found.parent for found in place.glob(f"{pattern}/{_ROWS}"))


def _open(place: Path, store: Store) -> CohortMap:
    layout = load_map(place / _LAYOUT)
    most = _NPY_HEADER_BYTES + 8 * len(layout.coordinates)
    if (place / _ROWS).stat().st_size > most:
        expected = f"{len(layout.coordinates)} rows in at most {most} bytes"
        raise DatasetError(place.name, expected=expected, found="a larger file")
    try:
        rows = np.load(place / _ROWS, allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError) as error:
        raise DatasetError(place.name, expected="the rows of a map", found=str(error)) from error
    is_whole = rows.shape == (len(layout.coordinates),) and np.issubdtype(rows.dtype, np.integer)
    if not is_whole or not ((rows >= 0) & (rows < len(store))).all():
        expected = f"{len(layout.coordinates)} rows of {len(store)}"
        raise DatasetError(place.name, expected=expected, found="others")
    return CohortMap(rows, layout)


if __name__ == "__main__":
    make_cohort_map(open_demo_store(), load_encoder(), folder=Path(sys.argv[1]))
