"""Variability of the RR intervals over a short record."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["pnn50_pct", "rmssd_ms", "rr_cv_pct", "sdnn_ms"]

# Three beats make two RR intervals and one difference between them: the least there is.
_MIN_INTERVALS = 2


def _known(rr_ms: ArrayLike) -> NDArray[np.float64]:
    rr = np.asarray(rr_ms, dtype=np.float64)
    if rr.ndim != 1:
        raise ValueError(f"rr_ms must have one dimension, got {rr.ndim}")
    return rr[np.isfinite(rr)]


def _successive_differences(rr_ms: ArrayLike) -> NDArray[np.float64]:
    """Return the differences of intervals that follow one another; none across an unknown one."""
    rr = np.asarray(rr_ms, dtype=np.float64)
    if rr.ndim != 1:
        raise ValueError(f"rr_ms must have one dimension, got {rr.ndim}")
    differences = np.diff(rr)
    return differences[np.isfinite(differences)]


def sdnn_ms(rr_ms: ArrayLike) -> float:
    """Return the standard deviation of the RR intervals (n − 1 in the denominator).

    Parameters
    ----------
    rr_ms : (n_intervals,) float
        In ms; NaN where unknown.

    Returns
    -------
    float
        In ms; NaN with fewer than two intervals (three beats).

    References
    ----------
    Task Force of the ESC and NASPE (1996), Heart rate variability, Circulation 93:1043, for this
    and the other measures of this module. They ask for minutes; ten seconds give an estimate.
    """
    rr = _known(rr_ms)
    return float(np.std(rr, ddof=1)) if rr.size >= _MIN_INTERVALS else math.nan


def rmssd_ms(rr_ms: ArrayLike) -> float:
    """Return the root mean square of successive differences of the RR intervals.

    Parameters
    ----------
    rr_ms : (n_intervals,) float
        In ms; NaN where unknown.

    Returns
    -------
    float
        In ms; NaN without two known neighbours (three beats).
    """
    differences = _successive_differences(rr_ms)
    return float(np.sqrt(np.mean(differences**2))) if differences.size else math.nan


def pnn50_pct(rr_ms: ArrayLike) -> float:
    """Return the share of successive differences of the RR intervals above 50 ms.

    Parameters
    ----------
    rr_ms : (n_intervals,) float
        In ms; NaN where unknown.

    Returns
    -------
    float
        In percent; NaN without two known neighbours (three beats).
    """
    differences = _successive_differences(rr_ms)
    return float(100 * np.mean(np.abs(differences) > 50)) if differences.size else math.nan


def rr_cv_pct(rr_ms: ArrayLike) -> float:
    """Return the coefficient of variation of the RR intervals: SDNN over their mean.

    Parameters
    ----------
    rr_ms : (n_intervals,) float
        In ms; NaN where unknown.

    Returns
    -------
    float
        In percent; NaN with fewer than two intervals (three beats).
    """
    rr = _known(rr_ms)
    return float(100 * sdnn_ms(rr) / np.mean(rr)) if rr.size >= _MIN_INTERVALS else math.nan
