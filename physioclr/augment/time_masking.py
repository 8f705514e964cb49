"""Time masking: a stretch of the window is hidden in all leads.

One of the augmentations of 3KG (Gopal et al. 2021, arXiv 2106.04452).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["TimeMasking"]


@dataclass(frozen=True)
class TimeMasking:
    """Set a random stretch of each ECG to zero, all leads alike.

    Parameters
    ----------
    fraction : float
        Share of the window that is hidden, in [0, 1).
    """

    fraction: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.fraction < 1:
            raise ValueError(f"fraction must lie in [0, 1), got {self.fraction}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Mask a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
            The heartbeats are where they were, also those that are hidden.
        """
        n_samples = windows.n_samples
        length = round(self.fraction * n_samples)
        first = (draws.uniform(len(windows), 1) * (n_samples - length + 1)).long()
        time = torch.arange(n_samples, device=first.device)
        hidden = (time >= first) & (time < first + length)
        return windows.with_signal(windows.signal * ~hidden.unsqueeze(1))
