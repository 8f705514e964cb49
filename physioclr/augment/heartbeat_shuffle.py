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

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from physioclr.augment.draws import Draws
from physioclr.windows import EcgWindows

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
    crossfade_ms: float = 40.0

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
        signal = laid_out.moved(windows.signal, grid)
        half_fade = self.crossfade_ms * windows.fs_hz / 2000
        if half_fade >= 1:
            laid_out.fade(signal, windows.signal, grid, half_fade)
        return moved.with_signal(signal)


def _grid(windows: EcgWindows) -> int:
    """Return how many samples move as one: what 8 ms hold, and a number can."""
    in_grid = int(_GRID_MS * windows.fs_hz / 1000 + 1e-9)
    sizes = [wide // windows.signal.element_size() for wide in _WIDE]
    return max([size for size in sizes if 1 < size <= in_grid], default=1)


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

    def moved(self, signal: Tensor, grid: int) -> Tensor:
        """Gather the pieces, `grid` samples as one; what is over at the end stays."""
        n_records, n_leads, n_samples = signal.shape
        n_places = n_samples // grid
        time = torch.arange(n_places, device=signal.device).expand(n_records, -1).contiguous()
        piece = torch.searchsorted(self.starts, time, right=True) - 1
        source = self.source(time, piece, n_places).unsqueeze(1).expand(-1, n_leads, -1)
        if grid == 1:
            return signal.gather(-1, source)
        whole = signal[..., : n_places * grid].contiguous()
        wide = whole.view(_WIDE[grid * signal.element_size()])
        moved = wide.gather(-1, source).view(signal.dtype)
        if n_places * grid == n_samples:
            return moved
        return torch.cat([moved, signal[..., n_places * grid :]], dim=-1)

    def fade(self, moved: Tensor, signal: Tensor, grid: int, half_fade: float) -> None:
        """Cross-fade, in place, into what the piece beyond each joint would go on with."""
        _, n_leads, n_samples = signal.shape
        n_places = n_samples // grid
        reach = int(half_fade)
        about = torch.arange(-reach, reach, device=signal.device)
        joints = self.starts[:, 1:, None]
        time = joints * grid + about
        after = about >= 0
        piece = torch.arange(joints.shape[1], device=signal.device)[:, None] + (~after).long()
        # Half a sample lies between a joint and the samples next to it.
        weight = 0.5 * (1 - (about + 0.5).abs() / half_fade)
        inside = (time >= 0) & (time < n_samples) & (joints > 0) & (joints < n_places)
        flat = time.clamp(0, n_samples - 1).flatten(1)
        beyond = self.source(flat, piece.expand_as(time).flatten(1), n_samples, grid)
        across = signal.gather(-1, beyond.unsqueeze(1).expand(-1, n_leads, -1))
        at = flat.unsqueeze(1).expand(-1, n_leads, -1)
        share = torch.where(inside, weight, 0.0).flatten(1).unsqueeze(1).to(signal.dtype)
        # Added, so that a joint that is none, which adds 0, spoils nothing where it points.
        moved.scatter_add_(-1, at, share * (across - moved.gather(-1, at)))

    def source(self, time: Tensor, piece: Tensor, n_times: int, scale: int = 1) -> Tensor:
        """Return where pieces take their samples from."""
        source = time + self.offsets.gather(1, piece) * scale
        if self.bounds is not None:
            low, high = (bound.gather(1, piece) for bound in self.bounds)
            source = torch.minimum(torch.maximum(source, low), high - 1)
        return source.clamp(0, n_times - 1)
