"""A prediction beside the criteria: one reading without contradictions."""

from __future__ import annotations

import math

from physioclr.interpretation.reading import ModelCall, Reading, reconcile
from physioclr.interpretation.statement import Interpretation
from physioclr.prediction.prediction import Prediction

__all__ = ["model_calls", "read_with_prediction"]


def model_calls(prediction: Prediction) -> tuple[ModelCall, ...]:
    """Return what a prediction calls, as a reading takes it.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    tuple of ModelCall
        In the order of the prediction's labels.
    """
    return tuple(
        ModelCall(
            label.name,
            label.display_name,
            call.call,
            float(probability),
            math.nan if call.correct is None else call.correct,
            call.reason,
        )
        for label, call, probability in zip(
            prediction.card.labels, prediction.calls, prediction.probabilities, strict=True
        )
    )


def read_with_prediction(interpretation: Interpretation, prediction: Prediction | None) -> Reading:
    """Put the criteria and a prediction of the same ECG into one reading.

    Parameters
    ----------
    interpretation : Interpretation
    prediction : Prediction or None

    Returns
    -------
    Reading
    """
    return reconcile(interpretation, () if prediction is None else model_calls(prediction))
