"""ROC curves: one colour a feature set, the chance diagonal beneath."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from app.components.palette import Palette

__all__ = ["roc_figure", "show_roc"]

_DASHES = ("solid", "dash", "dot", "dashdot")


def roc_figure(
    curves: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    palette: Palette,
) -> go.Figure:
    """Draw ROC curves.

    Parameters
    ----------
    curves : mapping of str to (false positive rate, true positive rate)
        Each rate (n_thresholds,) float64 in [0, 1].
    palette : Palette

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            name="chance",
            line={"color": palette.ink_muted, "width": 1, "dash": "dot"},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for i, (name, (false_positive, true_positive)) in enumerate(curves.items()):
        figure.add_trace(
            go.Scatter(
                x=np.asarray(false_positive, dtype=np.float32),
                y=np.asarray(true_positive, dtype=np.float32),
                mode="lines",
                name=name,
                line={
                    "color": palette.series[i % len(palette.series)],
                    "dash": _DASHES[i % len(_DASHES)],
                    "width": 2.2,
                },
                hovertemplate=(
                    f"{name}<br>sensitivity %{{y:.2f}} at specificity "
                    "%{customdata:.2f}<extra></extra>"
                ),
                customdata=1 - np.asarray(false_positive, dtype=np.float32),
            )
        )
    axis = {
        "range": [-0.01, 1.01],
        "dtick": 0.2,
        "gridcolor": palette.grid_line,
        "zeroline": False,
        "color": palette.ink_muted,
        "tickfont": {"size": 12},
        "constrain": "domain",
        "automargin": True,
    }
    figure.update_xaxes(title="1 − specificity", constraintoward="left", **axis)
    figure.update_yaxes(title="Sensitivity", scaleanchor="x", **axis)
    figure.update_layout(
        height=520,
        margin={"l": 60, "r": 10, "t": 10, "b": 50},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.ink},
        legend={"orientation": "h", "y": -0.16, "x": 0, "yanchor": "top"},
        dragmode=False,
    )
    return figure


def show_roc(figure: go.Figure, label: str) -> None:
    """Show the curves of one label."""
    with st.container(key="roc"):
        st.plotly_chart(
            figure,
            theme=None,
            key="roc_figure",
            config={"displayModeBar": False},
            alt=f"ROC curves: {label}",
        )
