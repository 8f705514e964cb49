"""The embedding map: one point an ECG, coloured by a measurement or a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from streamlit.typing import PlotlyState

from app.components.palette import Palette

__all__ = ["colour_by_label", "colour_by_value", "mark_current", "selected_rows", "show_map"]

# Paul Tol's "muted" scheme, which stays apart for colour-blind readers; a second shape doubles it.
_CATEGORY_COLOURS = (
    *("#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77"),
    *("#CC6677", "#882255", "#AA4499"),
)
_CATEGORY_COLOURS_DARK = (
    *("#8C7BE8", "#88CCEE", "#44AA99", "#39B364", "#B5B548", "#DDCC77"),
    *("#E58A99", "#D1548F", "#D57AC6"),
)
_SHAPES = ("circle", "diamond", "x")
_MARKER_PX = 7
_NEVER_FADED = {"marker": {"opacity": 1.0}}


def colour_by_value(
    xy: NDArray[np.float32],
    values: NDArray[np.float64],
    ids: Sequence[str],
    palette: Palette,
    *,
    rows: NDArray[np.intp],
    title: str,
    unit: str = "",
    decimals: int = 0,
) -> go.Figure:
    """Draw the map coloured by a measurement.

    Parameters
    ----------
    xy : (n_records, 2) float32
    values : (n_records,) float64
        NaN is drawn grey, "not measurable".
    ids : sequence of str
    palette : Palette
    rows : (n_records,) int
        What each point is known by.
    title : str
        Of the colour scale, with its unit.
    unit : str
    decimals : int

    Returns
    -------
    plotly.graph_objects.Figure
        Each point's ``customdata`` is its entry of `rows`. The scale spans the 2nd to the 98th
        percentile.
    """
    known = np.isfinite(values)
    figure = _empty_map(palette)
    if (~known).any():
        grey = {"color": palette.not_measurable}
        hover = [f"{name}<br>not measurable" for name in _at(ids, ~known)]
        figure.add_trace(_points(xy[~known], rows[~known], hover, grey, "not measurable"))
    if known.any():
        low, high = np.percentile(values[known], [2, 98])
        marker = {
            "color": values[known].astype(np.float32),
            "colorscale": "Viridis",
            "cmin": float(low),
            "cmax": float(high),
            "colorbar": {
                "title": {"text": title, "side": "top"},
                "orientation": "h",
                "x": 0.5,
                "y": 1.0,
                "yanchor": "bottom",
                "len": 0.6,
                "thickness": 10,
                "outlinewidth": 0,
                "tickfont": {"size": 12, "color": palette.ink_muted},
            },
        }
        hover = [
            f"{name}<br>{value:.{decimals}f} {unit}"
            for name, value in zip(_at(ids, known), values[known], strict=True)
        ]
        figure.add_trace(_points(xy[known], rows[known], hover, marker, title))
        figure.data[-1].showlegend = False
    figure.update_layout(showlegend=bool((~known).any()), margin_t=64)
    return figure


def colour_by_label(
    xy: NDArray[np.float32],
    labels: Sequence[str],
    ids: Sequence[str],
    palette: Palette,
    *,
    rows: NDArray[np.intp],
) -> go.Figure:
    """Draw the map coloured by one label an ECG; the commonest label comes first in the legend.

    Parameters
    ----------
    xy : (n_records, 2) float32
    labels : sequence of str
    ids : sequence of str
    palette : Palette
    rows : (n_records,) int
        What each point is known by.

    Returns
    -------
    plotly.graph_objects.Figure
        Each point's ``customdata`` is its entry of `rows`.
    """
    figure = _empty_map(palette)
    of_record = np.asarray(labels, dtype=str)
    names, counts = np.unique(of_record, return_counts=True)
    colours = _CATEGORY_COLOURS_DARK if palette.is_dark else _CATEGORY_COLOURS
    for i, name in enumerate(names[np.argsort(-counts, kind="stable")]):
        marker = {
            "color": colours[i % len(colours)],
            "symbol": _SHAPES[(i // len(colours)) % len(_SHAPES)],
        }
        here = of_record == name
        hover = [f"{record_id}<br>{name}" for record_id in _at(ids, here)]
        figure.add_trace(_points(xy[here], rows[here], hover, marker, f"{name} ({here.sum()})"))
    return figure


def mark_current(
    figure: go.Figure,
    at_xy: NDArray[np.float32],
    neighbours_xy: NDArray[np.float32],
    palette: Palette,
    *,
    name: str,
) -> None:
    """Add the ECG being read as a star, and rings about its nearest neighbours.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        Changed in place.
    at_xy : (2,) float32
    neighbours_xy : (n_neighbours, 2) float32
    palette : Palette
    name : str
        The record's id.
    """
    figure.add_trace(
        go.Scattergl(
            x=neighbours_xy[:, 0],
            y=neighbours_xy[:, 1],
            mode="markers",
            name="its nearest neighbours",
            marker={
                "symbol": "circle-open",
                "size": 14,
                "color": palette.ink,
                "line": {"width": 1.6},
            },
            hoverinfo="skip",
            unselected=_NEVER_FADED,
        )
    )
    figure.add_trace(
        go.Scattergl(
            x=at_xy[:1],
            y=at_xy[1:],
            mode="markers",
            name="the ECG being read",
            marker={
                "symbol": "star",
                "size": 20,
                "color": "#E4572E",
                "line": {"color": palette.ink, "width": 1.2},
            },
            text=[name],
            unselected=_NEVER_FADED,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(showlegend=True)


def _at(ids: Sequence[str], mask: NDArray[np.bool_]) -> list[str]:
    return [name for name, here in zip(ids, mask, strict=True) if here]


def _points(
    xy: NDArray[np.float32],
    rows: NDArray[np.intp],
    hover: Sequence[str],
    marker: Mapping[str, object],
    name: str,
) -> go.Scattergl:
    return go.Scattergl(
        x=xy[:, 0],
        y=xy[:, 1],
        customdata=rows.astype(np.int32),
        text=list(hover),
        mode="markers",
        name=name,
        marker={"size": _MARKER_PX, "opacity": 0.85, "line": {"width": 0}, **marker},
        hovertemplate="%{text}<extra></extra>",
        selected={"marker": {"opacity": 1.0, "size": _MARKER_PX + 3}},
        unselected={"marker": {"opacity": 0.25}},
    )


def _empty_map(palette: Palette) -> go.Figure:
    figure = go.Figure()
    axis = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "showline": True,
        "mirror": True,
        "linecolor": palette.grid_line,
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    figure.update_layout(
        height=620,
        margin={"l": 2, "r": 2, "t": 8, "b": 2},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.ink, "size": 13},
        legend={
            "orientation": "h",
            "x": 0,
            "y": -0.02,
            "yanchor": "top",
            "itemsizing": "constant",
            "font": {"size": 13},
        },
        dragmode="lasso",
        hovermode="closest",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": palette.ink_muted},
        uirevision="map",
    )
    return figure


def show_map(figure: go.Figure) -> PlotlyState:
    """Show the map; return what is selected on it."""
    return st.plotly_chart(
        figure,
        theme=None,
        key="map",
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False, "modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
        alt="Map of the cohort's embeddings, one point an ECG",
    )


def selected_rows(state: PlotlyState) -> tuple[int, ...]:
    """Return the rows of the selected points, in ascending order."""
    rows = {
        int(point["customdata"])
        for point in state["selection"]["points"]
        if point.get("customdata") is not None
    }
    return tuple(sorted(rows))
