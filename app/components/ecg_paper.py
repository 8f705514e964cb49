"""A 12-lead ECG on ECG paper in one Plotly figure.

One pair of axes carries every lead, in seconds and millivolts; rows are offset by a whole number
of large boxes. The millimetre paper is the grid of those axes, and ``scaleanchor`` ties a
millivolt to its seconds, so that boxes are square at any size of the window and at any zoom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.components.attribution_marks import attribution_marks
from app.components.palette import Palette
from app.components.peaks import keep_peaks
from app.components.wave_bars import wave_bars
from physioclr.ecg_paper import (
    BEYOND_PAPER,
    LARGE_BOX_MM,
    PAGE_MM,
    SMALL_BOX_MM,
    PaperCell,
    PaperLayout,
    PaperScale,
    calibration_pulse_mm,
    lead_on_paper_mv,
    leaves_paper,
    paper_cells,
    paper_layout,
    pulse_rows,
    record_layout,
)
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation

if TYPE_CHECKING:
    from physioclr.prediction.attribution import Attribution

__all__ = ["PaperStyle", "ecg_paper"]

MARGIN_LEFT_MM, MARGIN_RIGHT_MM = 15.0, 5.0
# Above the first row and below the last one, at least and at most: they grow with the waves.
MARGIN_TOP_MM, MARGIN_BOTTOM_MM = (20.0, 50.0), (15.0, 40.0)
_CLEAR_MM = 1.0
_ENDS = (np.nanmin, np.nanmax)

# Drawn points a millimetre of paper: 500 Hz passes untouched at 25 mm/s.
MAX_POINTS_PER_MM = 20

FULL_WIDTH_PX = 1168
AXIS_BAND_PX = 50


@dataclass(frozen=True)
class PaperStyle:
    """How an ECG is drawn.

    Parameters
    ----------
    scale : PaperScale
    layout : PaperLayout
    magnification : int
        Of the width it has on a page of 1280 px.
    calipers : bool
        Whether a drag draws a box, which measures.
    """

    scale: PaperScale = field(default_factory=PaperScale)
    layout: PaperLayout = field(default_factory=paper_layout)
    magnification: int = 1
    calipers: bool = False

    @property
    def pitch_mv(self) -> float:
        """Distance of two rows."""
        return self.layout.pitch_mm / self.scale.gain_mm_per_mv

    def zero_mv(self, row: int) -> float:
        """Where a row's 0 mV lies on the figure's axis."""
        return -row * self.pitch_mv

    @property
    def px_per_mm(self) -> float:
        """Pixels of a millimetre of paper on a page of 1280 px."""
        paper_mm = MARGIN_LEFT_MM + PAGE_MM + MARGIN_RIGHT_MM
        return self.magnification * FULL_WIDTH_PX / paper_mm

    @property
    def ms_per_px(self) -> float:
        """Milliseconds that a pixel stands for there."""
        return 1000.0 / (self.scale.speed_mm_per_s * self.px_per_mm)


def ecg_paper(
    record: EcgRecord,
    palette: Palette,
    *,
    start_s: float = 0.0,
    style: PaperStyle | None = None,
    behind: EcgRecord | None = None,
    delineation: Delineation | None = None,
    attribution: Attribution | None = None,
    remark: str = "each lead about its median",
) -> go.Figure:
    """Draw one page of a record.

    Parameters
    ----------
    record : EcgRecord
    palette : Palette
    start_s : float
        Where in the record the page begins, in s.
    style : PaperStyle, optional
        If absent 25 mm/s and 10 mm/mV, laid out as `record_layout` lays out the record.
    behind : EcgRecord, optional
        A second record drawn beneath the first in another colour, lead over lead.
    delineation : Delineation, optional
        Of the record: its waves are drawn below the leads.
    attribution : Attribution, optional
        Of the record: what speaks for and against a label is marked beneath the traces.
    remark : str
        What stands beside the scale.

    Returns
    -------
    plotly.graph_objects.Figure
        The paper is as high as the waves need, up to `MARGIN_TOP_MM` and `MARGIN_BOTTOM_MM`. What
        goes on beyond it is marked, and said beside the scale.
    """
    style = style or PaperStyle(layout=record_layout(record))
    cells = paper_cells(style.layout, style.scale, start_s=start_s, duration_s=record.duration_s)
    figure = go.Figure()
    if behind is not None:
        for cell in cells:
            figure.add_trace(_lead_trace(behind, cell, style, palette.trace_behind, 2.8))
    if attribution is not None:
        figure.add_traces(attribution_marks(attribution, record, cells, style.zero_mv, palette))
    leads = [_lead_trace(record, cell, style, palette.trace, 1.1) for cell in cells]
    figure.add_traces(leads)
    drawn = [trace for trace in figure.data if trace.name in style.layout.leads]
    edges_mm = _edges_mm(drawn, style)
    if delineation is not None:
        figure.add_traces(wave_bars(delineation, cells, style.zero_mv, style.scale, palette))
    marks = _marks_of_cut_waves(leads, edges_mm, style, palette)
    figure.add_traces(marks)
    figure.add_trace(_calibration(style, start_s, palette))
    _name_leads(figure, record, cells, style, palette)
    _separate_columns(figure, style, start_s, palette)
    _rule_paper(figure, style, start_s, edges_mm, palette)
    stated = [str(style.scale), remark, *([BEYOND_PAPER] if marks else [])]
    if any(cell.moved_s for cell in cells):
        figure.update_xaxes(showticklabels=False)
        stated.append(f"each column from {start_s:g} s")
    _state_scale(figure, " · ".join(stated), palette)
    return figure


def _lead_trace(
    record: EcgRecord, cell: PaperCell, style: PaperStyle, colour: str, width: float
) -> go.Scatter:
    first, last = (round(t * record.fs_hz) for t in (cell.from_s, cell.to_s))
    lead_mv = lead_on_paper_mv(record, cell.lead)
    shown = np.empty(0, dtype=np.float32) if lead_mv is None else lead_mv[first:last]
    length_mm = (cell.to_s - cell.from_s) * style.scale.speed_mm_per_s
    drawn, stride_samples = keep_peaks(shown, round(MAX_POINTS_PER_MM * length_mm))
    return go.Scatter(
        x0=cell.shown_at_s,
        dx=stride_samples / record.fs_hz,
        y=drawn + np.float32(style.zero_mv(cell.row)),
        name=cell.lead,
        mode="lines",
        line={"color": colour, "width": width, "simplify": False},
        showlegend=False,
        **_hover(drawn, cell, stride_samples / record.fs_hz),
    )


def _hover(drawn_mv: NDArray[np.float32], cell: PaperCell, step_s: float) -> dict[str, Any]:
    """Say the record's time and the voltage at the pointer."""
    microvolts = _whole_microvolts(drawn_mv)
    if not cell.moved_s:
        said = "%{x:.3f} s  %{customdata} µV"
        return {"customdata": microvolts, "hovertemplate": _hover_text(cell.lead, said)}
    time_s = np.round(cell.from_s + np.arange(len(drawn_mv)) * step_s, 3)
    said = "%{customdata[1]} s  %{customdata[0]} µV"
    return {
        "customdata": np.column_stack([microvolts, time_s]),
        "hovertemplate": _hover_text(cell.lead, said),
    }


