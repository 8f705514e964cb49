"""The address of a view of the map, to be shared: read on arrival, written as the view changes.

It names what both sides know: a cohort by the name of a saved selection or by its fingerprint, a
checkpoint by its name. No path is in it, and no id of an ECG or a patient.
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING

import streamlit as st

from app.embedding_map.form import CLUSTER_SIZES
from app.embedding_map.maps import open_saved_selection
from app.inputs.known_cohorts import cohort_names
from app.resources import cohort
from physioclr.datasets.condition import columns_of
from physioclr.datasets.selection import saved_selections
from physioclr.encoders.installed import known_checkpoints
from physioclr.errors import PhysioclrError
from physioclr.explore.map_layout import MapSettings

if TYPE_CHECKING:
    from app.state import MapState
    from physioclr.datasets.store import Store

__all__ = ["is_in_link", "read_link", "write_link"]

_DEFAULT = MapSettings()
_SETTINGS = {field.name: type(getattr(_DEFAULT, field.name)) for field in fields(MapSettings)}
_IDS = {"record_id", "patient_id", "signal_hash"}


def read_link(state: MapState) -> None:
    """Follow the address where it is another than the one last written.

    What of it cannot be followed is kept in `state.problems`, one sentence each.
    """
    asked = st.query_params.to_dict()
    if not asked or asked == state.link:
        return
    state.link, state.problems = asked, ()
    problems = [
        *_follow_cohort(state, asked.get("cohort", "")),
        *_follow_checkpoints(state, asked),
        *_follow_settings(state, asked),
        *_follow_cluster_size(state, asked.get("cluster_size", "")),
    ]
    state.colour = asked.get("colour", "")
    state.query = asked.get("query", "")
    state.opened += 1
    problems += _follow_selection(state, asked.get("selection", ""))
    state.problems = tuple(problems)


def write_link(state: MapState, store: Store) -> None:
    """Write the view of a cohort's map into the address."""
    names = {path: name for name, path in known_checkpoints().items()}
    parts = {
        "cohort": _cohort_name(state.store_path, store),
        "checkpoint": names.get(state.checkpoint, "") if state.checkpoint else "",
        "beside": "" if state.beside is None else names.get(state.beside, ""),
        **{
            name: str(value)
            for name, value in asdict(state.settings or _DEFAULT).items()
            if value != getattr(_DEFAULT, name)
        },
        "colour": state.colour,
        "cluster_size": str(state.cluster_size) if state.colour == "cluster" else "",
        "query": state.query if is_in_link(state.query) else "",
        "selection": state.selection,
    }
    link = {name: value for name, value in parts.items() if value}
    if link != st.query_params.to_dict():
        st.query_params.from_dict(link)
    state.link = link


def is_in_link(condition: str) -> bool:
    """Say whether the address holds a condition: not one that may name an ECG or a patient."""
    try:
        return not columns_of(condition or "True") & _IDS
    except ValueError:
        return False


def _cohort_name(path: str, store: Store) -> str:
    if not path:
        return ""
    for name, saved in saved_selections().items():
        if saved == path:
            return name
    return store.fingerprint


def _follow_cohort(state: MapState, name: str) -> list[str]:
    saved = saved_selections()
    if not name:
        path: str | None = ""
    elif name in saved:
        path = saved[name]
    else:
        path = next((path for path in cohort_names() if _is_of(path, name)), None)
    if path is None:
        return [
            f"The link is to a cohort with the fingerprint {name}, which was never opened here: "
            "give its folder, and the rest of the view follows."
        ]
    if path != state.store_path:
        state.open(path)
    return []


def _is_of(path: str, fingerprint: str) -> bool:
    try:
        return cohort(path).fingerprint == fingerprint
    except PhysioclrError:
        return False


def _follow_checkpoints(state: MapState, asked: dict[str, str]) -> list[str]:
    known = known_checkpoints()
    name, beside = asked.get("checkpoint", ""), asked.get("beside", "")
    state.checkpoint = known.get(name, "")
    state.beside = known.get(beside) if beside else None
    return [
        f"The link names the checkpoint “{one}”, which is not known here."
        for one in (name, beside)
        if one and one not in known
    ]


def _follow_settings(state: MapState, asked: dict[str, str]) -> list[str]:
    given = {name: asked[name] for name in _SETTINGS if name in asked}
    try:
        values = {name: _SETTINGS[name](value) for name, value in given.items()}
        state.settings = replace(_DEFAULT, **values) if values else None
    except ValueError as error:
        return [f"The link asks for a map that cannot be made: {error}."]
    return []


def _follow_cluster_size(state: MapState, size: str) -> list[str]:
    low, high = CLUSTER_SIZES
    if size.isdecimal() and low <= int(size[:9]) <= high:
        state.cluster_size = int(size)
    elif size:
        return [
            f"The link asks for clusters of {size[:9]} ECGs at least; {low} to {high} can be had."
        ]
    return []


def _follow_selection(state: MapState, name: str) -> list[str]:
    if not name:
        return []
    if name not in saved_selections():
        return [f"The link names the selection “{name}”, which is not known here."]
    try:
        open_saved_selection(state, cohort(state.store_path), name)
    except PhysioclrError as error:
        return [f"The link names a selection that cannot be opened: {error}."]
    return []
