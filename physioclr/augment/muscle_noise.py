"""Muscle noise: the electromyogram of the muscles under the electrodes, in bursts.

Like record ``ma`` of the MIT-BIH Noise Stress Test (Moody, Muldrow, Mark 1984), it spans the band
of the QRS and beyond, and comes and goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physioclr.augment.draws import Draws
from physioclr.augment.electrodes import add_at_snr, electrode_noise, shaped_noise
from physioclr.augment.windows import EcgWindows

__all__ = ["MuscleNoise"]

_BAND_HZ = (12.0, 35.0)
"""Where it rises to its full strength, as the square, and where it falls, as the cube: the shares
of 5–15, 15–40 and 40–100 Hz are then those of record ma, .13, .69 and .18, within .02."""
_BURST_HZ = 1.0


@dataclass(frozen=True)
class MuscleNoise:
    """Add noise of the muscles' band whose strength wanders within about a second.

    Parameters
    ----------
    snr_db : float
        Ratio of the powers of ECG and noise over the live leads, in dB.
    """

    snr_db: float = 12.0

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
        return add_at_snr(windows, self.noise(windows, draws), self.snr_db)

    def noise(self, windows: EcgWindows, draws: Draws) -> Tensor:
        """Return the noise by itself, (n_windows, n_leads, n_samples), of any strength."""
        frequency = torch.fft.rfftfreq(windows.n_samples, 1 / windows.fs_hz)
        low, high = _BAND_HZ
        rise = (frequency / low) ** 2 / (1 + (frequency / low) ** 2)
        band = rise / (1 + (frequency / high) ** 3)
        slow = (frequency < _BURST_HZ).float()
        strength = shaped_noise(windows, draws, slow)
        strength = strength / strength.std(dim=-1, keepdim=True).clamp(min=1e-12)
        noise = shaped_noise(windows, draws, band) * (0.5 * strength).exp()
        return electrode_noise(noise, windows.leads)
