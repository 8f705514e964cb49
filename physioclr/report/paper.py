"""ECG paper in print: the grid, the calibration pulses, the leads."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from physioclr.ecg_paper import (
    LARGE_BOX_MM,
    PAGE_MM,
    SMALL_BOX_MM,
    PaperCell,
    calibration_pulse_mm,
    lead_on_paper_mv,
    leaves_paper,
    paper_cells,
    pulse_rows,
)
from physioclr.records import EcgRecord
from physioclr.report.sheet import INK, QUIET, Sheet

__all__ = ["draw_paper"]

_MAJOR, _MINOR = "#E79A90", "#F6D9D4"


def draw_paper(sheet: Sheet, record: EcgRecord) -> bool:
    """Draw a record on the ECG paper of a sheet.

    Parameters
    ----------
    sheet : Sheet
    record : EcgRecord
        Before the display's filter.

    Returns
    -------
    bool
        Whether a wave goes on beyond the paper; an arrowhead marks where.
    """
    style = sheet.style
    _grid(sheet)
    _pulses(sheet)
    record = style.display.apply(record)
    cells = paper_cells(
        sheet.layout, style.scale, start_s=style.start_s, duration_s=record.duration_s
    )
    cut = [_lead(sheet, record.fs_hz, lead_on_paper_mv(record, c.lead), c) for c in cells]
    _columns(sheet)
    return any(cut)


def _grid(sheet: Sheet) -> None:
    for step, colour, points in ((SMALL_BOX_MM, _MINOR, 0.25), (LARGE_BOX_MM, _MAJOR, 0.45)):
        x = np.arange(sheet.left_mm, sheet.right_mm + step / 2, step)
        y = np.arange(sheet.bottom_mm, sheet.top_mm + step / 2, step)
        down = [[(at, sheet.bottom_mm), (at, sheet.top_mm)] for at in x]
        across = [[(sheet.left_mm, at), (sheet.right_mm, at)] for at in y]
        lines = LineCollection([*down, *across], colors=colour, linewidths=points)
        sheet.axes.add_collection(lines)


def _pulses(sheet: Sheet) -> None:
    x, y = (np.array(of_pulse) for of_pulse in calibration_pulse_mm(sheet.style.scale))
    for row in pulse_rows(sheet.layout.n_rows, sheet.pitch_mm, sheet.style.scale):
        sheet.axes.plot(x + sheet.zero_s_mm, y + sheet.zero_mm(row), color=INK, linewidth=0.7)


def _lead(sheet: Sheet, fs_hz: float, lead_mv: NDArray[np.float32] | None, cell: PaperCell) -> bool:
    scale = sheet.style.scale
    left = sheet.zero_s_mm + (cell.shown_at_s - sheet.style.start_s) * scale.speed_mm_per_s
    zero = sheet.zero_mm(cell.row)
    name = cell.lead if lead_mv is not None else f"{cell.lead} – not recorded"
    sheet.text(left + 1.0, zero + min(10.5, sheet.pitch_mm / 2), name, 8.0, weight="bold")
    if lead_mv is None:
        return False
    first, last = (round(t * fs_hz) for t in (cell.from_s, cell.to_s))
    shown = lead_mv[first:last].astype(np.float64)
    x = left + np.arange(len(shown)) / fs_hz * scale.speed_mm_per_s
    y = zero + shown * scale.gain_mm_per_mv
    above, below = leaves_paper(y, sheet.bottom_mm, sheet.top_mm)
    for at, edge_mm, mark in (
        (above, sheet.top_mm - 0.8, "^"),
        (below, sheet.bottom_mm + 0.8, "v"),
    ):
        if len(at):
            where = np.full(len(at), edge_mm)
            sheet.axes.plot(x[at], where, color=INK, marker=mark, markersize=3, linestyle="none")
    y[(y > sheet.top_mm) | (y < sheet.bottom_mm)] = np.nan
    sheet.axes.plot(x, y, color=INK, linewidth=0.7, solid_joinstyle="round")
    return bool(len(above) or len(below))


def _columns(sheet: Sheet) -> None:
    n_columns = sheet.layout.n_columns
    for row in range(len(sheet.layout.rows)):
        for column in range(1, n_columns):
            x = sheet.zero_s_mm + column * PAGE_MM / n_columns
            zero = sheet.zero_mm(row)
            sheet.axes.plot([x, x], [zero - 3, zero + 3], color=QUIET, linewidth=0.6)
