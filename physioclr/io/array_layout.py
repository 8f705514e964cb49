"""What an array of numbers does not say about itself, declared by its owner: `ArrayLayout`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from physioclr.io.units import millivolts_per
from physioclr.leads import canonical_lead

__all__ = ["ArrayLayout"]

_ORIENTATIONS = ("samples_first", "leads_first")


@dataclass(frozen=True, kw_only=True)
class ArrayLayout:
    """How an array becomes an ECG. Nothing of it is ever guessed.

    Parameters
    ----------
    fs_hz : float
        Sampling rate in Hz, above 0.
    unit : str
        Unit of the numbers: ``"mV"``, ``"uV"``, ``"V"``, ``"nV"``.
    leads : tuple of str, optional
        One name a lead, in the array's order. Left out only where a table's first line names them.
    orientation : {"samples_first", "leads_first"}, optional
        ``"samples_first"`` is (n_samples, n_leads), a row an instant; ``"leads_first"`` is
        (n_leads, n_samples), a row a lead. Left out only with the names in the first line.
    scale : float
        How many of `unit` the number 1 is, such as 4.88 of uV for a converter's output.
    array : str, optional
        Which array of an NPZ or HDF5 file, needed where it holds several.
    decimal : {".", ","}, optional
        The decimal mark of a table, needed where its commas may part thousands (``1,234``).

    Raises
    ------
    ValueError
        If a value is outside what is documented.
    """

    fs_hz: float
    unit: str
    leads: tuple[str, ...] | None = None
    orientation: Literal["samples_first", "leads_first"] | None = None
    scale: float = 1.0
    array: str | None = None
    decimal: Literal[".", ","] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.fs_hz) and self.fs_hz > 0):
            raise ValueError(f"fs_hz must be a positive number of Hz, got {self.fs_hz}")
        if millivolts_per(self.unit) is None:
            raise ValueError(f"unit must be one of mV, uV, V, nV, got {self.unit!r}")
        if self.orientation not in (None, *_ORIENTATIONS):
            raise ValueError(
                f"orientation must be one of {', '.join(_ORIENTATIONS)}, got {self.orientation!r}"
            )
        if self.decimal not in (None, ".", ","):
            raise ValueError(f"decimal must be '.' or ',', got {self.decimal!r}")
        if not (math.isfinite(self.scale) and self.scale != 0):
            raise ValueError(f"scale must be a number other than 0, got {self.scale}")
        if self.leads is not None:
            names = tuple(self.leads)
            if isinstance(self.leads, str) or not names:
                raise ValueError(f"leads must be a tuple of names, got {self.leads!r}")
            if len({canonical_lead(name) for name in names}) < len(names):
                raise ValueError(f"leads must be unique, got {names}")
            object.__setattr__(self, "leads", names)
