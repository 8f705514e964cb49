"""Supervised: the labels of the cohort, each its own yes or no.

Binary cross-entropy over the labels that are known, on the mean summary of a recording's windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from physioclr.models import EncoderConfig
from physioclr.objectives.full_precision import full_precision
from physioclr.objectives.objective import Objective, Step
from physioclr.runtime.distributed import ONE_PROCESS, Processes
from physioclr.training_data.batch import Need, TrainingBatch

__all__ = ["Supervised", "SupervisedConfig", "known_label_loss"]


@dataclass(frozen=True)
class SupervisedConfig:
    """What there is to tell.

    Parameters
    ----------
    n_labels : int
        Filled in from the cohort.
    positive_weight : float
        How much more a label that is there counts than one that is not.
    """

    n_labels: int = 0
    positive_weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.positive_weight > 0:
            raise ValueError(f"positive_weight must be positive, got {self.positive_weight}")


class Supervised(Objective):
    """The encoder and a linear layer.

    Parameters
    ----------
    encoder : EncoderConfig
    config : SupervisedConfig

    Raises
    ------
    ValueError
        If `config.n_labels` has not been filled in.
    """

    Config = SupervisedConfig
    title = "Supervised: the cohort's labels"
    citation = "Binary cross-entropy, a label at a time"

    def __init__(self, encoder: EncoderConfig, config: SupervisedConfig) -> None:
        super().__init__(encoder, config)
        if not config.n_labels >= 1:
            raise ValueError(f"n_labels must be at least 1, got {config.n_labels}")
        self.config: SupervisedConfig = config
        self.head = nn.Linear(encoder.width, config.n_labels)

    @classmethod
    def needs(cls, config: SupervisedConfig) -> frozenset[Need]:  # noqa: ARG003
        """Return that it learns from labels."""
        return frozenset({"labels"})

    @classmethod
    def fitted(
        cls,
        config: SupervisedConfig,
        *,
        n_labels: int,
        n_levels: int,  # noqa: ARG003
    ) -> SupervisedConfig:
        """Fill in the number of labels."""
        return replace(config, n_labels=n_labels)

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return ``loss``."""
        summary, _ = self.encoder(batch.windows.signal)
        of_recording = summary.view(len(batch.labels), -1, summary.shape[-1]).mean(1)
        loss = known_label_loss(
            self.head(of_recording),
            batch.labels,
            positive_weight=self.config.positive_weight,
            processes=step.processes,
        )
        return {"loss": loss}


@full_precision
def known_label_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    positive_weight: float = 1.0,
    processes: Processes = ONE_PROCESS,
) -> Tensor:
    """Return the mean binary cross-entropy of the labels that are known.

    Parameters
    ----------
    logits, labels : (n, n_labels) float tensor
        NaN in `labels` where unknown.
    positive_weight : float
    processes : Processes
        Whose batches the mean is over.

    Returns
    -------
    () float tensor
        0 where none is known.
    """
    known = torch.isfinite(labels).to(logits.dtype)
    weight = logits.new_full((), positive_weight)
    each = functional.binary_cross_entropy_with_logits(
        logits, labels.nan_to_num(0.0), pos_weight=weight, reduction="none"
    )
    return processes.mean((each * known).sum(), known.sum())
