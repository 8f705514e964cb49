"""Heartbeat shuffle: the same ECG with its heartbeats in another order.

The first positive of PhysioCLR (arXiv 2509.08116). Where it differs from the authors' code:

* The signal is cut in the TP segment, between two heartbeats, not at the R apex.
* What lies before the first cut and after the last stays where it is, so the length is kept and no
  tail of zeros appears.
* The joints are cross-faded, since neighbouring pieces rarely end at the same level.
* The batch is shuffled by two gathers on the signal's device, without a loop over records.
* ``order="morphology"`` moves the heartbeats but leaves every R peak where it was, and so keeps
  the rhythm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

__all__ = ["HeartbeatShuffle"]


@dataclass(frozen=True)
class HeartbeatShuffle:
    """Put the heartbeats of each ECG in a random order.

    Parameters
    ----------
    order : {"beats", "morphology"}
        ``"beats"`` moves each heartbeat with the interval that belongs to it: the set of RR
        intervals is kept, their order is not. ``"morphology"`` exchanges the heartbeats while
        every R peak stays at its sample: the rhythm is kept, beat by beat. A heartbeat shorter
        than its new slot is held at its last level; a longer one is cut in its TP segment.
    crossfade_ms : float
        Width of the cross-fade about each joint in ms; 0 for none.
    """

    order: Literal["beats", "morphology"] = "beats"
    crossfade_ms: float = 40.0

    def __post_init__(self) -> None:
        if self.order not in ("beats", "morphology"):
            raise ValueError(f"order must be 'beats' or 'morphology', got {self.order!r}")
        if not self.crossfade_ms >= 0:
            raise ValueError(f"crossfade_ms must not be negative, got {self.crossfade_ms}")

    def __call__(
        self,
        signal: Tensor,
        r_peaks_samples: Tensor,
        cuts_samples: Tensor,
        *,
        fs_hz: float,
        generator: torch.Generator,
    ) -> Tensor:
        """Shuffle a batch.

        Parameters
        ----------
        signal : (n_records, n_leads, n_samples) float tensor
        r_peaks_samples : (n_records, n_cuts + 1) int64 tensor
            R peak of each heartbeat; entries past the last heartbeat are `n_samples`.
        cuts_samples : (n_records, n_cuts) int64 tensor
            Ascending; entry k lies between R peaks k and k + 1. Padded with `n_samples`.
        fs_hz : float
            Sampling rate of `signal`.
        generator : torch.Generator
            On the device of `signal`.

        Returns
        -------
        (n_records, n_leads, n_samples) float tensor
            A record with fewer than three cuts (two whole heartbeats) comes back as it was.
        """
        pieces = _Pieces.between(cuts_samples, signal.shape[-1])
        order = pieces.shuffled(generator)
        if self.order == "beats":
            starts, offsets = pieces.laid_out(order)
        else:
            starts, offsets = pieces.starts, _aligned_offsets(r_peaks_samples, order)
        source, joint_source, joint_weight = _gather_plan(
            starts,
            offsets,
            bounds=(pieces.starts.gather(1, order), pieces.ends.gather(1, order)),
            hold=self.order == "morphology",
            n_samples=signal.shape[-1],
            half_fade=self.crossfade_ms * fs_hz / 2000,
        )
        main = _gather(signal, source)
        weight = joint_weight.to(signal.dtype).unsqueeze(1)
        return torch.lerp(main, _gather(signal, joint_source), weight)


@dataclass(frozen=True)
class _Pieces:
    """The pieces between cuts, `(n_records, n_cuts + 1)`; padding pieces are empty, at the end."""

    starts: Tensor
    ends: Tensor
    movable: Tensor

    @classmethod
    def between(cls, cuts: Tensor, n_samples: int) -> _Pieces:
        edge = cuts.new_zeros(cuts.shape[0], 1)
        starts = torch.cat([edge, cuts], dim=1)
        ends = torch.cat([cuts, edge + n_samples], dim=1)
        movable = ends < n_samples
        movable[:, 0] = False
        return cls(starts, ends, movable)

    def shuffled(self, generator: torch.Generator) -> Tensor:
        """Return which piece comes at each place: only whole heartbeats change places."""
        n_records, n_pieces = self.starts.shape
        device = self.starts.device
        places = torch.arange(n_pieces, device=device).expand(n_records, -1)
        noise = torch.rand(n_records, n_pieces, generator=generator, device=device)
        n_movable = self.movable.sum(dim=1, keepdim=True)
        # Sort movable pieces by noise within places 1 … n_movable; all others keep their place.
        key = torch.where(self.movable, 1 + noise * n_movable, places.to(noise.dtype))
        key = torch.where(places > n_movable, places.to(noise.dtype) + 1, key)
        return key.argsort(dim=1, stable=True)

    def laid_out(self, order: Tensor) -> tuple[Tensor, Tensor]:
        """Lay the pieces end to end; return new starts and, for each, source minus target."""
        lengths = (self.ends - self.starts).gather(1, order)
        starts = lengths.cumsum(dim=1) - lengths
        return starts, self.starts.gather(1, order) - starts


def _aligned_offsets(r_peaks: Tensor, order: Tensor) -> Tensor:
    return r_peaks.gather(1, order) - r_peaks


def _gather_plan(
    starts: Tensor,
    offsets: Tensor,
    *,
    bounds: tuple[Tensor, Tensor],
    hold: bool,
    n_samples: int,
    half_fade: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return per target sample its source, the one across the nearest joint, and its weight."""
    n_records, n_pieces = starts.shape
    time = torch.arange(n_samples, device=starts.device).expand(n_records, -1).contiguous()
    piece = torch.searchsorted(starts, time, right=True) - 1
    since_start = time - starts.gather(1, piece)
    next_piece = (piece + 1).clamp(max=n_pieces - 1)
    until_end = torch.where(piece + 1 < n_pieces, starts.gather(1, next_piece) - time, n_samples)
    # The first sample of a piece and the last of the one before lie half a sample off the joint.
    to_previous = since_start < until_end
    distance = torch.where(to_previous, since_start + 0.5, until_end - 0.5)
    across = torch.where(to_previous, piece - 1, piece + 1)
    fades = (distance < half_fade) & (across >= 0) & (across < n_pieces)
    weight = torch.where(fades, 0.5 * (1 - distance / max(half_fade, 1e-9)), 0.0)

    def source_of(place: Tensor) -> Tensor:
        place = place.clamp(0, n_pieces - 1)
        source = time + offsets.gather(1, place)
        if hold:
            low, high = (bound.gather(1, place) for bound in bounds)
            source = torch.minimum(torch.maximum(source, low), high - 1)
        return source.clamp(0, n_samples - 1)

    return source_of(piece), source_of(across), weight


def _gather(signal: Tensor, index: Tensor) -> Tensor:
    return signal.gather(-1, index.unsqueeze(1).expand(-1, signal.shape[1], -1))
