"""A progress bar that goes away when the work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

__all__ = ["progress_bar"]


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """Show a bar; yield what reports to it: what is being done, and the share done in [0, 1]."""
    bar = st.progress(0.0, "Starting …")

    def report(what: str, share: float) -> None:
        bar.progress(min(max(share, 0.0), 1.0), f"{what} …")

    try:
        yield report
    finally:
        bar.empty()
