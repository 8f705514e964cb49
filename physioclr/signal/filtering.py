"""Zero-phase filters: they move no wave in time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, filtfilt, iirnotch, sosfiltfilt

from physioclr.signal.gaps import fill_gaps

__all__ = ["bandpass", "remove_baseline", "remove_mains"]

_ORDER = 2
_BASELINE_HZ = 0.5
_MAINS_WIDTH_HZ = 2.0


def bandpass(
    signal: NDArray[Any], fs_hz: float, low_hz: float | None, high_hz: float | None
) -> NDArray[np.float64]:
    """Keep the frequencies from `low_hz` to `high_hz`, without delay.

    Parameters
    ----------
    signal : (…, n_samples) array of numbers
        Any unit. NaN where there is no sample.
    fs_hz : float
        Sampling rate in Hz.
    low_hz, high_hz : float or None
        Corner frequencies in Hz (−6 dB, as the filter runs forwards and backwards); None leaves
        that side open. A `high_hz` at or above half the sampling rate also leaves it open.

    Returns
    -------
    (…, n_samples) float64
        NaN exactly where `signal` has no sample; other leads and samples are not affected.

    Raises
    ------
    ValueError
        If a corner is not positive, or `low_hz` is not below `high_hz` and `fs_hz` / 2.

    Notes
    -----
    Butterworth of order 2 in second-order sections, forwards and backwards (Gustafsson 1996, IEEE
    Trans Signal Process 44:988), on the signal extended at both ends by odd reflection.
    """
    if not fs_hz > 0:
        raise ValueError(f"fs_hz must be above 0, got {fs_hz}")
    for name, corner_hz in (("low_hz", low_hz), ("high_hz", high_hz)):
        if corner_hz is not None and not corner_hz > 0:
            raise ValueError(f"{name} must be above 0 or None, got {corner_hz}")
    if high_hz is not None and high_hz >= fs_hz / 2:
        high_hz = None
    top_hz = fs_hz / 2 if high_hz is None else high_hz
    if low_hz is not None and low_hz >= top_hz:
        raise ValueError(f"low_hz must be below {top_hz:g} Hz, got {low_hz}")
    filled, missing = fill_gaps(signal)
    filtered = _run(filled, fs_hz, low_hz, high_hz)
    filtered[missing] = np.nan
    return filtered


def _run(
    signal: NDArray[np.float64], fs_hz: float, low_hz: float | None, high_hz: float | None
) -> NDArray[np.float64]:
    if low_hz is not None and high_hz is not None:
        sos = butter(_ORDER, (low_hz, high_hz), "bandpass", output="sos", fs=fs_hz)
    elif low_hz is not None:
        sos = butter(_ORDER, low_hz, "highpass", output="sos", fs=fs_hz)
    elif high_hz is not None:
        sos = butter(_ORDER, high_hz, "lowpass", output="sos", fs=fs_hz)
    else:
        return signal
    # One period of the slowest frequency kept, so that the reflected ends settle before the data.
    settle_s = 1.0 / low_hz if low_hz is not None else 0.5
    padding = min(signal.shape[-1] - 1, round(settle_s * fs_hz))
    return np.ascontiguousarray(sosfiltfilt(sos, signal, axis=-1, padlen=padding))


def remove_baseline(signal: NDArray[Any], fs_hz: float) -> NDArray[np.float64]:
    """Take out the drift below 0.5 Hz (breathing, moving electrodes).

    Parameters
    ----------
    signal : (…, n_samples) array of numbers
    fs_hz : float

    Returns
    -------
    (…, n_samples) float64
        NaN exactly where `signal` has no sample.

    Notes
    -----
    A zero-phase high-pass may go up to 0.67 Hz without changing the ST segment (Kligfield et al.
    2007, AHA/ACC/HRS recommendations part I, Circulation 115:1306).
    """
    return bandpass(signal, fs_hz, _BASELINE_HZ, None)


def remove_mains(signal: NDArray[Any], fs_hz: float, mains_hz: float) -> NDArray[np.float64]:
    """Take out the hum of the mains, without delay.

    Parameters
    ----------
    signal : (…, n_samples) array of numbers
    fs_hz : float
    mains_hz : float
        50 or 60 in most places. At or above half the sampling rate there is nothing to take out.

    Returns
    -------
    (…, n_samples) float64
        NaN exactly where `signal` has no sample.

    Raises
    ------
    ValueError
        If a rate is not positive.

    Notes
    -----
    A notch 2 Hz wide (−3 dB, each way of two) of second order, forwards and backwards. It rings
    for about 0.3 s around steep deflections, by a few percent of their height.
    """
    if not (fs_hz > 0 and mains_hz > 0):
        raise ValueError(f"fs_hz and mains_hz must be above 0, got {fs_hz} and {mains_hz}")
    filled, missing = fill_gaps(signal)
    if mains_hz < fs_hz / 2:
        b, a = iirnotch(mains_hz, mains_hz / _MAINS_WIDTH_HZ, fs=fs_hz)
        padding = min(filled.shape[-1] - 1, round(fs_hz / _MAINS_WIDTH_HZ))
        filled = filtfilt(b, a, filled, axis=-1, padlen=padding)
    filled[missing] = np.nan
    return filled
