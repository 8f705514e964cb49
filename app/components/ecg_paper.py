"""A 12-lead ECG on ECG paper: 25 mm/s and 10 mm/mV, in one Plotly figure.

One pair of axes carries every lead, in seconds and millivolts; rows are offset by a whole number
of large boxes. The millimetre paper is the grid of those axes (minor lines 1 mm = 0.04 s = 0.1 mV,
major lines 5 mm = 0.2 s = 0.5 mV), and ``scaleanchor`` ties 1 mV to 0.4 s, so that boxes are
square at any size of the window (IEC 60601-2-25:2011, 201.12.4.101: 25 mm/s, 10 mm/mV).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.components.palette import Palette
from app.components.peaks import keep_peaks
from physioclr.records import EcgRecord

__all__ = ["LAYOUTS", "PAGE_S", "PaperLayout", "ecg_paper"]

SMALL_BOX_S, SMALL_BOX_MV = 0.04, 0.1
LARGE_BOX_S, LARGE_BOX_MV = 0.2, 0.5
MV_PER_S = SMALL_BOX_MV / SMALL_BOX_S

PAGE_S = 10.0
MARGIN_LEFT_S, MARGIN_RIGHT_S = 0.6, 0.2
PULSE_MV, PULSE_S = 1.0, 0.2

# Drawn points per 2.5 s of one lead: 500 Hz passes untouched.
MAX_POINTS_PER_COLUMN = 1250
COLUMN_S = 2.5

FULL_WIDTH_PX = 1168
AXIS_BAND_PX = 50


@dataclass(frozen=True)
class PaperLayout:
    """Which lead stands where.

    Parameters
    ----------
    rows : tuple of tuple of str
        The leads of each row, left to right; all rows share the page's 10 s evenly.
    rhythm : str or None
        The lead of a last row that runs the whole page.
    pitch_mv : float
        Distance of two rows, a whole number of large boxes.
    """

    rows: tuple[tuple[str, ...], ...]
    rhythm: str | None
    pitch_mv: float

    @property
    def all_rows(self) -> tuple[tuple[str, ...], ...]:
        return self.rows if self.rhythm is None else (*self.rows, (self.rhythm,))

    @property
    def y_range_mv(self) -> tuple[float, float]:
        return -(len(self.all_rows) - 1) * self.pitch_mv - 1.5, 2.0


LAYOUTS = {
    "3 × 4 + II": PaperLayout(
        rows=(
            ("I", "aVR", "V1", "V4"),
            ("II", "aVL", "V2", "V5"),
            ("III", "aVF", "V3", "V6"),
        ),
        rhythm="II",
        pitch_mv=3.0,
    ),
    "12 × 1": PaperLayout(
        rows=tuple(
            (lead,)
            for lead in (
                *("I", "II", "III", "aVR", "aVL", "aVF"),
                *("V1", "V2", "V3", "V4", "V5", "V6"),
            )
        ),
        rhythm=None,
        pitch_mv=2.0,
    ),
}


@dataclass(frozen=True)
class _Cell:
    """One lead's place: its window of the record and where that window lands on the page."""

    lead: str
    row: int
    shown_at_s: float
    from_s: float
    to_s: float


