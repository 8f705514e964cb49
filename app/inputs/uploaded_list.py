"""All ECGs of an upload: one after the other, or each in a line made when it is asked for."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from app.components.measurement_table import number
from app.components.prediction_table import percent
from app.components.problems import literal
from app.components.progress import progress_bar
from app.resources import encoder, measurements_of, prediction_of, quality_of
from app.state import ReadState, app_state
from physioclr.errors import PhysioclrError
from physioclr.records import EcgRecord

if TYPE_CHECKING:
    from physioclr.encoders.encoder import Encoder

__all__ = ["show_all_uploaded", "step_through_uploaded"]


def step_through_uploaded(state: ReadState, *, key: str) -> None:
    """Say which of the uploaded ECGs is shown, and offer the one before and the one after it."""
    n_uploaded, row = len(state.uploaded), state.uploaded_row
    with st.container(horizontal=True, vertical_alignment="center", key=f"step_{key}"):
        back = st.button(
            "Previous",
            icon=":material/chevron_left:",
            disabled=not row,
            key=f"previous_{key}",
        )
        place = "none" if row is None else f"{row + 1}"
        st.html(f'<span role="status">{place} of {n_uploaded}</span>', width="content")
        forth = st.button(
            "Next",
            icon=":material/chevron_right:",
            disabled=row == n_uploaded - 1,
            key=f"next_{key}",
        )
    if back and row:
        _open(state, row - 1)
    if forth:
        _open(state, 0 if row is None else row + 1)


@st.fragment
def show_all_uploaded(state: ReadState, *, key: str) -> None:
    """List every uploaded ECG with its quality, rate and first call, once the list is opened."""
    unread = f", {len(state.unread)} not read" if state.unread else ""
    all_of_them = st.expander(
        f"All {len(state.uploaded)} uploaded ECGs{unread}", on_change="rerun", key=f"all_{key}"
    )
    if not all_of_them.open:
        return
    with all_of_them, st.container(gap="xxsmall"):
        _summarise_all(state, app_state().checkpoint)
        for row in range(len(state.uploaded)):
            if _line_of(state, row, key):
                _open(state, row)
        for problem in state.unread:
            st.caption(literal(f"Not read: {problem}"))


def _line_of(state: ReadState, row: int, key: str) -> bool:
    """Show one ECG's line; return whether it is to be opened."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        chosen: bool = st.button(
            f"{row + 1} · {state.uploaded[row].record_id}",
            type="tertiary",
            disabled=row == state.uploaded_row,
            key=f"open_{key}_{row}",
        )
        st.html(state.overview[app_state().checkpoint, row], width="content")
    return chosen


def _open(state: ReadState, row: int) -> None:
    state.open(state.uploaded[row], uploaded_row=row)
    st.rerun()


def _summarise_all(state: ReadState, checkpoint: str) -> None:
    missing = [row for row in range(len(state.uploaded)) if (checkpoint, row) not in state.overview]
    if not missing:
        return
    try:
        asked = encoder(checkpoint)
    except PhysioclrError:  # said where the checkpoint is chosen
        asked = None
    with progress_bar() as report:
        for done, row in enumerate(missing):
            report(f"Measuring ECG {done + 1} of {len(missing)}", done / len(missing))
            state.overview[checkpoint, row] = _summary(state.uploaded[row], asked)


def _summary(record: EcgRecord, asked: Encoder | None) -> str:
    """Return the quality, the rate and the first call of an ECG as HTML."""
    try:
        quality, rate = quality_of(record), measurements_of(record).heart_rate_bpm
    except PhysioclrError as error:
        return f'<span class="pc-quiet">{html.escape(str(error))}</span>'
    verdict = "quality acceptable" if quality.acceptable else "<b>quality not acceptable</b>"
    facts = [verdict] if quality.suspected_reversal is None else [verdict, "<b>leads reversed?</b>"]
    facts.append("rate not measurable" if math.isnan(rate) else number(rate, "heart_rate_bpm"))
    facts.append(html.escape(_first_call(record, asked)))
    return f'<span class="pc-line">{"".join(f"<span>{fact}</span>" for fact in facts)}</span>'


def _first_call(record: EcgRecord, asked: Encoder | None) -> str:
    """Return the most probable label that is called present."""
    if asked is None:
        return "no call"
    if not asked.heads:
        return "no head to call"
    try:
        prediction = prediction_of(record, asked)
    except PhysioclrError:
        return "no call"
    if all(call.call == "no call" for call in prediction.calls):
        return "no call"
    present = [call.call == "present" for call in prediction.calls]
    if not any(present):
        return "nothing called present"
    first = int(np.argmax(np.where(present, prediction.probabilities, -1.0)))
    name = prediction.card.labels[first].display_name
    return f"{name} {percent(float(prediction.probabilities[first]))}"
