"""The curves of probes: ROC, precision-recall, calibration, and label efficiency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.components.palette import Palette

if TYPE_CHECKING:
    from physioclr.probe.reliability import ReliabilityBin

__all__ = [
    "efficiency_figure",
    "precision_recall_figure",
    "reliability_figure",
    "roc_figure",
    "svg_config",
]

Curves = Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]

_DASHES = ("solid", "dash", "dot", "dashdot")
_HEIGHT = 500


def svg_config(name: str) -> dict[str, Any]:
    """Return the settings of a figure that can be saved as SVG, under a name."""
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "svg", "filename": name},
    }


def roc_figure(curves: Curves, palette: Palette) -> go.Figure:
    """Draw ROC curves, the chance diagonal beneath.

    Parameters
    ----------
    curves : mapping of str to (false positive rate, true positive rate)
        Each (n_points,) float64 in [0, 1].
    palette : Palette

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure(_reference([0, 1], [0, 1], palette))
    for i, (name, (false_positive, true_positive)) in enumerate(curves.items()):
        figure.add_trace(
            go.Scatter(
                x=np.asarray(false_positive, dtype=np.float32),
                y=np.asarray(true_positive, dtype=np.float32),
                customdata=1 - np.asarray(false_positive, dtype=np.float32),
                hovertemplate=(
                    f"{name}<br>sensitivity %{{y:.2f}} at specificity "
                    "%{customdata:.2f}<extra></extra>"
                ),
                **_line(name, i, palette),
            )
        )
    return _square(figure, palette, "1 − specificity", "Sensitivity", n_names=len(curves))


def precision_recall_figure(curves: Curves, prevalence: float, palette: Palette) -> go.Figure:
    """Draw precision-recall curves, the prevalence beneath.

    Parameters
    ----------
    curves : mapping of str to (recall, precision)
        Each (n_points,) float64 in [0, 1].
    prevalence : float
        The precision of calling at random.
    palette : Palette

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure(_reference([0, 1], [prevalence, prevalence], palette))
    for i, (name, (recall, precision)) in enumerate(curves.items()):
        figure.add_trace(
            go.Scatter(
                x=np.asarray(recall, dtype=np.float32),
                y=np.asarray(precision, dtype=np.float32),
                hovertemplate=f"{name}<br>precision %{{y:.2f}} at recall %{{x:.2f}}<extra></extra>",
                **_line(name, i, palette),
            )
        )
    return _square(figure, palette, "Recall", "Precision", n_names=len(curves))


def reliability_figure(bins: Sequence[ReliabilityBin], palette: Palette, *, name: str) -> go.Figure:
    """Draw how often a label was there when a probability was given.

    Parameters
    ----------
    bins : sequence of ReliabilityBin
    palette : Palette
    name : str
        Of the features.

    Returns
    -------
    plotly.graph_objects.Figure
        A point a bin, with the 95 % interval of its share.
    """
    shares = np.array([one.n_positive / one.n for one in bins])
    low, high = np.array([one.interval() for one in bins]).reshape(-1, 2).T
    figure = go.Figure(_reference([0, 1], [0, 1], palette))
    figure.add_trace(
        go.Scatter(
            x=[one.mean_probability for one in bins],
            y=shares,
            mode="lines+markers",
            name=name,
            line={"color": palette.series[0], "width": 1},
            marker={"size": 8, "color": palette.series[0]},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": high - shares,
                "arrayminus": shares - low,
                "thickness": 1.4,
                "width": 4,
            },
            customdata=[[one.n, one.n_positive, *one.interval()] for one in bins],
            hovertemplate=(
                "mean probability %{x:.3f}<br>there in %{customdata[1]} of %{customdata[0]} ECGs: "
                "%{y:.3f} [%{customdata[2]:.3f}–%{customdata[3]:.3f}]<extra></extra>"
            ),
        )
    )
    return _square(figure, palette, "Mean probability given", "Share that has the label", n_names=0)


def efficiency_figure(table: pd.DataFrame, palette: Palette) -> go.Figure:
    """Draw the macro AUROC over the share of labelled patients, with its intervals.

    Parameters
    ----------
    table : DataFrame
        As `physioclr.probe.label_efficiency` returns it.
    palette : Palette

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure()
    for i, (name, rows) in enumerate(table.groupby("model", sort=False)):
        share = 100 * rows["fraction"]
        line = _line(str(name), i, palette)
        figure.add_trace(
            go.Scatter(
                x=[*share, *share[::-1]],
                y=[*rows["auroc_high"], *rows["auroc_low"][::-1]],
                fill="toself",
                mode="lines",
                line={"width": 0},
                fillcolor=line["line"]["color"],
                opacity=0.16,
                legendgroup=str(name),
                showlegend=False,
                hoverinfo="skip",
            )
        )
        figure.add_trace(
            go.Scatter(
                x=share,
                y=rows["auroc"],
                customdata=rows[["n_records", "auroc_low", "auroc_high"]],
                hovertemplate=(
                    f"{name}<br>%{{x:g}} % of the patients, %{{customdata[0]:.0f}} ECGs<br>"
                    "AUROC %{y:.3f} [%{customdata[1]:.3f}–%{customdata[2]:.3f}]<extra></extra>"
                ),
                legendgroup=str(name),
                marker={"size": 7},
                **(line | {"mode": "lines+markers"}),
            )
        )
    shares = sorted(set(100 * table["fraction"]))
    _dress(figure, palette, n_names=table["model"].nunique())
    figure.update_xaxes(
        title="Labelled patients, %",
        type="log",
        tickvals=shares,
        ticktext=[f"{share:g}" for share in shares],
        **_axis(palette),
    )
    figure.update_yaxes(title="Macro AUROC", **_axis(palette))
    return figure


def _line(name: str, i: int, palette: Palette) -> dict[str, Any]:
    """Return the look of a curve: colours first, then another dash of the same colours."""
    n_colours = len(palette.series)
    dash = _DASHES[(i % n_colours + i // n_colours) % len(_DASHES)]
    line = {"color": palette.series[i % n_colours], "dash": dash, "width": 2.2}
    return {"mode": "lines", "name": name, "line": line}


def _reference(x: list[float], y: list[float], palette: Palette) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": palette.ink_muted, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )


def _axis(palette: Palette) -> dict[str, Any]:
    return {
        "gridcolor": palette.grid_line,
        "zeroline": False,
        "color": palette.ink_muted,
        "tickfont": {"size": 12},
        "automargin": True,
        "fixedrange": True,
    }


def _square(figure: go.Figure, palette: Palette, x: str, y: str, *, n_names: int) -> go.Figure:
    """Give both axes [0, 1] and one scale."""
    axis = {**_axis(palette), "range": [-0.01, 1.01], "dtick": 0.2, "constrain": "domain"}
    figure.update_xaxes(title=x, constraintoward="left", **axis)
    figure.update_yaxes(title=y, scaleanchor="x", **axis)
    _dress(figure, palette, n_names=n_names)
    return figure


def _dress(figure: go.Figure, palette: Palette, *, n_names: int) -> None:
    figure.update_layout(
        height=_HEIGHT + 20 * n_names,
        margin={"l": 60, "r": 10, "t": 34, "b": 60 + 20 * n_names},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.ink},
        showlegend=n_names > 0,
        legend={"orientation": "v", "y": -0.14, "x": 0, "yanchor": "top"},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": palette.ink_muted},
        dragmode=False,
    )
