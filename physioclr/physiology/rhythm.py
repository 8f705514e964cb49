"""How regular the rhythm is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.hrv import rmssd_ms

__all__ = ["IRREGULAR_PCT", "irregularity_pct", "normal_rr_ms", "regularity"]

IRREGULAR_PCT = 10.0
"""From this `irregularity_pct` on a rhythm is called irregular."""


def normal_rr_ms(rr_ms: NDArray[np.float64], ectopic: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Keep the intervals between normal beats.

    Parameters
    ----------
    rr_ms : (n_beats,) float64
        To the beat before; NaN where unknown.
    ectopic : (n_beats,) bool

    Returns
    -------
    (n_beats,) float64
        NaN also where the interval begins or ends with an ectopic beat.

    References
    ----------
    Task Force of the ESC and NASPE (1996), Heart rate variability, Circulation 93:1043:
    variability is that of the intervals between normal beats (NN).
    """
    touched = ectopic.copy()
    touched[1:] |= ectopic[:-1]
    return np.where(touched, np.nan, rr_ms)


def irregularity_pct(rr_ms: NDArray[np.float64]) -> float:
    """Return RMSSD over the mean of the intervals.

    Parameters
    ----------
    rr_ms : (n_intervals,) float64
        NaN where unknown.

    Returns
    -------
    float
        In percent; NaN without two known neighbours (three beats).

    References
    ----------
    Dash et al. (2009), Automatic real time detection of atrial fibrillation, Ann Biomed Eng
    37:1701, look for it by this statistic, over many beats; the few of ten seconds give an
    estimate. The limit of a tenth (`regularity`) is ours.
    """
    known = rr_ms[np.isfinite(rr_ms)]
    return 100 * rmssd_ms(rr_ms) / float(np.mean(known)) if known.size else math.nan


def regularity(irregularity: float) -> str:
    """Put `irregularity_pct` into a word.

    Parameters
    ----------
    irregularity : float
        In percent.

    Returns
    -------
    {"regular", "irregular", "not measurable"}
    """
    if math.isnan(irregularity):
        return "not measurable"
    return "irregular" if irregularity >= IRREGULAR_PCT else "regular"
