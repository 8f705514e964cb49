"""The sections of the page that compares two ECGs, from their quality to their differences."""

from __future__ import annotations

import streamlit as st

from app.compare.difference_table import (
    amplitude_differences,
    difference_table,
    noise_sentence,
)
from app.components.ecg_view import overlay_legend, record_heading, show_paper
from app.components.measurement_table import further_measurements, main_measurements
from app.components.median_beat_figure import median_beat_figure
from app.components.palette import palette_for
from app.components.problems import literal, showing_problems
from app.components.quality_notice import show_quality_briefly
from app.inputs.ecg import choose_ecg
from app.inputs.qt_formula_input import qt_formula_input
from app.resources import compared_beats, measurements_of, quality_of
from app.state import app_state
from physioclr.physiology.comparison import compare_measurements
from physioclr.records import EcgRecord

__all__ = [
    "choose_pair",
    "show_beats",
    "show_differences",
    "show_qualities",
    "warn_of_two_people",
]


def choose_pair(read: EcgRecord) -> tuple[EcgRecord, EcgRecord] | None:
    """Ask for the other ECG, and which is the earlier one; return both in their order."""
    state = app_state().compare
    choose_ecg(state.other, key="compare")
    other = state.other.record
    if other is None:
        st.info("Upload or pick a second ECG of the same patient.", icon=":material/compare:")
        return None
    state.read_is_later = (
        st.segmented_control(
            "The ECG being read is the",
            ["earlier", "later"],
            default="later" if state.read_is_later else "earlier",
            required=True,
            key="read_is_later",
        )
        == "later"
    )
    record_heading(other)
    return (other, read) if state.read_is_later else (read, other)


def warn_of_two_people(before: EcgRecord, after: EcgRecord) -> None:
    """Say where the two ECGs can hardly be of one patient."""
    sexes = {str(record.meta["sex"]) for record in (before, after) if record.meta.get("sex")}
    if len(sexes) > 1:
        st.warning(
            "One ECG states a woman, the other a man: are they of one patient?",
            icon=":material/warning:",
        )
    if before.simulated != after.simulated:
        st.warning("One ECG is simulated, the other a person’s.", icon=":material/warning:")


def show_qualities(before: EcgRecord, after: EcgRecord) -> None:
    """Say of each ECG whether its signal is fit to be compared, and whether leads are reversed."""
    with st.container(gap="xxsmall", key="compared_qualities"):
        for record, which in ((before, "the earlier ECG"), (after, "the later ECG")):
            with showing_problems(f"No signal quality of {which}. "):
                show_quality_briefly(quality_of(record), of=which)


def show_beats(before: EcgRecord, after: EcgRecord) -> None:
    """Draw the median beats over each other."""
    palette = palette_for(st.context.theme.type)
    with showing_problems("No beats to lay over each other. "):
        earlier, later = compared_beats(before, after)
        st.subheader("Median beats, the onset of QRS over each other")
        overlay_legend(
            palette, behind=f"earlier: {before.record_id}", front=f"later: {after.record_id}"
        )
        gain = app_state().paper.gain_mm_per_mv
        figure = median_beat_figure(later, palette, gain, behind=earlier)
        show_paper(figure, after, key="compared")
        st.caption("The intervals drawn are those of the later ECG.")


@st.fragment
def show_differences(before: EcgRecord, after: EcgRecord) -> None:
    """Tabulate both ECGs' measurements, and whether they differ by more than noise."""
    state = app_state()
    st.subheader("Measurements")
    with showing_problems():
        earlier, later = measurements_of(before), measurements_of(after)
        state.qt_formula = qt_formula_input(state.qt_formula, key="qt_formula_compare")
        rows = compare_measurements(earlier, later)
        main = main_measurements(state.qt_formula)
        st.html(difference_table(rows, main, label="Differences"))
        st.caption(literal(noise_sentence(rows)))
        with st.expander("Every other measurement, and the amplitudes of each lead"):
            further = further_measurements(state.qt_formula)
            st.html(difference_table(rows, further, label="Further differences"))
            st.html(amplitude_differences(earlier, later))