def ecg_paper(
    record: EcgRecord,
    palette: Palette,
    *,
    start_s: float = 0.0,
    layout: PaperLayout = LAYOUTS["3 × 4 + II"],
    behind: EcgRecord | None = None,
) -> go.Figure:
    """Draw one page of a record.

    Parameters
    ----------
    record : EcgRecord
        Each lead is drawn about its own median, as an ECG machine's high-pass would centre it.
    palette : Palette
    start_s : float
        Where in the record the page begins, in s.
    layout : PaperLayout
    behind : EcgRecord, optional
        A second record drawn beneath the first in another colour, lead over lead.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    figure = go.Figure()
    cells = _cells(record, layout, start_s)
    if behind is not None:
        for cell in cells:
            figure.add_trace(_lead_trace(behind, cell, layout, palette.trace_behind, 2.8))
    for cell in cells:
        figure.add_trace(_lead_trace(record, cell, layout, palette.trace, 1.1))
    figure.add_trace(_calibration(layout, start_s, palette))
    _name_leads(figure, record, cells, layout, palette)
    _separate_columns(figure, layout, start_s, palette)
    _rule_paper(figure, layout, start_s, palette)
    return figure


def _cells(record: EcgRecord, layout: PaperLayout, start_s: float) -> list[_Cell]:
    # A record shorter than the page would leave its right-hand columns empty if time ran on across
    # them, so there every column begins with the record's first sample.
    runs_on = record.duration_s >= PAGE_S - 0.05
    cells = []
    for row, leads in enumerate(layout.all_rows):
        width_s = PAGE_S / len(leads)
        for column, lead in enumerate(leads):
            at_s = start_s + column * width_s
            from_s = at_s if runs_on else start_s
            cells.append(_Cell(lead, row, at_s, from_s, from_s + width_s))
    return cells


def _lead_trace(
    record: EcgRecord, cell: _Cell, layout: PaperLayout, colour: str, width: float
) -> go.Scatter:
    first, last = (round(t * record.fs_hz) for t in (cell.from_s, cell.to_s))
    shown = (
        _centred(record.lead_mv(cell.lead))[first:last]
        if cell.lead in record.leads
        else np.empty(0, dtype=np.float32)
    )
    budget = round(MAX_POINTS_PER_COLUMN * (cell.to_s - cell.from_s) / COLUMN_S)
    drawn, stride_samples = keep_peaks(shown, budget)
    return go.Scatter(
        x0=cell.shown_at_s,
        dx=stride_samples / record.fs_hz,
        y=drawn - np.float32(cell.row * layout.pitch_mv),
        customdata=_whole_microvolts(drawn),
        name=cell.lead,
        mode="lines",
        line={"color": colour, "width": width, "simplify": False},
        hovertemplate=f"<b>{cell.lead}</b>  %{{x:.3f}} s  %{{customdata}} µV<extra></extra>",
        showlegend=False,
    )


def _centred(lead_mv: NDArray[np.float32]) -> NDArray[np.float32]:
    known = lead_mv[np.isfinite(lead_mv)]
    return lead_mv - np.float32(np.median(known)) if len(known) else lead_mv


def _whole_microvolts(signal_mv: NDArray[np.float32]) -> NDArray[np.int16]:
    limit = np.iinfo(np.int16).max
    microvolts = np.clip(np.nan_to_num(signal_mv) * 1000.0, -limit, limit)
    return np.asarray(np.round(microvolts), dtype=np.int16)


def _calibration(layout: PaperLayout, start_s: float, palette: Palette) -> go.Scatter:
    left_s = start_s - MARGIN_LEFT_S + 0.08
    rise_s, fall_s = left_s + 0.08, left_s + 0.08 + PULSE_S
    x: list[float | None] = []
    y: list[float | None] = []
    for row in range(len(layout.all_rows)):
        zero = -row * layout.pitch_mv
        x += [left_s, rise_s, rise_s, fall_s, fall_s, fall_s + 0.08, None]
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
    cells: list[_Cell],
    layout: PaperLayout,
    palette: Palette,
) -> None:
    for cell in cells:
        missing = cell.lead not in record.leads
        figure.add_annotation(
            x=cell.shown_at_s + 0.04,
            y=-cell.row * layout.pitch_mv + min(1.15, layout.pitch_mv / 2),
            text=f"{cell.lead} – not recorded" if missing else f"<b>{cell.lead}</b>",
            font={"size": 14, "color": palette.ink_muted if missing else palette.ink},
            xanchor="left",
            yanchor="middle",
            borderpad=1,
            showarrow=False,
        )


def _separate_columns(
    figure: go.Figure, layout: PaperLayout, start_s: float, palette: Palette
) -> None:
    for row, leads in enumerate(layout.all_rows):
        zero = -row * layout.pitch_mv
        for column in range(1, len(leads)):
            at_s = start_s + column * PAGE_S / len(leads)
            figure.add_shape(
                type="line",
                x0=at_s,
                x1=at_s,
                y0=zero - 0.3,
                y1=zero + 0.3,
                line={"color": palette.ink_muted, "width": 1.2},
                layer="below",
            )


def _rule_paper(figure: go.Figure, layout: PaperLayout, start_s: float, palette: Palette) -> None:
    x_range = start_s - MARGIN_LEFT_S, start_s + PAGE_S + MARGIN_RIGHT_S
    y_range = layout.y_range_mv
    boxes = {"showgrid": True, "zeroline": False, "tick0": 0.0}
    major = {"gridcolor": palette.grid_major, "gridwidth": 1}
    minor = {"showgrid": True, "gridcolor": palette.grid_minor, "gridwidth": 1, "tick0": 0.0}
    figure.update_xaxes(
        range=x_range,
        dtick=LARGE_BOX_S,
        ticklabelstep=5,
        ticksuffix=" s",
        tickformat="d",
        tickfont={"size": 12, "color": palette.ink_muted},
        minor={**minor, "dtick": SMALL_BOX_S},
        **boxes,
        **major,
    )
    figure.update_yaxes(
        range=y_range,
        dtick=LARGE_BOX_MV,
        showticklabels=False,
        scaleanchor="x",
        scaleratio=1 / MV_PER_S,
        constraintoward="top",
        minor={**minor, "dtick": SMALL_BOX_MV},
        **boxes,
        **major,
    )
    seconds_high = (y_range[1] - y_range[0]) / MV_PER_S
    px_per_s = FULL_WIDTH_PX / (x_range[1] - x_range[0])
    figure.add_annotation(
        xref="paper",
        yref="paper",
        x=0.0,
        y=0.0,
        xanchor="left",
        yanchor="top",
        yshift=-24,
        text="25 mm/s · 10 mm/mV · each lead about its median",
        font={"size": 12, "color": palette.ink_muted},
        showarrow=False,
    )
    figure.update_layout(
        height=round(seconds_high * px_per_s) + AXIS_BAND_PX,
        margin={"l": 0, "r": 0, "t": 0, "b": AXIS_BAND_PX},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor=palette.paper,
        dragmode=False,
        hovermode="closest",
        hoverdistance=12,
        showlegend=False,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": palette.ink_muted},
    )
