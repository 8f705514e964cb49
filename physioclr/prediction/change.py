"""Whether a changed ECG is still the same to an encoder: embedding, predictions, calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physioclr.encoders.embedding import embed
from physioclr.encoders.encoder import Encoder
from physioclr.errors import CheckpointError
from physioclr.prediction.prediction import Prediction, predict
from physioclr.records import EcgRecord

__all__ = ["PredictionChange", "prediction_change"]


@dataclass(frozen=True, eq=False)
class PredictionChange:
    """What an encoder makes of an ECG before and after it was changed.

    Parameters
    ----------
    before, after : Prediction
    cosine : float
        Of the two standardised embeddings, in [-1, 1].
    nearer_than_pct : float
        Share of the checkpoint's reference ECGs that are less like the ECG than its changed self.
    """

    before: Prediction
    after: Prediction
    cosine: float
    nearer_than_pct: float

    @property
    def reversed_calls(self) -> tuple[str, ...]:
        """The labels called present before and absent after, or the other way round."""
        return self._labels_where({("present", "absent"), ("absent", "present")})

    @property
    def lost_or_new_calls(self) -> tuple[str, ...]:
        """The labels called before and not after, or the other way round."""
        either = {("present", "no call"), ("absent", "no call")}
        return self._labels_where(either | {(b, a) for a, b in either})

    @property
    def kept_calls(self) -> tuple[str, ...]:
        """The labels called the same before and after; no call is none that could be kept."""
        return self._labels_where({("present", "present"), ("absent", "absent")})

    def _labels_where(self, pairs: set[tuple[str, str]]) -> tuple[str, ...]:
        calls = zip(self.before.card.labels, self.before.calls, self.after.calls, strict=True)
        return tuple(
            label.display_name for label, old, new in calls if (old.call, new.call) in pairs
        )


def prediction_change(
    record: EcgRecord, changed: EcgRecord, encoder: Encoder, *, head: str | None = None
) -> PredictionChange:
    """Predict both ECGs and compare their embeddings.

    Parameters
    ----------
    record, changed : EcgRecord
    encoder : Encoder
        With a head and reference ECGs.
    head : str, optional

    Returns
    -------
    PredictionChange

    Raises
    ------
    CheckpointError
        If the checkpoint has no head, or no reference ECGs.
    SignalError
        If either ECG cannot be embedded.
    ValueError
        If it has no head of that name.
    """
    before, after = (predict(each, encoder, head=head) for each in (record, changed))
    bank = encoder.references
    if bank is None:
        raise CheckpointError(encoder.card.name, expected="reference ECGs", found="none")
    own, other = embed([record, changed], encoder)
    cosine = bank.cosine(own, other)
    others = bank.nearest(own, len(bank))["cosine"].to_numpy(dtype=np.float64)
    return PredictionChange(before, after, cosine, 100.0 * float(np.mean(others < cosine)))
