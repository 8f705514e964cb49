"""One ECG in memory: `EcgRecord`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.device_reading import DeviceReading
from physioclr.leads import STANDARD_LEADS

__all__ = ["EcgRecord"]


@dataclass(frozen=True, eq=False)
class EcgRecord:
    """An ECG: its signal in mV, its sampling rate, its leads.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float32
        Millivolts; NaN where the source has no sample. Kept as a read-only array.
    fs_hz : float
        Sampling rate in Hz, above 0.
    leads : tuple of str
        One unique name a row of `signal_mv`.
    record_id : str
        A name without meaning outside its source. Never a patient's name.
    meta : mapping, optional
        What the source states about the record: ``age_years``, ``sex`` (``"female"``, ``"male"``),
        ``source`` (file name), ``format``, ``simulated`` (bool), ``diagnosis_codes``, ``fold``.
    device_reading : DeviceReading, optional
        The interpretation and measurements stored in the file; None where it has none.

    Raises
    ------
    TypeError
        If `signal_mv` is not a two-dimensional array of numbers.
    ValueError
        If shapes, names or the sampling rate do not fit together.
    """

    signal_mv: NDArray[np.float32]
    fs_hz: float
    leads: tuple[str, ...]
    record_id: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    device_reading: DeviceReading | None = None

    def __post_init__(self) -> None:
        signal = np.asarray(self.signal_mv)
        if signal.ndim != 2 or not np.issubdtype(signal.dtype, np.number):
            raise TypeError(
                "signal_mv must be a (n_leads, n_samples) array of numbers, "
                f"got {signal.ndim} dimensions of {signal.dtype}"
            )
        if len(self.leads) != signal.shape[0]:
            raise ValueError(f"leads names {len(self.leads)} rows, signal_mv has {signal.shape[0]}")
        if len(set(self.leads)) != len(self.leads):
            raise ValueError(f"leads must be unique, got {self.leads}")
        if signal.shape[0] == 0 or signal.shape[1] == 0:
            raise ValueError(f"signal_mv must not be empty, got shape {signal.shape}")
        if not (math.isfinite(self.fs_hz) and self.fs_hz > 0):
            raise ValueError(f"fs_hz must be a positive number of Hz, got {self.fs_hz}")
        is_own = signal.base is None and not signal.flags.writeable and signal.flags.c_contiguous
        if not (is_own and signal.dtype == np.float32):  # nobody can change the signal from outside
            signal = np.array(signal, dtype=np.float32, order="C")
            signal.setflags(write=False)
        object.__setattr__(self, "signal_mv", signal)
        object.__setattr__(self, "fs_hz", float(self.fs_hz))
        object.__setattr__(self, "leads", tuple(self.leads))
        object.__setattr__(self, "meta", MappingProxyType(dict(self.meta)))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy has no pickle of its own."""
        return EcgRecord, (
            self.signal_mv,
            self.fs_hz,
            self.leads,
            self.record_id,
            dict(self.meta),
            self.device_reading,
        )

    def __repr__(self) -> str:
        return (
            f"EcgRecord({self.record_id!r}, {len(self.leads)} leads, "
            f"{self.duration_s:g} s at {self.fs_hz:g} Hz{', simulated' if self.simulated else ''})"
        )

    @property
    def n_leads(self) -> int:
        return len(self.signal_mv)

    @property
    def n_samples(self) -> int:
        return len(self.signal_mv[0])

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.fs_hz

    @property
    def simulated(self) -> bool:
        """Whether the signal comes from a simulator and not from a person."""
        return bool(self.meta.get("simulated", False))

    @property
    def missing_leads(self) -> tuple[str, ...]:
        """The standard leads this record does not have."""
        return tuple(lead for lead in STANDARD_LEADS if lead not in self.leads)

    def lead_mv(self, lead: str) -> NDArray[np.float32]:
        """Return one lead.

        Parameters
        ----------
        lead : str

        Returns
        -------
        (n_samples,) float32

        Raises
        ------
        ValueError
            If the record has no such lead.
        """
        if lead not in self.leads:
            raise ValueError(f"lead must be one of {', '.join(self.leads)}, got {lead!r}")
        row: NDArray[np.float32] = self.signal_mv[self.leads.index(lead)]
        return row
