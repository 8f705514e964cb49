"""Which page of a long ECG is shown."""

from __future__ import annotations

import streamlit as st

__all__ = ["page_slider"]


def page_slider(start_s: float, *, duration_s: float, page_s: float, key: str) -> float:
    """Ask where the page begins; ask nothing where one page holds the whole ECG.

    Parameters
    ----------
    start_s : float
        Where the page began before.
    duration_s, page_s : float
        Of the ECG, and of a page.
    key : str
        Names the place on the app, and the ECG.

    Returns
    -------
    float
        In s; early enough that the page is full.
    """
    last_s = max(0.0, duration_s - page_s)
    start_s = min(start_s, last_s)
    if last_s == 0:
        return start_s
    chosen: float = st.slider(
        "Page begins at (s)", 0.0, last_s, start_s, step=page_s / 10, key=f"{key}_{page_s:g}"
    )
    return chosen
