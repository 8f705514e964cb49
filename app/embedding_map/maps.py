"""Which map is shown, the job that makes it, and what is done with a selection on it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from app.embedding_map.colours import MapShown
from app.resources import cohort, cohort_map, encoder, matching
from app.state import MapState, app_state
from physioclr.datasets.selection import (
    save_selection,
    saved_selections,
    selected_rows,
    whole_fingerprint,
)
from physioclr.errors import DatasetError
from physioclr.explore.cohort_map import unreadable_map
from physioclr.explore.map_layout import MapSettings
from physioclr.jobs import Job, default_queue
from physioclr.jobs.mapping import MapTask
from physioclr.runtime.cache_folder import cache_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from physioclr.datasets.store import Store

__all__ = [
    "asked_settings",
    "begin_map",
    "checkpoints_of",
    "condition_problem",
    "find_id",
    "follow_cohort",
    "followed_condition",
    "is_made",
    "last_map_job",
    "open_map",
    "open_saved_selection",
    "row_being_read",
    "save_rows",
    "selected_in_sight",
    "selection_csv",
    "titles_of",
    "visible",
    "why_unreadable",
]

_IDS_NAMED = 8
_FILE_NAMED_BY = 60  # characters


def asked_settings(state: MapState) -> MapSettings:
    """Return how the map is to be laid out."""
    return state.settings or MapSettings()


def open_map(state: MapState, checkpoint: str) -> MapShown | None:
    """Return the map that is asked for; where it is not made yet, the one shown last.

    Returns
    -------
    MapShown or None
        None where no map of the cohort in this checkpoint's space is kept.
    """
    of = (state.store_path, checkpoint)
    asked = asked_settings(state)
    for settings in dict.fromkeys((asked, state.kept.get(of, asked), MapSettings())):
        mapped = cohort_map(state.store_path, checkpoint, settings)
        if mapped is not None:
            state.kept[of] = settings
            return MapShown(state.store_path, checkpoint, settings, mapped)
    return None


def checkpoints_of(state: MapState) -> list[str]:
    """Return the checkpoints whose maps stand side by side."""
    return [state.checkpoint] if state.beside is None else [state.checkpoint, state.beside]


def is_made(state: MapState, checkpoint: str) -> bool:
    """Say whether the map that is asked for is kept."""
    return cohort_map(state.store_path, checkpoint, asked_settings(state)) is not None


def begin_map(state: MapState, checkpoint: str) -> Job:
    """Begin to lay out the map that is asked for, in a process of its own.

    Returns
    -------
    Job
        The one that lays it out already, where one does.
    """
    last = last_map_job(state, checkpoint)
    if last is not None and not last.progress().ended:
        return last
    return default_queue().submit(_task(state, checkpoint))


def last_map_job(state: MapState, checkpoint: str) -> Job | None:
    """Return the last job that was to make the map that is asked for."""
    task = _task(state, checkpoint)
    jobs = default_queue().jobs(MapTask)
    return next((job for job in jobs if task.makes_the_map_of(job.task)), None)


def _task(state: MapState, checkpoint: str) -> MapTask:
    return MapTask.of(state.store_path, checkpoint, asked_settings(state))


def condition_problem(state: MapState) -> str:
    """Return why the condition cannot be followed, in a sentence; empty where it can."""
    try:
        _meeting(state)
    except DatasetError as error:
        return f"{error}. All ECGs are shown."
    return ""


def followed_condition(state: MapState) -> str:
    """Return the condition that the ECGs shown meet; empty where all are shown."""
    return "" if condition_problem(state) else state.query


def selected_in_sight(state: MapState) -> tuple[int, ...]:
    """Return which of the selected ECGs meet the condition; a single one is shown in any case."""
    if len(state.rows) < 2:
        return state.rows
    in_sight = np.isin(state.rows, _rows_shown(state))
    return tuple(row for row, shown in zip(state.rows, in_sight, strict=True) if shown)


def visible(state: MapState, shown: MapShown) -> NDArray[np.bool_]:
    """Return which ECGs of a map meet the condition, (n_mapped,); all where it is none."""
    return np.isin(shown.mapped.rows, _rows_shown(state))


def _rows_shown(state: MapState) -> NDArray[np.intp]:
    try:
        return _meeting(state)
    except DatasetError:
        return np.arange(len(cohort(state.store_path)))


def _meeting(state: MapState) -> NDArray[np.intp]:
    if not state.query:
        return np.arange(len(cohort(state.store_path)))
    return matching(state.store_path, state.query)


def find_id(store: Store, sought: str) -> tuple[int | None, str]:
    """Look for an ECG by its id, or by a part of it that no other has.

    Returns
    -------
    row : int or None
    why : str
        Why there is none, in a sentence.
    """
    ids = store.records["record_id"].astype(str)
    exact = np.flatnonzero((ids == sought).to_numpy())
    found = exact if exact.size else np.flatnonzero(ids.str.contains(sought, regex=False))
    if found.size == 1:
        return int(found[0]), ""
    if not found.size:
        return None, f"No ECG of this cohort has an id with “{sought}” in it."
    first = ", ".join(ids.iloc[found[:_IDS_NAMED]])
    more = " …" if found.size > _IDS_NAMED else ""
    return None, f"{found.size:,} ids have “{sought}” in them: {first}{more}"


def why_unreadable(state: MapState, checkpoint: str) -> str:
    """Return why the map that is asked for cannot be opened though it is kept, or nothing."""
    store = cohort(state.store_path)
    return unreadable_map(store, encoder(checkpoint), asked_settings(state))


def follow_cohort(state: MapState) -> bool:
    """Forget the selection where the cohort is another than it was; say whether it is."""
    now, before = cohort(state.store_path).fingerprint, state.fingerprint
    state.fingerprint = now
    changed = before not in ("", now)
    if changed:
        state.select(())
    return changed


def row_being_read(state: MapState) -> int | None:
    """Return which ECG of the cohort is the one being read; None where it is from elsewhere."""
    read, store = app_state().read, cohort(state.store_path)
    opened, made_in = state.read_from or (-1, "")
    if read.demo_row is not None:
        made_in = cohort().fingerprint
    elif opened != read.opened:
        return None
    if read.record is None or made_in != whole_fingerprint(store):
        return None
    found = np.flatnonzero(store.records["record_id"] == read.record.record_id)
    return int(found[0]) if found.size else None


def titles_of(store: Store, rows: Sequence[int]) -> list[str]:
    """Return the id of some ECGs with their labels of the first label set."""
    ids = [str(record_id) for record_id in store.records["record_id"].iloc[list(rows)]]
    if not store.label_sets:
        return ids
    label_set, names = next(iter(store.label_names.items()))
    present = store.labels(label_set).iloc[list(rows)].to_numpy() == 1.0
    shown = np.array(list(names.values()), dtype=object)
    said = [" + ".join(shown[row]) or "no label" for row in present]
    return [f"{name} · {labels}" for name, labels in zip(ids, said, strict=True)]


def selection_csv(store: Store, rows: Sequence[int]) -> bytes:
    """Return what is known of some ECGs as CSV: one row an ECG, labels as ``set/label``."""
    chosen = list(rows)
    labels = [store.labels(name).add_prefix(f"{name}/") for name in store.label_sets]
    tables = [table.iloc[chosen] for table in (store.records, store.measurements, *labels)]
    plain = [table.reset_index(drop=True) for table in tables]
    return pd.concat(plain, axis="columns").to_csv(index=False).encode()


def save_rows(store: Store, rows: Sequence[int], name: str) -> None:
    """Save some ECGs as a cohort that every page can open.

    Raises
    ------
    DatasetError
        If the name is empty or taken, or the file cannot be written.
    """
    name = name.strip()
    if not name:
        raise DatasetError("the selection", expected="a name", found="none")
    if name in saved_selections():
        raise DatasetError(name, expected="a name no other selection has", found="one that has it")
    ids = [str(record_id) for record_id in store.records["record_id"].iloc[list(rows)]]
    save_selection(store, ids, cache_folder() / "cohorts" / _file_of(name), name=name)


def _file_of(name: str) -> str:
    """Return a file's name for a selection's, another for each, also where cases are one."""
    readable = re.sub(r"[^\w -]+", "_", name)[:_FILE_NAMED_BY]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"


def open_saved_selection(state: MapState, name: str) -> None:
    """Select the ECGs of a saved selection that the cohort has.

    Raises
    ------
    DatasetError
        If it cannot be opened, is of another cohort, or the cohort has none of them.
    """
    rows = selected_rows(cohort(state.store_path), Path(saved_selections()[name]))
    state.select(tuple(map(int, rows)))
    state.selection = name
