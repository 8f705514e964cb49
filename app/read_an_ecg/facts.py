"""What the sections about one ECG share: whether it can be judged, and what is predicted of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.resources import (
    certain_interpretation_of,
    encoder,
    interpretation_of,
    prediction_of,
    quality_of,
)
from physioclr.errors import PhysioclrError, SignalError

if TYPE_CHECKING:
    from physioclr.encoders.encoder import Encoder
    from physioclr.interpretation.reading import Reading
    from physioclr.prediction.prediction import Prediction
    from physioclr.records import EcgRecord

__all__ = ["Predicted", "can_be_judged", "person_of", "predicted_of", "reading_of"]


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a checkpoint predicts of an ECG, or why it predicts nothing.

    Parameters
    ----------
    encoder : Encoder or None
        None where it cannot be loaded.
    prediction : Prediction or None
    problem : PhysioclrError or None
        Why there is no prediction.
    """

    encoder: Encoder | None = None
    prediction: Prediction | None = None
    problem: PhysioclrError | None = None

    def found(self) -> Prediction:
        """Return the prediction.

        Raises
        ------
        PhysioclrError
            If there is none.
        """
        if self.prediction is None:
            raise self.problem or PhysioclrError("the ECG", expected="a prediction", found="none")
        return self.prediction


def predicted_of(
    record: EcgRecord, checkpoint: str, *, overrule_reversal: bool = False
) -> Predicted:
    """Open a checkpoint, the shipped one if empty, and predict with it."""
    loaded = None
    try:
        loaded = encoder(checkpoint)
        return Predicted(loaded, prediction_of(record, loaded, overrule_reversal))
    except PhysioclrError as error:
        return Predicted(loaded, problem=error)


def reading_of(record: EcgRecord, predicted: Predicted) -> Reading:
    """Put criteria and prediction into one: what all sections show."""
    from physioclr.prediction.reading import read_with_prediction

    said = interpretation_of(record)
    if predicted.encoder is not None:
        said = certain_interpretation_of(record, predicted.encoder)
    return read_with_prediction(said, predicted.prediction)


def can_be_judged(record: EcgRecord) -> bool:
    """Return whether the ECG is long enough; where it is not, that is said with its quality."""
    try:
        quality_of(record)
    except SignalError:
        return False
    return True


def person_of(record: EcgRecord) -> dict[str, Any]:
    """Return age and sex as the tables of measurements take them."""
    return {"age_years": record.meta.get("age_years"), "sex": record.meta.get("sex")}
