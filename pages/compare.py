"""What has changed? Two ECGs of one patient, beat over beat and number beside number."""

from __future__ import annotations

import streamlit as st

from app.compare.sections import show_beats, show_differences, show_qualities, warn_of_two_people
from app.components.ecg_view import record_heading
from app.components.frame import show_title
from app.inputs.ecg import choose_ecg, current_ecg
from app.state import app_state
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


show_title("Compare", "The ECG being read, beside another of the same patient.")
ecg = current_ecg()
if ecg is not None:
    record_heading(ecg)
    pair = choose_other(ecg)
    if pair is not None:
        record_heading(pair[0] if pair[1] is ecg else pair[1])
        warn_of_two_people(*pair)
        show_qualities(*pair)
        show_beats(*pair)
        show_differences(*pair)
