"""Baseline wander: electrodes drift with breath and movement.

Like record ``bw`` of the MIT-BIH Noise Stress Test (Moody, Muldrow, Mark 1984), nearly all of it
lies below 1 Hz and falls off steeply above.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physioclr.augment.draws import Draws
from physioclr.augment.electrodes import add_at_snr, electrode_noise, shaped_noise
from physioclr.augment.windows import EcgWindows

__all__ = ["BaselineWander"]


@dataclass(frozen=True)
class BaselineWander:
    """Add a slow drift, flat in amplitude up to a corner and falling with its cube above.

    Parameters
    ----------
    snr_db : float
        Ratio of the powers of ECG and drift over the live leads, in dB.
    corner_hz : float
        Where it begins to fall.
    """

    snr_db: float = 6.0
    corner_hz: float = 0.4

    def __post_init__(self) -> None:
        if not self.corner_hz > 0:
            raise ValueError(f"corner_hz must be positive, got {self.corner_hz}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Add drift to a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
        """
        return add_at_snr(windows, self.noise(windows, draws), self.snr_db)

    def noise(self, windows: EcgWindows, draws: Draws) -> Tensor:
        """Return the drift by itself, (n_windows, n_leads, n_samples), of any strength."""
        frequency = torch.fft.rfftfreq(windows.n_samples, 1 / windows.fs_hz)
        shape = 1 / (1 + (frequency / self.corner_hz) ** 3)
        shape[0] = 0  # the offset of an electrode is not drift
        return electrode_noise(shaped_noise(windows, draws, shape), windows.leads)
