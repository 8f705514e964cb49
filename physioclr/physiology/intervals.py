"""The QT interval corrected for heart rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["QT_FORMULAS", "corrected_qt_ms"]

QT_FORMULAS = ("bazett", "fridericia", "framingham", "hodges")


def corrected_qt_ms(
    qt_ms: ArrayLike, rr_ms: ArrayLike, *, formula: str = "fridericia"
) -> NDArray[np.float64]:
    """Correct each QT interval for the heart rate at that beat.

    Parameters
    ----------
    qt_ms : (n_beats,) float64
        QT intervals in ms; NaN where the beat could not be delineated.
    rr_ms : (n_beats,) float64
        RR interval preceding each beat in ms; NaN for the first beat.
    formula : {"bazett", "fridericia", "framingham", "hodges"}

    Returns
    -------
    (n_beats,) float64
        QTc in ms. NaN in either input stays NaN.

    Raises
    ------
    ValueError
        If shapes differ, an interval is not positive, or `formula` is unknown.

    Notes
    -----
    With RR in seconds and the heart rate HR = 60 / RR in beats a minute:

    - Bazett (1920, Heart 7:353): QT / RR^(1/2)
    - Fridericia (1920, Acta Med Scand 53:469): QT / RR^(1/3)
    - Framingham (Sagie et al. 1992, Am J Cardiol 70:797): QT + 154 ms · (1 − RR)
    - Hodges (1983, J Am Coll Cardiol 1:694): QT + 1.75 ms · (HR − 60)
    """
    qt = np.asarray(qt_ms, dtype=np.float64)
    rr = np.asarray(rr_ms, dtype=np.float64)
    if qt.shape != rr.shape:
        raise ValueError(f"qt_ms and rr_ms must have one shape, got {qt.shape} and {rr.shape}")
    _require_positive("qt_ms", qt)
    _require_positive("rr_ms", rr)
    rr_s = rr / 1000
    if formula == "bazett":
        corrected = qt / np.sqrt(rr_s)
    elif formula == "fridericia":
        corrected = qt / np.cbrt(rr_s)
    elif formula == "framingham":
        corrected = qt + 154 * (1 - rr_s)
    elif formula == "hodges":
        corrected = qt + 1.75 * (60 / rr_s - 60)
    else:
        raise ValueError(f"formula must be one of {', '.join(QT_FORMULAS)}, got {formula!r}")
    return np.asarray(corrected, dtype=np.float64)


def _require_positive(name: str, values: NDArray[Any]) -> None:
    wrong = values[np.isfinite(values) & (values <= 0)]
    if wrong.size or np.isinf(values).any():
        raise ValueError(f"{name} must be above 0 ms or NaN, got {values}")
