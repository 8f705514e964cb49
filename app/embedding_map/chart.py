"""A map on the page: it keeps its place while it is recoloured, and says what is selected on it.

`st.plotly_chart` is not used here: it draws a changed figure as a new one, which forgets the part
in sight, sends every selected point with all it holds, and takes no click while the lasso is the
tool. The component draws with the same Plotly, and sends rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import plotly.graph_objects as go
import streamlit as st
from plotly.offline import get_plotlyjs

from physioclr.runtime.shipped_files import bundled

__all__ = ["follow_selection", "load_library", "map_chart"]

_component = st.components.v2.component(
    "physioclr_map",
    js=(bundled("app") / "assets" / "map_chart.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)
_library = cache(get_plotlyjs)


def load_library() -> None:
    """Send Plotly to the page, once for all its maps."""
    _component(key="map_library", data={"library": _library()}, height=1)


def map_chart(
    figure: go.Figure, *, key: str, centre: tuple[float, float] | None = None
) -> tuple[int, ...] | None:
    """Show a map.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Of `app.embedding_map.scatter.map_figure`.
    key : str
        Names its place on the page.
    centre : tuple of two of float, optional
        What it is moved to, when this changes.

    Returns
    -------
    tuple of int or None
        The rows just selected on it, in ascending order; None where this is not why the page runs.
    """
    with st.container(key=f"map_{key}"):
        answer = _component(
            key=f"map_chart_{key}",
            data={"place": key, "figure": figure.to_json(validate=False), "centre": centre},
            on_selected_change=lambda: None,
        )
    return None if answer.selected is None else tuple(sorted(map(int, answer.selected)))


def follow_selection(rows: Sequence[int], *, key: str) -> None:
    """Show on every map of the page which ECGs are selected."""
    _component(key=f"map_rows_{key}", data={"rows": list(rows)}, height=1)
