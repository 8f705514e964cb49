"""Which map is shown, the job that makes it, and what is done with a selection on it.

The page opens its cohort, encoders and maps once each time it runs (`open_sides`); the functions
here are given them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from app.resources import cohort, cohort_map, encoder, matching
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

    from app.state import MapState, ReadState
    from physioclr.datasets.store import Store
    from physioclr.encoders.encoder import Encoder
    from physioclr.explore.cohort_map import CohortMap
    from physioclr.records import EcgRecord

__all__ = [
    "BeingRead",
    "InSight",
    "MapShown",
    "Side",
    "asked_settings",
    "begin_map",
    "begin_missing_maps",
    "ecgs_in_sight",
    "find_id",
    "follow_cohort",
    "last_map_job",
    "open_saved_selection",
    "open_sides",
    "row_of_read",
    "save_rows",
    "selection_csv",
    "titles_of",
    "why_unreadable",
]

_IDS_NAMED = 8
_FILE_NAMED_BY = 60  # characters


@dataclass(frozen=True, eq=False)
class MapShown:
    """A map that is kept, and what it is of.

    Parameters
    ----------
    store : Store
    encoder : Encoder
    settings : MapSettings
    mapped : CohortMap
    shipped : MapShown or None
        The shipped checkpoint's map of the same cohort, where this one's encoder has no head.
    """

    store: Store
    encoder: Encoder
    settings: MapSettings
    mapped: CohortMap
    shipped: MapShown | None = None

    @property
    def predicting(self) -> MapShown | None:
        """The map whose encoder predicts labels: this one, or else the shipped checkpoint's."""
        return self if self.encoder.heads else self.shipped


@dataclass(frozen=True, eq=False)
class Side:
    """One of the maps that stand side by side, or its place.

    Parameters
    ----------
    checkpoint : str
        Its folder; empty for the shipped one.
    encoder : Encoder
    shown : MapShown or None
        The requested map; where it is not made yet, the one shown last. None where no map of the
        cohort in this encoder's space is kept.
    is_made : bool
        Whether it is the requested one.
    """

    checkpoint: str
    encoder: Encoder
    shown: MapShown | None
    is_made: bool


@dataclass(frozen=True, eq=False)
class BeingRead:
    """The ECG being read, and its row in the cohort of the map; None where it is from elsewhere."""

    record: EcgRecord
    row: int | None


@dataclass(frozen=True, eq=False)
class InSight:
    """Which ECGs of a cohort meet the condition.

    Parameters
    ----------
    rows : (n,) int
        All where there is no condition, or it cannot be followed.
    condition : str
        Empty where all ECGs are shown.
    problem : str
        Why the condition cannot be followed, in a sentence; empty where it can.
    """

    rows: NDArray[np.intp]
    condition: str = ""
    problem: str = ""

    def on(self, shown: MapShown) -> NDArray[np.bool_]:
        """Return which ECGs of a map are in sight, (n_mapped,)."""
        return np.isin(shown.mapped.rows, self.rows)

    def selected(self, rows: tuple[int, ...]) -> tuple[int, ...]:
        """Return which of the selected ECGs are in sight; a single one is shown in any case."""
        if len(rows) < 2:
            return rows
        in_sight = np.isin(rows, self.rows)
        return tuple(row for row, shown in zip(rows, in_sight, strict=True) if shown)


def ecgs_in_sight(store: Store, condition: str) -> InSight:
    """Return the ECGs that a condition, which may be empty, leaves in sight."""
    everyone = np.arange(len(store))
    if not condition:
        return InSight(everyone)
    try:
        return InSight(matching(store, condition), condition)
    except DatasetError as error:
        return InSight(everyone, problem=f"{error}. All ECGs are shown.")


def asked_settings(state: MapState) -> MapSettings:
    """Return how the map is to be laid out."""
    return state.settings or MapSettings()


