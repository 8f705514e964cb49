"""What a table or an array does not say about itself, asked of the visitor."""

from __future__ import annotations

import re
from typing import Literal

import streamlit as st

from physioclr.io import ArrayLayout
from physioclr.leads import STANDARD_LEADS

__all__ = ["layout_inputs"]

_UNITS = ("mV", "uV", "V", "nV")
_ORIENTATIONS: dict[Literal["samples_first", "leads_first"], str] = {
    "samples_first": "a row is an instant",
    "leads_first": "a row is a lead",
}


def layout_inputs() -> ArrayLayout | None:
    """Ask for sampling rate, unit, leads and orientation; return them once all that is needed is.

    Returns
    -------
    ArrayLayout or None
        None until rate and unit are given and sent.
    """
    with st.form("layout"):
        st.write("A table or an array does not say what its numbers mean.")
        rate, unit, rows = st.columns(3)
        fs_hz = rate.number_input("Sampling rate (Hz)", min_value=1.0, value=None)
        unit_name = unit.selectbox("Unit", _UNITS, index=None)
        orientation = rows.selectbox(
            "Rows", list(_ORIENTATIONS), index=None, format_func=_ORIENTATIONS.__getitem__
        )
        names = st.text_input(
            "Leads, in the file's order",
            placeholder="empty if the first line names them; else " + " ".join(STANDARD_LEADS),
        )
        decimal = st.selectbox(
            "Decimal mark",
            (".", ","),
            index=None,
            placeholder="as the numbers tell; needed if 1,234 may be either",
        )
        st.form_submit_button("Read")
    if fs_hz is None or unit_name is None:
        return None
    try:
        return ArrayLayout(
            fs_hz=fs_hz,
            unit=unit_name,
            leads=tuple(re.split(r"[\s,;]+", names.strip())) if names.strip() else None,
            orientation=orientation,
            decimal=decimal,  # type: ignore[arg-type]  # one of the two
        )
    except ValueError as error:
        st.error(str(error))
        return None
