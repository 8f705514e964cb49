"""A 12-lead ECG on ECG paper in one Plotly figure.

One pair of axes carries every lead, in seconds and millivolts; rows are offset by a whole number
of large boxes. The millimetre paper is the grid of those axes, and ``scaleanchor`` ties a
millivolt to its seconds, so that boxes are square at any size of the window and at any zoom.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.components.attribution_marks import attribution_marks
from app.components.palette import Palette
from app.components.peaks import keep_peaks
from app.components.wave_bars import wave_bars
from physioclr.ecg_paper import (
    LARGE_BOX_MM,
    PAGE_MM,
    SMALL_BOX_MM,
    PaperCell,
    PaperLayout,
    PaperScale,
    lead_on_paper_mv,
    paper_cells,
    paper_layout,
)
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation

if TYPE_CHECKING:
    from physioclr.attribution import Attribution

__all__ = ["PaperStyle", "ecg_paper"]

MARGIN_LEFT_MM, MARGIN_RIGHT_MM, MARGIN_TOP_MM, MARGIN_BOTTOM_MM = 15.0, 5.0, 20.0, 15.0
PULSE_MV, PULSE_MM = 1.0, 5.0

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
        3 × 4 and a strip of II at 25 mm/s and 10 mm/mV if absent.
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
    """
    style = style or PaperStyle()
    cells = paper_cells(style.layout, style.scale, start_s=start_s, duration_s=record.duration_s)
    figure = go.Figure()
    if behind is not None:
        for cell in cells:
            figure.add_trace(_lead_trace(behind, cell, style, palette.trace_behind, 2.8))
    if attribution is not None:
        figure.add_traces(attribution_marks(attribution, record, cells, style.zero_mv, palette))
    for cell in cells:
        figure.add_trace(_lead_trace(record, cell, style, palette.trace, 1.1))
    if delineation is not None:
        figure.add_traces(wave_bars(delineation, cells, style.zero_mv, style.scale, palette))
    figure.add_trace(_calibration(style, start_s, palette))
    _name_leads(figure, record, cells, style, palette)
    _separate_columns(figure, style, start_s, palette)
    _rule_paper(figure, style, start_s, palette)
    _state_scale(figure, f"{style.scale} · {remark}", palette)
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
        customdata=_whole_microvolts(drawn),
        name=cell.lead,
        mode="lines",
        line={"color": colour, "width": width, "simplify": False},
        hovertemplate=f"<b>{cell.lead}</b>  %{{x:.3f}} s  %{{customdata}} µV<extra></extra>",
        showlegend=False,
    )


def _whole_microvolts(signal_mv: NDArray[np.float32]) -> NDArray[np.int16]:
    limit = np.iinfo(np.int16).max
    microvolts = np.clip(np.nan_to_num(signal_mv) * 1000.0, -limit, limit)
    return np.asarray(np.round(microvolts), dtype=np.int16)


def _calibration(style: PaperStyle, start_s: float, palette: Palette) -> go.Scatter:
    mm_s = 1.0 / style.scale.speed_mm_per_s
    left_s = start_s + (2.0 - MARGIN_LEFT_MM) * mm_s
    rise_s = left_s + 2.0 * mm_s
    fall_s = rise_s + PULSE_MM * mm_s
    x: list[float | None] = []
    y: list[float | None] = []
    for row in range(style.layout.n_rows):
        zero = style.zero_mv(row)
        x += [left_s, rise_s, rise_s, fall_s, fall_s, fall_s + 2.0 * mm_s, None]
        y += [zero, zero, zero + PULSE_MV, zero + PULSE_MV, zero, zero, None]
    return go.Scatter(
        x=x,
        y=y,
        name="calibration",
        mode="lines",
        line={"color": palette.trace, "width": 1.2},
        hoverinfo="skip",
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


def _rule_paper(figure: go.Figure, style: PaperStyle, start_s: float, palette: Palette) -> None:
    mm_s, mm_mv = 1.0 / style.scale.speed_mm_per_s, 1.0 / style.scale.gain_mm_per_mv
    width_mm = MARGIN_LEFT_MM + PAGE_MM + MARGIN_RIGHT_MM
    below_mm = (style.layout.n_rows - 1) * style.layout.pitch_mm + MARGIN_BOTTOM_MM
    boxes = {"showgrid": True, "zeroline": False, "tick0": 0.0}
    major = {"gridcolor": palette.grid_major, "gridwidth": 1}
    minor = {"showgrid": True, "gridcolor": palette.grid_minor, "gridwidth": 1, "tick0": 0.0}
    x_range = start_s - MARGIN_LEFT_MM * mm_s, start_s + (PAGE_MM + MARGIN_RIGHT_MM) * mm_s
    y_range = -below_mm * mm_mv, MARGIN_TOP_MM * mm_mv
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
    height_mm = below_mm + MARGIN_TOP_MM
    figure.update_layout(
        height=round(height_mm * style.magnification * FULL_WIDTH_PX / width_mm) + AXIS_BAND_PX,
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