def open_sides(state: MapState, store: Store) -> list[Side]:
    """Open the encoders whose maps stand side by side, and the maps that are kept.

    Raises
    ------
    CheckpointError
        If an encoder cannot be loaded.
    """
    return [_open_side(state, store, checkpoint) for checkpoint in _checkpoints_of(state)]


def _open_side(state: MapState, store: Store, checkpoint: str) -> Side:
    loaded, asked = encoder(checkpoint), asked_settings(state)
    of = (state.store_path, checkpoint)
    for settings in dict.fromkeys((asked, state.kept.get(of, asked), MapSettings())):
        mapped = cohort_map(store, loaded, settings)
        if mapped is not None:
            state.kept[of] = settings
            shipped = None if loaded.heads else _shipped_map(store)
            shown = MapShown(store, loaded, settings, mapped, shipped)
            return Side(checkpoint, loaded, shown, is_made=settings == asked)
    return Side(checkpoint, loaded, None, is_made=False)


def _shipped_map(store: Store) -> MapShown | None:
    """Return the shipped checkpoint's default map, if it has a head and the map is kept."""
    shipped = encoder()
    mapped = cohort_map(store, shipped, MapSettings()) if shipped.heads else None
    return None if mapped is None else MapShown(store, shipped, MapSettings(), mapped)


def _checkpoints_of(state: MapState) -> list[str]:
    """Return the checkpoints whose maps stand side by side."""
    return [state.checkpoint] if state.beside is None else [state.checkpoint, state.beside]


def begin_missing_maps(state: MapState) -> None:
    """Begin to make the requested maps that are not kept."""
    store = cohort(state.store_path)
    for checkpoint in dict.fromkeys(_checkpoints_of(state)):
        if cohort_map(store, encoder(checkpoint), asked_settings(state)) is None:
            begin_map(state, checkpoint)


def begin_map(state: MapState, checkpoint: str) -> Job:
    """Begin to lay out the requested map, in a process of its own.

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
    """Return the last job that was to make the requested map."""
    task = _task(state, checkpoint)
    for job in default_queue().jobs(MapTask):
        if isinstance(job.task, MapTask) and task.makes_the_map_of(job.task):
            return job
    return None


def _task(state: MapState, checkpoint: str) -> MapTask:
    return MapTask.of(state.store_path, checkpoint, asked_settings(state))


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


def why_unreadable(state: MapState, store: Store, encoder: Encoder) -> str:
    """Return why the requested map cannot be opened though it is kept, or nothing."""
    return unreadable_map(store, encoder, asked_settings(state))


def follow_cohort(state: MapState, store: Store) -> bool:
    """Forget the selection where the cohort is another than it was; say whether it is."""
    now, before = store.fingerprint, state.fingerprint
    state.fingerprint = now
    changed = before not in ("", now)
    if changed:
        state.select(())
    return changed


def row_of_read(state: MapState, store: Store, read: ReadState) -> int | None:
    """Return which ECG of the cohort is the one being read; None where it is from elsewhere."""
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
    ids = [str(record_id) for record_id in store.records["record_id"].to_numpy()[list(rows)]]
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
    ids = [str(record_id) for record_id in store.records["record_id"].to_numpy()[list(rows)]]
    save_selection(store, ids, cache_folder() / "cohorts" / _file_of(name), name=name)


def _file_of(name: str) -> str:
    """Return a file's name for a selection's, another for each, also where cases are one."""
    readable = re.sub(r"[^\w -]+", "_", name)[:_FILE_NAMED_BY]
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.json"


def open_saved_selection(state: MapState, store: Store, name: str) -> None:
    """Select the ECGs of a saved selection that the cohort has.

    Raises
    ------
    DatasetError
        If it cannot be opened, is of another cohort, or the cohort has none of them.
    """
    rows = selected_rows(store, Path(saved_selections()[name]))
    state.select(tuple(map(int, rows)))
    state.selection = name
