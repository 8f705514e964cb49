"""JEPA: the representation of what is hidden is predicted, not its waveform.

Kim 2024, arXiv 2410.13867, and Weimann and Conrad 2024, arXiv 2410.08559, after Assran et al. 2023,
arXiv 2301.08243. The encoder sees an ECG with stretches of time hidden; a narrow predictor says
what the tokens of a teacher, which sees all of it, are at the hidden places::

    L = mean over hidden tokens of smooth-L1( predictor(encoder(shown)), norm(teacher(all)) )

The teacher is the exponential average of the encoder, its momentum rising to 1. Where the
publications drop hidden tokens, the encoder shared by all objectives here is given a token that
says "hidden" in their place, and the hidden samples are zero, so that nothing leaks through the
front end. The summary is added to the tokens the predictor sees, so that it is learned too.
``norm`` is a layer normalisation without weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from physioclr.models import EncoderConfig
from physioclr.models.exponential_average import ExponentialAverage
from physioclr.models.token_predictor import TokenPredictor
from physioclr.objectives.full_precision import full_precision
from physioclr.objectives.objective import Objective, Step
from physioclr.objectives.token_masks import span_mask
from physioclr.runtime.distributed import ONE_PROCESS, Processes
from physioclr.training_data.batch import TrainingBatch

__all__ = ["Jepa", "JepaConfig", "token_error"]


@dataclass(frozen=True)
class JepaConfig:
    """How much is hidden, the predictor, and how the teacher follows.

    Parameters
    ----------
    mask_fraction, mask_span : float, int
        Expected share of hidden tokens, and tokens a hidden span.
    predictor_width, predictor_layers, predictor_heads : int
    momentum : float
        Of the teacher at the start; it rises evenly to 1.
    """

    mask_fraction: float = 0.6
    mask_span: int = 8
    predictor_width: int = 64
    predictor_layers: int = 2
    predictor_heads: int = 4
    momentum: float = 0.996

    def __post_init__(self) -> None:
        if not 0 < self.mask_fraction < 1:
            raise ValueError(f"mask_fraction must lie in (0, 1), got {self.mask_fraction}")
        if not self.mask_span >= 1:
            raise ValueError(f"mask_span must be at least 1, got {self.mask_span}")
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"momentum must lie in [0, 1], got {self.momentum}")

    def momentum_at(self, progress: float) -> float:
        """Return the teacher's momentum when a share of the run is done."""
        return self.momentum + (1 - self.momentum) * progress


class Jepa(Objective):
    """The encoder, its teacher and the predictor between them.

    Parameters
    ----------
    encoder : EncoderConfig
    config : JepaConfig
    """

    Config = JepaConfig
    title = "JEPA: the representation of what is hidden"
    citation = "Kim 2024, arXiv 2410.13867; Weimann and Conrad 2024, arXiv 2410.08559"

    def __init__(self, encoder: EncoderConfig, config: JepaConfig) -> None:
        super().__init__(encoder, config)
        self.config: JepaConfig = config
        self.teacher = ExponentialAverage(self.encoder)
        self.predictor = TokenPredictor(
            encoder.width,
            width=config.predictor_width,
            n_layers=config.predictor_layers,
            n_heads=config.predictor_heads,
        )

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return ``loss``, and how much the teacher's tokens differ, ``teacher_spread``."""
        signal = batch.windows.signal
        n_samples = batch.windows.n_samples
        hidden = span_mask(
            len(signal),
            self.encoder.n_tokens(n_samples),
            fraction=self.config.mask_fraction,
            span=self.config.mask_span,
            draws=step.draws,
        )
        with torch.no_grad():
            target = self.teacher.module(signal)[1]
            target = functional.layer_norm(target.float(), target.shape[-1:])
        per_token = self.encoder.config.samples_per_token
        shown = ~hidden.repeat_interleave(per_token, dim=1)[:, None, :n_samples]
        summary, context = self.encoder(signal * shown, hidden)
        predicted = self.predictor(context + summary.unsqueeze(1), hidden)
        return {
            "loss": token_error(predicted, target, hidden, processes=step.processes),
            "teacher_spread": target.mean(1).std(0).mean(),
        }

    def after_step(self, progress: float) -> None:
        """Let the teacher follow."""
        self.teacher.update(self.encoder, self.config.momentum_at(progress))


@full_precision
def token_error(
    predicted: Tensor, target: Tensor, hidden: Tensor, *, processes: Processes = ONE_PROCESS
) -> Tensor:
    """Return the mean smooth-L1 error at the hidden tokens.

    Parameters
    ----------
    predicted, target : (n_windows, n_tokens, width) float tensor
    hidden : (n_windows, n_tokens) bool tensor
    processes : Processes
        Whose batches the mean is over.

    Returns
    -------
    () float tensor
    """
    each = functional.smooth_l1_loss(predicted, target, reduction="none").mean(-1)
    weight = hidden.to(each.dtype)
    return processes.mean((each * weight).sum(), weight.sum())
