"""The median beat of each lead: the shape most beats share, without most of the noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cut_beats", "median_beats"]


def cut_beats(
    signal_mv: NDArray[Any],
    fs_hz: float,
    r_peaks_samples: NDArray[np.integer],
    *,
    before_ms: float = 250.0,
    after_ms: float = 450.0,
) -> NDArray[np.float64]:
    """Cut one window a beat, the R peak at the same place in each.

    Parameters
    ----------
    signal_mv : (…, n_samples) array of numbers
    fs_hz : float
    r_peaks_samples : (n_beats,) int
    before_ms, after_ms : float
        Reach of the window before and after the R peak.

    Returns
    -------
    (n_beats, …, n_window) float64
        ``n_window = round(before) + round(after) + 1`` samples; NaN outside the signal.

    Raises
    ------
    ValueError
        If a reach is negative or an R peak lies outside the signal.
    """
    if before_ms < 0 or after_ms < 0:
        raise ValueError(f"before_ms and after_ms must be at least 0, got {before_ms}, {after_ms}")
    signal = np.asarray(signal_mv, dtype=np.float64)
    peaks = np.asarray(r_peaks_samples, dtype=np.int64)
    n_samples = signal.shape[-1]
    if peaks.size and not (peaks.min() >= 0 and peaks.max() < n_samples):
        raise ValueError(f"r_peaks_samples must lie in 0 to {n_samples - 1}, got {peaks}")
    before, after = round(before_ms * fs_hz / 1000), round(after_ms * fs_hz / 1000)
    at = peaks[:, None] + np.arange(-before, after + 1)[None, :]
    inside = (at >= 0) & (at < n_samples)
    windows = np.moveaxis(signal[..., np.clip(at, 0, n_samples - 1)], -2, 0).copy()
    outside = ~inside.reshape(inside.shape[0], *(1,) * (signal.ndim - 1), inside.shape[1])
    windows[np.broadcast_to(outside, windows.shape)] = np.nan
    return windows


def median_beats(
    signal_mv: NDArray[Any],
    fs_hz: float,
    r_peaks_samples: NDArray[np.integer],
    *,
    before_ms: float = 250.0,
    after_ms: float = 450.0,
) -> NDArray[np.float32]:
    """Take the median over beats at each moment of the beat, lead by lead.

    Parameters
    ----------
    signal_mv : (…, n_leads, n_samples) array of numbers
    fs_hz : float
    r_peaks_samples : (n_beats,) int
    before_ms, after_ms : float
        Reach of the window before and after the R peak.

    Returns
    -------
    (…, n_leads, n_window) float32
        In mV; NaN where no beat has a sample.
    """
    windows = cut_beats(signal_mv, fs_hz, r_peaks_samples, before_ms=before_ms, after_ms=after_ms)
    result = np.full(windows.shape[1:], np.nan, dtype=np.float32)
    known = np.isfinite(windows).any(axis=0)
    result[known] = np.nanmedian(windows[:, known], axis=0)
    return result
