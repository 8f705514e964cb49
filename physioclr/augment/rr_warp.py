"""RR warp: the heart beats a little less evenly, each beat is as it was.

Time is stretched or shortened in the TP segment alone, about the cut between two heartbeats, as
the heart itself changes its rate. P, QRS and T and the intervals among them stay sample for sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["RrWarp"]

_HALF_ZONE_MS = 40.0
_GRAIN = 2.0**16
_SHORTEST = 0.25
"""What is left of a TP zone at least, so that time never runs backwards."""


@dataclass(frozen=True)
class RrWarp:
    """Change each RR interval by a few percent, their sum within the window staying what it is.

    Parameters
    ----------
    most_pct : float
        The change of each interval is drawn evenly between ± this share of it, in percent; the
        mean of the changes is then taken away. An interval loses at most 60 ms.
    """

    most_pct: float = 4.0

    def __post_init__(self) -> None:
        if not 0 <= self.most_pct <= 20:
            raise ValueError(f"most_pct must lie in [0, 20], got {self.most_pct}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Warp a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
            What lies before the first cut and after the last is untouched. A window with fewer
            than two cuts comes back as it was.
        """
        cuts, n_samples = windows.cuts, windows.n_samples
        present = cuts < n_samples
        half_zone = _HALF_ZONE_MS * windows.fs_hz / 1000
        shift = self._shift(windows, present, 2 * half_zone * (1 - _SHORTEST), draws)
        before = torch.nn.functional.pad(shift, (1, 0))[:, :-1]
        source = torch.stack([cuts - half_zone, cuts + half_zone], dim=-1).double()
        target = source + torch.stack([before, shift], dim=-1)
        signal = _resampled(windows.signal, source, target, present)
        beat_shift = torch.nn.functional.pad(shift, (1, 0))
        moved = windows.with_signal(signal)
        return moved.with_beats(
            torch.where(windows.r_peaks < n_samples, windows.r_peaks + beat_shift, n_samples),
            torch.where(
                present, cuts + torch.div(before + shift, 2, rounding_mode="floor"), n_samples
            ),
        )

    def _shift(
        self, windows: EcgWindows, present: Tensor, most_lost: float, draws: Draws
    ) -> Tensor:
        """Return by how many samples all that follows a cut is moved; 0 after the last cut."""
        intervals = (windows.r_peaks[:, 1:] - windows.r_peaks[:, :-1]) * present
        drawn = (2 * draws.uniform(*present.shape) - 1) * intervals * (self.most_pct / 100)
        mean = drawn.sum(dim=1, keepdim=True) / present.sum(dim=1, keepdim=True).clamp(min=1)
        change = (drawn - mean) * present
        # The longest loss is brought within what a zone can lose; the sum stays 0.
        worst = (-change).max(dim=1, keepdim=True).values if change.shape[1] else change
        change = change * (most_lost / worst.clamp(min=most_lost))
        return change.cumsum(dim=1).round().long() * present


def _resampled(signal: Tensor, source: Tensor, target: Tensor, present: Tensor) -> Tensor:
    """Read each sample where the piecewise linear map from target to source says."""
    n_samples = signal.shape[-1]
    far = 10.0 * n_samples
    knots_from = torch.where(present.unsqueeze(-1), source, far).flatten(1)
    knots_to = torch.where(present.unsqueeze(-1), target, far).flatten(1)
    edge = knots_from.new_full((len(signal), 1), -far)
    knots_from = torch.cat([edge, knots_from, -edge * 2], dim=1).contiguous()
    knots_to = torch.cat([edge, knots_to, -edge * 2], dim=1).contiguous()
    time = torch.arange(n_samples, device=signal.device, dtype=knots_to.dtype)
    time = time.expand(len(signal), -1).contiguous()
    after = torch.searchsorted(knots_to, time, right=True)
    low_to, high_to = knots_to.gather(1, after - 1), knots_to.gather(1, after)
    low_from, high_from = knots_from.gather(1, after - 1), knots_from.gather(1, after)
    share = (time - low_to) / (high_to - low_to)
    position = low_from + share * (high_from - low_from)
    # Where time is not stretched a position is whole but for the last bits.
    position = ((position * _GRAIN).round() / _GRAIN).clamp(0, n_samples - 1)
    first = position.floor()
    index = first.long().unsqueeze(1).expand_as(signal)
    following = (first.long() + 1).clamp(max=n_samples - 1).unsqueeze(1).expand_as(signal)
    weight = (position - first).unsqueeze(1).to(signal.dtype)
    at = signal.gather(-1, index)
    return torch.where(weight > 0, torch.lerp(at, signal.gather(-1, following), weight), at)
