"""3KG: contrast through the heart's dipole.

Gopal et al. 2021, arXiv 2106.04452. A view is the ECG with its dipole turned and stretched, and a
stretch of time masked; two views of an ECG are drawn together by `physioclr.objectives.nt_xent`.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from physioclr.augment import TimeMasking, VcgTransform
from physioclr.models import EncoderConfig
from physioclr.objectives.nt_xent import nt_xent, projection_head
from physioclr.objectives.objective import Objective, Step
from physioclr.training_data.batch import Need, TrainingBatch

__all__ = ["ThreeKg", "ThreeKgConfig"]


@dataclass(frozen=True)
class ThreeKgConfig:
    """Temperature, head, and how far a view may go.

    Parameters
    ----------
    temperature : float
        τ.
    projection_dim : int
    most_degrees, most_scale : float
        As in `physioclr.augment.VcgTransform`.
    keep_residual : bool
        Whether what the dipole does not explain is kept; the publication drops it.
    time_mask_fraction : float
        Share of the window that is hidden in each view.
    """

    temperature: float = 0.1
    projection_dim: int = 128
    most_degrees: float = 45.0
    most_scale: float = 1.5
    keep_residual: bool = False
    time_mask_fraction: float = 0.5

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")


class ThreeKg(Objective):
    """Two views through the encoder and a head.

    Parameters
    ----------
    encoder : EncoderConfig
    config : ThreeKgConfig
    """

    Config = ThreeKgConfig
    title = "3KG: two rotations of the heart's dipole"
    citation = "Gopal et al. 2021, arXiv 2106.04452"

    def __init__(self, encoder: EncoderConfig, config: ThreeKgConfig) -> None:
        super().__init__(encoder, config)
        self.config: ThreeKgConfig = config
        self.projection = projection_head(encoder.width, config.projection_dim)
        self.turn = VcgTransform(config.most_degrees, config.most_scale, config.keep_residual)
        self.masking = TimeMasking(config.time_mask_fraction)

    @classmethod
    def needs(cls, config: ThreeKgConfig) -> frozenset[Need]:  # noqa: ARG003
        """Return that it turns the heart's dipole."""
        return frozenset({"dipole"})

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return ``loss``."""
        gather = step.processes.gather
        first, second = (gather(self._view(batch, step)) for _ in range(2))
        patient = gather(batch.patient)
        return {"loss": nt_xent(first, second, patient, temperature=self.config.temperature)}

    def _view(self, batch: TrainingBatch, step: Step) -> Tensor:
        turned = self.turn(batch.windows, draws=step.draws)
        masked = self.masking(turned, draws=step.draws)
        projected: Tensor = self.projection(self.encoder(masked.signal)[0])
        return projected
