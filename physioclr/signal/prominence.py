"""Waves of each lead by NeuroKit2's peak prominence (Emrich et al. 2024)."""

from __future__ import annotations

import warnings

import neurokit2
import numpy as np
from numpy.typing import NDArray

from physioclr.errors import SignalError

__all__ = ["prominence_waves"]

_KEYS = {
    "p_on": "ECG_P_Onsets",
    "p_peak": "ECG_P_Peaks",
    "p_off": "ECG_P_Offsets",
    "qrs_on": "ECG_R_Onsets",
    "qrs_off": "ECG_R_Offsets",
    "t_on": "ECG_T_Onsets",
    "t_peak": "ECG_T_Peaks",
    "t_off": "ECG_T_Offsets",
}
_MIN_BEATS = 2


def prominence_waves(
    leads_mv: NDArray[np.float64], fs_hz: float, r_peaks_samples: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Find P, QRS and T of every beat of leads whose QRS points up.

    Parameters
    ----------
    leads_mv : (n_leads, n_samples) float64
        Filtered, finite.
    fs_hz : float
    r_peaks_samples : (n_leads, n_beats) int64
        Each lead's own, increasing.

    Returns
    -------
    dict of str to (n_leads, n_beats) float64
        Samples of `leads_mv`; NaN where NeuroKit2 found nothing or went outside the signal.

    Raises
    ------
    SignalError
        If there are fewer than two beats, or NeuroKit2 fails.

    Notes
    -----
    NeuroKit2 spends most of its time around the search, not in it, so the leads go to it as one
    long signal. Held ends longer than any RR interval keep them apart, and a beat is added before
    the first and behind the last of each lead, one RR interval away, and dropped again: each beat
    is searched within the same window as if its lead were alone. They also keep sample 0 out of
    reach, whose waves NeuroKit2 would drop and thereby shift all later beats by one row.

    References
    ----------
    Emrich, Gargano, Koka, Muma (2024), Physiology-informed ECG delineation based on peak
    prominence, EUSIPCO, 1402-1406.
    """
    n_leads, n_samples = leads_mv.shape
    n_beats = r_peaks_samples.shape[1]
    if n_beats < _MIN_BEATS:
        raise SignalError(
            "delineation", expected=f"at least {_MIN_BEATS} beats", found=f"{n_beats}"
        )
    intervals = np.diff(r_peaks_samples, axis=1)
    padding = int(intervals.max()) + 1
    padded = np.pad(leads_mv, ((0, 0), (padding, padding)), mode="edge")
    starts = np.arange(n_leads)[:, None] * padded.shape[1] + padding
    before = r_peaks_samples[:, :1] - intervals[:, :1]
    behind = r_peaks_samples[:, -1:] + intervals[:, -1:]
    beats = np.concatenate([before, r_peaks_samples, behind], axis=1) + starts
    found = _ask_neurokit(padded.ravel(), fs_hz, beats.ravel())
    waves = {}
    for name, key in _KEYS.items():
        samples = found[key].reshape(n_leads, n_beats + 2)[:, 1:-1] - starts
        outside = (samples < 0) | (samples > n_samples - 1)
        waves[name] = np.where(outside, np.nan, samples)
    return waves


def _ask_neurokit(
    signal_mv: NDArray[np.float64], fs_hz: float, beats: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", message="some peaks have a prominence of 0", category=RuntimeWarning
            )
            _, found = neurokit2.ecg_delineate(
                signal_mv, rpeaks=beats, sampling_rate=fs_hz, method="prominence"
            )
    except (ValueError, IndexError) as error:
        raise SignalError(
            "delineation", expected="a signal NeuroKit2 can delineate", found=f"its error: {error}"
        ) from error
    waves = {key: np.asarray(found[key], dtype=np.float64) for key in _KEYS.values()}
    for samples in waves.values():
        if samples.size != beats.size:
            raise SignalError(
                "delineation",
                expected=f"waves of {beats.size} beats from NeuroKit2",
                found=f"{samples.size}",
            )
    return waves
