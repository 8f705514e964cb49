"""Problems with the user's data, shown where they arise, one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from physioclr.errors import PhysioclrError, SignalError

__all__ = ["literal", "show_problem", "showing_problems"]


def literal(text: str) -> str:
    """Escape Markdown, so that a file's name is shown as it is."""
    return re.sub(r"([\\`*_{}\[\]()<>#+\-!|~:$])", r"\\\1", text)


def show_problem(sentence: str) -> None:
    """Show one sentence about something that cannot be read."""
    st.error(literal(sentence), icon=":material/error:")


@contextmanager
def showing_problems(before: str = "") -> Iterator[None]:
    """Show a `PhysioclrError` in place of what raised it; let everything else surface.

    Parameters
    ----------
    before : str
        Words put before the sentence of an ECG that cannot be analysed.
    """
    try:
        yield
    except SignalError as error:
        st.warning(before + literal(str(error)), icon=":material/warning:")
    except PhysioclrError as error:
        show_problem(str(error))
