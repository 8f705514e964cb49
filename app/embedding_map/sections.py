"""The maps side by side, what is selected on them, and the ECG being read among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from app.components.job_view import watch_job
from app.components.palette import palette_for
from app.components.problems import literal, show_problem, showing_problems
from app.embedding_map.colours import MapShown, colour_choices, colours_of
from app.embedding_map.link import is_in_link, write_link
from app.embedding_map.map_chart import follow_selection, map_chart
from app.embedding_map.map_inputs import view_inputs
from app.embedding_map.map_notes import off_manifold_sentence, settings_name, trust_sentence
from app.embedding_map.maps import (
    asked_settings,
    begin_map,
    checkpoints_of,
    condition_problem,
    find_id,
    follow_cohort,
    is_made,
    last_map_job,
    open_map,
    row_being_read,
    titles_of,
    visible,
    why_unreadable,
)
from app.embedding_map.nearness_view import show_nearness
from app.embedding_map.scatter import Place, Points, colour_note, map_figure
from app.embedding_map.selection import show_selection
from app.inputs.cohort_labels import cohort_title
from app.inputs.ecg import current_ecg
from app.resources import cohort, nearness_of
from app.state import MapState, app_state
from physioclr.errors import SignalError
from physioclr.explore.nearness import nearness_of_row

if TYPE_CHECKING:
    from physioclr.explore.nearness import Nearness
    from physioclr.records import EcgRecord

__all__ = ["show_maps"]

_HEIGHT_PX = 620
_HEIGHT_BESIDE_PX = 520
_NEAR_MARKED = 5


@st.fragment
def show_maps() -> None:
    """Show the maps, and beneath them what is selected and how the ECG being read lies on them.

    A fragment: what is selected runs it and not the page, and a map is sent again only if it is
    another.
    """
    state = app_state().map
    with showing_problems():
        ecg = current_ecg()
        if follow_cohort(state):
            st.info("The cohort was made anew: nothing of it is selected.")
        checkpoints = checkpoints_of(state)
        shown = [open_map(state, checkpoint) for checkpoint in checkpoints]
        first = next((one for one in shown if one is not None), None)
        if first is not None:
            _ask_what_to_see(state, first)
        columns = st.columns(len(checkpoints), gap="medium")
        for number, (column, one) in enumerate(zip(columns, shown, strict=True)):
            with column, showing_problems():
                if not is_made(state, checkpoints[number]):
                    _show_making(state, checkpoints[number], one, key=str(number))
                if one is not None:
                    _show_map(state, one, ecg, key=str(number))
        if first is not None:
            follow_selection(state.rows, key="page")
            show_selection(state, first)
            if ecg is not None:
                _show_read(state, first, ecg)
        write_link(state)


def _ask_what_to_see(state: MapState, shown: MapShown) -> None:
    view_inputs(state, colour_choices(shown))
    problem = condition_problem(state)
    if problem:
        show_problem(problem)
    elif not is_in_link(state.query):
        st.caption("The address leaves this condition out: it names ECGs or patients.")


def _show_making(state: MapState, checkpoint: str, shown: MapShown | None, *, key: str) -> None:
    """Show the job that makes the map that is asked for, or offer to begin one."""
    job = last_map_job(state, checkpoint)
    if job is not None:
        watch_job(job, key=f"map_{key}")
    why = why_unreadable(state, checkpoint)
    if why:
        show_problem(f"A map of these settings is kept but cannot be opened; make it again. {why}")
    if job is None or job.progress().ended:
        begin = st.button(
            f"Make the map: {settings_name(asked_settings(state))}",
            key=f"make_map_{key}",
            icon=":material/scatter_plot:",
            type="primary" if shown is None else "secondary",
        )
        if begin:
            begin_map(state, checkpoint)
            st.rerun(scope="fragment")
    if shown is None:
        st.info(
            "There is no map of this cohort by this checkpoint yet. It is made in the background; "
            "every page can be used meanwhile."
        )
    else:
        st.caption(f"Shown meanwhile: {settings_name(shown.settings)}.")


def _show_map(state: MapState, shown: MapShown, ecg: EcgRecord | None, *, key: str) -> None:
    store, palette = cohort(state.store_path), palette_for(st.context.theme.type)
    choices = colour_choices(shown)
    choice = state.colour if state.colour in choices else next(iter(choices))
    seen = visible(state, shown)
    colours = colours_of(shown, choice, state.cluster_size).of(seen)
    layout, rows = shown.mapped.layout, shown.mapped.rows[seen]
    sought = _sought(state, shown)
    places = _places_read(state, shown, ecg) + ([] if sought is None else [sought])
    figure = map_figure(
        Points(layout.coordinates[seen], rows, store.records["record_id"].to_numpy(object)[rows]),
        colours,
        palette,
        places=places,
        layout_of=f"{store.fingerprint} {shown.checkpoint} {shown.settings}",
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
    store = cohort(state.store_path)
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


def _nearness(state: MapState, shown: MapShown, ecg: EcgRecord) -> Nearness:
    row = row_being_read(state)
    if row is not None:
        near = nearness_of_row(row, cohort(shown.store_path), shown.mapped)
        if near is not None:
            return near
    return nearness_of(ecg, shown.store_path, shown.checkpoint, shown.settings)


def _places_read(state: MapState, shown: MapShown, ecg: EcgRecord | None) -> list[Place]:
    if ecg is None:
        return []
    try:
        near = _nearness(state, shown, ecg)
    except SignalError:
        return []
    of_row = {int(row): place for place, row in enumerate(shown.mapped.rows)}
    xy = shown.mapped.layout.coordinates
    rows = [one.row for one in near.in_embedding[:_NEAR_MARKED]]
    about = [
        Place(float(xy[of_row[row], 0]), float(xy[of_row[row], 1]), "", "near") for row in rows
    ]
    return [*about, Place(*near.xy, ecg.record_id, "read")]


def _show_read(state: MapState, shown: MapShown, ecg: EcgRecord) -> None:
    """Say whom the ECG being read is near, and how unlike the cohort it is."""
    with showing_problems("The ECG being read has no place on the map. "):
        near = _nearness(state, shown, ecg)
        name = literal(ecg.record_id)
        said, is_unlike = "It is one of the cohort.", False
        if near.off_manifold_pct is not None:
            said, is_unlike = off_manifold_sentence(near.off_manifold_pct)
        if is_unlike:
            st.warning(f"{name}, the ECG being read: {said}", icon=":material/warning:")
        rows = [one.row for one in (*near.in_embedding, *near.by_physiology)]
        titles = dict(zip(rows, titles_of(cohort(shown.store_path), rows), strict=True))
        with st.expander(f"Most like {name}, the ECG being read (★)"):
            st.caption(said)
            show_nearness(near, titles)
