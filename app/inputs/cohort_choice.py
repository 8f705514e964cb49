"""Which cohort a page asks: the demo cohort, a known one, or a folder."""

from __future__ import annotations

import streamlit as st

from app.inputs.known_cohorts import cohort_names

__all__ = ["choose_cohort"]


def choose_cohort(current: str, *, key: str) -> str:
    """Ask for a cohort: one that is known, or a folder that is typed.

    Parameters
    ----------
    current : str
        The path of the one chosen before; the demo cohort if empty.
    key : str
        Names the place on the app.

    Returns
    -------
    str
        Its path.
    """
    names = cohort_names()
    paths = list(dict.fromkeys([*names, current]))
    chosen = st.selectbox(
        "Cohort",
        paths,
        paths.index(current),
        format_func=lambda path: names.get(path, path),
        accept_new_options=True,
        help="A saved selection, a cohort used before, or the folder of a prepared store: type it.",
        key=f"{key}_cohort_{current}",
    )
    return (chosen or "").strip()
