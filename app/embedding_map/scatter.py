"""The embedding map as a figure: one point an ECG, coloured by a number or by a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

from app.components.palette import Palette

__all__ = ["Groups", "Numbers", "Place", "Points", "colour_note", "map_figure"]

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
_MOST_GROUPS = 18
_OTHERS = "others"
# Even steps of an even scale are even: only the end that the background swallows is left out.
_N_STEPS = 48
"""Of a colour scale. Plotly's WebGL has a palette of 255 colours for all that a map shows one after
another, and each counts again once points are faded; beyond, points get the colours of others."""


def _in_steps(name: str, low: float, high: float) -> list[tuple[float, str]]:
    """Return a part of a colour scale in steps too small to see."""
    colours = sample_colorscale(name, np.linspace(low, high, _N_STEPS))
    edges = np.linspace(0.0, 1.0, _N_STEPS + 1).tolist()
    return [(edges[i + side], colour) for i, colour in enumerate(colours) for side in (0, 1)]


_SCALE_LIGHT = _in_steps("Viridis", 0.0, 0.93)
_SCALE_DARK = _in_steps("Viridis", 0.18, 1.0)
_CYCLIC_SCALE = _in_steps("Phase", 0.0, 1.0)
_CLIP_PCT = (2.0, 98.0)
# A point's diameter up to so many points.
_SIZES_PX = ((3_000, 7.0), (30_000, 5.0))
_SMALLEST_PX = 3.0
_NAMED_UP_TO = 5_000
_NEVER_FADED = {"marker": {"opacity": 1.0}}


@dataclass(frozen=True, eq=False)
class Numbers:
    """A number an ECG.

    Parameters
    ----------
    title, unit : str
    decimals : int
    values : (n,) float array
        NaN where unknown.
    cyclic : bool
        Whether it is an angle in degrees.
    unknown : str
        What an ECG without one is called.
    """

    title: str
    unit: str
    decimals: int
    values: NDArray[np.floating]
    cyclic: bool = False
    unknown: str = "not measurable"

    @property
    def span(self) -> tuple[float, float]:
        """The values that have the two ends of the scale: robust percentiles."""
        if self.cyclic:
            return -180.0, 180.0
        known = self.values[np.isfinite(self.values)]
        low, high = np.percentile(known, _CLIP_PCT) if known.size else (0.0, 1.0)
        return float(low), float(high)

    def of(self, here: NDArray[Any]) -> Numbers:
        """Return the numbers of some of the ECGs."""
        return replace(self, values=self.values[here])

    def written(self, value: float) -> str:
        """Write a value without its unit."""
        return f"{value:.{self.decimals}f}".replace("-", "−")


@dataclass(frozen=True, eq=False)
class Groups:
    """A group an ECG.

    Parameters
    ----------
    title : str
    names : tuple of str
    codes : (n,) int array
        Places in `names`; −1 where unknown.
    unknown : str
        What those are called.
    order : tuple of int
        The codes in the order in which they are given hues; the most frequent first where empty.
    """

    title: str
    names: tuple[str, ...]
    codes: NDArray[np.integer]
    unknown: str = "unknown"
    order: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Order the groups, so that parts of them keep their colours."""
        if not self.order:
            counts = np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))
            order = tuple(int(code) for code in np.argsort(-counts, kind="stable"))
            object.__setattr__(self, "order", order)

    def of(self, here: NDArray[Any]) -> Groups:
        """Return the groups of some of the ECGs, which keep their colours."""
        return replace(self, codes=self.codes[here])


@dataclass(frozen=True, eq=False)
class Points:
    """Where the ECGs lie, and what they are known by.

    Parameters
    ----------
    xy : (n, 2) float32
    rows : (n,) int
        In the cohort; each point's ``customdata``.
    ids : (n,) sequence of str
        Shown at a point of a map that has few.
    """

    xy: NDArray[np.float32]
    rows: NDArray[np.intp]
    ids: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Place:
    """A place that is marked on the map.

    Parameters
    ----------
    x, y : float
    name : str
        Of what lies there.
    kind : {"read", "near", "sought"}
        The ECG being read, one of its neighbours, or what was looked for.
    """

    x: float
    y: float
    name: str
    kind: str


_MARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "near": ("its nearest neighbours", {"symbol": "circle-open", "size": 14}),
    "sought": ("found by its id", {"symbol": "circle-open", "size": 22}),
    "read": ("the ECG being read", {"symbol": "star", "size": 20, "color": "#E4572E"}),
}


def map_figure(
    points: Points,
    colours: Numbers | Groups,
    palette: Palette,
    *,
    places: Sequence[Place] = (),
    layout_of: str = "",
    height: int = 620,
) -> go.Figure:
    """Draw a map.

    Parameters
    ----------
    points : Points
    colours : Numbers or Groups
        One of each point. What is not known is grey, and beneath the rest.
    palette : Palette
    places : sequence of Place
    layout_of : str
        Names what is laid out and how: the part in sight stays while it is the same.
    height : int

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure()
    if isinstance(colours, Numbers):
        _add_numbers(figure, points, colours, palette)
    else:
        _add_groups(figure, points, colours, palette)
    for kind, (name, marker) in _MARKS.items():
        of_kind = [place for place in places if place.kind == kind]
        if of_kind:
            figure.add_trace(_marks(of_kind, name, marker, palette))
    figure.update_layout(**_layout(palette, height, layout_of))
    figure.update_layout(margin_t=64 if isinstance(colours, Numbers) else 8)
    return figure


def colour_note(colours: Numbers | Groups) -> str:
    """Say what the colours stand for, and what has none."""
    if isinstance(colours, Groups):
        n_unknown = int((colours.codes < 0).sum())
        return f"Grey: {colours.unknown}, {n_unknown:,} ECGs." if n_unknown else ""
    n_unknown = int((~np.isfinite(colours.values)).sum())
    grey = f" Grey: {colours.unknown}, {n_unknown:,} ECGs." if n_unknown else ""
    if colours.cyclic:
        return f"The scale is a circle: −180° and 180° have one colour.{grey}"
    low, high = map(colours.written, colours.span)
    return (
        f"Colours span {low} to {high} {colours.unit}".rstrip()
        + f", the 2nd to the 98th percentile; what lies beyond has the colour of the end.{grey}"
    )


def _add_numbers(figure: go.Figure, points: Points, colours: Numbers, palette: Palette) -> None:
    known = np.isfinite(colours.values)
    if (~known).any():
        name = f"{colours.unknown} ({(~known).sum():,})"
        grey = {"color": palette.not_measurable}
        figure.add_trace(_trace(points, ~known, grey, name, colours.unknown))
    if known.any():
        marker = {
            "color": colours.values[known].astype(np.float32),
            **_scale(colours, palette),
            "colorbar": _colour_bar(colours, palette),
        }
        value = f"%{{marker.color:.{colours.decimals}f}} {colours.unit}"
        trace = _trace(points, known, marker, colours.title, value, n_drawn=len(points))
        figure.add_trace(trace.update(showlegend=False))


def _scale(colours: Numbers, palette: Palette) -> dict[str, Any]:
    low, high = colours.span
    even = _SCALE_DARK if palette.is_dark else _SCALE_LIGHT
    return {
        "colorscale": _CYCLIC_SCALE if colours.cyclic else even,
        "cmin": low,
        "cmax": high if high > low else low + 1.0,
    }


def _colour_bar(colours: Numbers, palette: Palette) -> dict[str, Any]:
    low, high = colours.span
    at = np.linspace(low, high, 5) if high > low else np.array([low])
    said = [colours.written(value) for value in at]
    if not colours.cyclic and len(said) > 1:
        said[0], said[-1] = f"≤ {said[0]}", f"≥ {said[-1]}"
    title = f"{colours.title} ({colours.unit})" if colours.unit else colours.title
    return {
        "title": {"text": title, "side": "top"},
        "orientation": "h",
        "x": 0.5,
        "y": 1.0,
        "yanchor": "bottom",
        "len": 0.8,
        "thickness": 10,
        "outlinewidth": 0,
        "tickvals": at.tolist(),
        "ticktext": said,
        "tickfont": {"size": 12, "color": palette.ink_muted},
    }


def _add_groups(figure: go.Figure, points: Points, colours: Groups, palette: Palette) -> None:
    codes = np.asarray(colours.codes)
    if (codes < 0).any():
        name = f"{colours.unknown} ({(codes < 0).sum():,})"
        grey = {"color": palette.not_measurable}
        figure.add_trace(_trace(points, codes < 0, grey, name, colours.unknown))
    counts = np.bincount(codes[codes >= 0], minlength=len(colours.names))
    shown, rest = colours.order[:_MOST_GROUPS], colours.order[_MOST_GROUPS:]
    hues = _CATEGORY_COLOURS_DARK if palette.is_dark else _CATEGORY_COLOURS
    for place, code in enumerate(shown):
        if not counts[code]:
            continue
        marker = {
            "color": hues[place % len(hues)],
            "symbol": _SHAPES[place // len(hues)],
        }
        name = colours.names[code]
        said = f"{name} ({counts[code]:,})"
        trace = _trace(points, codes == code, marker, said, name, n_drawn=len(points))
        figure.add_trace(trace)
    others = np.isin(codes, rest)
    if others.any():
        said = f"{_OTHERS} ({others.sum():,})"
        marker = {"color": palette.ink_muted, "symbol": "x"}
        figure.add_trace(_trace(points, others, marker, said, _OTHERS, n_drawn=len(points)))


def _trace(
    points: Points,
    here: NDArray[np.bool_],
    marker: Mapping[str, object],
    name: str,
    value: str,
    *,
    n_drawn: int | None = None,
) -> go.Scattergl:
    n_drawn = len(points) if n_drawn is None else n_drawn
    size = next((px for most, px in _SIZES_PX if n_drawn <= most), _SMALLEST_PX)
    named = n_drawn <= _NAMED_UP_TO
    heading = "%{text}" if named else "ECG in row %{customdata}"
    return go.Scattergl(
        x=points.xy[here, 0],
        y=points.xy[here, 1],
        customdata=points.rows[here].astype(np.int32),
        text=points.ids[here].tolist() if named else None,
        mode="markers",
        name=name,
        marker={"size": size, "opacity": 0.85, "line": {"width": 0}, **marker},
        hovertemplate=f"{heading}<br>{value}<extra></extra>",
        selected={"marker": {"opacity": 1.0, "size": size + 2}},
        unselected={"marker": {"opacity": 0.18}},
    )


def _marks(
    places: Sequence[Place], name: str, marker: Mapping[str, Any], palette: Palette
) -> go.Scattergl:
    line = {"color": palette.ink, "width": 1.6}
    return go.Scattergl(
        x=[place.x for place in places],
        y=[place.y for place in places],
        mode="markers",
        name=name,
        marker={"color": palette.ink, "line": line, **marker},
        text=[place.name for place in places],
        unselected=_NEVER_FADED,
        hovertemplate="%{text}<extra></extra>",
        hoverinfo="skip" if name == _MARKS["near"][0] else None,
    )


def _layout(palette: Palette, height: int, layout_of: str) -> dict[str, Any]:
    axis = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "showline": True,
        "mirror": True,
        "linecolor": palette.grid_line,
    }
    return {
        "xaxis": axis,
        "yaxis": axis,
        "height": height,
        "margin": {"l": 2, "r": 2, "t": 8, "b": 2},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": palette.ink, "size": 13},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": -0.02,
            "yanchor": "top",
            "itemsizing": "constant",
            "font": {"size": 13},
        },
        "dragmode": "lasso",
        "hovermode": "closest",
        "newselection": {"line": {"color": palette.accent, "width": 2, "dash": "solid"}},
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": palette.ink_muted,
            "activecolor": palette.accent,
        },
        "uirevision": layout_of or "map",
        "showlegend": True,
    }
