"""An ECG's report as numbers: a tidy table for a spreadsheet, JSON for a program."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from physioclr import __version__
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.prediction.prediction import Prediction
from physioclr.report.findings import Report

__all__ = ["report_csv", "report_json"]

# A spreadsheet takes a cell that begins so for a formula and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Row(NamedTuple):
    section: str
    name: str
    label: str = ""
    value: str | float | None = None
    unit: str = ""
    note: str = ""


def report_csv(report: Report) -> str:
    """Write a report as a table.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        CSV as RFC 4180 has it, with the columns section, name, label, value, unit and note. A value
        that is not known is an empty cell, its note says why. Text that a spreadsheet would take
        for a formula has an apostrophe before it.
    """
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow(_Row._fields)
    for row in _rows(report):
        table.writerow([_cell(value) for value in row])
    return out.getvalue()


def report_json(report: Report) -> str:
    """Write a report as JSON.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        An object of ``made_by``, ``record``, ``quality``, ``measured``, ``qt_formula``,
        ``reading``, ``prediction`` and ``reader``: all of `Quality.to_dict`,
        `Measurements.to_dict`, `Reading.to_dict` and `Prediction.to_dict`. What is not known is
        null.
    """
    prediction, reader = report.prediction, report.reader
    measured = report.measured.scalars()
    document = {
        "made_by": {
            "physioclr": __version__,
            "encoder": report.encoder or None,
            "made_at": report.made_at.isoformat(),
        },
        "record": _about(report),
        "quality": report.quality.to_dict(),
        "measured": report.measured.to_dict(),
        "qt_formula": report.qt_formula,
        "reading": None if report.reading is None else report.reading.to_dict(),
        "prediction": None if prediction is None else prediction.to_dict(measured),
        "why_no_prediction": report.why_no_prediction or None,
        "reader": {
            "reader": reader.reader,
            "findings": reader.findings,
            "comment": reader.comment,
            "agreement": dict(reader.agreement),
        },
    }
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _about(report: Report) -> dict[str, Any]:
    """Return what a report may say of the record: no names of files or persons."""
    record = report.record
    age = record.meta.get("age_years")
    known = isinstance(age, int | float) and math.isfinite(age)
    return {
        "record_id": record.record_id,
        "simulated": record.simulated,
        "age_years": age if known else None,
        "sex": record.meta.get("sex"),
        "leads": list(record.leads),
        "fs_hz": record.fs_hz,
        "duration_s": record.duration_s,
    }


def _rows(report: Report) -> Iterator[_Row]:
    yield _Row("made_by", "physioclr", "PhysioCLR", __version__)
    yield _Row("made_by", "encoder", "Encoder", report.encoder)
    yield _Row("made_by", "made_at", "Made at", report.made_at.isoformat())
    about = _about(report)
    yield _Row("record", "record_id", "Record", about["record_id"])
    yield _Row("record", "simulated", "Simulated", _yes_or_no(about["simulated"]))
    yield _Row("record", "age_years", "Age", about["age_years"], "years")
    yield _Row("record", "sex", "Sex", about["sex"])
    yield _Row("record", "leads", "Leads", " ".join(about["leads"]))
    yield _Row("record", "fs_hz", "Sampling rate", about["fs_hz"], "Hz")
    yield _Row("record", "duration_s", "Duration", about["duration_s"], "s")
    yield from _quality_rows(report)
    for name, value in report.measured.scalars().items():
        kind, why = MEASUREMENTS[name], report.measured.reasons.get(name, "")
        if doubt := report.measured.uncertain(name):
            why = f"uncertain: {doubt}"
        yield _Row("measurement", name, kind.label, value, kind.unit, why)
    if (pacing := report.measured.pacing) is not None:
        yield _Row("pacing", "chambers", "Pacing spikes", pacing.chambers, "", pacing.sentence)
    yield _Row("qt_formula", "", "Correction of QT that was chosen", report.qt_formula)
    yield from _finding_rows(report)
    if report.prediction is None:
        yield _Row("prediction", "", "", None, "", report.why_no_prediction)
    else:
        yield from _prediction_rows(report, report.prediction)
    yield from _reader_rows(report)


def _quality_rows(report: Report) -> Iterator[_Row]:
    quality = report.quality
    yield _Row("quality", "acceptable", "Acceptable", _yes_or_no(quality.acceptable))
    yield _Row("quality", "score", "Score of the record, 0 to 1", round(quality.score, 3))
    reversal = quality.suspected_reversal
    yield _Row("quality", "suspected_reversal", "Suspected reversal of electrodes", reversal)
    misfit = quality.limb_lead_misfit
    yield _Row(
        "quality",
        "limb_lead_misfit",
        "Limb leads that contradict the others",
        None if misfit is None else " ".join(misfit.leads),
        "",
        "" if misfit is None else misfit.reason,
    )
    for lead, of_lead in quality.leads.items():
        label = f"Score of lead {lead}, 0 to 1"
        yield _Row("quality", lead, label, round(of_lead.score, 3), "", of_lead.reason or "")


def _finding_rows(report: Report) -> Iterator[_Row]:
    """List the statements: state, and the evidence or why there is none."""
    if report.reading is None:
        return
    for row in report.reading.statements:
        said = [] if row.statement is None else list(row.statement.evidence_texts)
        note = "; ".join([*said, row.reason] if row.reason else said)
        yield _Row("finding", row.code, row.text, row.shown, "", note)


def _prediction_rows(report: Report, prediction: Prediction) -> Iterator[_Row]:
    card, intervals = prediction.card, prediction.to_dict().get("intervals", {})
    for i, name in enumerate(prediction.labels):
        label, (call, reason) = card.labels[i], report.shown(i)
        probability = round(float(prediction.probabilities[i]), 4)
        yield _Row("probability", name, label.display_name, probability)
        for end, value in zip(("low", "high"), intervals.get(name) or (), strict=False):
            yield _Row(f"probability_{end}", name, label.display_name, value, "", "95 % interval")
        yield _Row("call", name, label.display_name, call, "", reason)
        measured_on = f"{card.n_records} {'simulated ' * card.simulated}ECGs of {card.cohort}"
        limits = "" if label.auroc_low is None else f"; {label.auroc_low} to {label.auroc_high}"
        yield _Row("auroc", name, label.display_name, label.auroc, "", f"{measured_on}{limits}")
    if prediction.warning is not None:
        yield _Row("prediction", "warning", "Warning", None, "", prediction.warning)


def _reader_rows(report: Report) -> Iterator[_Row]:
    reader = report.reader
    yield _Row("reader", "reader", "Reader", reader.reader)
    yield _Row("reader", "findings", "Findings", reader.findings)
    yield _Row("reader", "comment", "Comment", reader.comment)
    for label, agreement in reader.agreement.items():
        yield _Row("agreement", label, "", agreement)


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return repr(float(value)) if math.isfinite(value) else ""
