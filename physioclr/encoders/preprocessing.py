"""From an ECG to what an encoder eats, the same in training and in use.

The settings are part of a checkpoint's card, so an encoder is never fed anything else.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from physioclr.errors import SignalError
from physioclr.leads import STANDARD_LEADS, derive_limb_leads
from physioclr.records import EcgRecord
from physioclr.signal.filtering import bandpass
from physioclr.signal.resampling import resample

__all__ = ["Preprocessing"]

_MOST_MV = 1e9
"""More than any converter of 32 bits can state; beyond, squares leave single precision."""
_FLAT_MV = 1e-3
"""Peak to peak below which a lead is flat: one unit of a store."""


class Preprocessing(BaseModel):
    """How a signal is filtered, resampled, scaled and cut.

    Parameters
    ----------
    fs_hz : float
        Sampling rate the encoder works at.
    leads : tuple of str
        Rows of its input, in order.
    window_s : float
        Length of one input. A longer ECG is encoded window by window, and the embeddings averaged.
    low_hz, high_hz : float
        Pass band of the zero-phase filter.
    scale_mv : float
        Amplitude that becomes 1. Fixed, so that voltage stays visible to the encoder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fs_hz: float = 100.0
    leads: tuple[str, ...] = STANDARD_LEADS
    window_s: float = 5.0
    low_hz: float = 0.5
    high_hz: float = 40.0
    scale_mv: float = 0.5

    @property
    def window_samples(self) -> int:
        """Length of a window at the encoder's rate."""
        return round(self.window_s * self.fs_hz)

    def filtered(self, signal_mv: NDArray[np.floating], fs_hz: float) -> NDArray[np.float32]:
        """Filter, resample and scale.

        Parameters
        ----------
        signal_mv : (…, n_leads, n_samples) float array
            At `fs_hz`, the rows being `leads`.
        fs_hz : float

        Returns
        -------
        (…, n_leads, n_samples_out) float32
            At the encoder's sampling rate, in units of `scale_mv`.
        """
        in_band = bandpass(signal_mv, fs_hz, self.low_hz, self.high_hz)
        return np.asarray(resample(in_band, fs_hz, self.fs_hz) / self.scale_mv, dtype=np.float32)

    def signal(self, record: EcgRecord) -> NDArray[np.float32]:
        """Return a record's signal as the encoder takes it, in one piece.

        Parameters
        ----------
        record : EcgRecord

        Returns
        -------
        (n_leads, n_samples) float32

        Raises
        ------
        SignalError
            If a lead is absent, flat or has samples missing, or the ECG is shorter than a window.
        """
        return self.filtered(self._checked(record), record.fs_hz)

    def is_usable(self, signal_mv: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Say of many signals whether each has a value for each sample and no flat lead.

        Parameters
        ----------
        signal_mv : (…, n_leads, n_samples) float array

        Returns
        -------
        (…) bool
        """
        with np.errstate(invalid="ignore"):
            alive = np.ptp(signal_mv, axis=-1) >= _FLAT_MV  # False where a sample is missing
        return np.asarray(alive.all(axis=-1))

    def windows(self, record: EcgRecord) -> NDArray[np.float32]:
        """Return the windows of a record, evenly spread so that they cover it.

        Parameters
        ----------
        record : EcgRecord

        Returns
        -------
        (n_windows, n_leads, window_samples) float32

        Raises
        ------
        SignalError
            As `signal` does.
        """
        signal = self.signal(record)
        return np.stack(
            [signal[:, s : s + self.window_samples] for s in self.starts(signal.shape[1])]
        )

    def starts(self, n_samples: int) -> list[int]:
        """Return where the windows of a signal of `n_samples`, at the encoder's rate, begin."""
        slack = n_samples - self.window_samples
        n_windows = math.ceil(n_samples / self.window_samples)
        return [round(slack * i / max(n_windows - 1, 1)) for i in range(n_windows)]

    def _checked(self, record: EcgRecord) -> NDArray[np.float32]:
        subject = record.record_id
        if record.duration_s < self.window_s:
            raise SignalError(
                subject,
                expected=f"at least {self.window_s:g} s of signal",
                found=f"{record.duration_s:.1f} s",
            )
        signal, leads = derive_limb_leads(record.signal_mv, record.leads)
        absent = [lead for lead in self.leads if lead not in leads]
        if absent:
            raise SignalError(
                subject,
                expected=f"the leads {', '.join(self.leads)}",
                found=f"no {', '.join(absent)}",
            )
        signal = signal[[leads.index(lead) for lead in self.leads]]
        for lead, samples in zip(self.leads, signal, strict=True):
            if np.isinf(samples).any() or np.nanmax(np.abs(samples), initial=0) > _MOST_MV:
                raise SignalError(
                    subject,
                    expected=f"amplitudes below {_MOST_MV:g} mV",
                    found=f"one without bound in lead {lead}",
                )
            n_missing = int(np.isnan(samples).sum())
            if n_missing:
                raise SignalError(
                    subject,
                    expected="a value for each sample of each lead",
                    found=f"{n_missing} of {samples.size} samples of lead {lead} missing",
                )
            if np.ptp(samples) < _FLAT_MV:
                raise SignalError(
                    subject,
                    expected="a signal in each lead",
                    found=f"lead {lead} flat ({np.ptp(samples):.3f} mV peak to peak)",
                )
        return np.asarray(signal, dtype=np.float32)
