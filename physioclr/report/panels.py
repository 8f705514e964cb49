"""What stands above the ECG: its measurements, its predictions, and what its reader says."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from physioclr.encoders.card import HeadCard
from physioclr.interpretation.reading import Row
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.normal_ranges import NoRange, NormalRange, deviation, normal_range
from physioclr.prediction.prediction import Prediction
from physioclr.report.findings import Report, qtc_remark
from physioclr.report.sheet import BODY, LINE_MM, QUIET, SMALL, Sheet
from physioclr.report.text_fit import cut_to_width

__all__ = ["write_panels"]

_MEASURED_MM, _PREDICTED_MM = 84.0, 102.0
_BEFORE_QTC = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qt_ms")
_AFTER_QTC = ("axis_deg", "n_ectopic_beats", "p_axis_deg", "t_axis_deg", "rr_ms", "p_ms")
_CRITICAL = "#B00020"
_UNFIT_LINES, _WARNING_LINES, _NO_CALL_LINES = 6, 3, 2


def write_panels(sheet: Sheet, report: Report) -> None:
    """Write three columns between the head and the ECG paper.

    Parameters
    ----------
    sheet : Sheet
    report : Report
    """
    _findings(sheet, report)
    left = sheet.left_mm
    _measurements(sheet, report, left)
    _predictions(sheet, report, left + _MEASURED_MM)
    _words(sheet, report, left + _MEASURED_MM + _PREDICTED_MM)


def _findings(sheet: Sheet, report: Report) -> None:
    """Write the findings of the criteria over the whole width, critical values in bold."""
    if report.reading is None:
        return
    critical = [_finding(row) for row in report.reading.critical]
    others = [
        f"{'' if row.shown == 'present' else f'{row.shown} '}{row.text}"
        for row in report.reading.findings
        if not row.is_critical and row.code not in ("ABNORM", "BADLEAD", "BADREC", "MISSLEAD")
    ]
    width, y = sheet.right_mm - sheet.left_mm, sheet.tables_top_mm
    if critical:
        said = f"Critical by criteria: {' · '.join(critical)}"
        y = sheet.lines(sheet.left_mm, y, said, width, 1, weight="bold", color=_CRITICAL)
    words = " · ".join(others) or "none, or none that could be assessed"
    y = sheet.lines(sheet.left_mm, y, f"Findings by criteria: {words}", width, 2 - bool(critical))
    sheet.tables_top_mm = y - 1.0


def _finding(row: Row) -> str:
    evidence = row.statement.evidence_texts[:1] if row.statement is not None else ()
    return f"{row.text}{f': {evidence[0]}' if evidence else ''}"


def _measurements(sheet: Sheet, report: Report, left: float) -> None:
    """List the main measurements, and as many others as there is room for, and whose limits."""
    sheet.text(left, sheet.tables_top_mm, "Measured by machine", weight="bold")
    first = (*_BEFORE_QTC, f"qtc_{report.qt_formula}_ms", *_AFTER_QTC)
    names = [*first, *(name for name in MEASUREMENTS if name not in first)]
    remark = qtc_remark(report.measured)
    names = names[: sheet.table_lines - (2 if remark else 1)]
    for line, name in enumerate(names, start=1):
        _measurement(sheet, report, name, left, sheet.line_mm(line))
    y, width = sheet.line_mm(len(names) + 1), _MEASURED_MM - 2.0
    whose = _whose_limits(report, names)
    for said in (f"Normal: {whose}" if whose else "", remark):
        if said:
            y = sheet.lines(left, y, said, width, 1, SMALL, color=QUIET)


def _measurement(sheet: Sheet, report: Report, name: str, left: float, y: float) -> None:
    value, limits = report.measured.scalars()[name], _range_of(report, name)
    sheet.text(left, y, MEASUREMENTS[name].label)
    verdict, reason = report.measured.why_missing(name)
    sheet.text(left + 28.0, y, verdict or _number(value, name))
    beside, mark = "", ""
    if verdict:
        beside = reason
    elif isinstance(limits, NormalRange):
        doubt = report.measured.uncertain(name)
        found = deviation(value, limits, uncertain=doubt)
        mark = {"above": "▲ ", "below": "▼ "}.get(found.side, "")
        beside = f"{mark}{'borderline,' if found.borderline else 'normal'} {_limits(limits)}"
        if doubt:
            beside = f"uncertain: {doubt}"
    beside = cut_to_width(beside, _MEASURED_MM - 54.0, SMALL)
    sheet.text(left + 52.0, y, beside, SMALL, **({} if mark else {"color": QUIET}))


def _range_of(report: Report, name: str) -> NormalRange | NoRange:
    meta = report.record.meta
    return normal_range(name, age_years=meta.get("age_years"), sex=meta.get("sex"))


def _whose_limits(report: Report, names: Sequence[str]) -> str:
    """Say whose limits stand beside the measurements; what others say more exactly is left out."""
    values = report.measured.scalars()
    found = [_range_of(report, name) for name in names if not math.isnan(values[name])]
    whose = {each.applies_to for each in found if isinstance(each, NormalRange)}
    return "; ".join(
        sorted(one for one in whose if not any(one != more and one in more for more in whose))
    )


def _predictions(sheet: Sheet, report: Report, left: float) -> None:
    sheet.text(left, sheet.tables_top_mm, "Predicted by machine", weight="bold")
    prediction, width = report.prediction, _PREDICTED_MM - 3.0
    if prediction is None:
        sheet.lines(left, sheet.line_mm(1), report.why_no_prediction, width, _UNFIT_LINES)
        return
    if not np.isnan(prediction.intervals).all():
        sheet.text(left + 44.0, sheet.tables_top_mm, "95 % interval", SMALL, color=QUIET)
    sheet.text(left + 71.0, sheet.tables_top_mm, "AUROC", SMALL, color=QUIET)
    warned = _WARNING_LINES if prediction.warning else 0
    order = np.argsort(-prediction.probabilities, kind="stable")
    unsure = _NO_CALL_LINES if _no_calls(report, prediction, order) else 0
    room = sheet.table_lines - 2 - warned - unsure
    kept = order if len(order) <= room else order[: room - 1]
    for line, column in enumerate(kept, start=1):
        _label(sheet, report, prediction, int(column), left, sheet.line_mm(line))
    y = sheet.line_mm(len(kept) + 1)
    if len(kept) < len(order):
        less = f"and {len(order) - len(kept)} less probable labels"
        y = sheet.lines(left, y, less, width, 1)
    if prediction.warning:
        y = sheet.lines(left, y, prediction.warning, width, _WARNING_LINES)
    if why := _no_calls(report, prediction, kept):
        y = sheet.lines(left, y, why, width, _NO_CALL_LINES, SMALL, color=QUIET)
    y = sheet.lines(left, y, _evidence(prediction.card), width, 1, SMALL, color=QUIET)
    sheet.lines(left, y, f"Encoder {report.encoder}", width, 1, SMALL, color=QUIET)


def _no_calls(report: Report, prediction: Prediction, columns: NDArray[np.intp]) -> str:
    """Say why some labels have no call; where none has any, the warning says it."""
    if prediction.withheld:
        return ""
    shown = {int(column): report.shown(int(column)) for column in columns}
    said = [
        f"{prediction.card.labels[column].display_name} {reason}"
        for column, (call, reason) in shown.items()
        if reason and call in ("no call", "undecided")
    ]
    return f"No call: {'; '.join(said)}." if said else ""


def _evidence(card: HeadCard) -> str:
    kind = "simulated ECGs" if card.simulated else "ECGs"
    return f"Trained, and AUROC cross-validated, on {card.n_records:,} {kind} of {card.cohort}."


def _label(
    sheet: Sheet, report: Report, prediction: Prediction, column: int, left: float, y: float
) -> None:
    label = prediction.card.labels[column]
    low, high = prediction.intervals[column]
    sheet.text(left, y, cut_to_width(label.display_name, 32.0, BODY))
    probability = _percent(float(prediction.probabilities[column]))
    sheet.text(left + 42.5, y, probability, ha="right")
    if not math.isnan(low + high):
        between = f"{100 * low:.0f}–{100 * high:.0f} %"
        sheet.text(left + 44.0, y, between, SMALL, color=QUIET)
    sheet.text(left + 56.5, y, report.shown(column)[0])
    auroc = "–" if label.auroc is None else f"{label.auroc:.2f}"
    sheet.text(left + 71.5, y, auroc, SMALL, color=QUIET)
    reader = report.reader.agreement.get(label.name)
    if reader is not None:
        sheet.text(left + 79.0, y, f"reader: {reader}s", SMALL, weight="bold")


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
