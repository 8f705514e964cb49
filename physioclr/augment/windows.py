"""Windows of ECGs as tensors: what augmentations turn into others and encoders take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

__all__ = ["EcgWindows"]


@dataclass(frozen=True, eq=False)
class EcgWindows:
    """A batch of windows, all of one length, with where their heartbeats are.

    Parameters
    ----------
    signal : (n_windows, n_leads, n_samples) float tensor
    fs_hz : float
    leads : tuple of str
        The rows of each window.
    r_peaks : (n_windows, n_beats) int64 tensor
        The sample of each R peak, ascending; entries past the last are `n_samples`.
    cuts : (n_windows, n_beats - 1) int64 tensor
        Ascending; entry k lies in the TP segment between R peaks k and k + 1. Padded with
        `n_samples`.
    mv_per_unit : float
        What a value of 1 in `signal` is in mV.
    """

    signal: Tensor
    fs_hz: float
    leads: tuple[str, ...]
    r_peaks: Tensor
    cuts: Tensor
    mv_per_unit: float = 1.0

    def __len__(self) -> int:
        return len(self.signal)

    @property
    def n_leads(self) -> int:
        """Rows of a window."""
        return self.signal.shape[1]

    @property
    def n_samples(self) -> int:
        """Length of a window."""
        return self.signal.shape[2]

    def with_signal(self, signal: Tensor) -> Self:
        """Return the same windows with another signal, the heartbeats where they were.

        Parameters
        ----------
        signal : (n_windows, n_leads, n_samples) float tensor

        Returns
        -------
        EcgWindows
        """
        return replace(self, signal=signal)

    def with_beats(self, r_peaks: Tensor, cuts: Tensor) -> Self:
        """Return the same windows with heartbeats that have moved.

        Parameters
        ----------
        r_peaks : (n_windows, n_beats) int64 tensor
            In the order of time; what lies outside of the window is gone.
        cuts : (n_windows, n_beats - 1) int64 tensor
            Entry k goes with the R peaks k and k + 1, and goes when one of them does.

        Returns
        -------
        EcgWindows
        """
        n_samples = self.n_samples
        inside = (r_peaks >= 0) & (r_peaks < n_samples)
        between = inside[:, 1:] & inside[:, :-1] & (cuts >= 0) & (cuts < n_samples)
        return replace(
            self,
            r_peaks=torch.where(inside, r_peaks, n_samples).sort(dim=1).values,
            cuts=torch.where(between, cuts, n_samples).sort(dim=1).values,
        )
