"""The heartbeat shuffle as the authors of PhysioCLR have it, for ablations.

The signal is cut at the R apex, so that every heartbeat is torn in two; what lies before the first
R peak and after the last is dropped; the rest is laid end to end in a random order, and a tail of
zeros fills the window up (arXiv 2509.08116 and the code that goes with it). Unlike theirs, a batch
is shuffled by one gather.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["AuthorsShuffle"]


@dataclass(frozen=True)
class AuthorsShuffle:
    """Put the stretches from R peak to R peak in a random order, from the first sample on."""

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Shuffle a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
            All zero where a window has fewer than two R peaks. R peaks are where two stretches
            meet; the cuts are in the middle between them.
        """
        r_peaks, n_samples = windows.r_peaks, windows.n_samples
        present = r_peaks[:, 1:] < n_samples
        noise = draws.uniform(*r_peaks[:, 1:].shape)
        # Stretches that are there come first, in the order of the noise.
        order = torch.where(present, noise, 2.0).argsort(dim=1)
        lengths = torch.where(present, r_peaks[:, 1:] - r_peaks[:, :-1], 0).gather(1, order)
        ends = lengths.cumsum(dim=1)
        time = torch.arange(n_samples, device=r_peaks.device).expand(len(windows), -1).contiguous()
        place = torch.searchsorted(ends, time, right=True)
        filled = place < ends.shape[1]
        place = place.clamp(max=ends.shape[1] - 1)
        first = r_peaks[:, :-1].gather(1, order)
        source = time + (first - (ends - lengths)).gather(1, place)
        index = source.clamp(0, n_samples - 1).unsqueeze(1).expand_as(windows.signal)
        signal = windows.signal.gather(-1, index) * filled.unsqueeze(1)
        n_stretches = present.sum(dim=1, keepdim=True)
        places = torch.arange(ends.shape[1], device=r_peaks.device)
        joints = torch.where(places < n_stretches - 1, ends, n_samples)
        moved = torch.nn.functional.pad(joints, (0, 1), value=n_samples)
        between = (moved[:, 1:] + moved[:, :-1]) // 2
        cuts = torch.where(moved[:, 1:] < n_samples, between, n_samples)
        return replace(windows, signal=signal, r_peaks=moved, cuts=cuts)
