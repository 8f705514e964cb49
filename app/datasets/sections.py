"""The sections of the page about datasets: a cohort in tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components.html_table import html_table
from app.components.palette import palette_for
from app.components.problems import literal, showing_problems
from app.datasets.distributions import histograms, label_bars
from app.datasets.facts import distributions, facts, label_counts
from app.inputs.cohort_choice import choose_cohort
from app.inputs.cohort_labels import cohort_title
from app.navigation import go_to
from app.resources import cohort
from app.state import app_state

if TYPE_CHECKING:
    from app.state import DatasetsState
    from physioclr.datasets.store import Store

__all__ = ["choose_store", "show_store"]

_MOST_LEFT_OUT = 200
_STATIC = {"displayModeBar": False, "scrollZoom": False}


def choose_store(state: DatasetsState) -> Store:
    """Ask for a cohort, and open it.

    Raises
    ------
    DatasetError
        If it cannot be opened.
    """
    state.store_path = choose_cohort(state.store_path, key="datasets")
    return cohort(state.store_path)


def show_store(store: Store, state: DatasetsState) -> None:
    """Show what a cohort is, its labels and measurements, and what was left out of it."""
    st.caption(literal(f"{cohort_title(store)}."))
    overview, labels, measured, left = st.tabs(["Overview", "Labels", "Measurements", "Left out"])
    with overview:
        st.html(html_table(["", ""], [list(fact) for fact in facts(store)], label="Overview"))
        with showing_problems():
            _open_one(store, state)
    with labels:
        _show_labels(store, state)
    with measured:
        _show_measured(store)
    with left:
        _show_left_out(store)


def _show_labels(store: Store, state: DatasetsState) -> None:
    """Show how often each label of a set is there."""
    sets = list(store.label_sets)
    if not sets:
        st.info("This cohort has no labels.")
        return
    at = sets.index(state.label_set) if state.label_set in sets else 0
    state.label_set = st.selectbox("Label set", sets, at)
    counts, n_known = label_counts(store, state.label_set)
    st.caption(f"Known of {n_known:,} of {len(store):,} ECGs; an ECG may have several labels.")
    figure = label_bars(counts, n_known, palette_for(st.context.theme.type))
    st.plotly_chart(figure, key="label_bars", config=_STATIC)


def _show_measured(store: Store) -> None:
    """Show how what was measured is distributed, and say what was not."""
    found, absent = distributions(store)
    if found:
        figure = histograms(found, palette_for(st.context.theme.type), columns=3)
        st.plotly_chart(figure, key="histograms", config=_STATIC)
        st.caption("The outermost hundredth on either side is not drawn.")
    if absent:
        st.caption(f"Known of no ECG of this cohort: {', '.join(absent)}.")


def _show_left_out(store: Store) -> None:
    """List what is not in the store, and why."""
    left_out = store.left_out
    if left_out.empty:
        st.info("Nothing was left out, or the store was made before that was kept.")
        return
    rows = [[str(row.record_id), str(row.reason)] for row in left_out.itertuples()]
    st.html(html_table(["ECG", "Why it is not here"], rows[:_MOST_LEFT_OUT], label="Left out"))
    if len(rows) > _MOST_LEFT_OUT:
        st.caption(f"The first {_MOST_LEFT_OUT} of {len(rows):,}.")


def _open_one(store: Store, state: DatasetsState) -> None:
    """Ask for an ECG by its id and open it on the page “Read an ECG”."""
    asked, button = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    first = str(store.records["record_id"].iloc[0])
    with asked:
        wanted = st.text_input("Open an ECG by its id", placeholder=first)
    with button:
        pressed = st.button("Open in “Read an ECG”", icon=":material/ecg:", width="stretch")
    if pressed:
        row = store.index_of(wanted or first)
        app_state().read.open(store.record(row), demo_row=None if state.store_path else row)
        go_to("read")
