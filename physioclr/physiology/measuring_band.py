"""The band amplitudes are measured in, passed in one Fourier transform."""

from __future__ import annotations

import weakref
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.signal import butter, sosfreqz

from physioclr.signal.gaps import fill_gaps
from physioclr.signal.mains_hum import subtract_mains_hum
from physioclr.signal.pacing_spikes import remove_spikes
from physioclr.signal.pieces import overlapping_pieces

__all__ = ["BAND_HZ", "measuring_band"]

BAND_HZ = (0.5, 100.0)
_ORDER = 2
_EXTENSION_S = 2.0
_JOIN_S = 1.0
_REMEMBERED_SAMPLES = 1_000_000
_last: list[tuple[weakref.ref[NDArray[np.floating]], float, NDArray[np.float64]] | None] = [None]


def measuring_band(
    signal_mv: NDArray[np.floating], fs_hz: float, spikes: NDArray[np.int64] | None = None
) -> NDArray[np.float64]:
    """Keep 0.5 to 100 Hz, without delay, the hum of the mains and pacing spikes.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        NaN where there is no sample.
    fs_hz : float
    spikes : (n_spikes, 2) int64, optional
        Pacing spikes (`find_spikes_in_pieces`), if they are known already.

    Returns
    -------
    (n_leads, n_samples) float64
        NaN exactly where `signal_mv` has no sample.

    Notes
    -----
    Spikes (`remove_spikes`) and hum (`subtract_mains_hum`) go first. The gain is, at every
    frequency, that of `physioclr.signal.filtering.bandpass`: a Butterworth filter of order 2 run
    forwards and backwards. Both ends are extended by 2 s of odd reflection as there; where that
    filter then starts at rest, this one joins the two far ends smoothly, so the first and last
    second may differ by some µV under baseline wander. It takes a third of the
    time. From 0.67 Hz down a zero-phase high-pass leaves ST as it is (Kligfield et al. 2007,
    AHA/ACC/HRS recommendations part I, Circulation 115:1306).

    The last result is remembered for a read-only signal, as a record's is: measuring and
    interpreting ask for the same one.
    """
    if signal_mv.flags.writeable or signal_mv.size > _REMEMBERED_SAMPLES:
        return _of_pieces(signal_mv, fs_hz, spikes)
    last = _last[0]
    if last is not None and last[0]() is signal_mv and last[1] == fs_hz:
        return last[2].copy()
    kept = _of_pieces(signal_mv, fs_hz, spikes)
    _last[0] = (weakref.ref(signal_mv), fs_hz, kept.copy())
    return kept


def _of_pieces(
    signal_mv: NDArray[np.floating], fs_hz: float, spikes: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    kept = np.empty(signal_mv.shape)
    for piece in overlapping_pieces(signal_mv.shape[1], fs_hz):
        of_piece = None
        if spikes is not None:
            near = (spikes[:, 0] >= piece.first) & (spikes[:, 1] < piece.last)
            of_piece = spikes[near] - piece.first
        passed = _passed(signal_mv[:, piece.first : piece.last], fs_hz, of_piece)
        inside = slice(piece.start - piece.first, piece.stop - piece.first)
        kept[:, piece.start : piece.stop] = passed[:, inside]
    return kept


def _passed(
    signal_mv: NDArray[np.floating], fs_hz: float, spikes: NDArray[np.int64] | None
) -> NDArray[np.float32]:
    without_gaps, missing = fill_gaps(signal_mv)
    filled, _ = subtract_mains_hum(remove_spikes(without_gaps, fs_hz, spikes), missing, fs_hz)
    n_samples = filled.shape[1]
    reach = min(n_samples - 1, round(_EXTENSION_S * fs_hz))
    extended = _extended(filled, reach, round(_JOIN_S * fs_hz))
    spectrum = scipy.fft.rfft(extended, axis=1)
    spectrum *= _gain(extended.shape[1], fs_hz)
    passed = scipy.fft.irfft(spectrum, n=extended.shape[1], axis=1)
    kept = passed[:, reach : reach + n_samples]
    kept[missing] = np.nan
    return np.asarray(kept, dtype=np.float32)


def _extended(signal: NDArray[np.floating], reach: int, join: int) -> NDArray[np.float32]:
    """Reflect both ends, then lead from the far end back to the beginning."""
    n_leads, n_samples = signal.shape
    stop = n_samples + 2 * reach
    out = np.empty((n_leads, scipy.fft.next_fast_len(stop + join, real=True)), dtype=np.float32)
    # Single precision is enough once the offset, which may be a hundred times the ECG, is gone.
    level = np.median(signal[:, :: max(1, n_samples // 500)], axis=1, keepdims=True)
    out[:, reach : reach + n_samples] = signal - level
    first, last = out[:, [reach]], out[:, [reach + n_samples - 1]]
    out[:, :reach] = 2 * first - out[:, reach + 1 : 2 * reach + 1][:, ::-1]
    out[:, stop - reach : stop] = 2 * last - out[:, n_samples - 1 : stop - reach - 1][:, ::-1]
    share = np.linspace(0, 1, out.shape[1] - stop, dtype=np.float32)
    smooth = share * share * (3 - 2 * share)
    out[:, stop:] = out[:, [stop - 1]] + (out[:, [0]] - out[:, [stop - 1]]) * smooth
    return out


@lru_cache(maxsize=8)
def _gain(n_fft: int, fs_hz: float) -> NDArray[np.float32]:
    low_hz, high_hz = BAND_HZ
    if high_hz < fs_hz / 2:
        sections = butter(_ORDER, (low_hz, high_hz), "bandpass", output="sos", fs=fs_hz)
    else:
        sections = butter(_ORDER, low_hz, "highpass", output="sos", fs=fs_hz)
    radians = np.arange(n_fft // 2 + 1) * (2 * np.pi / n_fft)
    gain = np.abs(sosfreqz(sections, radians)[1]) ** 2
    gain.setflags(write=False)
    return np.asarray(gain, dtype=np.float32)