def _hover_text(lead: str, said: str) -> str:
    return f"<b>{lead}</b>  {said}<extra></extra>"


def _whole_microvolts(signal_mv: NDArray[np.float32]) -> NDArray[np.int16]:
    limit = np.iinfo(np.int16).max
    microvolts = np.clip(np.nan_to_num(signal_mv) * 1000.0, -limit, limit)
    return np.asarray(np.round(microvolts), dtype=np.int16)


def _calibration(style: PaperStyle, start_s: float, palette: Palette) -> go.Scatter:
    scale = style.scale
    x_mm, y_mm = calibration_pulse_mm(scale)
    x: list[float | None] = []
    y: list[float | None] = []
    for row in pulse_rows(style.layout.n_rows, style.layout.pitch_mm, scale):
        x += [*(start_s + at / scale.speed_mm_per_s for at in x_mm), None]
        y += [*(style.zero_mv(row) + at / scale.gain_mm_per_mv for at in y_mm), None]
    return go.Scatter(
        x=x,
        y=y,
        name="calibration",
        mode="lines",
        line={"color": palette.trace, "width": 1.2},
        hoverinfo="skip",
        showlegend=False,
    )


def _edges_mm(traces: Sequence[go.Scatter], style: PaperStyle) -> tuple[float, float]:
    """Return how far the paper reaches below the first row's 0 mV, negative, and above it."""
    gain = style.scale.gain_mm_per_mv
    last_row_mm = (style.layout.n_rows - 1) * style.layout.pitch_mm
    ends = [gain * float(end(t.y)) for t in traces for end in _ENDS if np.isfinite(t.y).any()]
    above_mm = _in_large_boxes(max(ends, default=0.0), MARGIN_TOP_MM)
    below_mm = _in_large_boxes(-min(ends, default=0.0) - last_row_mm, MARGIN_BOTTOM_MM)
    return -last_row_mm - below_mm, above_mm


def _in_large_boxes(needed_mm: float, limits_mm: tuple[float, float]) -> float:
    boxes = LARGE_BOX_MM * math.ceil((needed_mm + _CLEAR_MM) / LARGE_BOX_MM)
    least, most = limits_mm
    return min(max(boxes, least), most)


def _marks_of_cut_waves(
    traces: Sequence[go.Scatter],
    edges_mm: tuple[float, float],
    style: PaperStyle,
    palette: Palette,
) -> list[go.Scatter]:
    """Mark where a wave goes on beyond the paper, as the print does."""
    lowest, highest = (edge / style.scale.gain_mm_per_mv for edge in edges_mm)
    inward = 1.5 / style.scale.gain_mm_per_mv
    marks = []
    for trace in traces:
        above, below = leaves_paper(trace.y, lowest, highest)
        for at, y, symbol in (
            (above, highest - inward, "triangle-up"),
            (below, lowest + inward, "triangle-down"),
        ):
            if len(at):
                marks.append(_cut_marks(trace, at, y, symbol, palette))
    return marks


