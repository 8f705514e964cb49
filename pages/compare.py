"""What has changed? Two ECGs of one patient, beat over beat and number beside number."""

from __future__ import annotations

import streamlit as st

from app.components.difference_table import difference_table
from app.components.ecg_view import overlay_legend, record_heading, show_paper
from app.components.frame import show_title
from app.components.median_beat_figure import median_beat_figure
from app.components.palette import palette_for
from app.components.problems import showing_problems
from app.reading import choose_ecg, current_ecg
from app.resources import compared_beats, measurements_of
from app.state import app_state
from physioclr.physiology.comparison import compare_measurements
from physioclr.records import EcgRecord


def choose_other(read: EcgRecord) -> tuple[EcgRecord, EcgRecord] | None:
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


def show_differences(before: EcgRecord, after: EcgRecord) -> None:
    """Tabulate both measurements, and whether they differ by more than noise."""
    with showing_problems():
        st.subheader("Measurements")
        rows = compare_measurements(measurements_of(before), measurements_of(after))
        st.html(difference_table(rows, app_state().qt_formula))


show_title("Compare", "The ECG being read, beside another of the same patient.")
ecg = current_ecg()
if ecg is not None:
    record_heading(ecg)
    pair = choose_other(ecg)
    if pair is not None:
        record_heading(pair[0] if pair[1] is ecg else pair[1])
        warn_of_two_people(*pair)
        show_beats(*pair)
        show_differences(*pair)
