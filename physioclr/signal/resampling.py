"""Another sampling rate for the same signal."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from physioclr.signal.gaps import fill_gaps

__all__ = ["resample"]

_MAX_FACTOR = 2000


def resample(signal: NDArray[Any], fs_hz: float, to_fs_hz: float) -> NDArray[np.float64]:
    """Resample along the last axis with a polyphase anti-aliasing filter.

    Parameters
    ----------
    signal : (…, n_samples) array of numbers
        NaN where there is no sample.
    fs_hz, to_fs_hz : float
        The rate of `signal` and the rate wanted, in Hz. Their ratio is taken as the nearest
        fraction of integers up to 2000.

    Returns
    -------
    (…, n_out) float64
        ``n_out = round(n_samples * to_fs_hz / fs_hz)``. NaN where the nearest input sample is.

    Raises
    ------
    ValueError
        If a rate is not positive.
    """
    for name, rate in (("fs_hz", fs_hz), ("to_fs_hz", to_fs_hz)):
        if not rate > 0:
            raise ValueError(f"{name} must be above 0, got {rate}")
    filled, missing = fill_gaps(signal)
    if to_fs_hz == fs_hz:
        filled[missing] = np.nan
        return filled
    n_samples = filled.shape[-1]
    n_out = round(n_samples * to_fs_hz / fs_hz)
    ratio = Fraction(to_fs_hz / fs_hz).limit_denominator(_MAX_FACTOR)
    if ratio == 0:
        raise ValueError(f"to_fs_hz must be above {fs_hz / _MAX_FACTOR:g} Hz, got {to_fs_hz}")
    out = resample_poly(filled, ratio.numerator, ratio.denominator, axis=-1, padtype="line")
    out = _fit_length(np.asarray(out, dtype=np.float64), n_out)
    if missing.any():
        nearest = np.round(np.arange(n_out) * fs_hz / to_fs_hz).astype(np.intp)
        out[missing[..., np.minimum(nearest, n_samples - 1)]] = np.nan
    return out


def _fit_length(signal: NDArray[np.float64], n_out: int) -> NDArray[np.float64]:
    """Cut, or hold the last sample: the fraction may be off by a sample at the end."""
    short = n_out - signal.shape[-1]
    if short <= 0:
        return np.ascontiguousarray(signal[..., :n_out])
    return np.concatenate([signal, np.repeat(signal[..., -1:], short, axis=-1)], axis=-1)
