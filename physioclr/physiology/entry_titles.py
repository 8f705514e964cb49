"""What each entry of the physiological vector is called where a person reads it."""

from __future__ import annotations

import re

from physioclr.leads import STANDARD_LEADS

__all__ = ["entry_quantity", "entry_title"]

_QUANTITIES = {
    "rr_ms": "RR interval",
    "pr_ms": "PR interval",
    "qrs_ms": "QRS duration",
    "qtc_bazett_ms": "QTc (Bazett)",
    "p_ms": "P duration",
    "t_ms": "T duration",
    "p_mv": "P amplitude",
    "r_mv": "R amplitude",
    "s_mv": "S amplitude",
    "t_mv": "T amplitude",
    "qrs_slope_mv_per_s": "Steepest slope of QRS",
    "st_j60_mv": "ST at J + 60 ms",
}
_STATISTICS = {"mean": "mean", "sd": "SD", "median": "median", "iqr": "interquartile range"}
_OF_SEGMENT = {
    "rmssd_ms": "RMSSD",
    "pnn50_pct": "pNN50",
    "rr_cv_pct": "SD of RR / mean RR",
    "short_rr_pct": "Beats that come early (RR below 0.8 of the median)",
    "pr_above_200_pct": "Beats with PR above 200 ms",
    "qrs_120_or_more_pct": "Beats with QRS of 120 ms or more",
    "qrs_100_to_119_pct": "Beats with QRS of 100 to 119 ms",
    "qtc_500_or_more_pct": "Beats with QTc of 500 ms or more",
    "absent_p_pct": "Beats without a P wave",
    "inverted_t_pct": "Beats with an inverted T wave",
    "abnormal_st_pct": "Beats with ST off the isoelectric level",
    "st_spread_mv": "Range of ST over the leads",
    "adjacent_correlation_mean": "Likeness of successive beats, mean",
    "adjacent_correlation_sd": "Likeness of successive beats, SD",
    "adjacent_correlation_min": "Likeness of successive beats, least",
    "axis_cos": "QRS axis, cosine",
    "axis_sin": "QRS axis, sine",
}
_LEADS = {lead.lower(): lead for lead in STANDARD_LEADS}
_BEAT = re.compile(r"beat(\d\d)_(\w+)")
_LEAD = re.compile(r"lead_([a-z]+\d?)_(\w+)")
_STATISTIC = re.compile(r"(\w+?)_(mean|sd|median|iqr)(_ms|_mv|_mv_per_s)")


def entry_title(name: str) -> str:
    """Return the name of an entry as a person reads it, without its unit.

    Parameters
    ----------
    name : str
        One of `PHYSIOLOGY_NAMES`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no such entry.
    """
    if name in _OF_SEGMENT:
        return _OF_SEGMENT[name]
    if beat := _BEAT.fullmatch(name):
        return f"{_QUANTITIES[beat[2]]}, beat {int(beat[1])}"
    if lead := _LEAD.fullmatch(name):
        return f"{_QUANTITIES[lead[2]]}, {_LEADS[lead[1]]}"
    if statistic := _STATISTIC.fullmatch(name):
        return f"{_QUANTITIES[statistic[1] + statistic[3]]}, {_STATISTICS[statistic[2]]}"
    raise ValueError(f"name must be one of PHYSIOLOGY_NAMES, got {name!r}")


def entry_quantity(name: str) -> str:
    """Return what an entry is one number of: the same for each beat, mean and spread of a quantity.

    Parameters
    ----------
    name : str
        One of `PHYSIOLOGY_NAMES`.

    Returns
    -------
    str
        As ``"qrs_ms"``; the name itself of an entry that stands alone.
    """
    if beat := _BEAT.fullmatch(name):
        return beat[2]
    if statistic := _STATISTIC.fullmatch(name):
        return statistic[1] + statistic[3]
    return name
