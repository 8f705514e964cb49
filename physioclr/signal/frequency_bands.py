"""Several frequency bands of all leads out of one Fourier transform."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

__all__ = ["LeadSpectrum", "raised_cosine"]

_SETTLE_S = 1.0
# What the faded reflections at both ends add to the energy, in seconds of signal: each holds the
# square of a raised cosine over 1 s, the mean of which is 3/8.
_ENERGY_OF_ENDS_S = 2 * 0.375 * _SETTLE_S


class LeadSpectrum:
    """The Fourier transform of every lead of a record, extended so that its ends do not leak.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        Finite. A lead's offset is taken off first.
    fs_hz : float

    Notes
    -----
    Both ends are extended by 1 s of mirrored signal that fades out as a raised cosine. Mirrored,
    not turned over: a record that begins within a QRS must not seem to drift.
    """

    def __init__(self, signal_mv: NDArray[np.floating], fs_hz: float) -> None:
        self.fs_hz = fs_hz
        self.n_samples = signal_mv.shape[1]
        self._settle = round(_SETTLE_S * fs_hz)
        wanted = self.n_samples + 2 * self._settle
        self._n_padded = scipy.fft.next_fast_len(wanted, real=True)
        extended = _extended(signal_mv, self._settle, self._n_padded)
        self._spectrum = scipy.fft.rfft(extended, axis=1)
        self.frequency_hz = np.arange(self._spectrum.shape[1]) * (fs_hz / self._n_padded)

    def band(self, gain: NDArray[np.float64], to_fs_hz: float) -> NDArray[np.float32]:
        """Filter without delay and resample.

        Parameters
        ----------
        gain : (n_frequencies,) float64
            At `frequency_hz`; must be 0 from half of `to_fs_hz` on.
        to_fs_hz : float
            The rate wanted.

        Returns
        -------
        (n_leads, n_out) float32
            About ``n_samples * to_fs_hz / fs_hz`` samples, the first where the record begins.
        """
        n_out = max(2, 2 * round(self._n_padded * to_fs_hz / self.fs_hz / 2))
        n_kept = min(self._spectrum.shape[1], n_out // 2 + 1)
        step = self._n_padded / n_out
        start, between = divmod(self._settle / step, 1.0)
        turn = np.exp(2j * np.pi * np.arange(n_kept) * (between / n_out))
        shaped = self._spectrum[:, :n_kept] * (gain[:n_kept] * turn / step).astype(np.complex64)
        resampled = scipy.fft.irfft(shaped, n=n_out, axis=1)
        n_wanted = max(1, int(self.n_samples / step))
        return np.asarray(resampled[:, int(start) : int(start) + n_wanted], dtype=np.float32)

    def power_mv2(self, low_hz: float, high_hz: float) -> NDArray[np.float64]:
        """Return each lead's mean square between two frequencies.

        Parameters
        ----------
        low_hz, high_hz : float

        Returns
        -------
        (n_leads,) float64
            In mV²; 0 where the band lies above half the sampling rate.
        """
        first, last = np.searchsorted(self.frequency_hz, [low_hz, high_hz])
        part = self._spectrum[:, first:last]
        square = (part.real.astype(np.float64) ** 2 + part.imag.astype(np.float64) ** 2).sum(axis=1)
        length = self.n_samples + _ENERGY_OF_ENDS_S * self.fs_hz
        return np.asarray(2.0 * square / (self._n_padded * length))


def raised_cosine(
    frequency_hz: NDArray[np.floating], stop_hz: float, pass_hz: float
) -> NDArray[np.float64]:
    """Return the gain of an edge from 0 at `stop_hz` to 1 at `pass_hz`, in either direction.

    Parameters
    ----------
    frequency_hz : (n,) float64
    stop_hz, pass_hz : float

    Returns
    -------
    (n,) float64
    """
    part = np.clip((frequency_hz - stop_hz) / (pass_hz - stop_hz), 0.0, 1.0)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * part), dtype=np.float64)


def _extended(signal: NDArray[np.floating], settle: int, n_padded: int) -> NDArray[np.float32]:
    n_leads, n_samples = signal.shape
    # The mean of some samples: all that matters is that no large offset is left.
    offset = signal[:, :: max(1, n_samples // 512)].mean(axis=1, keepdims=True)
    centred = (signal - offset).astype(np.float32)
    out = np.zeros((n_leads, n_padded), dtype=np.float32)
    out[:, settle : settle + n_samples] = centred
    reach = min(settle, n_samples - 1)
    if reach > 0:
        fade = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, reach + 1) / settle)).astype(np.float32)
        before = centred[:, 1 : reach + 1]
        after = centred[:, -reach - 1 : -1][:, ::-1]
        out[:, settle - reach : settle] = (before * fade)[:, ::-1]
        out[:, settle + n_samples : settle + n_samples + reach] = after * fade
    return out
