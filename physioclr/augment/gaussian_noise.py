"""Gaussian noise: white, in each lead its own, as an amplifier adds it."""

from __future__ import annotations

from dataclasses import dataclass

from physioclr.augment.draws import Draws
from physioclr.augment.electrodes import add_at_snr
from physioclr.augment.windows import EcgWindows

__all__ = ["GaussianNoise"]


@dataclass(frozen=True)
class GaussianNoise:
    """Add white noise.

    Parameters
    ----------
    snr_db : float
        Ratio of the powers of ECG and noise over the live leads, in dB.
    """

    snr_db: float = 20.0

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
        noise = draws.normal(*windows.signal.shape)
        return add_at_snr(windows, noise, self.snr_db)
