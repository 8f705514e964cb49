"""Why two ECGs are alike, and how many positives each ECG of a cohort has, as small figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.components.palette import Palette

__all__ = ["contribution_bars", "positives_histogram"]

_BAR_PX = 30
_BINS = 30


def contribution_bars(
    contributions: Mapping[str, float], similarity: float, delta: float, palette: Palette
) -> go.Figure:
    """Draw what each group of measurements adds to the similarity of two ECGs.

    Parameters
    ----------
    contributions : mapping of str to float
        They add up to `similarity`.
    similarity, delta : float
    palette : Palette

    Returns
    -------
    plotly.graph_objects.Figure
    """
    parts = sorted(contributions.items(), key=lambda part: abs(part[1]))
    names = [name.replace("_", " ") for name, _ in parts]
    values = [value for _, value in parts]
    colours = [palette.series[0] if value >= 0 else palette.series[1] for value in values]
    figure = go.Figure(
        go.Bar(
            x=[*values, similarity],
            y=[*names, "together"],
            orientation="h",
            marker_color=[*colours, palette.ink_muted],
            text=[f"{value:+.2f}".replace("-", "−") for value in [*values, similarity]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.add_vline(
        x=delta,
        line={"color": palette.ink, "dash": "dash", "width": 1.5},
        annotation_text="δ",
        annotation_position="bottom right",
    )
    _dress(figure, palette, 110 + _BAR_PX * len(names))
    figure.update_xaxes(title="part of the similarity", range=[-1.15, 1.15], zeroline=True)
    figure.update_xaxes(zerolinecolor=palette.grid_line)
    figure.update_yaxes(showgrid=False)
    return figure


def positives_histogram(per_anchor: NDArray[np.intp], palette: Palette) -> go.Figure:
    """Draw how many ECGs have how many positives.

    Parameters
    ----------
    per_anchor : (n,) int
    palette : Palette

    Returns
    -------
    plotly.graph_objects.Figure
    """
    counts, edges = np.histogram(per_anchor, bins=_BINS, range=(0, max(len(per_anchor) - 1, 1)))
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            marker={"color": palette.series[0], "line": {"width": 0}},
            hovertemplate="%{y:,} ECGs have about %{x:.0f} positives<extra></extra>",
        )
    )
    _dress(figure, palette, 280)
    figure.update_xaxes(title="positives of an ECG", showgrid=False, rangemode="tozero")
    figure.update_yaxes(title="ECGs")
    return figure


def _dress(figure: go.Figure, palette: Palette, height: int) -> None:
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.ink},
        showlegend=False,
        bargap=0.25,
    )
    axis = {"gridcolor": palette.grid_line, "linecolor": palette.grid_line, "automargin": True}
    figure.update_xaxes(**axis)
    figure.update_yaxes(zeroline=False, **axis)
