"""By which formula QT is corrected: one choice for every page."""

from __future__ import annotations

import streamlit as st

from app.components.measurement_table import QT_FORMULA_LABELS

__all__ = ["qt_formula_input"]


def qt_formula_input(known: str, *, key: str) -> str:
    """Ask for the formula of QTc.

    Parameters
    ----------
    known : str
        What was chosen before.
    key : str
        Names the place on the app.

    Returns
    -------
    str
        A key of `QT_FORMULA_LABELS`.
    """
    chosen: str = st.segmented_control(
        "QTc by",
        list(QT_FORMULA_LABELS),
        default=known,
        format_func=QT_FORMULA_LABELS.__getitem__,
        required=True,
        key=key,
    )
    return chosen
