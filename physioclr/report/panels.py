"""What stands above the ECG: its measurements, its predictions, and what its reader says."""

from __future__ import annotations

import math

import numpy as np

from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.normal_ranges import NormalRange, deviation, normal_range
from physioclr.prediction import Prediction
from physioclr.report.findings import Report
from physioclr.report.sheet import BODY, LINE_MM, QUIET, SMALL, Sheet
from physioclr.report.text_fit import cut_to_width

__all__ = ["write_panels"]

_MEASURED_MM, _PREDICTED_MM = 84.0, 102.0
_FIRST = (
    *("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms"),
    *("qtc_fridericia_ms", "qtc_bazett_ms", "axis_deg", "n_ectopic_beats"),
    *("p_axis_deg", "t_axis_deg", "rr_ms", "p_ms"),
)
_UNFIT_LINES, _WARNING_LINES = 6, 3


def write_panels(sheet: Sheet, report: Report) -> None:
    """Write three columns between the head and the ECG paper.

    Parameters
    ----------
    sheet : Sheet
    report : Report
    """
    left = sheet.left_mm
    _measurements(sheet, report, left)
    _predictions(sheet, report, left + _MEASURED_MM)
    _words(sheet, report, left + _MEASURED_MM + _PREDICTED_MM)


def _measurements(sheet: Sheet, report: Report, left: float) -> None:
    """List the main measurements, and as many others as there is room for."""
    sheet.text(left, sheet.tables_top_mm, "Measured by machine", weight="bold")
    values, meta = report.measured.scalars(), report.record.meta
    names = [*_FIRST, *(name for name in MEASUREMENTS if name not in _FIRST)]
    for line, name in enumerate(names[: sheet.table_lines], start=1):
        value, y = values[name], sheet.line_mm(line)
        sheet.text(left, y, MEASUREMENTS[name].label)
        known = not math.isnan(value)
        sheet.text(left + 28.0, y, _number(value, name) if known else "not measurable")
        limits = normal_range(name, age_years=meta.get("age_years"), sex=meta.get("sex"))
        beside, mark = "", ""
        if not known:
            beside = report.measured.reasons.get(name, "").removeprefix("not measurable: ")
        elif isinstance(limits, NormalRange):
            mark = {"above": "▲ ", "below": "▼ "}.get(deviation(value, limits).side, "")
            beside = f"{mark}normal {_limits(limits)}"
        beside = cut_to_width(beside, _MEASURED_MM - 54.0, SMALL)
        sheet.text(left + 52.0, y, beside, SMALL, **({} if mark else {"color": QUIET}))


def _predictions(sheet: Sheet, report: Report, left: float) -> None:
    sheet.text(left, sheet.tables_top_mm, "Predicted by machine", weight="bold")
    prediction, width = report.prediction, _PREDICTED_MM - 3.0
    if prediction is None:
        sheet.lines(left, sheet.line_mm(1), report.why_no_prediction, width, _UNFIT_LINES)
        return
    if not np.isnan(prediction.intervals).all():
        sheet.text(left + 44.5, sheet.tables_top_mm, "95 % interval", SMALL, color=QUIET)
    warned = _WARNING_LINES if prediction.warning else 0
    room = sheet.table_lines - 1 - warned
    order = np.argsort(-prediction.probabilities, kind="stable")
    kept = order if len(order) <= room else order[: room - 1]
    for line, column in enumerate(kept, start=1):
        _label(sheet, report, prediction, int(column), left, sheet.line_mm(line))
    y = sheet.line_mm(len(kept) + 1)
    if len(kept) < len(order):
        less = f"and {len(order) - len(kept)} less probable labels"
        y = sheet.lines(left, y, less, width, 1)
    if prediction.warning:
        y = sheet.lines(left, y, prediction.warning, width, _WARNING_LINES)
    encoder = cut_to_width(f"Encoder {report.encoder}", width, SMALL)
    sheet.text(left, y, encoder, SMALL, color=QUIET)


def _label(
    sheet: Sheet, report: Report, prediction: Prediction, column: int, left: float, y: float
) -> None:
    label = prediction.card.labels[column]
    low, high = prediction.intervals[column]
    sheet.text(left, y, cut_to_width(label.display_name, 33.0, BODY))
    probability = _percent(float(prediction.probabilities[column]))
    sheet.text(left + 42.5, y, probability, ha="right")
    if not math.isnan(low + high):
        between = f"{100 * low:.0f}–{100 * high:.0f} %"
        sheet.text(left + 44.5, y, between, SMALL, color=QUIET)
    sheet.text(left + 59.0, y, prediction.calls[column].call)
    reader = report.reader.agreement.get(label.name)
    if reader is not None:
        sheet.text(left + 71.0, y, f"reader: {reader}s", weight="bold")


def _words(sheet: Sheet, report: Report, left: float) -> None:
    quality, reader = report.quality, report.reader
    width = sheet.right_mm - left
    reasons = "; ".join(quality.reasons) or "all leads clean"
    verdict = "acceptable" if quality.acceptable else "not acceptable"
    sheet.text(left, sheet.tables_top_mm, "Signal quality, by machine", weight="bold")
    most = max(2, sheet.table_lines // 3)
    y = sheet.lines(left, sheet.line_mm(1), f"{verdict}: {reasons}", width, most)
    who = f"Reader: {reader.reader}" if reader.reader else "Reader"
    sheet.text(left, y - 1.0, cut_to_width(who, width, BODY, bold=True), weight="bold")
    y -= LINE_MM + 1.6
    if reader.is_empty:
        sheet.text(left, y, "not read yet", color=QUIET)
        return
    if reader.findings:
        kept = 2 if reader.comment else 0
        y = sheet.lines(left, y, reader.findings, width, max(_room(sheet, y) - kept, 1))
    if reader.comment:
        sheet.lines(left, y, reader.comment, width, max(_room(sheet, y), 1))


def _room(sheet: Sheet, y: float) -> int:
    """Return how many lines fit from a height on."""
    return int((y - sheet.top_mm - 1.0) / LINE_MM) + 1


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
    if math.isnan(probability):
        return "not known"
    if probability < 0.01:
        return "< 1 %"
    return "> 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"
