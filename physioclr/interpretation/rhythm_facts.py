"""What the rhythm criteria share: rate, regularity, P waves and runs of ectopic beats."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.interpretation.findings import Findings
from physioclr.physiology.hrv import rmssd_ms

__all__ = ["P_COMMON_PCT", "P_RARE_PCT", "RhythmFacts", "rhythm_facts", "runs"]

Flags = NDArray[np.bool_]

P_COMMON_PCT, P_RARE_PCT = 50.0, 25.0
"""P waves in at least, or at most, so many of the beats."""

_P_LEAD_SHARE = 0.5
_MIN_BEATS = 3
_WIDE_MS = 120.0
_FOREIGN_SHAPE = 0.4
_ONE_RR = 1.35


@dataclass(frozen=True, eq=False)
class RhythmFacts:
    """The rhythm in numbers.

    Parameters
    ----------
    rate_bpm : float
    irregularity_pct : float
        RMSSD over the mean of all RR intervals, ectopic beats included.
    normal_irregularity_pct : float
        The same of the intervals between normal beats.
    p_pct : float
        Share of the dominant beats with a P wave in at least half of the leads.
    p_upright : bool or None
        Whether P is positive in II and not in aVR; None where it is not known.
    pr_sd_ms : float
        Standard deviation of the PR intervals of the beats with P.
    qrs_ms : float
    ventricular, supraventricular : (n_beats,) bool
        Ectopic beats by origin.
    """

    rate_bpm: float
    irregularity_pct: float
    normal_irregularity_pct: float
    p_pct: float
    p_upright: bool | None
    pr_sd_ms: float
    qrs_ms: float
    ventricular: Flags
    supraventricular: Flags

    @property
    def has_p(self) -> bool:
        """Whether P waves precede most dominant beats."""
        return self.p_pct >= P_COMMON_PCT

    @property
    def lacks_p(self) -> bool:
        """Whether hardly a beat has a P wave."""
        return self.p_pct < P_RARE_PCT


def rhythm_facts(found: Findings) -> RhythmFacts:
    """Sum up the rhythm.

    Parameters
    ----------
    found : Findings

    Returns
    -------
    RhythmFacts
    """
    beats, measured = found.beats, found.measured
    rr_ms = np.asarray(beats["rr_ms"], dtype=np.float64)
    share = np.asarray(beats["p_lead_share"], dtype=np.float64)
    ectopic = np.asarray(beats["ectopic"], dtype=bool)
    with_p = share >= _P_LEAD_SHARE
    usual = ~ectopic if (~ectopic).sum() >= _MIN_BEATS else np.ones_like(ectopic)
    pr_ms = np.asarray(beats["pr_ms"], dtype=np.float64)[with_p & usual]
    pr_ms = pr_ms[np.isfinite(pr_ms)]
    ventricular, supraventricular = _origins(found, with_p)
    return RhythmFacts(
        rate_bpm=measured.heart_rate_bpm,
        irregularity_pct=_irregularity(rr_ms),
        normal_irregularity_pct=measured.rr_irregularity_pct,
        p_pct=float(100 * with_p[usual].mean()) if usual.any() else math.nan,
        p_upright=_p_upright(found),
        pr_sd_ms=float(pr_ms.std()) if pr_ms.size >= _MIN_BEATS else math.nan,
        qrs_ms=measured.qrs_ms,
        ventricular=ventricular,
        supraventricular=supraventricular,
    )


def _irregularity(rr_ms: NDArray[np.float64]) -> float:
    known = rr_ms[np.isfinite(rr_ms)]
    return 100 * rmssd_ms(rr_ms) / float(known.mean()) if known.size else math.nan


def _p_upright(found: Findings) -> bool | None:
    leads = [found.leads[lead] for lead in ("II", "aVR") if lead in found.leads]
    if len(leads) < 2 or math.isnan(leads[0].p_mv + leads[1].p_mv):
        axis = found.measured.p_axis_deg
        return None if math.isnan(axis) else -30 <= axis <= 110
    two, avr = leads
    return two.p_mv >= -two.p_min_mv and -avr.p_min_mv >= avr.p_mv


def _origins(found: Findings, with_p: Flags) -> tuple[Flags, Flags]:
    """Tell ventricular from supraventricular beats.

    Of those whose origin was not told: ventricular where QRS hardly resembles the dominant one or
    is wide without P, supraventricular where it is narrow and follows a P wave. The beat after an
    interpolated ventricular beat comes early only because that beat lies between.
    """
    ectopic = np.asarray(found.beats["ectopic"], dtype=bool)
    origin = found.beats["ectopic_origin"]
    qrs_ms = np.asarray(found.beats["qrs_ms"], dtype=np.float64)
    alike = np.asarray(found.beats["shape_correlation"], dtype=np.float64)
    untold = ectopic & (origin == "not told")
    wide = qrs_ms >= _WIDE_MS
    foreign = alike < _FOREIGN_SHAPE
    ventricular = (origin == "ventricular") | (untold & (foreign | wide) & ~with_p)
    supraventricular = (origin == "supraventricular") | (untold & ~ventricular & with_p & ~wide)
    return ventricular, supraventricular & ~_after_interpolated(found, ventricular)


def _after_interpolated(found: Findings, ventricular: Flags) -> Flags:
    """Tell beats whose RR, with that of the ventricular beat before, makes up one usual RR."""
    rr_ms = np.asarray(found.beats["rr_ms"], dtype=np.float64)
    known = rr_ms[np.isfinite(rr_ms)]
    after = np.zeros_like(ventricular)
    if known.size:
        together = rr_ms[1:] + rr_ms[:-1]
        after[1:] = ventricular[:-1] & (together < _ONE_RR * float(np.median(known)))
    return after


def runs(flags: Flags) -> list[tuple[int, int]]:
    """Return first and last index of each run of True.

    Parameters
    ----------
    flags : (n,) bool

    Returns
    -------
    list of (int, int)
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
