"""Heartbeat shuffle: the same ECG with its heartbeats in another order.

The first positive of PhysioCLR (arXiv 2509.08116). Where it differs from the authors' code, which
`physioclr.augment.AuthorsShuffle` keeps:

* The signal is cut in the TP segment, between two heartbeats, not at the R apex.
* What lies before the first cut and after the last stays where it is, so the length is kept and no
  tail of zeros appears.
* The joints are cross-faded, since neighbouring pieces rarely end at the same level.
* The batch is shuffled by one gather on the signal's device, without a loop over records.
* ``order="morphology"`` moves the heartbeats but leaves every R peak where it was, and so keeps
  the rhythm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["HeartbeatShuffle"]

_GRID_MS = 8.0
_WIDE = {8: torch.complex64, 16: torch.complex128}
"""A type of so many bytes: neighbouring samples that move together are moved as one number."""


@dataclass(frozen=True)
class HeartbeatShuffle:
    """Put the heartbeats of each ECG in a random order.

    Parameters
    ----------
    order : {"beats", "morphology"}
        ``"beats"`` moves each heartbeat with the interval that belongs to it: the set of RR
        intervals is kept, their order is not. The cuts are rounded down to a grid of at most 8 ms.
        ``"morphology"`` exchanges the heartbeats while every R peak stays at its sample: the
        rhythm is kept, beat by beat. A heartbeat shorter than its new slot is held at its last
        level; a longer one is cut in its TP segment.
    crossfade_ms : float
        Width of the cross-fade about each joint in ms; 0 for none.
    """

    order: Literal["beats", "morphology"] = "beats"
    crossfade_ms: float = 32.0

    def __post_init__(self) -> None:
        if self.order not in ("beats", "morphology"):
            raise ValueError(f"order must be 'beats' or 'morphology', got {self.order!r}")
        if not self.crossfade_ms >= 0:
            raise ValueError(f"crossfade_ms must not be negative, got {self.crossfade_ms}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Shuffle a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
            A window with fewer than three cuts (two whole heartbeats) comes back as it was.
        """
        grid = 1 if self.order == "morphology" else _grid(windows)
        n_places = windows.n_samples // grid
        cuts = (windows.cuts // grid).clamp(max=n_places)
        pieces = _Pieces.between(cuts, n_places)
        order = pieces.shuffled(draws)
        if self.order == "morphology":
            laid_out, moved = pieces.exchanged(order, windows.r_peaks), windows
        else:
            laid_out = pieces.laid_out(order)
            moved = _with_beats_moved(windows, laid_out, order, grid)
        samples = _grouped(windows.signal, grid)
        shuffled = laid_out.moved(samples)
        half_fade = self.crossfade_ms * windows.fs_hz / 2000
        if half_fade >= 1 and windows.cuts.shape[1]:
            laid_out.fade(shuffled, samples, windows.signal.dtype, half_fade)
        signal = shuffled.view(windows.signal.dtype)
        rest = windows.signal[..., n_places * grid :]
        return moved.with_signal(torch.cat([signal, rest], dim=-1) if rest.numel() else signal)


def _grid(windows: EcgWindows) -> int:
    """Return how many samples move as one: what 8 ms hold, and a number can."""
    in_grid = int(_GRID_MS * windows.fs_hz / 1000 + 1e-9)
    sizes = [wide // windows.signal.element_size() for wide in _WIDE]
    return max([size for size in sizes if 1 < size <= in_grid], default=1)


def _grouped(signal: Tensor, grid: int) -> Tensor:
    """View each `grid` samples as one number, without what is over at the end."""
    if grid == 1:
        return signal
    whole = signal[..., : signal.shape[-1] // grid * grid].contiguous()
    return whole.view(_WIDE[grid * signal.element_size()])


def _with_beats_moved(
    windows: EcgWindows, laid_out: _LaidOut, order: Tensor, grid: int
) -> EcgWindows:
    """Let each R peak move with its piece; the joints are the new cuts."""
    n_samples = windows.n_samples
    joints = laid_out.starts[:, 1:] * grid
    return replace(
        windows,
        r_peaks=windows.r_peaks.gather(1, order) - laid_out.offsets * grid,
        cuts=torch.where(windows.cuts < n_samples, joints, n_samples),
    )


@dataclass(frozen=True)
class _Pieces:
    """The pieces between cuts, `(n_records, n_cuts + 1)`; padding pieces are empty, at the end."""

    starts: Tensor
    ends: Tensor
    movable: Tensor

    @classmethod
    def between(cls, cuts: Tensor, n_places: int) -> _Pieces:
        edge = cuts.new_zeros(cuts.shape[0], 1)
        starts = torch.cat([edge, cuts], dim=1)
        ends = torch.cat([cuts, edge + n_places], dim=1)
        movable = ends < n_places
        movable[:, 0] = False
        return cls(starts, ends, movable)

    def shuffled(self, draws: Draws) -> Tensor:
        """Return which piece comes at each place: only whole heartbeats change places."""
        n_records, n_pieces = self.starts.shape
        places = torch.arange(n_pieces, device=self.starts.device).expand(n_records, -1)
        noise = draws.uniform(n_records, n_pieces)
        n_movable = self.movable.sum(dim=1, keepdim=True)
        # Sort movable pieces by noise within places 1 … n_movable; all others keep their place.
        key = torch.where(self.movable, 1 + noise * n_movable, places.to(noise.dtype))
        key = torch.where(places > n_movable, places.to(noise.dtype) + 1, key)
        return key.argsort(dim=1, stable=True)

    def laid_out(self, order: Tensor) -> _LaidOut:
        """Lay the pieces end to end."""
        first = self.starts.gather(1, order)
        lengths = self.ends.gather(1, order) - first
        starts = lengths.cumsum(dim=1) - lengths
        return _LaidOut(starts, first - starts)

    def exchanged(self, order: Tensor, r_peaks: Tensor) -> _LaidOut:
        """Put R peak on R peak; a piece too short for its place is held at its last level."""
        bounds = self.starts.gather(1, order), self.ends.gather(1, order)
        return _LaidOut(self.starts, r_peaks.gather(1, order) - r_peaks, bounds)


@dataclass(frozen=True)
class _LaidOut:
    """Where each piece begins, its source minus its target, and what its source is held in."""

    starts: Tensor
    offsets: Tensor
    bounds: tuple[Tensor, Tensor] | None = None

    def moved(self, samples: Tensor) -> Tensor:
        """Gather the pieces, (n_records, n_leads, n_places)."""
        n_records, n_leads, n_places = samples.shape
        time = torch.arange(n_places, device=samples.device).expand(n_records, -1)
        if self.bounds is None:
            # The offset of each place: steps from piece to piece, added up.
            steps = torch.diff(self.offsets, dim=1, prepend=torch.zeros_like(time[:, :1]))
            each = steps.new_zeros(n_records, n_places + 1).scatter_add_(1, self.starts, steps)
            source = time + each[:, :-1].cumsum(dim=1)
        else:
            piece = torch.searchsorted(self.starts, time.contiguous(), right=True) - 1
            source = self.source(time, piece, n_places)
        return samples.gather(-1, source.unsqueeze(1).expand(-1, n_leads, -1))

    def fade(self, moved: Tensor, samples: Tensor, dtype: torch.dtype, half_fade: float) -> None:
        """Cross-fade, in place, into what the piece beyond each joint would go on with."""
        n_places, n_joints = samples.shape[-1], self.starts.shape[1] - 1
        grid = samples.element_size() // dtype.itemsize
        joints = self.starts[:, 1:]
        present = (joints > 0) & (joints < n_places)
        # A joint that is none repeats the first: what is written twice is the same both times.
        which = torch.arange(n_joints, device=joints.device) * present
        joints = joints.gather(1, which).unsqueeze(-1)
        reach = math.ceil(half_fade / grid)
        about = torch.arange(-reach, reach, device=joints.device)
        time = (joints + about).clamp(0, n_places - 1)
        piece = which.unsqueeze(-1) + (time < joints)
        at = time.flatten(1).unsqueeze(1).expand(-1, samples.shape[1], -1)
        beyond = self.source(time.flatten(1), piece.flatten(1), n_places).unsqueeze(1)
        # Half a sample lies between a joint and the samples next to it.
        within = torch.arange(grid, device=joints.device) + 0.5
        distance = ((time - joints).unsqueeze(-1) * grid + within).abs()
        weight = (0.5 * (1 - distance / half_fade)).clamp(min=0)
        weight = weight * present.gather(1, which)[..., None, None]
        weight = weight.flatten(1).unsqueeze(1).to(dtype)
        own = moved.gather(-1, at).view(dtype)
        across = samples.gather(-1, beyond.expand_as(at)).view(dtype)
        moved.scatter_(-1, at, torch.lerp(own, across, weight).view(moved.dtype))

    def source(self, time: Tensor, piece: Tensor, n_places: int) -> Tensor:
        """Return where pieces take their samples from."""
        source = time + self.offsets.gather(1, piece)
        if self.bounds is not None:
            low, high = (bound.gather(1, piece) for bound in self.bounds)
            source = torch.minimum(torch.maximum(source, low), high - 1)
        return source.clamp(0, n_places - 1)