def _cut_marks(
    trace: go.Scatter, at: NDArray[np.intp], y: float, symbol: str, palette: Palette
) -> go.Scatter:
    return go.Scatter(
        x=trace.x0 + at * trace.dx,
        y=np.full(len(at), y),
        name="beyond the paper",
        mode="markers",
        marker={"symbol": symbol, "size": 9, "color": palette.trace},
        hovertemplate=_hover_text(trace.name, "goes on beyond the paper"),
        showlegend=False,
    )


def _name_leads(
    figure: go.Figure,
    record: EcgRecord,
    cells: list[PaperCell],
    style: PaperStyle,
    palette: Palette,
) -> None:
    above_mm = min(11.5, style.layout.pitch_mm / 2)
    for cell in cells:
        missing = lead_on_paper_mv(record, cell.lead) is None
        figure.add_annotation(
            x=cell.shown_at_s + 1.0 / style.scale.speed_mm_per_s,
            y=style.zero_mv(cell.row) + above_mm / style.scale.gain_mm_per_mv,
            text=f"{cell.lead} – not recorded" if missing else f"<b>{cell.lead}</b>",
            font={"size": 14, "color": palette.ink_muted if missing else palette.ink},
            xanchor="left",
            yanchor="middle",
            borderpad=1,
            showarrow=False,
        )


def _separate_columns(
    figure: go.Figure, style: PaperStyle, start_s: float, palette: Palette
) -> None:
    half_mv = 3.0 / style.scale.gain_mm_per_mv
    for row in range(len(style.layout.rows)):
        zero = style.zero_mv(row)
        for column in range(1, style.layout.n_columns):
            at_s = start_s + column * style.scale.page_s / style.layout.n_columns
            figure.add_shape(
                type="line",
                x0=at_s,
                x1=at_s,
                y0=zero - half_mv,
                y1=zero + half_mv,
                line={"color": palette.ink_muted, "width": 1.2},
                layer="below",
            )


def _rule_paper(
    figure: go.Figure,
    style: PaperStyle,
    start_s: float,
    edges_mm: tuple[float, float],
    palette: Palette,
) -> None:
    mm_s, mm_mv = 1.0 / style.scale.speed_mm_per_s, 1.0 / style.scale.gain_mm_per_mv
    boxes = {"showgrid": True, "zeroline": False, "tick0": 0.0}
    major = {"gridcolor": palette.grid_major, "gridwidth": 1}
    minor = {"showgrid": True, "gridcolor": palette.grid_minor, "gridwidth": 1, "tick0": 0.0}
    x_range = start_s - MARGIN_LEFT_MM * mm_s, start_s + (PAGE_MM + MARGIN_RIGHT_MM) * mm_s
    lowest_mm, highest_mm = edges_mm
    y_range = lowest_mm * mm_mv, highest_mm * mm_mv
    figure.update_xaxes(
        range=x_range,
        fixedrange=True,
        dtick=LARGE_BOX_MM * mm_s,
        ticklabelstep=round(style.scale.speed_mm_per_s / LARGE_BOX_MM),
        ticksuffix=" s",
        tickformat="d",
        tickfont={"size": 12, "color": palette.ink_muted},
        minor={**minor, "dtick": SMALL_BOX_MM * mm_s},
        **boxes,
        **major,
    )
    figure.update_yaxes(
        range=y_range,
        fixedrange=True,
        dtick=LARGE_BOX_MM * mm_mv,
        showticklabels=False,
        scaleanchor="x",
        scaleratio=1 / style.scale.mv_per_s,
        constraintoward="top",
        minor={**minor, "dtick": SMALL_BOX_MM * mm_mv},
        **boxes,
        **major,
    )
    figure.update_layout(
        height=round((highest_mm - lowest_mm) * style.px_per_mm) + AXIS_BAND_PX,
        margin={"l": 0, "r": 0, "t": 0, "b": AXIS_BAND_PX},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor=palette.paper,
        dragmode="select" if style.calipers else False,
        newselection={"line": {"color": palette.accent, "width": 2, "dash": "solid"}},
        activeselection={"fillcolor": palette.accent, "opacity": 0.18},
        hovermode="closest",
        hoverdistance=12,
        showlegend=False,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": palette.ink_muted},
    )


def _state_scale(figure: go.Figure, text: str, palette: Palette) -> None:
    figure.add_annotation(
        xref="paper",
        yref="paper",
        x=0.0,
        y=0.0,
        xanchor="left",
        yanchor="top",
        yshift=-24,
        text=text,
        font={"size": 12, "color": palette.ink_muted},
        showarrow=False,
    )
