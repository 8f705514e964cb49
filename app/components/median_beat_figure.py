"""The median beat of each lead on ECG paper, with the intervals that are measured on it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from app.components.palette import Palette
from physioclr.ecg_paper import LARGE_BOX_MM, SMALL_BOX_MM, PaperScale
from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.dominant_beat import DominantBeat
from physioclr.physiology.measuring_band import BAND_HZ

__all__ = ["INTERVALS", "median_beat_figure"]

INTERVALS = {"PR": ("p_on", "qrs_on"), "QRS": ("qrs_on", "qrs_off"), "QT": ("qrs_on", "t_off")}
"""Interval → the fiducials it lies between."""

_NEEDED = {"PR": "P wave", "QRS": "QRS complex", "QT": "end of the T wave"}
_COLUMNS = 6
_COLUMN_S = 1.0
_PITCH_MM = 25.0
_ABOVE_MM, _BELOW_MM = 15.0, 15.0
_BRACKETS_MM, _BRACKET_PITCH_MM = 12.0, 4.0
_FULL_WIDTH_PX = 1168


def median_beat_figure(
    beat: DominantBeat,
    palette: Palette,
    gain_mm_per_mv: float = 10.0,
    *,
    speed_mm_per_s: float = 25.0,
    behind: DominantBeat | None = None,
    reasons: Mapping[str, str] | None = None,
) -> go.Figure:
    """Draw the median beats, six a row; say of each interval how long it is, or why not.

    Parameters
    ----------
    beat : DominantBeat
    palette : Palette
    gain_mm_per_mv, speed_mm_per_s : float
        Of the paper; a row is 6 s long at either speed.
    behind : DominantBeat, optional
        Another ECG's, drawn beneath it.
    reasons : mapping of str to str, optional
        Measurement → why it is not measurable, as `Measurements.reasons`: such an interval is not
        drawn.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure, scale = go.Figure(), PaperScale(speed_mm_per_s, gain_mm_per_mv)
    shown = [lead for lead in STANDARD_LEADS if lead in beat.leads]
    shown += [lead for lead in beat.leads if lead not in STANDARD_LEADS]
    n_rows = -(-len(shown) // _COLUMNS)
    pitch_mv = _PITCH_MM / scale.gain_mm_per_mv
    mark_s = -float(beat.time_ms[0]) / 1000
    places = [(lead, *divmod(place, _COLUMNS)) for place, lead in enumerate(shown)]
    for drawn, colour, width in ((behind, palette.trace_behind, 2.8), (beat, palette.trace, 1.3)):
        for lead, row, column in places:
            if drawn is not None and lead in drawn.leads:
                left_s, zero_mv = column * _COLUMN_S, -row * pitch_mv
                figure.add_trace(_beat_trace(drawn, lead, left_s, zero_mv, colour, width))
    for lead, row, column in places:
        figure.add_annotation(
            x=column * _COLUMN_S + 0.02,
            y=-row * pitch_mv + 11.0 / scale.gain_mm_per_mv,
            text=f"<b>{lead}</b>",
            font={"size": 14, "color": palette.ink},
            xanchor="left",
            showarrow=False,
        )
    bottom_mv = -((n_rows - 1) * _PITCH_MM + _BELOW_MM) / scale.gain_mm_per_mv
    n_columns = min(len(shown), _COLUMNS)
    _draw_fiducials(figure, beat, palette, n_columns, mark_s, bottom_mv, 9.0 / gain_mm_per_mv)
    _draw_intervals(figure, beat, palette, scale, mark_s, bottom_mv, reasons or {})
    _rule(figure, palette, scale, n_rows)
    _state_scale(figure, f"{scale} · {_band(beat)} · 0 mV before QRS", palette)
    return figure


def _beat_trace(
    beat: DominantBeat, lead: str, left_s: float, zero_mv: float, colour: str, width: float
) -> go.Scatter:
    signal_mv = beat.signal_mv[beat.leads.index(lead)]
    return go.Scatter(
        x0=left_s,
        dx=float(beat.time_ms[1] - beat.time_ms[0]) / 1000,
        y=signal_mv + np.float32(zero_mv),
        customdata=np.round(np.nan_to_num(signal_mv) * 1000).astype(np.int32),
        name=lead,
        mode="lines",
        line={"color": colour, "width": width, "simplify": False},
        hovertemplate=f"<b>{lead}</b>  %{{customdata}} µV<extra></extra>",
        showlegend=False,
    )


def _draw_fiducials(
    figure: go.Figure,
    beat: DominantBeat,
    palette: Palette,
    n_columns: int,
    mark_s: float,
    bottom_mv: float,
    top_mv: float,
) -> None:
    names = dict.fromkeys(name for ends in INTERVALS.values() for name in ends)
    for name in names:
        at_ms = getattr(beat.fiducials, name)
        for column in range(0 if math.isnan(at_ms) else n_columns):
            at_s = column * _COLUMN_S + mark_s + at_ms / 1000
            figure.add_shape(
                type="line",
                x0=at_s,
                x1=at_s,
                y0=bottom_mv,
                y1=top_mv,
                line={"color": palette.ink_muted, "width": 1, "dash": "dot"},
                layer="below",
            )


def _draw_intervals(
    figure: go.Figure,
    beat: DominantBeat,
    palette: Palette,
    scale: PaperScale,
    mark_s: float,
    bottom_mv: float,
    reasons: Mapping[str, str],
) -> None:
    for lane, (name, (start, end)) in enumerate(INTERVALS.items()):
        y = bottom_mv - (lane * _BRACKET_PITCH_MM + 2.0) / scale.gain_mm_per_mv
        from_ms, to_ms = getattr(beat.fiducials, start), getattr(beat.fiducials, end)
        why = reasons.get(f"{name.lower()}_ms", "")
        if why or math.isnan(to_ms - from_ms):
            _write(figure, 0.02, y, f"<b>{name}</b> {_not_drawn(name, why)}", palette.ink_muted)
            continue
        figure.add_trace(
            go.Scatter(
                x=[mark_s + from_ms / 1000, mark_s + to_ms / 1000],
                y=[y, y],
                mode="lines+markers",
                name=name,
                line={"color": palette.accent, "width": 2},
                marker={"symbol": "line-ns-open", "size": 9, "color": palette.accent},
                hoverinfo="skip",
                showlegend=False,
            )
        )
        said = f"<b>{name}</b> {to_ms - from_ms:.0f} ms"
        _write(figure, mark_s + to_ms / 1000 + 0.02, y, said, palette.ink)


def _write(figure: go.Figure, x: float, y: float, text: str, colour: str) -> None:
    figure.add_annotation(
        x=x, y=y, text=text, font={"size": 13, "color": colour}, xanchor="left", showarrow=False
    )


def _not_drawn(name: str, why: str) -> str:
    """Say why an interval has no bracket."""
    if why:
        return f"not drawn: {why.removeprefix('not measurable: ')}"
    return f"not drawn: no {_NEEDED[name]} in the median beat"


def _band(beat: DominantBeat) -> str:
    """Return the band the beat was measured in, which ends at half its sampling rate."""
    half_hz = 500.0 / float(beat.time_ms[1] - beat.time_ms[0])
    low_hz, high_hz = BAND_HZ
    return f"{low_hz:g}–{min(high_hz, half_hz):g} Hz"


def _rule(figure: go.Figure, palette: Palette, scale: PaperScale, n_rows: int) -> None:
    mm_s, mm_mv = 1 / scale.speed_mm_per_s, 1 / scale.gain_mm_per_mv
    below_mm = (n_rows - 1) * _PITCH_MM + _BELOW_MM + _BRACKETS_MM
    width_s = _COLUMNS * _COLUMN_S
    grid = {"showgrid": True, "zeroline": False, "showticklabels": False, "fixedrange": True}
    major = {"gridcolor": palette.grid_major, "gridwidth": 1, "tick0": 0.0}
    minor = {"showgrid": True, "gridcolor": palette.grid_minor, "gridwidth": 1, "tick0": 0.0}
    figure.update_xaxes(
        range=(0, width_s),
        dtick=LARGE_BOX_MM * mm_s,
        minor={**minor, "dtick": SMALL_BOX_MM * mm_s},
        **grid,
        **major,
    )
    figure.update_yaxes(
        range=(-below_mm * mm_mv, _ABOVE_MM * mm_mv),
        dtick=LARGE_BOX_MM * mm_mv,
        scaleanchor="x",
        scaleratio=1 / scale.mv_per_s,
        constraintoward="top",
        minor={**minor, "dtick": SMALL_BOX_MM * mm_mv},
        **grid,
        **major,
    )
    px_per_mm = _FULL_WIDTH_PX / (width_s * scale.speed_mm_per_s)
    figure.update_layout(
        height=round((below_mm + _ABOVE_MM) * px_per_mm),
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor=palette.paper,
        dragmode=False,
        hovermode="closest",
        showlegend=False,
    )


def _state_scale(figure: go.Figure, text: str, palette: Palette) -> None:
    figure.add_annotation(
        xref="paper",
        yref="paper",
        x=1.0,
        y=0.0,
        xanchor="right",
        yanchor="bottom",
        text=text,
        font={"size": 12, "color": palette.ink_muted},
        showarrow=False,
    )
