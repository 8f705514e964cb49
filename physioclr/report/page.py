"""The page of a report: an ECG on true ECG paper, to be printed at 100 %.

Everything is placed in millimetres of the sheet, so that a ruler on the print measures 25 mm for a
second and 10 mm for a millivolt (or what the scale states).
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

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
from physioclr.errors import SignalError
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.normal_ranges import NormalRange, deviation, normal_range
from physioclr.report.findings import Report
from physioclr.report.text_fit import FONT, cut_to_width, wrap_to_width
from physioclr.signal.display_filter import DisplayFilter

__all__ = ["SHEETS_MM", "PageStyle", "report_pdf", "report_png"]

SHEETS_MM = {"A4": (297.0, 210.0), "US letter": (279.4, 215.9)}
"""Name → width and height, landscape."""

_PULSE_LEFT_MM, _PULSE_MM, _PULSE_MV = 12.0, 5.0, 1.0
_LEFT_MM, _RIGHT_MM = 15.0, 5.0
_ABOVE_MM, _BELOW_MM = 15.0, 10.0
_FOOT_MM, _HEAD_MM, _TABLE_MM = 8.0, 17.0, 40.0
_INK, _QUIET, _MAJOR, _MINOR = "#12161C", "#55606E", "#E79A90", "#F6D9D4"
_SMALL, _BODY, _TITLE = 6.5, 7.5, 11.0
_LINE_MM = 3.6
_DISCLAIMER = "Research use only. Not a medical device."
_MAIN = (
    *("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms"),
    *("qtc_fridericia_ms", "qtc_bazett_ms", "axis_deg", "n_ectopic_beats"),
)


@dataclass(frozen=True)
class PageStyle:
    """How a report is printed.

    Parameters
    ----------
    scale : PaperScale
    layout : PaperLayout
        Rows stand closer than it says where the sheet is too low for them.
    display : DisplayFilter
    start_s : float
        Where in the record the page begins.
    sheet : str
        One of `SHEETS_MM`.
    """

    scale: PaperScale = field(default_factory=PaperScale)
    layout: PaperLayout = field(default_factory=paper_layout)
    display: DisplayFilter = field(default_factory=DisplayFilter)
    start_s: float = 0.0
    sheet: str = "A4"

    def __post_init__(self) -> None:
        if self.sheet not in SHEETS_MM:
            raise ValueError(f"sheet must be one of {', '.join(SHEETS_MM)}, got {self.sheet!r}")


def report_pdf(report: Report, style: PageStyle | None = None) -> bytes:
    """Print a report: one page of vectors, its fonts embedded.

    Parameters
    ----------
    report : Report
    style : PageStyle, optional

    Returns
    -------
    bytes
        A PDF file; the same bytes for the same report.

    Raises
    ------
    SignalError
        If the record ends before the page begins.
    """
    metadata = {
        "Title": "ECG report",
        "Creator": "PhysioCLR",
        "Producer": None,
        "CreationDate": report.made_at,
    }
    return _drawn(report, style or PageStyle(), {"format": "pdf", "metadata": metadata})


def report_png(report: Report, style: PageStyle | None = None, *, dpi: int = 200) -> bytes:
    """Draw a report as a picture.

    Parameters
    ----------
    report : Report
    style : PageStyle, optional
    dpi : int
        Dots an inch; at least 72.

    Returns
    -------
    bytes
        A PNG file that states its resolution.

    Raises
    ------
    SignalError
        If the record ends before the page begins.
    ValueError
        If `dpi` is below 72.
    """
    if dpi < 72:
        raise ValueError(f"dpi must be at least 72, got {dpi}")
    arguments = {"format": "png", "dpi": dpi, "metadata": {"Software": "PhysioCLR"}}
    return _drawn(report, style or PageStyle(), arguments)


def _drawn(report: Report, style: PageStyle, arguments: dict[str, Any]) -> bytes:
    if not 0 <= style.start_s < report.record.duration_s:
        raise SignalError(
            report.record.record_id,
            expected=f"signal from {style.start_s:g} s on",
            found=f"{report.record.duration_s:g} s",
        )
    width_mm, height_mm = SHEETS_MM[style.sheet]
    with rc_context({"pdf.fonttype": 42, "path.simplify": False, "font.family": FONT}):
        figure = Figure(figsize=(width_mm / 25.4, height_mm / 25.4))
        sheet = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        sheet.set(xlim=(0, width_mm), ylim=(0, height_mm))
        sheet.set_axis_off()
        _Page(report, style, sheet).draw()
        out = io.BytesIO()
        figure.savefig(out, **arguments)
    return out.getvalue()


class _Page:
    """One sheet; all lengths in mm from its lower left corner."""

    def __init__(self, report: Report, style: PageStyle, sheet: Axes) -> None:
        self.report, self.style, self.sheet = report, style, sheet
        self.width_mm, self.height_mm = SHEETS_MM[style.sheet]
        paper_mm = _LEFT_MM + PAGE_MM + _RIGHT_MM
        self.left_mm = (self.width_mm - paper_mm) / 2
        self.right_mm = self.left_mm + paper_mm
        self.zero_s_mm = self.left_mm + _LEFT_MM
        rows = style.layout.n_rows
        room_mm = self.height_mm - _FOOT_MM - _HEAD_MM - _TABLE_MM - _ABOVE_MM - _BELOW_MM
        fits_mm = math.floor(room_mm / (rows - 1)) if rows > 1 else room_mm
        self.pitch_mm = min(style.layout.pitch_mm, fits_mm)
        high_mm = (rows - 1) * self.pitch_mm + _ABOVE_MM + _BELOW_MM
        self.paper_high_mm = LARGE_BOX_MM * math.ceil(high_mm / LARGE_BOX_MM)
        self.paper_top_mm = _FOOT_MM + self.paper_high_mm

    def draw(self) -> None:
        self._head()
        self._tables()
        self._grid()
        record = self.style.display.apply(self.report.record)
        cells = paper_cells(
            self.style.layout,
            self.style.scale,
            start_s=self.style.start_s,
            duration_s=record.duration_s,
        )
        self._pulses()
        for cell in cells:
            self._lead(record.fs_hz, lead_on_paper_mv(record, cell.lead), cell)
        self._columns()
        self._foot()

    def zero_mm(self, row: int) -> float:
        return self.paper_top_mm - _ABOVE_MM - row * self.pitch_mm

    def _text(self, x: float, y: float, text: str, size: float = _BODY, **how: Any) -> None:
        self.sheet.text(x, y, text, fontsize=size, **{"color": _INK, "va": "baseline", **how})

    def _head(self) -> None:
        record = self.report.record
        top = self.height_mm - 9.0
        facts = [f"{record.n_leads} leads", f"{record.duration_s:.4g} s", f"{record.fs_hz:.4g} Hz"]
        age, sex = record.meta.get("age_years"), record.meta.get("sex")
        if isinstance(age, int | float) and math.isfinite(age):
            facts.append(f"{age:.0f} years")
        facts += [str(sex)] if sex else []
        self._text(
            self.left_mm,
            top,
            cut_to_width(f"ECG {record.record_id}", 110.0, _TITLE, bold=True),
            _TITLE,
            weight="bold",
        )
        self._text(self.left_mm, top - 4.6, " · ".join(facts), color=_QUIET)
        made = f"{self.report.made_at:%Y-%m-%d %H:%M %Z}"
        self._text(self.right_mm, top, _DISCLAIMER, weight="bold", ha="right")
        self._text(self.right_mm, top - 4.6, f"PhysioCLR · {made}", color=_QUIET, ha="right")
        if record.simulated:
            self._text(
                self.width_mm / 2, top, "Simulated ECG", _BODY, weight="bold", color="#7A4FB0",
                ha="center",
            )  # fmt: skip

    def _tables(self) -> None:
        top = self.height_mm - _HEAD_MM - 3.0
        third = (self.right_mm - self.left_mm) / 3
        self._measurements(self.left_mm, top)
        self._predictions(self.left_mm + third, top)
        self._words(self.left_mm + 2 * third + 2.0, top, third - 2.0)

    def _measurements(self, left: float, top: float) -> None:
        self._text(left, top, "Measured by machine", weight="bold")
        values, meta = self.report.measured.scalars(), self.report.record.meta
        for line, name in enumerate(_MAIN, start=1):
            kind, value = MEASUREMENTS[name], values[name]
            y = top - 0.6 - line * _LINE_MM
            limits = normal_range(name, age_years=meta.get("age_years"), sex=meta.get("sex"))
            self._text(left, y, kind.label)
            shown = "not measurable" if math.isnan(value) else _number(value, name)
            self._text(left + 28.0, y, shown)
            if isinstance(limits, NormalRange):
                outside = deviation(value, limits).side
                mark = {"above": "▲ ", "below": "▼ "}.get(outside, "")
                words = f"{mark}normal {_limits(limits)}"
                self._text(left + 52.0, y, words, _SMALL, color=_INK if mark else _QUIET)

    def _predictions(self, left: float, top: float) -> None:
        self._text(left, top, "Predicted by machine", weight="bold")
        prediction = self.report.prediction
        if prediction is None:
            self._lines(left, top - _LINE_MM - 0.6, self.report.why_no_prediction, 85.0, 6)
            return
        agreement = self.report.reader.agreement
        order = np.argsort(-prediction.probabilities, kind="stable")
        for line, i in enumerate(order[:7], start=1):
            y = top - 0.6 - line * _LINE_MM
            label = prediction.card.labels[i]
            reader = agreement.get(label.name)
            self._text(left, y, cut_to_width(label.display_name, 36.0, _BODY))
            self._text(left + 45.0, y, _percent(float(prediction.probabilities[i])), ha="right")
            self._text(left + 48.0, y, prediction.calls[i].call)
            if reader is not None:
                self._text(left + 60.0, y, f"reader: {reader}s", weight="bold")
        y = top - 0.6 - (min(len(order), 7) + 1) * _LINE_MM
        self._text(
            left,
            y,
            cut_to_width(f"Encoder {self.report.encoder}", 85.0, _SMALL),
            _SMALL,
            color=_QUIET,
        )

    def _words(self, left: float, top: float, width: float) -> None:
        reasons = "; ".join(self.report.quality.reasons) or "all leads clean"
        verdict = "acceptable" if self.report.quality.acceptable else "not acceptable"
        self._text(left, top, "Signal quality, by machine", weight="bold")
        y = self._lines(left, top - _LINE_MM - 0.6, f"{verdict}: {reasons}", width, 2)
        reader = self.report.reader
        who = f"Reader: {reader.reader}" if reader.reader else "Reader"
        self._text(left, y - 1.0, cut_to_width(who, width, _BODY, bold=True), weight="bold")
        y -= _LINE_MM + 1.6
        if reader.is_empty:
            self._text(left, y, "not read yet", color=_QUIET)
            return
        room = int((y - self.paper_top_mm - 1.0) / _LINE_MM) + 1
        if reader.findings:
            kept = 2 if reader.comment else 0
            y = self._lines(left, y, reader.findings, width, max(room - kept, 1))
            room = int((y - self.paper_top_mm - 1.0) / _LINE_MM) + 1
        if reader.comment:
            self._lines(left, y, reader.comment, width, max(room, 1))

    def _lines(self, left: float, y: float, text: str, width: float, most: int) -> float:
        """Write wrapped lines; return the height of the next one."""
        for line in wrap_to_width(text, width, _BODY, most=most):
            self._text(left, y, line)
            y -= _LINE_MM
        return y

    def _grid(self) -> None:
        for step, colour, points in (
            (SMALL_BOX_MM, _MINOR, 0.25),
            (LARGE_BOX_MM, _MAJOR, 0.45),
        ):
            x = np.arange(self.left_mm, self.right_mm + step / 2, step)
            y = np.arange(_FOOT_MM, self.paper_top_mm + step / 2, step)
            down = [[(at, _FOOT_MM), (at, self.paper_top_mm)] for at in x]
            across = [[(self.left_mm, at), (self.right_mm, at)] for at in y]
            lines = LineCollection([*down, *across], colors=colour, linewidths=points)
            self.sheet.add_collection(lines)

    def _pulses(self) -> None:
        high = _PULSE_MV * self.style.scale.gain_mm_per_mv
        left = self.left_mm + _LEFT_MM - _PULSE_LEFT_MM
        every = math.ceil((high + 2.0) / self.pitch_mm)  # so that none stands on another
        for row in range(self.style.layout.n_rows - 1, -1, -every):
            zero = self.zero_mm(row)
            x = [left, left + 2, left + 2, left + 2 + _PULSE_MM, left + 2 + _PULSE_MM, left + 9]
            y = [zero, zero, zero + high, zero + high, zero, zero]
            self.sheet.plot(x, y, color=_INK, linewidth=0.7)

    def _lead(self, fs_hz: float, lead_mv: Any, cell: PaperCell) -> None:
        scale = self.style.scale
        left = self.zero_s_mm + (cell.shown_at_s - self.style.start_s) * scale.speed_mm_per_s
        zero = self.zero_mm(cell.row)
        name = cell.lead if lead_mv is not None else f"{cell.lead} – not recorded"
        above = min(10.5, self.pitch_mm / 2)
        self._text(left + 1.0, zero + above, name, 8.0, weight="bold")
        if lead_mv is None:
            return
        first, last = (round(t * fs_hz) for t in (cell.from_s, cell.to_s))
        shown = lead_mv[first:last]
        x = left + np.arange(len(shown)) / fs_hz * scale.speed_mm_per_s
        y = zero + shown * scale.gain_mm_per_mv
        y[(y < _FOOT_MM) | (y > self.paper_top_mm)] = np.nan  # a wave may leave the paper
        self.sheet.plot(x, y, color=_INK, linewidth=0.7, solid_joinstyle="round")

    def _columns(self) -> None:
        n_columns = self.style.layout.n_columns
        for row in range(len(self.style.layout.rows)):
            for column in range(1, n_columns):
                x = self.zero_s_mm + column * PAGE_MM / n_columns
                zero = self.zero_mm(row)
                self.sheet.plot([x, x], [zero - 3, zero + 3], color=_QUIET, linewidth=0.6)

    def _foot(self) -> None:
        start, scale = self.style.start_s, self.style.scale
        end = min(start + scale.page_s, self.report.record.duration_s)
        stated = (
            f"{scale} · {self.style.display} · each lead about its median · "
            f"{start:g} to {end:g} s · true to scale when printed at 100 %"
        )
        self._text(self.left_mm, _FOOT_MM - 4.0, stated, _SMALL, color=_QUIET)


def _number(value: float, name: str) -> str:
    kind = MEASUREMENTS[name]
    shown = f"{value:.{kind.decimals}f}".replace("-", "−")
    return f"{shown}{'' if kind.unit == '°' else ' '}{kind.unit}".rstrip()


def _limits(limits: NormalRange) -> str:
    high = f"{limits.high:g}".replace("-", "−")
    if math.isinf(limits.low):
        return f"{'≤' if limits.high_included else '<'} {high}"
    return f"{limits.low:g} to {high}".replace("-", "−")


def _percent(probability: float) -> str:
    if probability < 0.01:
        return "< 1 %"
    return "> 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"
