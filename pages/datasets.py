"""What is in a cohort? And a way in for one of your own."""

from __future__ import annotations

import streamlit as st

from app.components.frame import show_title
from app.components.html_table import html_table
from app.components.palette import palette_for
from app.components.problems import literal, showing_problems
from app.datasets.distributions import histograms, label_bars
from app.datasets.facts import distributions, facts, label_counts
from app.datasets.import_form import show_import
from app.inputs.cohort_choice import choose_cohort
from app.inputs.cohort_labels import cohort_title
from app.navigation import go_to
from app.resources import cohort
from app.state import DatasetsState, app_state
from physioclr.datasets.store import Store

MOST_LEFT_OUT = 200
STATIC = {"displayModeBar": False, "scrollZoom": False}


def show_labels(store: Store, state: DatasetsState) -> None:
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
    st.plotly_chart(figure, key="label_bars", config=STATIC)


def show_measured(store: Store) -> None:
    """Show how what was measured is distributed, and say what was not."""
    found, absent = distributions(store)
    if found:
        figure = histograms(found, palette_for(st.context.theme.type), columns=3)
        st.plotly_chart(figure, key="histograms", config=STATIC)
        st.caption("The outermost hundredth on either side is not drawn.")
    if absent:
        st.caption(f"Known of no ECG of this cohort: {', '.join(absent)}.")


def show_left_out(store: Store) -> None:
    """List what is not in the store, and why."""
    left_out = store.left_out
    if left_out.empty:
        st.info("Nothing was left out, or the store was made before that was kept.")
        return
    rows = [[str(row.record_id), str(row.reason)] for row in left_out.itertuples()]
    st.html(html_table(["ECG", "Why it is not here"], rows[:MOST_LEFT_OUT], label="Left out"))
    if len(rows) > MOST_LEFT_OUT:
        st.caption(f"The first {MOST_LEFT_OUT} of {len(rows):,}.")


def open_one(store: Store, state: DatasetsState) -> None:
    """Ask for an ECG by its id and open it in the reading room."""
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


show_title("Datasets", "What a prepared cohort holds, and a way in for one of your own.")
datasets = app_state().datasets
datasets.store_path = choose_cohort(datasets.store_path, key="datasets")
with showing_problems():
    shown = cohort(datasets.store_path)
    st.caption(literal(f"{cohort_title(shown)}."))
    overview, labels, measured, left = st.tabs(["Overview", "Labels", "Measurements", "Left out"])
    with overview:
        st.html(html_table(["", ""], [list(fact) for fact in facts(shown)], label="Overview"))
        with showing_problems():
            open_one(shown, datasets)
    with labels:
        show_labels(shown, datasets)
    with measured:
        show_measured(shown)
    with left:
        show_left_out(shown)
with showing_problems():
    show_import(datasets)
