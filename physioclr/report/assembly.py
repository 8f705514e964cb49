"""From an ECG to its report: measured, judged and predicted in one call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from physioclr.errors import PhysioclrError
from physioclr.interpretation.interpret import interpret
from physioclr.physiology.beat_features import compute_beat_features
from physioclr.physiology.measurements import summarise
from physioclr.records import EcgRecord
from physioclr.report.findings import ReaderFindings, Report
from physioclr.signal.delineation import delineate
from physioclr.signal.gaps import require_duration
from physioclr.signal.quality import assess_quality

if TYPE_CHECKING:
    from physioclr.encoders.encoder import Encoder

__all__ = ["encoder_name", "make_report"]


def make_report(
    record: EcgRecord,
    encoder: Encoder | None = None,
    *,
    made_at: datetime | None = None,
    reader: ReaderFindings | None = None,
    qt_formula: str = "fridericia",
) -> Report:
    """Measure an ECG, judge its quality, apply the criteria and predict, where that can be done.

    Parameters
    ----------
    record : EcgRecord
    encoder : Encoder, optional
        With a head; without one nothing is predicted.
    made_at : datetime, optional
        With its time zone; now by default.
    reader : ReaderFindings, optional
    qt_formula : str
        The correction of QT that stands first.

    Returns
    -------
    Report
        Without a prediction, and with the reason, where the encoder refuses the ECG. Statements
        carry their certainty, fused with the encoder's statement head where it has one.

    Raises
    ------
    SignalError
        If the ECG is too short to be measured.

    Examples
    --------
    >>> from physioclr import make_report
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> from physioclr.report.tables import report_csv
    >>> "heart_rate_bpm" in report_csv(make_report(record))
    True
    """
    from physioclr.prediction.prediction import predict
    from physioclr.prediction.statement_reading import with_certainty

    require_duration(record)
    quality = assess_quality(record)
    features = compute_beat_features(record, delineate(record))
    measured = summarise(features)
    said = interpret(record, quality=quality, features=features, measured=measured)
    prediction, why = None, "No prediction was asked for."
    if encoder is not None:
        try:
            prediction, why = predict(record, encoder, quality=quality), ""
        except PhysioclrError as error:
            why = f"No call. {error}"
    return Report(
        record=record,
        quality=quality,
        measured=measured,
        made_at=made_at or datetime.now(UTC),
        interpretation=with_certainty(said, record, encoder, quality=quality).interpretation,
        prediction=prediction,
        why_no_prediction=why,
        encoder="" if encoder is None else encoder_name(encoder),
        reader=reader or ReaderFindings(),
        qt_formula=qt_formula,
    )


def encoder_name(encoder: Encoder) -> str:
    """Return a checkpoint's name with the fingerprint of its weights."""
    return f"{encoder.card.name} {encoder.card.fingerprint}"
