"""What the map says of the ECG being read, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components.html_table import html_table
from app.components.problems import literal

if TYPE_CHECKING:
    from app.mapping import DrawnMap
    from physioclr.records import EcgRecord

__all__ = ["map_note", "show_neighbours"]

_UNLIKE_PCT = 95.0


def map_note(drawn: DrawnMap) -> str:
    """Say how the map is to be read."""
    left_out = f" {drawn.n_left_out} ECGs have no embedding." if drawn.n_left_out else ""
    return (
        "UMAP: only who is near whom has a meaning, not the axes nor the distance between groups. "
        f"Trustworthiness {drawn.trustworthiness:.2f} of 1.{left_out}"
    )


def show_neighbours(drawn: DrawnMap, ecg: EcgRecord | None) -> None:
    """Name the nearest neighbours of the ECG being read, or say why it has none."""
    if drawn.problem is not None:
        st.warning(
            f"The ECG being read has no place on the map. {literal(drawn.problem)}",
            icon=":material/warning:",
        )
        return
    if ecg is None:
        return
    if drawn.off_manifold_pct is not None and drawn.off_manifold_pct > _UNLIKE_PCT:
        st.warning(
            f"The ECG being read is less like this cohort than {drawn.off_manifold_pct:.0f} % of "
            "its own ECGs are: its place on the map says little.",
            icon=":material/warning:",
        )
    rows = [[near.title, f"{near.similarity:.3f}"] for near in drawn.neighbours]
    with st.expander(f"Most like {literal(ecg.record_id)}, the ECG being read"):
        st.html(html_table(["ECG", "Cosine similarity"], rows, numeric=(1,), label="Neighbours"))
