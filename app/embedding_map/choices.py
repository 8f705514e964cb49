"""What the map's page asks: which cohort, which checkpoints, which layout, which ECG to place."""

from __future__ import annotations

import streamlit as st

from app.components.problems import show_problem
from app.embedding_map.map_inputs import layout_form
from app.embedding_map.map_notes import settings_name
from app.embedding_map.maps import asked_settings, begin_map, checkpoints_of, is_made
from app.inputs.checkpoint_choice import choose_checkpoint
from app.inputs.cohort_choice import choose_cohort
from app.inputs.ecg import choose_ecg
from app.state import MapState, app_state

__all__ = ["choose_map"]


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
        for checkpoint in dict.fromkeys(checkpoints_of(state)):
            if not is_made(state, checkpoint):
                begin_map(state, checkpoint)
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
