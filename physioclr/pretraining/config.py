"""What a pretraining run is asked to do: budget, optimiser, objective, encoder."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from physioclr.models.architectures import EncoderConfig, config_to_dict
from physioclr.models.transformer import TransformerConfig
from physioclr.objectives import PhysioclrConfig, objective_name

__all__ = ["PretrainConfig"]


@dataclass(frozen=True)
class PretrainConfig:
    """Budget, optimiser and parts of a run.

    Parameters
    ----------
    objective : object
        The `Config` of one of `physioclr.objectives.OBJECTIVES`, or of an objective that
        `physioclr.runtime.plugins.use_plugin` made known.
    encoder : EncoderConfig
    steps : int
        Optimiser steps.
    records_per_batch : int
        Recordings compared with each other, over all processes; each gives all of its windows.
    accumulate : int
        Batches whose gradients one step adds up.
    learning_rate, weight_decay, beta_2, epsilon : float
        Of AdamW. The paper's, but for the learning rate: its 5e-5 is for 90 M parameters.
    warmup_steps : int
        Linear; a cosine to zero follows.
    gradient_clip : float
    precision : {"32-true", "bf16-mixed"}
        Of the networks; losses are computed in float32 always.
    compile_encoder : bool
        Whether the encoder goes through ``torch.compile``.
    ema_decay : float or None
        Where given, checkpoints hold the exponential average of the encoder with this decay.
    seed : int
    save_every : int
        In steps.
    monitor_every : int
        In steps; 0 for never. Each time the embedding is monitored and, if it scores best, kept.
    held_out : float
        Share of the patients who are monitored on and not trained on, in [0, 0.5].
    """

    objective: Any = field(default_factory=PhysioclrConfig)
    encoder: EncoderConfig = field(default_factory=TransformerConfig)
    steps: int = 500
    records_per_batch: int = 32
    accumulate: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    beta_2: float = 0.98
    epsilon: float = 1e-6
    warmup_steps: int = 50
    gradient_clip: float = 1.0
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    compile_encoder: bool = False
    ema_decay: float | None = None
    seed: int = 0
    save_every: int = 50
    monitor_every: int = 50
    held_out: float = 0.1

    def __post_init__(self) -> None:
        for name in ("steps", "records_per_batch", "accumulate", "save_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.held_out <= 0.5:
            raise ValueError(f"held_out must lie in [0, 0.5], got {self.held_out}")
        if self.ema_decay is not None and not 0 <= self.ema_decay < 1:
            raise ValueError(f"ema_decay must lie in [0, 1), got {self.ema_decay}")
        objective_name(self.objective)

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of a step."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(self.steps - self.warmup_steps, 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * done))

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON has it, objective and encoder named."""
        name = objective_name(self.objective)
        return {
            **asdict(self),
            "objective": {"name": name, **asdict(self.objective)},
            "encoder": config_to_dict(self.encoder),
        }
