"""A cohort saved as the ECGs of a store that were selected: a file of ids, no copy of a signal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.datasets.store_view import StoreView
from physioclr.errors import DatasetError
from physioclr.runtime.atomic_files import make_folder, replace_file
from physioclr.runtime.cache_folder import cache_folder

__all__ = [
    "open_cohort",
    "save_selection",
    "saved_selections",
    "selected_rows",
    "selections_of",
    "whole_fingerprint",
]

_FORMAT, _VERSION = "physioclr-selection", 1
_SUFFIX = ".json"
_EXPECTED = "a selection of ECGs as PhysioCLR writes it"


def save_selection(store: Store, record_ids: Sequence[str], path: Path, *, name: str) -> Path:
    """Save which ECGs of a store were selected.

    Parameters
    ----------
    store : Store
        One that is on disk, or a part of one.
    record_ids : sequence of str
        In the order wanted.
    path : Path
        A .json file to write, whole or not at all.
    name : str
        How the selection is called.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DatasetError
        If there is no id, the store lacks one, or it is put together of several.
    ValueError
        If `path` does not end with .json.
    """
    if path.suffix != _SUFFIX:
        raise ValueError(f"path must end with {_SUFFIX}, got {path.name!r}")
    if not len(record_ids):
        raise DatasetError(name, expected="a selection of one ECG or more", found="none")
    if not store.path.is_dir():
        raise DatasetError(name, expected="ECGs of one store", found=f"those of {store.path.name}")
    whole = Store(store.path)
    for record_id in record_ids:
        whole.index_of(record_id)  # says which it lacks
    content = {
        "format": _FORMAT,
        "version": _VERSION,
        "name": name,
        "store": str(whole.path),
        "fingerprint": whole.fingerprint,
        "record_ids": list(record_ids),
    }
    make_folder(path.parent)
    replace_file(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())
    return path


def open_cohort(path: Path) -> Store:
    """Open a store's folder or a saved selection.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Store
        Of a selection a `StoreView` of its ECGs.

    Raises
    ------
    DatasetError
        If there is neither, or the store is not the one the selection was made in.
    """
    if path.suffix != _SUFFIX:
        return Store(path)
    content = _read(path)
    store = Store(content["store"])
    if store.fingerprint != content["fingerprint"]:
        raise DatasetError(
            path.name,
            expected=f"the store it was made in ({content['fingerprint']})",
            found=f"another at {store.path.name} ({store.fingerprint}); make the selection again",
        )
    rows = [store.index_of(record_id) for record_id in content["record_ids"]]
    return StoreView([(store, np.array(rows, dtype=np.intp))])


def selected_rows(store: Store, path: Path) -> NDArray[np.intp]:
    """Find the ECGs of a saved selection in the store that it was made in, or in a part of it.

    Parameters
    ----------
    store : Store
    path : Path
        Of the selection.

    Returns
    -------
    (n,) int
        Their rows, in ascending order.

    Raises
    ------
    DatasetError
        If it cannot be read, was made in another store, or the part has none of its ECGs.
    """
    content = _read(path)
    if content["fingerprint"] != whole_fingerprint(store):
        found = "one of another, which may have the same ids"
        raise DatasetError(content["name"], expected=f"a selection of {store.source}", found=found)
    rows = np.flatnonzero(store.records["record_id"].isin(set(content["record_ids"])))
    if not rows.size:
        raise DatasetError(content["name"], expected="ECGs of this part", found="none of them")
    return rows


def saved_selections() -> dict[str, str]:
    """Return the selections that the user saved: name to path, by name.

    Returns
    -------
    dict of str to str
        A file that is damaged goes by its file's name, so that opening it says what is wrong.
    """
    return dict(sorted((name, path) for name, _, path in _saved()))


def selections_of(store: Store) -> dict[str, str]:
    """Return the selections that the user saved of a store, or of the store it is a part of.

    Parameters
    ----------
    store : Store

    Returns
    -------
    dict of str to str
        Name to path, by name.
    """
    own = whole_fingerprint(store)
    return dict(sorted((name, path) for name, made_in, path in _saved() if made_in == own))


def whole_fingerprint(store: Store) -> str | None:
    """Return the fingerprint of the store that a store is, or is a part of; None of several.

    Parameters
    ----------
    store : Store

    Returns
    -------
    str or None
    """
    whole = store.whole if isinstance(store, StoreView) else store
    return None if whole is None else whole.fingerprint


def _saved() -> list[tuple[str, str, str]]:
    """Return the name, the store's fingerprint (empty if damaged) and the path of each."""
    files = (cache_folder() / "cohorts").glob(f"*{_SUFFIX}")
    return [(*_heading(file, file.stat().st_mtime_ns), str(file)) for file in files]


@lru_cache(maxsize=256)
def _heading(file: Path, written_ns: int) -> tuple[str, str]:  # noqa: ARG001
    try:
        content = _read(file)
    except DatasetError:
        return file.stem, ""
    return content["name"], content["fingerprint"]


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(path.name, expected=_EXPECTED, found="no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DatasetError(path.name, expected=_EXPECTED, found=str(error)) from error
    kinds: dict[str, type] = {"name": str, "store": str, "fingerprint": str, "record_ids": list}
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise DatasetError(path.name, expected=_EXPECTED, found="something else")
    if content.get("version") != _VERSION:
        found = f"version {content.get('version')!r}; update PhysioCLR to open it"
        raise DatasetError(path.name, expected=f"version {_VERSION}", found=found)
    for field, kind in kinds.items():
        if not isinstance(content.get(field), kind):
            raise DatasetError(path.name, expected=_EXPECTED, found=f"no {field}")
    if not all(isinstance(record_id, str) for record_id in content["record_ids"]):
        raise DatasetError(path.name, expected="record ids that are texts", found="others")
    return content
