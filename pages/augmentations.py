"""What does pretraining see? An ECG and its augmented version, lead over lead."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.checkpoints import asked_checkpoint
from app.components.category_table import category_sentence, category_table
from app.components.checkpoint_choice import say_it_has_no_head
from app.components.ecg_paper import PaperStyle, ecg_paper
from app.components.ecg_view import overlay_legend, record_heading, show_paper
from app.components.frame import show_title
from app.components.measurement_table import comparison_table, main_measurements
from app.components.palette import palette_for
from app.components.paper_inputs import layout_popover, style_of
from app.components.parameter_inputs import parameter_inputs
from app.components.problems import literal, showing_problems
from app.reading import current_ecg
from app.resources import change_of, delineation_of, encoder, measurements_of
from app.state import AugmentState, app_state
from physioclr.augment import AUGMENTATIONS, Augmentation
from physioclr.ecg_paper import paper_layout
from physioclr.leads import rhythm_lead
from physioclr.records import EcgRecord

BY_KEY = {augmentation.key: augmentation for augmentation in AUGMENTATIONS}


SHUFFLES = {
    "heartbeat_shuffle": "Ours: cut between the beats, both ends kept, joined by a cross-fade.",
    "authors_shuffle": "The authors’ code: cut at the R peaks; what lies before the first and "
    "after the last is lost, and zeros fill the end.",
}


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


def augmented_by(key: str, record: EcgRecord, state: AugmentState) -> EcgRecord:
    """Return the record as an augmentation makes it, at the chosen seed and settings."""
    return BY_KEY[key].apply(
        record, delineation_of(record), seed=state.seed, **state.parameters.get(key, {})
    )


def draw(record: EcgRecord, augmented: EcgRecord, style: PaperStyle, *, key: str) -> None:
    """Draw two ECGs over each other."""
    palette = palette_for(st.context.theme.type)
    show_paper(ecg_paper(augmented, palette, style=style, behind=record), record, key=key)


def compare(record: EcgRecord, augmentation: Augmentation, state: AugmentState) -> None:
    """Draw both ECGs over each other, tabulate both, and ask the encoder."""
    augmented = augmented_by(augmentation.key, record, state)
    style = replace(style_of(app_state().paper), magnification=1, calipers=False)
    overlay_legend(palette_for(st.context.theme.type))
    draw(record, augmented, style, key="augmented")
    numbers, words = st.columns(2, gap="large")
    with words:
        st.subheader("What it does")
        st.markdown(f"**Preserves.** {augmentation.preserves}")
        st.markdown(f"**Changes.** {augmentation.changes}")
        st.caption(augmentation.citation)
        show_category(record, augmented)
    with numbers, showing_problems():
        st.subheader("Measurements")
        names = main_measurements(app_state().qt_formula)
        st.html(comparison_table(measurements_of(record), measurements_of(augmented), names))


def show_category(record: EcgRecord, augmented: EcgRecord) -> None:
    """Ask an encoder whether the category is kept."""
    st.subheader("Does it keep the category?")
    checkpoint = asked_checkpoint(key="augmentations")
    with showing_problems("The encoder cannot tell. "):
        if checkpoint and not encoder(checkpoint).heads:
            say_it_has_no_head(checkpoint)
            return
        change = change_of(record, augmented, checkpoint)
        st.markdown(literal(category_sentence(change)))
        st.html(category_table(change))


def show_both_shuffles(record: EcgRecord, key: str, state: AugmentState) -> None:
    """Draw the other shuffle beside the one that was chosen, in the lead of the rhythm."""
    if key not in SHUFFLES:
        return
    st.subheader("Our heartbeat shuffle, and the authors’")
    lead = rhythm_lead(record.leads) or record.leads[0]
    style = PaperStyle(layout=paper_layout("12 × 1", leads=(lead,)))
    for each, said in SHUFFLES.items():
        st.caption(said)
        draw(record, augmented_by(each, record, state), style, key=each)


show_title("Augmentations", "The ECG being read, and what pretraining makes of it.")
ecg = current_ecg()
if ecg is not None:
    record_heading(ecg)
    chosen_augmentation = choose_augmentation(app_state().augment)
    with showing_problems():
        compare(ecg, chosen_augmentation, app_state().augment)
        show_both_shuffles(ecg, chosen_augmentation.key, app_state().augment)
