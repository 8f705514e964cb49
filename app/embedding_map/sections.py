"""The sections of the map page: what is mapped, the maps side by side, what lies on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from app.components.job_view import watch_job
from app.components.palette import palette_for
from app.components.problems import literal, show_problem, showing_problems
from app.embedding_map.chart import follow_selection, map_chart
from app.embedding_map.colours import colour_choices, colours_of
from app.embedding_map.form import layout_form, view_inputs
from app.embedding_map.link import is_in_link, write_link
from app.embedding_map.maps import (
    BeingRead,
    InSight,
    MapShown,
    Side,
    asked_settings,
    begin_map,
    begin_missing_maps,
    ecgs_in_sight,
    find_id,
    follow_cohort,
    last_map_job,
    open_sides,
    row_of_read,
    titles_of,
    why_unreadable,
)
from app.embedding_map.nearness_view import show_nearness
from app.embedding_map.notes import off_manifold_sentence, settings_name, trust_sentence
from app.embedding_map.scatter import Place, Points, colour_note, map_figure
from app.embedding_map.selection import show_selection
from app.inputs.checkpoint_choice import choose_checkpoint
from app.inputs.cohort_choice import choose_cohort
from app.inputs.cohort_labels import cohort_title
from app.inputs.ecg import choose_ecg, current_ecg
from app.resources import cohort, nearness_of
from app.state import MapState, app_state
from physioclr.errors import SignalError
from physioclr.explore.nearness import nearness_of_row

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.explore.nearness import Nearness

__all__ = ["choose_map", "show_maps"]

_HEIGHT_PX = 620
_HEIGHT_BESIDE_PX = 520
_NEAR_MARKED = 5


def choose_map(state: MapState) -> None:
    """Ask for the cohort, the checkpoints, how the map is laid out, and an ECG to place on it."""
    for problem in state.problems:
        show_problem(problem)
    where, which, beside = st.columns([4, 3, 3], gap="medium")
    with where:
        _choose_cohort(state)
    with which:
        state.checkpoint = choose_checkpoint(state.checkpoint, key="map_checkpoint")
    with beside:
        _choose_beside(state)
    with st.expander(f"Layout: {settings_name(asked_settings(state))}"):
        asked = layout_form(asked_settings(state))
    if asked is not None:
        state.settings = asked
        begin_missing_maps(state)
        st.rerun()
    with st.expander("Place an ECG on the map"):
        choose_ecg(app_state().read, key="map")


def _choose_beside(state: MapState) -> None:
    if st.toggle("Another checkpoint beside it", state.beside is not None):
        now = state.beside or ""
        state.beside = choose_checkpoint(now, label="Beside it", key="map_beside")
    else:
        state.beside = None


def _choose_cohort(state: MapState) -> None:
    chosen = choose_cohort(state.store_path, key="map")
    if chosen != state.store_path:
        state.open(chosen)
        st.rerun()


@st.fragment
def show_maps() -> None:
    """Show the maps, and beneath them what is selected and how the ECG being read lies on them.

    A fragment: what is selected runs it and not the page, and a map is sent again only if it is
    another.
    """
    state = app_state().map
    with showing_problems():
        ecg, store = current_ecg(), cohort(state.store_path)
        row = row_of_read(state, store, app_state().read)
        read = None if ecg is None else BeingRead(ecg, row)
        if follow_cohort(state, store):
            st.info("The cohort was made anew: nothing of it is selected.")
        sides = open_sides(state, store)
        first = next((side.shown for side in sides if side.shown is not None), None)
        if first is not None:
            view_inputs(state, colour_choices(first))
        in_sight = ecgs_in_sight(store, state.query)
        if first is not None:
            _say_what_is_in_sight(state, in_sight)
        columns = st.columns(len(sides), gap="medium")
        for number, (column, side) in enumerate(zip(columns, sides, strict=True)):
            with column, showing_problems():
                if not side.is_made:
                    _show_making(state, store, side, key=str(number))
                if side.shown is not None:
                    _show_map(state, side.shown, in_sight, read, key=str(number))
        if first is not None:
            follow_selection(state.rows, key="page")
            show_selection(state, first, in_sight)
            if read is not None:
                _show_read(first, read)
        write_link(state, store)


def _say_what_is_in_sight(state: MapState, in_sight: InSight) -> None:
    if in_sight.problem:
        show_problem(in_sight.problem)
    elif not is_in_link(state.query):
        st.caption("The address leaves this condition out: it names ECGs or patients.")


def _show_making(state: MapState, store: Store, side: Side, *, key: str) -> None:
    """Show the job that makes the requested map, or offer to begin one."""
    job = last_map_job(state, side.checkpoint)
    if job is not None:
        watch_job(job, key=f"map_{key}")
    why = why_unreadable(state, store, side.encoder)
    if why:
        show_problem(f"A map of these settings is kept but cannot be opened; make it again. {why}")
    if job is None or job.progress().ended:
        begin = st.button(
            f"Make the map: {settings_name(asked_settings(state))}",
            key=f"make_map_{key}",
            icon=":material/scatter_plot:",
            type="primary" if side.shown is None else "secondary",
        )
        if begin:
            begin_map(state, side.checkpoint)
            st.rerun(scope="fragment")
    if side.shown is None:
        st.info(
            "There is no map of this cohort by this checkpoint yet. It is made in the background; "
            "every page can be used meanwhile."
        )
    else:
        st.caption(f"Shown meanwhile: {settings_name(side.shown.settings)}.")


def _show_map(
    state: MapState, shown: MapShown, in_sight: InSight, read: BeingRead | None, *, key: str
) -> None:
    store, palette = shown.store, palette_for(st.context.theme.type)
    choices = colour_choices(shown)
    choice = state.colour if state.colour in choices else next(iter(choices))
    seen = in_sight.on(shown)
    colours = colours_of(shown, choice, state.cluster_size).of(seen)
    layout, rows = shown.mapped.layout, shown.mapped.rows[seen]
    sought = _sought(state, shown)
    places = _places_read(shown, read) + ([] if sought is None else [sought])
    figure = map_figure(
        Points(layout.coordinates[seen], rows, store.records["record_id"].to_numpy(object)[rows]),
        colours,
        palette,
        places=places,
        layout_of=f"{store.fingerprint} {shown.encoder.card.fingerprint} {shown.settings}",
        height=_HEIGHT_PX if state.beside is None else _HEIGHT_BESIDE_PX,
    )
    selected = map_chart(figure, key=key, centre=None if sought is None else (sought.x, sought.y))
    if selected is not None:
        state.select(selected)
    n_unmapped = len(store) - len(shown.mapped.rows)
    facts = [
        f"{cohort_title(store)}.",
        f"{n_unmapped:,} have no embedding." if n_unmapped else "",
        f"{len(rows):,} meet the condition {state.query}." if len(rows) < len(seen) else "",
        colour_note(colours),
    ]
    st.caption(literal(" ".join(filter(None, facts))))
    st.caption(f"**How far to trust it.** {literal(trust_sentence(layout))}")


def _sought(state: MapState, shown: MapShown) -> Place | None:
    """Return where the ECG lies whose id is looked for; say so where it lies nowhere."""
    if not state.sought:
        return None
    store = shown.store
    row, why = find_id(store, state.sought)
    if row is None:
        st.info(literal(why), icon=":material/search_off:")
        return None
    place = np.flatnonzero(shown.mapped.rows == row)
    name = str(store.records["record_id"].iloc[row])
    if not place.size:
        st.info(f"{literal(name)} has no embedding, and so no place.", icon=":material/search_off:")
        return None
    x, y = shown.mapped.layout.coordinates[place[0]]
    return Place(float(x), float(y), name, "sought")


def _nearness(shown: MapShown, read: BeingRead) -> Nearness:
    if read.row is not None:
        near = nearness_of_row(read.row, shown.store, shown.mapped)
        if near is not None:
            return near
    return nearness_of(read.record, shown.store, shown.encoder, shown.settings)


def _places_read(shown: MapShown, read: BeingRead | None) -> list[Place]:
    if read is None:
        return []
    try:
        near = _nearness(shown, read)
    except SignalError:
        return []
    of_row = {int(row): place for place, row in enumerate(shown.mapped.rows)}
    xy = shown.mapped.layout.coordinates
    rows = [one.row for one in near.in_embedding[:_NEAR_MARKED]]
    about = [
        Place(float(xy[of_row[row], 0]), float(xy[of_row[row], 1]), "", "near") for row in rows
    ]
    return [*about, Place(*near.xy, read.record.record_id, "read")]


def _show_read(shown: MapShown, read: BeingRead) -> None:
    """Say whom the ECG being read is near, and how unlike the cohort it is."""
    with showing_problems("The ECG being read has no place on the map. "):
        near = _nearness(shown, read)
        name = literal(read.record.record_id)
        said, is_unlike = "It is one of the cohort.", False
        if near.off_manifold_pct is not None:
            said, is_unlike = off_manifold_sentence(near.off_manifold_pct)
        if is_unlike:
            st.warning(f"{name}, the ECG being read: {said}", icon=":material/warning:")
        rows = [one.row for one in (*near.in_embedding, *near.by_physiology)]
        titles = dict(zip(rows, titles_of(shown.store, rows), strict=True))
        with st.expander(f"Most like {name}, the ECG being read (★)"):
            st.caption(said)
            show_nearness(near, titles)
