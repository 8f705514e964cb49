"""SimCLR: two augmentations of an ECG are drawn together, all else is pushed apart.

Chen et al. 2020, arXiv 2002.05709, with views made by augmentations that keep the category of an
ECG in place of those for images, and the loss of `physioclr.objectives.nt_xent`.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from physioclr.augment import (
    AmplitudeScale,
    GaussianNoise,
    RandomLeadMasking,
    TimeMasking,
    TimeShift,
)
from physioclr.augment.windows import EcgWindows
from physioclr.models import EncoderConfig
from physioclr.objectives.nt_xent import nt_xent, projection_head
from physioclr.objectives.objective import Objective, Step
from physioclr.training_data.batch import TrainingBatch

__all__ = ["SimClr", "SimClrConfig"]


@dataclass(frozen=True)
class SimClrConfig:
    """Temperature, head, and how strong each augmentation is; 0 or None for none of it.

    Parameters
    ----------
    temperature : float
        τ.
    projection_dim : int
    shift_ms : float
        Largest time shift.
    scale : float
        Largest factor of the amplitude; 1 for none.
    noise_snr_db : float or None
        Of white noise.
    time_mask_fraction, lead_mask_fraction : float
        Share of the window, and of the leads, that is hidden in each view.
    """

    temperature: float = 0.1
    projection_dim: int = 128
    shift_ms: float = 300.0
    scale: float = 1.25
    noise_snr_db: float | None = 20.0
    time_mask_fraction: float = 0.25
    lead_mask_fraction: float = 0.25

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")
        if not self.scale >= 1:
            raise ValueError(f"scale must be at least 1, got {self.scale}")
        if not self.shift_ms >= 0:
            raise ValueError(f"shift_ms must not be negative, got {self.shift_ms}")


class SimClr(Objective):
    """Two views through the encoder and a head.

    Parameters
    ----------
    encoder : EncoderConfig
    config : SimClrConfig
    """

    Config = SimClrConfig
    title = "SimCLR: two augmentations of an ECG"
    citation = "Chen et al. 2020, arXiv 2002.05709"

    def __init__(self, encoder: EncoderConfig, config: SimClrConfig) -> None:
        super().__init__(encoder, config)
        self.config: SimClrConfig = config
        self.projection = projection_head(encoder.width, config.projection_dim)

    def forward(self, batch: TrainingBatch, step: Step) -> dict[str, Tensor]:
        """Return ``loss``."""
        gather = step.processes.gather
        first, second = (gather(self._project(self.view(batch.windows, step))) for _ in range(2))
        patient = gather(batch.patient)
        return {"loss": nt_xent(first, second, patient, temperature=self.config.temperature)}

    def view(self, windows: EcgWindows, step: Step) -> EcgWindows:
        """Augment the windows, another way at each call.

        Parameters
        ----------
        windows : EcgWindows
        step : Step

        Returns
        -------
        EcgWindows
        """
        config, draws = self.config, step.draws
        if config.shift_ms:
            windows = TimeShift(config.shift_ms)(windows, draws=draws)
        if config.scale > 1:
            windows = AmplitudeScale(config.scale)(windows, draws=draws)
        if config.noise_snr_db is not None:
            windows = GaussianNoise(config.noise_snr_db)(windows, draws=draws)
        if config.time_mask_fraction:
            windows = TimeMasking(config.time_mask_fraction)(windows, draws=draws)
        if config.lead_mask_fraction:
            windows = RandomLeadMasking(config.lead_mask_fraction)(windows, draws=draws)
        return windows

    def _project(self, windows: EcgWindows) -> Tensor:
        projected: Tensor = self.projection(self.encoder(windows.signal)[0])
        return projected
