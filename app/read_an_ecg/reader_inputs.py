"""What a reader writes about an ECG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from app.state import ReadState, typed_into
from physioclr.report import AGREEMENTS

if TYPE_CHECKING:
    from physioclr.interpretation.reading import Reading

__all__ = ["reader_inputs"]


def reader_inputs(state: ReadState, reading: Reading) -> None:
    """Ask for findings, a comment, and agreement with each call; write them to the state.

    Parameters
    ----------
    state : ReadState
    reading : Reading
        The reader may agree with its calls of the model, as the page shows them.
    """
    place = str(state.opened)
    words, calls = st.columns([3, 2], gap="large")
    keys = (f"findings_{place}", f"comment_{place}")
    # Called before anything of the next run: a click on the next ECG does not outrun the text.
    take: dict[str, Any] = {"on_change": _take_words, "args": (state, *keys)}
    with words:
        state.findings = st.text_area(
            "Your findings", state.findings, key=keys[0], height=100, **take
        )
        state.comment = st.text_input("Comment", state.comment, key=keys[1], **take)
        state.reader = st.text_input("Your name, for the report", state.reader, key="reader")
    with calls:
        if not reading.model:
            st.caption("No prediction to agree with.")
            return
        st.caption("Do you agree with the machine?")
        for call in reading.model:
            answer = st.segmented_control(
                f"{call.text}: {call.shown}",
                AGREEMENTS,
                default=state.agreement.get(call.code),
                key=f"agreement_{call.code}_{place}",
            )
            if answer is None:
                state.agreement.pop(call.code, None)
            else:
                state.agreement[call.code] = answer


def _take_words(state: ReadState, findings_key: str, comment_key: str) -> None:
    state.findings, state.comment = typed_into(findings_key), typed_into(comment_key)
