"""Powerline noise: the hum of the mains, with its third harmonic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from physioclr.augment.draws import Draws
from physioclr.augment.electrodes import add_at_snr, electrode_noise
from physioclr.augment.windows import EcgWindows
from physioclr.leads import ELECTRODES

__all__ = ["PowerlineNoise"]

_THIRD_HARMONIC = 0.2


@dataclass(frozen=True)
class PowerlineNoise:
    """Add hum of one frequency, at each electrode with a strength and a phase of its own.

    Parameters
    ----------
    mains_hz : {50, 60}
    snr_db : float
        Ratio of the powers of ECG and hum over the live leads, in dB.
    """

    mains_hz: Literal[50, 60] = 50
    snr_db: float = 10.0

    def __post_init__(self) -> None:
        if self.mains_hz not in (50, 60):
            raise ValueError(f"mains_hz must be 50 or 60, got {self.mains_hz}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Add hum to a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows

        Raises
        ------
        ValueError
            If the sampling rate is too low for the mains frequency.
        """
        if windows.fs_hz <= 2 * self.mains_hz:
            raise ValueError(
                f"fs_hz must be above {2 * self.mains_hz} for hum of {self.mains_hz} Hz, "
                f"got {windows.fs_hz:g}"
            )
        n, rows = len(windows), len(ELECTRODES) + windows.n_leads
        turn = 2 * math.pi
        strength, phase, third = (draws.uniform(n, rows, 1) for _ in range(3))
        time_s = torch.arange(windows.n_samples, device=strength.device) / windows.fs_hz
        hum = torch.sin(turn * (self.mains_hz * time_s + phase))
        if windows.fs_hz > 6 * self.mains_hz:
            hum = hum + _THIRD_HARMONIC * torch.sin(turn * (3 * self.mains_hz * time_s + third))
        noise = electrode_noise(strength * hum, windows.leads)
        return add_at_snr(windows, noise, self.snr_db)
