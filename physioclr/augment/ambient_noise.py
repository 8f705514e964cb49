"""Ambient noise: what a ward adds to an ECG, in a mixture and a strength of its own each time."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from physioclr.augment.baseline_wander import BaselineWander
from physioclr.augment.draws import Draws
from physioclr.augment.electrodes import add_at_snr
from physioclr.augment.muscle_noise import MuscleNoise
from physioclr.augment.windows import EcgWindows

__all__ = ["AmbientNoise"]


@dataclass(frozen=True)
class AmbientNoise:
    """Add drift, muscle noise and white noise, mixed by chance, at a ratio drawn for each ECG.

    Parameters
    ----------
    lowest_snr_db, highest_snr_db : float
        The ratio of the powers of ECG and noise is drawn evenly between them, in dB.
    """

    lowest_snr_db: float = 3.0
    highest_snr_db: float = 30.0

    def __post_init__(self) -> None:
        if self.lowest_snr_db > self.highest_snr_db:
            raise ValueError(
                f"lowest_snr_db must not be above {self.highest_snr_db}, got {self.lowest_snr_db}"
            )

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Add noise to a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
        """
        kinds = torch.stack(
            [
                BaselineWander().noise(windows, draws),
                MuscleNoise().noise(windows, draws),
                draws.normal(*windows.signal.shape),
            ],
            dim=1,
        )
        power = kinds.square().mean(dim=(2, 3), keepdim=True)
        # Evenly over all mixtures: exponential draws, whose sum does not matter (Dirichlet).
        share = -torch.log1p(-draws.uniform(len(windows), 3))[..., None, None]
        tiny = torch.finfo(power.dtype).tiny
        noise = (kinds * (share / power.clamp(min=tiny)).sqrt()).sum(dim=1)
        span = self.highest_snr_db - self.lowest_snr_db
        snr_db = self.lowest_snr_db + span * draws.uniform(len(windows))
        return add_at_snr(windows, noise, snr_db)
