"""The run that a page's address names, so that it can be shared: read on arrival, then written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from app.state import PretrainState, ProbeState

__all__ = ["read_link", "write_link"]


def read_link(state: ProbeState | PretrainState, show_run: Callable[[str], None]) -> None:
    """Show the run that the address names, where it is another than was written there.

    Parameters
    ----------
    state : ProbeState or PretrainState
    show_run : callable
        Takes the run's id, or its name; raises a `PhysioclrError` if there is no such run.
    """
    asked = st.query_params.get("run", "")
    if not asked or asked == state.link:
        return
    state.link = asked
    show_run(asked)


def write_link(state: ProbeState | PretrainState) -> None:
    """Write the run that is shown into the address."""
    if state.run and st.query_params.get("run") != state.run:
        st.query_params["run"] = state.run
    elif not state.run and "run" in st.query_params:
        del st.query_params["run"]
    state.link = state.run
