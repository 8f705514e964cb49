"""One reading of an ECG by criteria and a learned head: `read_with_model`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from physioclr.encoders.encoder import Encoder
from physioclr.errors import SignalError
from physioclr.interpretation.fusion import Fusion, default_fusion
from physioclr.interpretation.interpret import interpret
from physioclr.interpretation.reading import ModelCall, Reading, reconcile
from physioclr.interpretation.statement import Interpretation
from physioclr.prediction.prediction import LabelCall, label_call, why_withheld
from physioclr.prediction.statement_head import StatementHead, find_statement_head
from physioclr.records import EcgRecord
from physioclr.signal.quality import Quality, assess_quality

__all__ = ["HeadReading", "model_calls", "read_with_model", "with_certainty"]


@dataclass(frozen=True, eq=False)
class HeadReading:
    """What a learned head adds to an interpretation.

    Parameters
    ----------
    interpretation : Interpretation
        The same statements, each with its certainty.
    calls : tuple of ModelCall
        One a label of the head; none without a head.
    why_none : str
        Why there are no calls; empty where there are.
    """

    interpretation: Interpretation
    calls: tuple[ModelCall, ...] = ()
    why_none: str = ""


def read_with_model(
    record: EcgRecord,
    encoder: Encoder | None = None,
    *,
    head: StatementHead | None = None,
    fusion: Fusion | None = None,
    interpretation: Interpretation | None = None,
    quality: Quality | None = None,
    other_calls: Sequence[ModelCall] = (),
) -> Reading:
    """Read an ECG by criteria, and by a learned head where the encoder has one.

    Parameters
    ----------
    record : EcgRecord
    encoder : Encoder, optional
        Without one, criteria alone.
    head : StatementHead, optional
        Of this encoder; the shipped one that belongs to it if absent.
    fusion : Fusion, optional
        The shipped one if absent.
    interpretation : Interpretation, optional
    quality : Quality, optional
        Of this record, where they are already at hand.
    other_calls : sequence of ModelCall
        Of another model on this ECG, such as a head of superclasses; rows after the head's own.

    Returns
    -------
    Reading
        Statements by criteria, each with its fused certainty, and the head's calls as rows of the
        model. A note says why there is no call, where the encoder has no head or refuses the ECG.
        No state is the head's: it changes how certain a statement is, never whether it is shown.

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.
    CheckpointError
        If the head was fitted on another encoder, or a shipped one is damaged.
    """
    quality = assess_quality(record) if quality is None else quality
    said = interpret(record, quality=quality) if interpretation is None else interpretation
    read = with_certainty(said, record, encoder, head=head, fusion=fusion, quality=quality)
    certain = read.interpretation
    if encoder is not None and read.why_none:
        certain = replace(certain, notes=(*certain.notes, read.why_none))
    return reconcile(certain, (*read.calls, *other_calls))


def with_certainty(
    interpretation: Interpretation,
    record: EcgRecord,
    encoder: Encoder | None = None,
    *,
    head: StatementHead | None = None,
    fusion: Fusion | None = None,
    quality: Quality | None = None,
) -> HeadReading:
    """Give the statements on an ECG their certainty.

    Parameters
    ----------
    interpretation : Interpretation
        Of this record.
    record : EcgRecord
    encoder, head, fusion, quality
        As for `read_with_model`.

    Returns
    -------
    HeadReading

    Raises
    ------
    CheckpointError
        As `read_with_model` does.
    """
    coefficients = default_fusion() if fusion is None else fusion
    alone = coefficients.applied(interpretation)
    if encoder is None:
        return HeadReading(alone, why_none="No encoder was given.")
    own = find_statement_head(encoder) if head is None else head
    if own is None:
        why = f"No statement head belongs to the encoder {encoder.card.name}: criteria alone."
        return HeadReading(alone, why_none=why)
    try:
        probabilities = own.of_record(record, encoder)
    except SignalError as error:
        return HeadReading(alone, why_none=f"No learned head: {error}")
    withheld = why_withheld(assess_quality(record) if quality is None else quality)
    calls = model_calls(own, probabilities, withheld)
    # What the calls are withheld for, and another encoder's coefficients, leave criteria alone.
    if withheld or coefficients.encoder_fingerprint != encoder.card.fingerprint:
        return HeadReading(alone, calls)
    return HeadReading(coefficients.applied(interpretation, probabilities), calls)


def model_calls(
    head: StatementHead, probabilities: dict[str, float], withheld: str = ""
) -> tuple[ModelCall, ...]:
    """Call each label of a head present, absent or neither.

    Present is called from the probability with the best F1 out of fold, absent below the limit
    that a tenth of those with the finding fall short of.

    Parameters
    ----------
    head : StatementHead
    probabilities : dict of str to float
        Label → probability.
    withheld : str
        Why no label is called; empty where calls are made.

    Returns
    -------
    tuple of ModelCall
    """
    return tuple(
        _called(head, column, probabilities[label.name], withheld)
        for column, label in enumerate(head.card.labels)
    )


def _called(head: StatementHead, column: int, probability: float, withheld: str) -> ModelCall:
    label, limit = head.card.labels[column], float(head.probe.thresholds[column])
    if withheld:
        made = LabelCall("no call", withheld)
    elif probability >= limit:
        made = LabelCall("present", correct=head.card.precision.get(label.name))
    else:
        made = label_call(label, probability)
        # Of a rare finding a tenth of all others may pass its conformal limit: too many to call.
        if made.call == "present":
            made = LabelCall("no call", f"below the limit of {limit:.2f}")
    return ModelCall(
        label.name,
        label.display_name,
        made.call,
        probability,
        correct=math.nan if made.correct is None else made.correct,
        reason=made.reason,
    )
