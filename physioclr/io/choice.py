"""Which part of a file is read: channels, time, rhythm or median beat (`ReadChoice`)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

__all__ = ["ReadChoice", "choosing", "current_choice"]


@dataclass(frozen=True, kw_only=True)
class ReadChoice:
    """Which part of a file is read.

    Parameters
    ----------
    channels : tuple of str, optional
        Names as the file spells them, or of leads. By default every channel that can be an ECG.
    part : {"rhythm", "median"}
        The recording, or the average beat beside it (DICOM).
    start_s : float
        Where the part to read begins.
    duration_s : float, optional
        How long it is; to the end by default.

    Raises
    ------
    ValueError
        If a value is outside what is documented.
    """

    channels: tuple[str, ...] | None = None
    part: Literal["rhythm", "median"] = "rhythm"
    start_s: float = 0.0
    duration_s: float | None = None

    def __post_init__(self) -> None:
        if self.part not in ("rhythm", "median"):
            raise ValueError(f"part must be 'rhythm' or 'median', got {self.part!r}")
        if not (math.isfinite(self.start_s) and self.start_s >= 0):
            raise ValueError(f"start_s must be 0 or more, got {self.start_s}")
        if self.duration_s is not None and not 0 < self.duration_s < math.inf:
            raise ValueError(f"duration_s must be above 0, got {self.duration_s}")
        if self.channels is not None:
            names = tuple(self.channels)
            if isinstance(self.channels, str) or not names:
                raise ValueError(f"channels must be a tuple of names, got {self.channels!r}")
            object.__setattr__(self, "channels", names)


_EVERYTHING = ReadChoice()
_CHOICE: ContextVar[ReadChoice] = ContextVar("_CHOICE", default=_EVERYTHING)


def current_choice() -> ReadChoice:
    """Return the requested part of the file being read.

    Returns
    -------
    ReadChoice
    """
    return _CHOICE.get()


@contextmanager
def choosing(choice: ReadChoice | None) -> Iterator[None]:
    """Ask for a part of the file read within.

    Parameters
    ----------
    choice : ReadChoice or None
        None for what is asked for already.

    Yields
    ------
    None
    """
    token = _CHOICE.set(choice or current_choice())
    try:
        yield
    finally:
        _CHOICE.reset(token)
