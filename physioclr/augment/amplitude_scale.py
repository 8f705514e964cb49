"""Amplitude scale: the same ECG drawn larger or smaller."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["AmplitudeScale"]


@dataclass(frozen=True)
class AmplitudeScale:
    """Multiply each ECG by a factor.

    Parameters
    ----------
    most : float
        The factor is drawn between 1 / `most` and `most`, evenly in its logarithm; at least 1.
    each_lead : bool
        Whether each lead has a factor of its own, which breaks Einthoven's identities and turns
        the axis.
    """

    most: float = 1.25
    each_lead: bool = False

    def __post_init__(self) -> None:
        if not self.most >= 1:
            raise ValueError(f"most must be at least 1, got {self.most}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Scale a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
        """
        n_factors = windows.n_leads if self.each_lead else 1
        exponent = 2 * draws.uniform(len(windows), n_factors, 1) - 1
        factor = torch.exp(exponent * math.log(self.most))
        return windows.with_signal(windows.signal * factor.to(windows.signal.dtype))
