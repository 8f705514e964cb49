"""NeuroKit2's delineation of one lead, as a user would call it."""

from __future__ import annotations

import warnings

import neurokit2
import numpy as np
from numpy.typing import NDArray

from physioclr.signal.delineation import FIDUCIALS

__all__ = ["METHODS", "neurokit_fiducials"]

METHODS = ("prominence", "dwt")
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


def neurokit_fiducials(
    lead_mv: NDArray[np.floating], fs_hz: float, method: str
) -> dict[str, NDArray[np.float64]]:
    """Clean, find R peaks, delineate.

    Parameters
    ----------
    lead_mv : (n_samples,) float array
    fs_hz : float
    method : {"prominence", "dwt"}

    Returns
    -------
    dict of str to (n,) float64
        Samples of each fiducial. Where NeuroKit2 raises, what it had found until then.
    """
    found = {name: np.empty(0) for name in FIDUCIALS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            clean = neurokit2.ecg_clean(np.asarray(lead_mv, dtype=np.float64), fs_hz)
            peaks = neurokit2.ecg_peaks(clean, fs_hz)[1]["ECG_R_Peaks"]
            found["r_peak"] = np.asarray(peaks, dtype=np.float64)
            waves = neurokit2.ecg_delineate(clean, peaks, fs_hz, method=method)[1]
        except (ValueError, IndexError, KeyError, ZeroDivisionError):
            return found
    return found | {name: np.asarray(waves[key], np.float64) for name, key in _KEYS.items()}
