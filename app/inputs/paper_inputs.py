"""What a reader may choose about the paper, in one row above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.components.ecg_paper import PaperStyle
from app.state import PaperState
from physioclr.ecg_paper import (
    ARRANGEMENTS,
    GAINS_MM_PER_MV,
    SPEEDS_MM_PER_S,
    PaperScale,
    has_few_leads,
    paper_layout,
    record_layout,
)
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.display_filter import DISPLAY_BANDS_HZ, MAINS_HZ, DisplayFilter

__all__ = ["MAGNIFICATIONS", "filter_of", "layout_popover", "paper_inputs", "style_of"]

MAGNIFICATIONS = (1, 2, 4)


def paper_inputs(state: PaperState, record: EcgRecord) -> bool:
    """Ask for layout, scale, magnification and filter; write the answers to the state.

    Parameters
    ----------
    state : PaperState
    record : EcgRecord
        What is drawn with them.

    Returns
    -------
    bool
        Whether what stands elsewhere on the page shows other answers than these: the scale, the
        filter, and the buttons that name them.
    """
    before = _scale_of(state), filter_of(state), _chosen_filter(state)
    with st.container(horizontal=True, vertical_alignment="center", key="paper_inputs"):
        state.magnification = _magnification(state.magnification)
        state.waves = st.toggle(
            "Waves found",
            state.waves,
            key="paper_waves",
            help="P, QRS and T where they were found; ○ stands for one that is absent, × for one "
            "that could not be measured",
        )
        layout_popover(state, record)
        with st.popover(_scale_of(state), icon=":material/straighten:", key="paper_scale"):
            _scale_inputs(state)
        with st.popover(
            f"Filter: {_chosen_filter(state)}", icon=":material/graphic_eq:", key="paper_filter"
        ):
            _filter_inputs(state)
        _raw_input(state)
    return before != (_scale_of(state), filter_of(state), _chosen_filter(state))


def layout_popover(state: PaperState, record: EcgRecord | None = None) -> None:
    """Ask which leads stand where, behind a button; of a record without saying, the twelve."""
    with st.popover("Layout", icon=":material/grid_view:", key="paper_layout"):
        _layout_inputs(state, record)


def style_of(state: PaperState, record: EcgRecord | None = None) -> PaperStyle:
    """Return the style the reader chose, with calipers.

    Parameters
    ----------
    state : PaperState
    record : EcgRecord, optional
        Which leads it has says what is shown where the reader did not choose.

    Returns
    -------
    PaperStyle
    """
    chosen: dict[str, Any] = {"cabrera": state.cabrera, "leads": state.leads}
    if record is not None:
        layout = record_layout(record, state.arrangement, rhythm=state.rhythm, **chosen)
    else:
        rhythm = ("II",) if state.rhythm is None else state.rhythm
        layout = paper_layout(state.arrangement, rhythm=rhythm, **chosen)
    scale = PaperScale(state.speed_mm_per_s, state.gain_mm_per_mv)
    return PaperStyle(scale, layout, state.magnification, calipers=True)


def filter_of(state: PaperState) -> DisplayFilter:
    """Return the filter that is drawn: the one the reader chose, unless raw was asked for."""
    return DisplayFilter() if state.raw else _chosen_filter(state)


def _chosen_filter(state: PaperState) -> DisplayFilter:
    return DisplayFilter(*state.band_hz, state.mains_hz)


def _raw_input(state: PaperState) -> None:
    """Ask for the ECG as recorded, one click from any filter; the filter stays chosen."""
    chosen = _chosen_filter(state)
    shown_raw = st.toggle(
        "Raw",
        chosen.is_raw or state.raw,
        disabled=chosen.is_raw,
        key=f"paper_raw_{chosen}",
        help="As recorded, without the chosen filter",
    )
    state.raw = shown_raw and not chosen.is_raw


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


def _layout_inputs(state: PaperState, record: EcgRecord | None) -> None:
    names = list(ARRANGEMENTS)
    few = record is not None and has_few_leads(record)
    state.arrangement = st.radio(
        "Rows × columns",
        names,
        names.index(state.arrangement),
        horizontal=True,
        key="paper_arrangement",
        disabled=few,
        help="Few leads were recorded: each has a row of its own." if few else None,
    )
    state.cabrera = st.checkbox(
        "Cabrera’s order of the limb leads",
        state.cabrera,
        key="paper_cabrera",
        help="aVL, I, −aVR, II, aVF, III",
    )
    options = _leads_to_choose(record, few=few)
    place = "_".join(lead for lead in options if lead not in STANDARD_LEADS or few)
    own = PaperState(state.arrangement)
    if not few:
        state.rhythm = _chosen_leads(
            "Rhythm strips",
            options,
            state.rhythm,
            style_of(own, record).layout.rhythm,
            max_selections=3,
            key=f"paper_rhythm{place}",
        )
    shown = _chosen_leads(
        "Leads",
        options,
        state.leads,
        options if few else STANDARD_LEADS,
        key=f"paper_leads{place}",
    )
    state.leads = shown or None


def _leads_to_choose(record: EcgRecord | None, *, few: bool) -> tuple[str, ...]:
    if record is None:
        return STANDARD_LEADS
    if few:
        return record.leads
    return (*STANDARD_LEADS, *(lead for lead in record.leads if lead not in STANDARD_LEADS))


def _chosen_leads(
    label: str,
    options: Sequence[str],
    known: tuple[str, ...] | None,
    default: Sequence[str],
    **how: Any,
) -> tuple[str, ...] | None:
    """Ask for leads; None where they are the ones the ECG has by default."""
    shown = [lead for lead in known or () if lead in options]
    before = list(default) if known is None or (known and not shown) else shown
    chosen: list[str] = st.multiselect(label, options, before, **how)
    return None if set(chosen) == set(default) else tuple(chosen)


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
