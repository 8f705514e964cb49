"""Long signals in pieces, so that what is computed on them needs no more memory than a minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Piece", "overlapping_pieces"]

_WHOLE_S = 60.0
_CORE_S = 50.0
_CONTEXT_S = 5.0


@dataclass(frozen=True)
class Piece:
    """A stretch of a signal, and the longer one around it that its answer is computed from.

    Parameters
    ----------
    start, stop : int
        The samples the piece answers for; the pieces of a signal cover it without overlap.
    first, last : int
        The samples to look at: up to 5 s more on either side. Ends are exclusive.
    """

    start: int
    stop: int
    first: int
    last: int


def overlapping_pieces(n_samples: int, fs_hz: float) -> Iterator[Piece]:
    """Cut a signal: whole up to 60 s, else pieces of 50 s that see 5 s more on either side.

    Parameters
    ----------
    n_samples : int
    fs_hz : float

    Yields
    ------
    Piece
    """
    if n_samples <= _WHOLE_S * fs_hz:
        yield Piece(0, n_samples, 0, n_samples)
        return
    core, context = round(_CORE_S * fs_hz), round(_CONTEXT_S * fs_hz)
    for start in range(0, n_samples, core):
        stop = min(n_samples, start + core)
        yield Piece(start, stop, max(0, start - context), min(n_samples, stop + context))
