"""The sections of the page about augmentations: both ECGs drawn, measured, and asked about."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.augmentations.category_table import category_sentence, category_table
from app.augmentations.parameter_inputs import parameter_inputs
from app.components.ecg_paper import PaperStyle, ecg_paper
from app.components.ecg_view import overlay_legend, show_paper
from app.components.measurement_table import comparison_table, main_measurements
from app.components.palette import palette_for
from app.components.plugin_notice import say_what_is_broken
from app.components.problems import literal, showing_problems
from app.components.quality_notice import show_quality_briefly
from app.inputs.asked_checkpoint import asked_checkpoint
from app.inputs.checkpoint_choice import say_it_has_no_head
from app.inputs.page_slider import page_slider
from app.inputs.paper_inputs import layout_popover, style_of
from app.resources import change_of, delineation_of, encoder, measurements_of, quality_of
from app.state import AugmentState, app_state
from physioclr.augment import AUGMENTATIONS, Augmentation
from physioclr.ecg_paper import paper_layout
from physioclr.leads import rhythm_lead
from physioclr.records import EcgRecord

__all__ = ["choose_augmentation", "show_augmented", "show_both_shuffles"]

_SHUFFLES = {
    "heartbeat_shuffle": "Ours: cut between the beats, both ends kept, joined by a cross-fade.",
    "authors_shuffle": "The authors’ code: cut at the R peaks; what lies before the first and "
    "after the last is lost, and zeros fill the end.",
}


def choose_augmentation(record: EcgRecord, state: AugmentState) -> Augmentation:
    """Ask which augmentation, how it is set, and for a seed."""
    which, how, seed = st.columns([3, 4, 2], gap="medium")
    with which:
        keys = list(AUGMENTATIONS)
        state.key = st.selectbox(
            "Augmentation",
            keys,
            index=keys.index(state.key or keys[0]),
            format_func=lambda key: AUGMENTATIONS[key].name,
        )
        say_what_is_broken(AUGMENTATIONS.broken)
        layout_popover(app_state().paper, record)
    chosen = AUGMENTATIONS[state.key]
    with how:
        known = state.parameters.get(chosen.key, {})
        state.parameters[chosen.key] = parameter_inputs(chosen.parameters, known, key=chosen.key)
        if not chosen.parameters:
            st.caption("This augmentation has no settings.")
    with seed:
        state.seed = st.number_input("Seed", 0, 9999, state.seed, help="Another seed, another draw")
    return chosen


def show_augmented(record: EcgRecord, augmentation: Augmentation, state: AugmentState) -> None:
    """Say the quality of both ECGs, draw them over each other, tabulate both, ask the encoder."""
    augmented = _augmented_by(augmentation.key, record, state)
    with st.container(gap="xxsmall", key="augmented_qualities"):
        for each, which in ((record, "the original"), (augmented, "the augmented ECG")):
            with showing_problems(f"No signal quality of {which}. "):
                show_quality_briefly(quality_of(each), of=which)
    _show_overlay(record, augmented)
    numbers, words = st.columns(2, gap="large")
    with words:
        st.subheader("What it does")
        st.markdown(f"**Preserves.** {augmentation.preserves}")
        st.markdown(f"**Changes.** {augmentation.changes}")
        st.caption(augmentation.citation)
        _show_category(record, augmented)
    with numbers, showing_problems():
        st.subheader("Measurements")
        names = main_measurements(app_state().qt_formula)
        st.html(comparison_table(measurements_of(record), measurements_of(augmented), names))


def show_both_shuffles(record: EcgRecord, key: str, state: AugmentState) -> None:
    """Draw the end of both shuffles where one was chosen, in the lead of the rhythm."""
    if key not in _SHUFFLES:
        return
    st.subheader("Our heartbeat shuffle, and the authors’")
    lead = rhythm_lead(record.leads) or record.leads[0]
    style = PaperStyle(layout=paper_layout("12 × 1", leads=(lead,)))
    start_s = max(0.0, record.duration_s - style.scale.page_s)
    shown = f"The last {style.scale.page_s:g} of {record.duration_s:.4g} s. " if start_s else ""
    for each, said in _SHUFFLES.items():
        st.caption(f"{said} {shown}")
        augmented = _augmented_by(each, record, state)
        _draw(record, augmented, style, start_s=start_s, key=each)


def _augmented_by(key: str, record: EcgRecord, state: AugmentState) -> EcgRecord:
    """Return the record as an augmentation makes it, at the chosen seed and settings."""
    return AUGMENTATIONS[key].apply(
        record, delineation_of(record), seed=state.seed, **state.parameters.get(key, {})
    )


def _show_overlay(record: EcgRecord, augmented: EcgRecord) -> None:
    """Draw both ECGs, and for long ones the slider along them; it is the Read page's too."""
    read = app_state().read
    style = replace(style_of(app_state().paper, record), magnification=1, calipers=False)
    read.start_s = page_slider(
        read.start_s,
        duration_s=record.duration_s,
        page_s=style.scale.page_s,
        key=f"start_augmented_{read.opened}",
    )
    overlay_legend(palette_for(st.context.theme.type))
    _draw(record, augmented, style, start_s=read.start_s, key="augmented")


def _draw(
    record: EcgRecord, augmented: EcgRecord, style: PaperStyle, *, start_s: float, key: str
) -> None:
    """Draw two ECGs over each other, as they are."""
    figure = ecg_paper(
        augmented,
        palette_for(st.context.theme.type),
        start_s=start_s,
        style=style,
        behind=record,
        remark="raw · each lead about its median",
    )
    show_paper(figure, record, key=key)


def _show_category(record: EcgRecord, augmented: EcgRecord) -> None:
    """Ask an encoder whether the category is kept."""
    st.subheader("Does it keep the category?")
    checkpoint = asked_checkpoint(key="augmentations")
    with showing_problems("The encoder cannot tell. "):
        asked = encoder(checkpoint)
        if not asked.heads:
            say_it_has_no_head(checkpoint)
            return
        change = change_of(record, augmented, asked)
        st.markdown(literal(category_sentence(change)))
        st.html(category_table(change))
