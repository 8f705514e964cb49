"""What reference ECGs and an ECG are compared by, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from physioclr.physiology.intervals import corrected_qt_ms

__all__ = ["COMPARED", "differences", "with_qtc"]

COMPARED = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qtc_fridericia_ms", "axis_deg")
"""The measurements kept of each reference ECG."""

_KEPT_FORMULA = "fridericia"


def differences(nearest: pd.DataFrame, measured: Mapping[str, float]) -> pd.DataFrame:
    """Say in what reference ECGs differ from an ECG.

    Parameters
    ----------
    nearest : (k, …) DataFrame
        As `ReferenceEcgs.nearest` returns it.
    measured : mapping of str to float
        The ECG's own measurements, as `Measurements.scalars` returns them.

    Returns
    -------
    (k, 5) DataFrame
        `COMPARED`, the reference ECG's minus the ECG's; of the axis the shorter way round, in
        [-180, 180). NaN where either is unknown.
    """
    own = np.array([measured[name] for name in COMPARED])
    difference = nearest[list(COMPARED)].astype(np.float64) - own
    difference["axis_deg"] = (difference["axis_deg"] + 180) % 360 - 180
    return difference


def with_qtc(nearest: pd.DataFrame, formula: str) -> pd.DataFrame:
    """Correct the QT of reference ECGs by another formula.

    Parameters
    ----------
    nearest : (k, …) DataFrame
        As `ReferenceEcgs.nearest` returns it.
    formula : {"bazett", "fridericia", "framingham", "hodges"}

    Returns
    -------
    (k, …) DataFrame
        With the column ``qtc_{formula}_ms``; NaN where QTc or heart rate is unknown.

    Raises
    ------
    ValueError
        If there is no such formula.

    Notes
    -----
    The bank keeps Fridericia's QTc and the heart rate, 60,000 / RR. QT is QTc · RR^(1/3), with RR
    in seconds.
    """
    rate_bpm = nearest["heart_rate_bpm"].to_numpy(dtype=np.float64)
    rr_ms = 60_000 / np.where(rate_bpm > 0, rate_bpm, np.nan)
    qtc_ms = nearest["qtc_fridericia_ms"].to_numpy(dtype=np.float64)
    qt_ms = qtc_ms * np.cbrt(rr_ms / 1000)
    corrected = corrected_qt_ms(qt_ms, rr_ms, formula=formula)
    return nearest.assign(
        **{f"qtc_{formula}_ms": qtc_ms if formula == _KEPT_FORMULA else corrected}
    )
