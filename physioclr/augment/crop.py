"""Crop: a stretch of the window is kept, the rest is zero.

The stretch is not resampled to the length of the window: that would change every interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["Crop"]


@dataclass(frozen=True)
class Crop:
    """Keep a random stretch of each ECG, all leads alike.

    Parameters
    ----------
    fraction : float
        Share of the window that is kept, in (0, 1].
    """

    fraction: float = 0.6

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise ValueError(f"fraction must lie in (0, 1], got {self.fraction}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Crop a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
            Heartbeats outside of the stretch are gone.
        """
        n_samples = windows.n_samples
        length = max(1, round(self.fraction * n_samples))
        first = (draws.uniform(len(windows), 1) * (n_samples - length + 1)).long()
        time = torch.arange(n_samples, device=first.device)
        kept = (time >= first) & (time < first + length)

        def inside(samples: torch.Tensor) -> torch.Tensor:
            return torch.where((samples >= first) & (samples < first + length), samples, n_samples)

        cropped = windows.with_signal(windows.signal * kept.unsqueeze(1))
        return cropped.with_beats(inside(windows.r_peaks), inside(windows.cuts))
