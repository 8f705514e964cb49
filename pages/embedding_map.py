"""Which ECGs does the encoder hold alike? A map of a cohort, and the ECG being read on it."""

from __future__ import annotations

import streamlit as st

from app.cohort_labels import cohort_title
from app.components.ecg_paper import ecg_paper
from app.components.ecg_source import pick_from
from app.components.ecg_view import record_heading, show_paper
from app.components.frame import show_title
from app.components.neighbours import map_note, show_neighbours
from app.components.palette import palette_for
from app.components.problems import literal, showing_problems
from app.components.scatter import selected_rows, show_map
from app.mapping import colour_choices, draw_map
from app.navigation import go_to
from app.reading import current_ecg
from app.resources import cohort
from app.state import MapState, app_state


def choose_cohort(state: MapState) -> None:
    """Ask for a cohort and a colour."""
    path, colour = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    with path:
        chosen = st.text_input(
            "Cohort: the folder of a prepared store",
            state.store_path,
            placeholder="empty: the embedded demo cohort (simulated)",
        )
    if chosen != state.store_path:
        state.store_path, state.colour, state.rows = chosen, None, ()
    choices = colour_choices(cohort(state.store_path))
    with colour:
        names = list(choices)
        at = names.index(state.colour) if state.colour in names else 0
        state.colour = st.selectbox("Colour", names, at, format_func=choices.__getitem__)


def show_selection(state: MapState) -> None:
    """Show one of the selected ECGs on paper."""
    store = cohort(state.store_path)
    ids = [str(store.records["record_id"].iloc[row]) for row in state.rows]
    picker, button = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    with picker:
        at = pick_from(
            ids, 0, label=f"Selected: {len(ids)}", placeholder="", key=f"picked_{hash(state.rows)}"
        )
    row = state.rows[at or 0]
    record = store.record(row)
    with button:
        if st.button("Open in “Read an ECG”", icon=":material/ecg:", width="stretch"):
            app_state().read.open(record, demo_row=None if state.store_path else row)
            go_to("read")
    record_heading(record)
    show_paper(ecg_paper(record, palette_for(st.context.theme.type)), record, key="map")


show_title("Embedding map", "Each point is one ECG; near points are ECGs the encoder holds alike.")
ecg = current_ecg()
with showing_problems():
    map_state = app_state().map
    choose_cohort(map_state)
    drawn = draw_map(map_state, ecg, palette_for(st.context.theme.type))
    map_state.rows = selected_rows(show_map(drawn.figure)) or map_state.rows
    st.caption(literal(f"{cohort_title(cohort(map_state.store_path))}. {map_note(drawn)}"))
    show_neighbours(drawn, ecg)
    if map_state.rows:
        show_selection(map_state)
    else:
        st.info("Click a point, or draw a box or a lasso, to see its ECG here.")
