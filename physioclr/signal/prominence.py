"""Waves of one lead by NeuroKit2's peak prominence (Emrich et al. 2024)."""

from __future__ import annotations

import warnings

import neurokit2
import numpy as np
from numpy.typing import NDArray

from physioclr.errors import SignalError

__all__ = ["prominence_waves"]

_COLUMNS = {
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
    lead_mv: NDArray[np.float64], fs_hz: float, r_peaks_samples: NDArray[np.int64], *, lead: str
) -> dict[str, NDArray[np.float64]]:
    """Find P, QRS and T of every beat of one lead whose QRS points up.

    Parameters
    ----------
    lead_mv : (n_samples,) float64
        Filtered, finite.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64
        Increasing.
    lead : str
        Its name, for the error.

    Returns
    -------
    dict of str to (n_beats,) float64
        Samples of `lead_mv`; NaN where NeuroKit2 found nothing or went outside the signal.

    Raises
    ------
    SignalError
        If there are fewer than two beats, or NeuroKit2 fails.

    References
    ----------
    Emrich, Gargano, Koka, Muma (2024), Physiology-informed ECG delineation based on peak
    prominence, EUSIPCO, 1402-1406.
    """
    if r_peaks_samples.size < _MIN_BEATS:
        raise SignalError(
            f"lead {lead}",
            expected=f"at least {_MIN_BEATS} beats",
            found=f"{r_peaks_samples.size}",
        )
    # NeuroKit2 drops a wave found at sample 0 and thereby shifts all later beats by one row.
    # Ends held for longer than half of any RR interval keep sample 0 out of every window.
    padding = int(np.diff(r_peaks_samples).max()) + 1
    padded = np.pad(lead_mv, padding, mode="edge")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", message="some peaks have a prominence of 0", category=RuntimeWarning
            )
            _, found = neurokit2.ecg_delineate(
                padded, rpeaks=r_peaks_samples + padding, sampling_rate=fs_hz, method="prominence"
            )
    except (ValueError, IndexError) as error:
        raise SignalError(
            f"lead {lead}", expected="a lead NeuroKit2 can delineate", found=f"its error: {error}"
        ) from error
    waves = {}
    for name, key in _COLUMNS.items():
        samples = np.asarray(found[key], dtype=np.float64)
        if samples.size != r_peaks_samples.size:
            raise SignalError(
                f"lead {lead}",
                expected=f"waves of {r_peaks_samples.size} beats from NeuroKit2",
                found=f"{samples.size}",
            )
        samples = samples - padding
        outside = (samples < 0) | (samples > lead_mv.size - 1)
        waves[name] = np.where(outside, np.nan, samples)
    return waves
