"""Calibrated predictions of a checkpoint's head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.checkpoint import Encoder, HeadCard
from physioclr.embedding import embed
from physioclr.errors import CheckpointError
from physioclr.records import EcgRecord

__all__ = ["Prediction", "predict"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """The probability of each label of one head, with the evidence for the head.

    Parameters
    ----------
    head : str
    labels : tuple of str
    probabilities : (n_labels,) float64
        Calibrated by Platt scaling on cross-validated scores.
    card : HeadCard
        Training cohort and cross-validated AUROC of each label.
    """

    head: str
    labels: tuple[str, ...]
    probabilities: NDArray[np.float64]
    card: HeadCard

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        probabilities = self.probabilities.round(4).tolist()
        return {
            "head": self.head,
            "probabilities": dict(zip(self.labels, probabilities, strict=True)),
            "evidence": self.card.model_dump(),
        }


def predict(record: EcgRecord, encoder: Encoder, *, head: str | None = None) -> Prediction:
    """Predict the labels of a head.

    Parameters
    ----------
    record : EcgRecord
    encoder : Encoder
    head : str, optional
        Name of a head of the checkpoint; the first one if absent.

    Returns
    -------
    Prediction

    Raises
    ------
    CheckpointError
        If the checkpoint has no head at all.
    SignalError
        If the ECG cannot be embedded: an absent or flat lead, missing samples, too short.
    ValueError
        If it has no head of that name.
    """
    if not encoder.heads:
        raise CheckpointError(encoder.card.name, expected="a prediction head", found="none")
    name = next(iter(encoder.heads)) if head is None else head
    if name not in encoder.heads:
        raise ValueError(f"head must be one of {', '.join(encoder.heads)}, got {name!r}")
    probe = encoder.heads[name]
    probabilities = probe.probabilities(embed([record], encoder))[0]
    return Prediction(
        head=name,
        labels=probe.label_names,
        probabilities=np.asarray(probabilities, dtype=np.float64),
        card=encoder.card.heads[name],
    )
