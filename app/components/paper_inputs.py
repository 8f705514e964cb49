"""What a reader may choose about the paper, in one row above it."""

from __future__ import annotations

import streamlit as st

from app.components.ecg_paper import PaperStyle
from app.state import PaperState
from physioclr.ecg_paper import (
    ARRANGEMENTS,
    GAINS_MM_PER_MV,
    SPEEDS_MM_PER_S,
    PaperScale,
    paper_layout,
)
from physioclr.leads import STANDARD_LEADS
from physioclr.signal.display_filter import DISPLAY_BANDS_HZ, MAINS_HZ, DisplayFilter

__all__ = ["MAGNIFICATIONS", "filter_of", "layout_popover", "paper_inputs", "style_of"]

MAGNIFICATIONS = (1, 2, 4)


def paper_inputs(state: PaperState) -> None:
    """Ask for layout, scale, magnification and filter; write the answers to the state."""
    with st.container(horizontal=True, vertical_alignment="center", key="paper_inputs"):
        state.magnification = _magnification(state.magnification)
        state.waves = st.toggle(
            "Waves found",
            state.waves,
            key="paper_waves",
            help="P, QRS and T where they were found; ○ stands for one that was not",
        )
        layout_popover(state)
        with st.popover(_scale_of(state), icon=":material/straighten:", key="paper_scale"):
            _scale_inputs(state)
        with st.popover(
            f"Filter: {filter_of(state)}", icon=":material/graphic_eq:", key="paper_filter"
        ):
            _filter_inputs(state)


def layout_popover(state: PaperState) -> None:
    """Ask which leads stand where, behind a button."""
    with st.popover("Layout", icon=":material/grid_view:", key="paper_layout"):
        _layout_inputs(state)


def style_of(state: PaperState) -> PaperStyle:
    """Return the style the reader chose, with calipers."""
    return PaperStyle(
        PaperScale(state.speed_mm_per_s, state.gain_mm_per_mv),
        paper_layout(
            state.arrangement, cabrera=state.cabrera, rhythm=state.rhythm, leads=state.leads
        ),
        state.magnification,
        calipers=True,
    )


def filter_of(state: PaperState) -> DisplayFilter:
    """Return the filter the reader chose."""
    return DisplayFilter(*state.band_hz, state.mains_hz)


def _magnification(known: int) -> int:
    chosen: int = st.segmented_control(
        "Magnification",
        MAGNIFICATIONS,
        default=known,
        required=True,
        format_func=lambda times: f"{times} ×",
        key="paper_magnification",
        label_visibility="collapsed",
    )
    return chosen


def _scale_of(state: PaperState) -> str:
    return str(PaperScale(state.speed_mm_per_s, state.gain_mm_per_mv))


def _layout_inputs(state: PaperState) -> None:
    names = list(ARRANGEMENTS)
    state.arrangement = st.radio(
        "Rows × columns",
        names,
        names.index(state.arrangement),
        horizontal=True,
        key="paper_arrangement",
    )
    state.cabrera = st.checkbox(
        "Cabrera’s order of the limb leads",
        state.cabrera,
        key="paper_cabrera",
        help="aVL, I, −aVR, II, aVF, III",
    )
    rhythm = st.multiselect(
        "Rhythm strips", STANDARD_LEADS, state.rhythm, max_selections=3, key="paper_rhythm"
    )
    state.rhythm = tuple(rhythm)
    leads = st.multiselect("Leads", STANDARD_LEADS, state.leads, key="paper_leads")
    state.leads = tuple(leads) or STANDARD_LEADS


def _scale_inputs(state: PaperState) -> None:
    state.speed_mm_per_s = st.radio(
        "Paper speed",
        SPEEDS_MM_PER_S,
        SPEEDS_MM_PER_S.index(state.speed_mm_per_s),
        key="paper_speed",
        format_func=lambda speed: f"{speed:g} mm/s",
        horizontal=True,
    )
    state.gain_mm_per_mv = st.radio(
        "Gain",
        GAINS_MM_PER_MV,
        GAINS_MM_PER_MV.index(state.gain_mm_per_mv),
        key="paper_gain",
        format_func=lambda gain: f"{gain:g} mm/mV",
        horizontal=True,
    )


def _filter_inputs(state: PaperState) -> None:
    state.band_hz = st.radio(
        "Band",
        DISPLAY_BANDS_HZ,
        DISPLAY_BANDS_HZ.index(state.band_hz),
        key="paper_band",
        format_func=lambda band: str(DisplayFilter(*band)),
    )
    mains = (None, *MAINS_HZ)
    state.mains_hz = st.radio(
        "Mains hum",
        mains,
        mains.index(state.mains_hz),
        key="paper_mains",
        format_func=lambda hz: "kept" if hz is None else f"without {hz:g} Hz",
        horizontal=True,
    )
    st.caption("For looking only: measurements and predictions are made of the ECG as recorded.")
