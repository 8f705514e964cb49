"""Fewer points for the screen without losing a peak."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["keep_peaks"]


def keep_peaks(signal: NDArray[np.float32], max_points: int) -> tuple[NDArray[np.float32], float]:
    """Thin a signal to its extremes per bin.

    Parameters
    ----------
    signal : (n_samples,) float32
    max_points : int
        At least 2.

    Returns
    -------
    points : (n_points,) float32
        The signal itself where it has no more than `max_points` samples; otherwise the smallest and
        the largest value of each of at most ``max_points // 2`` equal bins, in the order they
        occur. A bin of unknown samples alone stays NaN.
    stride_samples : float
        Samples from one point to the next: 1, or half a bin.
    """
    if len(signal) <= max_points:
        return signal, 1.0
    per_bin = -(-len(signal) // (max_points // 2))
    n_bins = -(-len(signal) // per_bin)
    padded = np.pad(signal, (0, n_bins * per_bin - len(signal)), constant_values=np.nan)
    bins = padded.reshape(n_bins, per_bin)
    unknown = np.isnan(bins)
    low = np.where(unknown, np.inf, bins).argmin(axis=1)
    high = np.where(unknown, -np.inf, bins).argmax(axis=1)
    both = np.sort(np.stack([low, high], axis=1), axis=1)
    return np.take_along_axis(bins, both, axis=1).reshape(-1), per_bin / 2
