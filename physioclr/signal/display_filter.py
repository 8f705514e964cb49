"""What a reader takes out of an ECG to look at it. Nothing is measured on what this returns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from physioclr.records import EcgRecord
from physioclr.signal.filtering import bandpass, remove_mains

__all__ = ["DISPLAY_BANDS_HZ", "MAINS_HZ", "DisplayFilter"]

DISPLAY_BANDS_HZ: tuple[tuple[float | None, float | None], ...] = (
    (None, None),
    (0.05, 150.0),
    (0.5, 150.0),
    (0.5, 40.0),
)
"""As recorded; the band of a diagnostic ECG; without drift; and smoothed as on a monitor
(Kligfield et al. 2007, AHA/ACC/HRS part I, Circulation 115:1306: 40 Hz lowers narrow deflections,
which invalidates amplitudes). Zero-phase, so 0.5 Hz leaves the ST segment as it is."""
MAINS_HZ = (50.0, 60.0)


@dataclass(frozen=True)
class DisplayFilter:
    """What is left of the signal.

    Parameters
    ----------
    low_hz, high_hz : float or None
        Corners; None leaves that side open.
    mains_hz : float or None
        Hum that is taken out.
    """

    low_hz: float | None = None
    high_hz: float | None = None
    mains_hz: float | None = None

    @property
    def is_raw(self) -> bool:
        """Whether nothing is taken out."""
        return self == DisplayFilter()

    def effective(self, fs_hz: float) -> DisplayFilter:
        """Return what it does at a sampling rate, which holds nothing above its half.

        Parameters
        ----------
        fs_hz : float

        Returns
        -------
        DisplayFilter
            The one to state: an upper corner of at most `fs_hz` / 2, and hum only where it is
            below that.
        """
        half_hz = fs_hz / 2
        high_hz = None if self.high_hz is None else min(self.high_hz, half_hz)
        hum = self.mains_hz is not None and self.mains_hz < half_hz
        return replace(self, high_hz=high_hz, mains_hz=self.mains_hz if hum else None)

    def apply(self, record: EcgRecord) -> EcgRecord:
        """Return the filtered record, or the record itself where nothing is taken out.

        Parameters
        ----------
        record : EcgRecord

        Returns
        -------
        EcgRecord
            With the same missing samples. A high corner, or hum, at or above half the sampling
            rate takes nothing out.
        """
        if self.is_raw:
            return record
        signal = bandpass(record.signal_mv, record.fs_hz, self.low_hz, self.high_hz)
        if self.mains_hz is not None:
            signal = remove_mains(signal, record.fs_hz, self.mains_hz)
        return replace(record, signal_mv=signal.astype(np.float32))

    def __str__(self) -> str:
        low, high = self.low_hz, self.high_hz
        if low is not None and high is not None:
            band = f"{low:g}–{high:g} Hz"
        elif low is not None or high is not None:
            band = f"above {low:g} Hz" if low is not None else f"below {high:g} Hz"
        else:
            band = "raw" if self.mains_hz is None else "all frequencies"
        return band if self.mains_hz is None else f"{band} without {self.mains_hz:g} Hz"
