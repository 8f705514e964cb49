"""How much of a label a straight line reads off the embeddings, and off simpler features."""

from __future__ import annotations

import streamlit as st

from app.cohort_labels import cohort_title
from app.components.frame import show_title
from app.components.palette import palette_for
from app.components.probe_tables import label_table, macro_table
from app.components.problems import literal, showing_problems
from app.components.progress import progress_bar
from app.components.roc import roc_figure, show_roc
from app.probing import probe_key, run_probe
from app.resources import cohort, encoder
from app.state import ProbeState, app_state
from physioclr.datasets.store import Store


def choose_and_run(state: ProbeState, store: Store) -> None:
    """Ask for a label set and, on the button, run the probes."""
    choice, button = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    names = list(store.label_sets)
    with choice:
        at = names.index(state.label_set) if state.label_set in names else 0
        state.label_set = st.selectbox(
            "Label set",
            names,
            at,
            format_func=lambda name: f"{name} ({len(store.label_sets[name])} labels)",
        )
    with button:
        pressed = st.button("Run the probe", type="primary", width="stretch")
    if pressed and state.label_set is not None:
        with progress_bar() as report:
            result = run_probe(store, state.label_set, report)
        state.results[probe_key(store, state.label_set)] = result


def show_results(state: ProbeState, store: Store) -> None:
    """Show the scores and curves kept for the chosen label set."""
    results = state.results.get(probe_key(store, state.label_set or ""))
    if results is None:
        st.info(
            "Run the probe to compare the embeddings with an untrained encoder and two controls."
        )
        return
    display = store.label_names[state.label_set or ""]
    st.html(macro_table(results))
    curves, auroc, f1 = st.tabs(["ROC curves", "AUROC by label", "F1 by label"])
    with curves:
        label = st.selectbox(
            "Label", next(iter(results.values())).measured, format_func=display.__getitem__
        )
        figure = roc_figure(
            {name: result.roc_curve(label) for name, result in results.items()},
            palette_for(st.context.theme.type),
        )
        show_roc(figure, display[label])
    auroc.html(label_table(results, display, score="auroc"))
    f1.html(label_table(results, display, score="f1"))


show_title("Linear probe", "A straight line through frozen features, cross-validated by patient.")
with showing_problems():
    probe_state, probed = app_state().probe, cohort()
    st.caption(literal(f"{cohort_title(probed)}. Encoder: {encoder().card.name}."))
    choose_and_run(probe_state, probed)
    show_results(probe_state, probed)
