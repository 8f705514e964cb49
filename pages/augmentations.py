"""What does pretraining see? An ECG and its augmented version, lead over lead."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.components.ecg_paper import ecg_paper
from app.components.ecg_view import overlay_legend, record_heading, show_paper
from app.components.frame import show_title
from app.components.measurement_table import comparison_table, main_measurements
from app.components.palette import palette_for
from app.components.paper_inputs import layout_popover, style_of
from app.components.parameter_inputs import parameter_inputs
from app.components.problems import showing_problems
from app.reading import current_ecg
from app.resources import delineation_of, measurements_of
from app.state import AugmentState, app_state
from physioclr.augment import AUGMENTATIONS, Augmentation
from physioclr.records import EcgRecord

BY_KEY = {augmentation.key: augmentation for augmentation in AUGMENTATIONS}


def choose_augmentation(state: AugmentState) -> Augmentation:
    """Ask which augmentation, how it is set, and for a seed."""
    which, how, seed = st.columns([3, 4, 2], gap="medium")
    with which:
        state.key = st.selectbox(
            "Augmentation",
            list(BY_KEY),
            index=list(BY_KEY).index(state.key or AUGMENTATIONS[0].key),
            format_func=lambda key: BY_KEY[key].name,
        )
        layout_popover(app_state().paper)
    chosen = BY_KEY[state.key]
    with how:
        known = state.parameters.get(chosen.key, {})
        state.parameters[chosen.key] = parameter_inputs(chosen.parameters, known, key=chosen.key)
        if not chosen.parameters:
            st.caption("This augmentation has no settings.")
    with seed:
        state.seed = st.number_input("Seed", 0, 9999, state.seed, help="Another seed, another draw")
    return chosen


def compare(record: EcgRecord, augmentation: Augmentation, state: AugmentState) -> None:
    """Draw both ECGs over each other and tabulate both."""
    augmented = augmentation.apply(
        record, delineation_of(record), seed=state.seed, **state.parameters[augmentation.key]
    )
    palette = palette_for(st.context.theme.type)
    overlay_legend(palette)
    style = replace(style_of(app_state().paper), magnification=1, calipers=False)
    figure = ecg_paper(augmented, palette, style=style, behind=record)
    show_paper(figure, record, key="augmented")
    numbers, words = st.columns(2, gap="large")
    with words:
        st.subheader("What it does")
        st.markdown(f"**Preserves.** {augmentation.preserves}")
        st.markdown(f"**Changes.** {augmentation.changes}")
        st.caption(augmentation.citation)
    with numbers, showing_problems():
        st.subheader("Measurements")
        names = main_measurements(app_state().qt_formula)
        st.html(comparison_table(measurements_of(record), measurements_of(augmented), names))


show_title("Augmentations", "The ECG being read, and what pretraining makes of it.")
ecg = current_ecg()
if ecg is not None:
    record_heading(ecg)
    chosen_augmentation = choose_augmentation(app_state().augment)
    with showing_problems():
        compare(ecg, chosen_augmentation, app_state().augment)
