"""Time shift: the same strip, begun a little earlier or later.

What the window does not show cannot be known, so the sample at the edge is held. Wrapping around
would join two beats that never met, and mirroring would draw a beat that runs backwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["TimeShift"]


@dataclass(frozen=True)
class TimeShift:
    """Move each ECG in time, all leads alike, by whole samples.

    Parameters
    ----------
    most_ms : float
        The shift is drawn evenly between −`most_ms` and `most_ms`.
    """

    most_ms: float = 300.0

    def __post_init__(self) -> None:
        if not self.most_ms >= 0:
            raise ValueError(f"most_ms must not be negative, got {self.most_ms}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Shift a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
        """
        most = self.most_ms * windows.fs_hz / 1000
        shift = ((2 * draws.uniform(len(windows), 1) - 1) * most).round().long()
        n_samples = windows.n_samples
        time = torch.arange(n_samples, device=shift.device)
        source = (time - shift).clamp(0, n_samples - 1)
        signal = windows.signal.gather(-1, source.unsqueeze(1).expand_as(windows.signal))

        def moved(samples: torch.Tensor) -> torch.Tensor:
            return torch.where(samples < n_samples, samples + shift, n_samples)

        shifted = windows.with_signal(signal)
        return shifted.with_beats(moved(windows.r_peaks), moved(windows.cuts))
