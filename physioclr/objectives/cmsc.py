"""CMSC of CLOCS: neighbouring segments of a patient are drawn together.

Kiyasseh, Zhu, Clifton 2021, arXiv 2005.13249. Of two neighbouring segments A and B of each
recording, with the cosine similarity ``s`` and temperature τ::

    ℓ(i, j) = −log( exp(s(A_i, B_j)/τ) / Σ_k exp(s(A_i, B_k)/τ) )
    L(A, B) = mean of ℓ(i, j) over the pairs (i, j) of one patient
    L       = ( L(A, B) + L(B, A) ) / 2

A recording of more than two windows gives each two that follow each other; the mean is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from physioclr.models import EncoderConfig
from physioclr.objectives.full_precision import full_precision
from physioclr.objectives.objective import Objective, Step
from physioclr.training_data.batch import Need, TrainingBatch

__all__ = ["Cmsc", "CmscConfig", "neighbour_loss", "patient_contrast"]


@dataclass(frozen=True)
class CmscConfig:
    """Temperature and head.

    Parameters
    ----------
    temperature : float
        τ.
    projection_dim : int
    """

    temperature: float = 0.1
    projection_dim: int = 128

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")


class Cmsc(Objective):
    """The segments through the encoder and a linear head.

    Parameters
    ----------
    encoder : EncoderConfig
    config : CmscConfig
    """

    Config = CmscConfig
    title = "CMSC (CLOCS): neighbouring segments of a patient"
    citation = "Kiyasseh et al. 2021, arXiv 2005.13249"

    def __init__(self, encoder: EncoderConfig, config: CmscConfig) -> None:
        super().__init__(encoder, config)
        self.config: CmscConfig = config
        self.projection = nn.Linear(encoder.width, config.projection_dim)

    @classmethod
    def needs(cls, config: CmscConfig) -> frozenset[Need]:  # noqa: ARG003
        """Return that it compares neighbours."""
        return frozenset({"neighbours"})

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return ``loss``."""
        projected = self.projection(self.encoder(batch.windows.signal)[0])
        loss = neighbour_loss(projected, batch, step, temperature=self.config.temperature)
        return {"loss": loss}


def neighbour_loss(
    projected: Tensor, batch: TrainingBatch, step: Step, *, temperature: float
) -> Tensor:
    """Return the loss of all neighbouring windows of a batch.

    Parameters
    ----------
    projected : (n_windows, d) float tensor
        Of this process's windows.
    batch : TrainingBatch
    step : Step
    temperature : float

    Returns
    -------
    () float tensor
        Over the windows of all processes.
    """
    gather, each = step.processes.gather, batch.windows_per_recording
    by_recording = gather(projected).view(-1, each, projected.shape[-1])
    patient = gather(batch.patient)[::each]
    losses = [
        patient_contrast(
            by_recording[:, i], by_recording[:, i + 1], patient, temperature=temperature
        )
        for i in range(each - 1)
    ]
    return torch.stack(losses).mean()


@full_precision
def patient_contrast(
    first: Tensor, second: Tensor, patient: Tensor, *, temperature: float
) -> Tensor:
    """Return the loss of two segments of each recording.

    Parameters
    ----------
    first, second : (n, d) float tensor
    patient : (n,) int64 tensor
    temperature : float

    Returns
    -------
    () float tensor
    """
    a, b = functional.normalize(first, dim=-1), functional.normalize(second, dim=-1)
    logits = a @ b.T / temperature
    same = (patient.unsqueeze(0) == patient.unsqueeze(1)).to(logits.dtype)
    forth = (logits.log_softmax(1) * same).sum() / same.sum()
    back = (logits.T.log_softmax(1) * same).sum() / same.sum()
    return -(forth + back) / 2
