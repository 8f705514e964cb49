"""What the wave network sees of a record: 250 Hz, 0.5 to 40 Hz, every lead at the same size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

__all__ = ["NETWORK_HZ", "WaveInput", "filter_at_network_rate", "scale_leads", "wave_input"]

NETWORK_HZ = 250.0
_BASELINE_HZ = 0.5
_PASS_HZ, _STOP_HZ = 36.0, 47.0
_SETTLE_S = 1.0
_BLOCK_S = 0.2
_WINDOW_BLOCKS = 10
_CLIP = 6.0
_MAX_RATIO = np.float32(3.0)


@dataclass(frozen=True, eq=False)
class WaveInput:
    """The network's input and how its samples lie on the record's.

    Parameters
    ----------
    leads : (n_leads, n_out) float32
        Without unit: usual peak to peak 2, clipped at ±6.
    step_samples : float
        Samples of the record between two samples of `leads`; both begin at 0.
    """

    leads: NDArray[np.float32]
    step_samples: float


def wave_input(signal_mv: NDArray[np.floating], fs_hz: float) -> WaveInput:
    """Filter, resample and scale the leads of a record.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        Finite.
    fs_hz : float

    Returns
    -------
    WaveInput
    """
    filtered, step_samples = filter_at_network_rate(signal_mv, fs_hz)
    return WaveInput(scale_leads(filtered), step_samples)


def filter_at_network_rate(
    signal_mv: NDArray[np.floating], fs_hz: float
) -> tuple[NDArray[np.float32], float]:
    """Pass 0.5 to 40 Hz without delay and resample to about 250 Hz, in one Fourier transform.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
        Finite.
    fs_hz : float

    Returns
    -------
    filtered_mv : (n_leads, n_out) float32
        About ``n_samples * 250 / fs_hz`` samples.
    step_samples : float
        Samples of `signal_mv` between two of `filtered_mv`.

    Notes
    -----
    Below 0.5 Hz the gain is that of a Butterworth filter of order 2 run forwards and backwards;
    between 36 and 47 Hz it falls as a raised cosine, so that 50 and 60 Hz hum is gone. Both ends
    are extended by 1 s of odd reflection that fades out.
    """
    n_samples = signal_mv.shape[1]
    settle = round(_SETTLE_S * fs_hz)
    n_padded = scipy.fft.next_fast_len(n_samples + 2 * settle, real=True)
    n_out = max(2, 2 * round(n_padded * NETWORK_HZ / fs_hz / 2))
    padded = _extended(np.asarray(signal_mv, dtype=np.float32), settle, n_padded)
    spectrum = scipy.fft.rfft(padded, axis=1)
    n_kept = min(spectrum.shape[1], n_out // 2 + 1)
    step_samples = n_padded / n_out
    gain = _gain(np.arange(n_kept) * (fs_hz / n_padded)) / np.float32(step_samples)
    # The record begins a whole number of output samples after the extension, or between two.
    start, between = divmod(settle / step_samples, 1.0)
    turn = np.exp(2j * np.pi * np.arange(n_kept) * (between / n_out))
    shaped = spectrum[:, :n_kept] * (gain * turn).astype(np.complex64)
    resampled = scipy.fft.irfft(shaped, n=n_out, axis=1)
    n_wanted = int(np.floor((n_samples - 1) / step_samples)) + 1
    return np.ascontiguousarray(resampled[:, int(start) :][:, :n_wanted]), step_samples


def _extended(signal: NDArray[np.float32], settle: int, n_padded: int) -> NDArray[np.float32]:
    n_leads, n_samples = signal.shape
    signal = signal - np.median(signal, axis=1, keepdims=True)
    out = np.zeros((n_leads, n_padded), dtype=np.float32)
    out[:, settle : settle + n_samples] = signal
    reach = min(settle, n_samples - 1)
    if reach > 0:
        fade = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, reach + 1) / reach)).astype(np.float32)
        before = 2 * signal[:, :1] - signal[:, 1 : reach + 1]
        after = 2 * signal[:, -1:] - signal[:, -reach - 1 : -1][:, ::-1]
        out[:, settle - reach : settle] = (before * fade)[:, ::-1]
        out[:, settle + n_samples : settle + n_samples + reach] = after * fade
    return out


def _gain(frequency_hz: NDArray[np.float64]) -> NDArray[np.float32]:
    with np.errstate(divide="ignore"):
        high = 1.0 / (1.0 + (_BASELINE_HZ / frequency_hz) ** 4)
    fall = np.clip((frequency_hz - _PASS_HZ) / (_STOP_HZ - _PASS_HZ), 0.0, 1.0)
    return np.asarray(high * (0.5 + 0.5 * np.cos(np.pi * fall)), dtype=np.float32)


def scale_leads(filtered_mv: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give every lead the same usual size: the median peak to peak of all spans of 2 s becomes 2.

    Where the largest span is more than three times the median (a beat or two in a long pause),
    a third of it becomes 2 instead.

    Parameters
    ----------
    filtered_mv : (n_leads, n_out) float32

    Returns
    -------
    (n_leads, n_out) float32
        Clipped at ±6; a lead without any deflection stays 0.
    """
    n_leads, n_out = filtered_mv.shape
    block = round(_BLOCK_S * NETWORK_HZ)
    n_blocks = max(1, n_out // block)
    blocks = filtered_mv[:, : n_blocks * block].reshape(n_leads, n_blocks, -1)
    window = min(_WINDOW_BLOCKS, n_blocks)
    highest = np.lib.stride_tricks.sliding_window_view(blocks.max(axis=2), window, axis=1)
    lowest = np.lib.stride_tricks.sliding_window_view(blocks.min(axis=2), window, axis=1)
    spans = highest.max(axis=2) - lowest.min(axis=2)
    size = np.median(spans, axis=1, keepdims=True)
    size = np.maximum(size, spans.max(axis=1, keepdims=True) / _MAX_RATIO)
    scale = np.divide(2.0, size, out=np.zeros_like(size), where=size > 0)
    return np.asarray(np.clip(filtered_mv * scale, -_CLIP, _CLIP), dtype=np.float32)
