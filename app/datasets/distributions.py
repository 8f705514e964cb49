"""How labels and measurements are distributed over a cohort, as small figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from app.components.palette import Palette

__all__ = ["Distribution", "histograms", "label_bars"]

_BINS = 30
_BAR_PX = 26
_MOST_LABELS = 40
Distribution = tuple[str, str, ArrayLike]
"""Name, unit and one value an ECG; NaN where not measurable."""


def label_bars(counts: Mapping[str, int], n_known: int, palette: Palette) -> go.Figure:
    """Draw how many ECGs have each label, the commonest first.

    Parameters
    ----------
    counts : mapping of str to int
    n_known : int
        ECGs of which the labels are known.
    palette : Palette

    Returns
    -------
    go.Figure
    """
    commonest = sorted(counts.items(), key=lambda item: item[1], reverse=True)[:_MOST_LABELS]
    names = [name for name, _ in commonest][::-1]
    values = [count for _, count in commonest][::-1]
    shares = [f"{count:,} · {100 * count / max(n_known, 1):.0f} %" for count in values]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=names,
            orientation="h",
            marker_color=palette.series[0],
            text=shares,
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(**_layout(palette, 60 + _BAR_PX * len(names)))
    figure.update_layout(margin={"l": 8, "r": 90, "t": 8, "b": 8})
    figure.update_xaxes(visible=False)
    figure.update_yaxes(automargin=True, showgrid=False)
    return figure


def histograms(values: Sequence[Distribution], palette: Palette, *, columns: int) -> go.Figure:
    """Draw a histogram of each measurement, without its outermost hundredth on either side.

    Parameters
    ----------
    values : sequence of (name, unit, values)
    palette : Palette
    columns : int

    Returns
    -------
    go.Figure
        The share that is not measurable stands in each title.
    """
    rows = -(-len(values) // columns)
    titles = [_title(*one) for one in values]
    figure = make_subplots(rows, columns, subplot_titles=titles, vertical_spacing=0.5 / (rows + 1))
    for place, (_, unit, column) in enumerate(values):
        known = np.asarray(column, dtype=np.float64)
        known = known[np.isfinite(known)]
        if not known.size:
            continue
        low, high = np.percentile(known, [1, 99])
        counts, edges = np.histogram(known, bins=_BINS, range=(low, max(high, low + 1e-9)))
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            marker_color=palette.series[0],
            hovertemplate=f"%{{x:.0f}} {unit}: %{{y}} ECGs<extra></extra>",
            row=place // columns + 1,
            col=place % columns + 1,
        )
    figure.update_layout(**_layout(palette, 210 * rows))
    figure.update_layout(bargap=0, margin={"l": 8, "r": 8, "t": 40, "b": 24})
    figure.update_annotations(font_size=13, font_color=palette.ink)
    figure.update_yaxes(visible=False)
    figure.update_xaxes(showgrid=False, linecolor=palette.grid_line, nticks=5)
    return figure


def _title(name: str, unit: str, column: ArrayLike) -> str:
    unknown = ~np.isfinite(np.asarray(column, dtype=np.float64))
    share = 100 * unknown.mean() if unknown.size else 100.0
    unit_shown = f" ({unit})" if unit else ""
    not_measurable = f"<br><sup>{share:.0f} % not known</sup>" if share >= 0.5 else ""
    return f"{name}{unit_shown}{not_measurable}"


def _layout(palette: Palette, height: int) -> dict[str, object]:
    return {
        "height": height,
        "showlegend": False,
        "paper_bgcolor": palette.background,
        "plot_bgcolor": palette.background,
        "font": {"color": palette.ink, "size": 13},
        "dragmode": False,
    }
