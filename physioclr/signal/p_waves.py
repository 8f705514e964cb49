"""Whether a beat has a P wave at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.median_beat import cut_beats

__all__ = ["p_wave_present"]

_REACH_MS = 60.0
_MIN_CORRELATION = 0.3
_MIN_BEATS = 3


def p_wave_present(
    filtered_mv: NDArray[np.float64],
    fs_hz: float,
    r_peaks_samples: NDArray[np.int64],
    p_peaks: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Judge whether what was found before each QRS recurs from beat to beat.

    Parameters
    ----------
    filtered_mv : (n_leads, n_samples) float64
        Between 0.5 and 40 Hz, finite.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64
    p_peaks : (n_leads, n_beats) float64
        P peaks found, NaN where none.

    Returns
    -------
    (n_beats,) bool

    Notes
    -----
    A P wave has one shape and one distance to its QRS, atrial fibrillation has neither. The window
    of 60 ms either side of the record's usual P peak is cut from every beat and lead, straightened
    (mean and slope removed), and correlated, over all leads at once, with the mean of the other
    beats; from 0.3 there is a P wave. With fewer than three beats nothing can be told, and every P
    wave found is believed.
    """
    n_beats = r_peaks_samples.size
    distances = p_peaks - r_peaks_samples
    if n_beats < _MIN_BEATS or not np.isfinite(distances).any():
        return np.asarray(np.isfinite(p_peaks).any(axis=0))
    usual = round(float(np.nanmedian(distances)))
    centres = r_peaks_samples + usual
    inside = (centres >= 0) & (centres < filtered_mv.shape[1])
    present = np.zeros(n_beats, dtype=bool)
    windows = cut_beats(
        filtered_mv, fs_hz, centres[inside], before_ms=_REACH_MS, after_ms=_REACH_MS
    )
    present[inside] = _recurs(_straightened(windows)) >= _MIN_CORRELATION
    return present


def _straightened(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Remove mean and slope from (n_beats, n_leads, n_window)."""
    time = np.linspace(-1, 1, windows.shape[-1])
    flat = windows - windows.mean(axis=-1, keepdims=True)
    slope = (flat @ time) / (time @ time)
    return np.asarray(flat - slope[..., None] * time)


def _recurs(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate each beat with the mean of the others; −1 where the window is not whole."""
    whole = np.isfinite(windows).all(axis=(1, 2))
    correlation = np.full(len(windows), -1.0)
    beats = windows[whole].reshape(int(whole.sum()), -1)
    if len(beats) < 2:
        return correlation
    others = (beats.sum(axis=0) - beats) / (len(beats) - 1)
    norms = np.linalg.norm(beats, axis=1) * np.linalg.norm(others, axis=1)
    correlation[whole] = (beats * others).sum(axis=1) / np.where(norms > 0, norms, np.inf)
    return correlation
