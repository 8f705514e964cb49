"""P waves that no QRS follows, found by the shape of those that one does."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.global_fiducials import GlobalFiducials

__all__ = ["find_blocked_p"]

Floats = NDArray[np.float64]

_ALIKE = 0.85
_GAIN = (0.6, 1.6)
_MIN_LEADS = 3
_AFTER_T_MS, _BEFORE_P_MS = 40.0, 60.0
_LEAST_P_MV = 0.05
_HZ = 125.0


def find_blocked_p(
    signal_mv: Floats,
    fs_hz: float,
    r_peaks_samples: NDArray[np.int64],
    conducted: NDArray[np.bool_],
    pr_ms: Floats,
    at: GlobalFiducials,
) -> tuple[int, ...]:
    """Look between T and the next P for another P wave.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        Leads that can be judged, in the band amplitudes are measured in.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64
    conducted : (n_beats,) bool
        The beats whose P waves give the shape.
    pr_ms : (n_beats,) float64
        From the onset of each beat's P to that of QRS; NaN where unknown.
    at : GlobalFiducials
        Of the median beat.

    Returns
    -------
    tuple of int
        Rows of the beats after which a P wave without QRS was found.

    Notes
    -----
    The median P wave over all leads at once, each cut where its own beat has it, is slid along each
    interval from 40 ms after the end of T to 60 ms before the next P. A place counts where the two
    correlate at 0.85 or more, with 0.6 to 1.6 times the size. The limits are ours. A P wave within
    T is not found.
    """
    known = math.isfinite(at.p_on + at.p_off + at.t_off + at.qrs_on)
    if not known or conducted.sum() < 3 or len(signal_mv) < _MIN_LEADS:
        return ()
    step = max(1, round(fs_hz / _HZ))
    slow = signal_mv[:, ::step]
    rate_hz = fs_hz / step
    peaks = r_peaks_samples / step
    usual_pr_ms = at.qrs_on - at.p_on
    starts_ms = at.qrs_on - np.where(np.isfinite(pr_ms), pr_ms, usual_pr_ms)
    starts = peaks + starts_ms * rate_hz / 1000
    length = max(4, round((at.p_off - at.p_on) * rate_hz / 1000) + 1)
    shape = _shape(slow, starts[conducted & np.isfinite(pr_ms)], length)
    if shape is None:
        return ()
    found = []
    for row in range(peaks.size - 1):
        begin = math.ceil(peaks[row] + (at.t_off + _AFTER_T_MS) * rate_hz / 1000)
        stop = math.floor(starts[row + 1] - _BEFORE_P_MS * rate_hz / 1000)
        if stop - begin > length and stop <= slow.shape[1] and _holds(slow[:, begin:stop], shape):
            found.append(row)
    return tuple(found)


def _shape(slow: Floats, starts_at: Floats, length: int) -> Floats | None:
    """Return the median P wave over the line from its onset to its end; None if it is too small."""
    starts = np.round(starts_at).astype(np.int64)
    starts = starts[(starts >= 0) & (starts + length <= slow.shape[1])]
    if starts.size < 3:
        return None
    windows = slow[:, starts[:, None] + np.arange(length)]
    shape = np.asarray(_detrended(np.median(windows, axis=1)))
    return shape if np.abs(shape).max() >= _LEAST_P_MV else None


def _holds(part: Floats, shape: Floats) -> bool:
    length = shape.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(part, length, axis=1)
    windows = _detrended(np.moveaxis(windows, 1, 0))
    energy = (shape**2).sum()
    products = (windows * shape).sum(axis=(1, 2))
    norms = np.sqrt((windows**2).sum(axis=(1, 2)) * energy)
    alike = np.divide(products, norms, out=np.zeros_like(products), where=norms > 0)
    gain = products / energy
    return bool(((alike >= _ALIKE) & (gain >= _GAIN[0]) & (gain <= _GAIN[1])).any())


def _detrended(windows: Floats) -> Floats:
    """Take off the straight line from the first to the last sample."""
    share = np.linspace(0, 1, windows.shape[-1])
    first, last = windows[..., :1], windows[..., -1:]
    return np.asarray(windows - (first + (last - first) * share))
