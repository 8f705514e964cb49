"""What a pretraining run logs, as curves over its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.components.palette import Palette

__all__ = ["CURVES", "curve_figure", "curves_logged"]

_MOST_POINTS = 400
_HEIGHT = 260
_DASHES = ("solid", "dash", "dot", "dashdot")
_NAMES = {
    "alignment": "alignment",
    "uniformity": "uniformity",
    "effective_rank": "effective rank",
    "r2_heart_rate": "heart rate",
    "r2_qrs": "QRS",
    "r2_qtc": "QTc",
    "r2_pr": "PR",
    "records_per_s": "ECGs per second",
    "loss": "loss",
}
_NOT_TERMS = {"step", "score", *_NAMES}
# Title of the figure: title of its axis.
CURVES = {
    "Loss and its terms": "loss",
    "Physiology in the embedding": "R², held out",
    "Alignment and uniformity": "held out",
    "Effective rank": "dimensions, held out",
    "Speed": "ECGs per second",
}


def curves_logged(lines: Sequence[Mapping[str, Any]], title: str) -> list[str]:
    """Return what of a run's log a figure draws.

    Parameters
    ----------
    lines : sequence of dict
        One a step.
    title : str
        A key of `CURVES`.

    Returns
    -------
    list of str
        Keys of the log.
    """
    logged = dict.fromkeys(key for line in lines for key in line)
    if title == "Loss and its terms":
        terms = [key for key in logged if key not in _NOT_TERMS]
        return ["loss", *terms] if len(terms) > 1 else ["loss"]
    wanted = {
        "Physiology in the embedding": [key for key in logged if key.startswith("r2_")],
        "Alignment and uniformity": ["alignment", "uniformity"],
        "Effective rank": ["effective_rank"],
        "Speed": ["records_per_s"],
    }[title]
    return [key for key in wanted if key in logged]


def curve_figure(
    lines: Sequence[Mapping[str, Any]], title: str, n_steps: int, palette: Palette
) -> go.Figure:
    """Draw one figure of `CURVES`.

    Parameters
    ----------
    lines : sequence of dict
        One a step, with ``step`` and what it logged.
    title : str
    n_steps : int
        Of the whole run, where the axis ends.
    palette : Palette

    Returns
    -------
    plotly.graph_objects.Figure
        At most 400 points a curve: where there are more, each is the mean of its neighbours.
    """
    figure = go.Figure()
    keys = curves_logged(lines, title)
    for at, key in enumerate(keys):
        said = [(line["step"], line[key]) for line in lines if line.get(key) is not None]
        steps, values = _thinned(np.array(said, dtype=np.float64).reshape(-1, 2))
        name = _NAMES.get(key, key.replace("_", " "))
        figure.add_scatter(
            x=steps,
            y=values,
            name=name,
            mode="lines+markers" if len(steps) < 40 else "lines",
            line={
                "color": palette.series[at % len(palette.series)],
                "dash": _DASHES[at // len(palette.series) % len(_DASHES)],
                "width": 2,
            },
            marker={"size": 5},
            hovertemplate=f"{name} %{{y:.3g}} at step %{{x:.0f}}<extra></extra>",
        )
    axis = {"gridcolor": palette.grid_line, "zeroline": False, "linecolor": palette.grid_line}
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 34, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": palette.ink},
        title={"text": title, "font": {"size": 15}, "x": 0, "xref": "container", "y": 0.98},
        xaxis={**axis, "title": "step", "range": [0, max(n_steps, 1)], "automargin": True},
        yaxis={**axis, "title": CURVES[title], "automargin": True},
        showlegend=len(keys) > 1,
        legend={"orientation": "h", "y": -0.32, "x": 0},
        uirevision=title,
    )
    return figure


def _thinned(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n_together = -(-len(points) // _MOST_POINTS)
    if n_together > 1:
        starts = np.arange(0, len(points), n_together)
        sums = np.add.reduceat(points, starts, axis=0)
        points = sums / np.diff([*starts, len(points)])[:, None]
    return points[:, 0], points[:, 1].astype(np.float32)
