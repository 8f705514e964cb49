"""The report of the ECG being read: what was found by the machine, and by its reader."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath

from app.inputs.paper_inputs import filter_of, style_of
from app.read_an_ecg.facts import Predicted
from app.resources import interpretation_of, measurements_of, quality_of
from app.state import PaperState, ReadState, app_state
from physioclr.records import EcgRecord
from physioclr.report import ReaderFindings, Report, encoder_name

__all__ = ["REPORT_FILES", "file_stem", "report_file", "report_of"]


def report_of(record: EcgRecord, state: ReadState, predicted: Predicted) -> Report:
    """Return the report of a record as it stands now.

    Parameters
    ----------
    record : EcgRecord
    state : ReadState
        What the reader wrote about it; agreement with a label that the head does not have, from
        another checkpoint, is left out.
    predicted : Predicted

    Returns
    -------
    Report

    Raises
    ------
    SignalError
        If the ECG cannot be measured.
    """
    prediction = predicted.prediction
    labels = () if prediction is None else prediction.labels
    agreement = {name: said for name, said in state.agreement.items() if name in labels}
    return Report(
        record=record,
        quality=quality_of(record),
        measured=measurements_of(record),
        made_at=datetime.now(UTC),
        interpretation=interpretation_of(record),
        prediction=prediction,
        why_no_prediction="" if prediction is not None else f"No call. {predicted.problem}",
        encoder=encoder_name(predicted.encoder) if prediction and predicted.encoder else "",
        reader=ReaderFindings(state.findings, state.comment, agreement, state.reader),
        qt_formula=app_state().qt_formula,
    )


REPORT_FILES = {
    "PDF": ("pdf", "application/pdf"),
    "PNG": ("png", "image/png"),
    "FHIR": ("fhir.json", "application/fhir+json"),
    "CSV": ("csv", "text/csv"),
    "JSON": ("json", "application/json"),
}
"""Name → ending and media type."""


def report_file(kind: str, report: Report, paper: PaperState, read: ReadState) -> bytes:
    """Write a report as it stands when it is asked for.

    Parameters
    ----------
    kind : str
        One of `REPORT_FILES`; what it needs is imported only here.
    report : Report
        Its time is this moment's.
    paper : PaperState
    read : ReadState
        Which stretch is on the screen now: the slider may have moved since the button was drawn.

    Returns
    -------
    bytes
    """
    from physioclr.report import fhir, page, tables

    report = replace(report, made_at=datetime.now(UTC))
    if kind in ("PDF", "PNG"):
        style = style_of(paper, report.record)
        on_sheet = page.PageStyle(style.scale, style.layout, filter_of(paper), read.start_s)
        draw = page.report_pdf if kind == "PDF" else page.report_png
        return draw(report, on_sheet)
    write = {"FHIR": fhir.fhir_bundle, "CSV": tables.report_csv, "JSON": tables.report_json}[kind]
    return write(report).encode()


def file_stem(record: EcgRecord) -> str:
    """Return the name of a record as a file has it."""
    return re.sub(r"[^\w.-]+", "_", PurePath(record.record_id).name)
