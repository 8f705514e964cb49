"""What the rhythm criteria share: rate, regularity, P waves and runs of ectopic beats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

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
_WIDE_MS, _WIDER_MS = 120.0, 20.0
_FOREIGN_SHAPE, _OTHER_SHAPE, _LIKE_SHAPE = 0.4, 0.6, 0.75
_ONE_RR = 1.35
_SAME_SHAPE = 0.8
_STEADY_BEATS = 6
_EARLY_SHARE, _EARLY_SPREADS = 0.08, 5.0


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


@lru_cache(maxsize=1)
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
    supraventricular |= _early(found) & ~ventricular
    return RhythmFacts(
        rate_bpm=measured.heart_rate_bpm,
        irregularity_pct=_irregularity(rr_ms),
        normal_irregularity_pct=measured.rr_irregularity_pct,
        p_pct=_p_pct(share, usual),
        p_upright=_p_upright(found),
        pr_sd_ms=float(pr_ms.std()) if pr_ms.size >= _MIN_BEATS else math.nan,
        qrs_ms=measured.qrs_ms,
        ventricular=ventricular,
        supraventricular=supraventricular,
    )


def _p_pct(share: NDArray[np.float64], usual: Flags) -> float:
    """Return how many of the usual beats have a P wave, of those of which that is known."""
    known = usual & np.isfinite(share)
    if known.sum() < min(_MIN_BEATS, usual.sum()) or not known.any():
        return math.nan
    return float(100 * (share[known] >= _P_LEAD_SHARE).mean())


def _early(found: Findings) -> Flags:
    """Tell early beats of the usual shape in a rhythm that is otherwise steady.

    Shorter than the usual RR by 8 % and by five times the spread of the others (1.48 times the
    median absolute deviation), the next RR not shorter than the usual one: the sinus node was
    reset. In sinus arrhythmia and atrial fibrillation the spread is too wide for that.
    """
    rr_ms = np.asarray(found.beats["rr_ms"], dtype=np.float64)
    alike = np.asarray(found.beats["shape_correlation"], dtype=np.float64) >= _SAME_SHAPE
    known = rr_ms[np.isfinite(rr_ms)]
    early = np.zeros(rr_ms.size, dtype=bool)
    if known.size < _STEADY_BEATS:
        return early
    usual_ms = float(np.median(known))
    spread_ms = 1.4826 * float(np.median(np.abs(known - usual_ms)))
    short = usual_ms - rr_ms > max(_EARLY_SHARE * usual_ms, _EARLY_SPREADS * spread_ms)
    resets = rr_ms[1:] >= usual_ms - spread_ms
    early[:-1] = short[:-1] & resets & alike[:-1]
    ectopic_before = np.concatenate([[False], np.asarray(found.beats["ectopic"], dtype=bool)[:-1]])
    return np.asarray(early & ~ectopic_before)


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
    is wide without P, or is early and without the P wave that the others have; supraventricular
    where it is narrow and follows a P wave. The beat after an
    interpolated ventricular beat comes early only because that beat lies between.
    """
    ectopic = np.asarray(found.beats["ectopic"], dtype=bool)
    origin = found.beats["ectopic_origin"]
    qrs_ms = np.asarray(found.beats["qrs_ms"], dtype=np.float64)
    alike = np.asarray(found.beats["shape_correlation"], dtype=np.float64)
    untold = ectopic & (origin == "not told")
    usual_qrs_ms = (
        float(np.nanmedian(qrs_ms[~ectopic])) if np.isfinite(qrs_ms[~ectopic]).any() else 0.0
    )
    wide = (qrs_ms >= _WIDE_MS) & (qrs_ms >= usual_qrs_ms + _WIDER_MS)
    foreign = alike < _FOREIGN_SHAPE
    premature = np.asarray(found.beats["premature"], dtype=bool)
    usual_p = bool(with_p[~ectopic].mean() >= P_COMMON_PCT / 100) if (~ectopic).any() else False
    lacks_its_p = premature & ~with_p & (alike < _OTHER_SHAPE) & usual_p
    ventricular = (origin == "ventricular") | (untold & (foreign | wide | lacks_its_p) & ~with_p)
    # The P wave of a very early beat hides in T: a narrow QRS much like the others is enough.
    conducted = with_p | (alike >= _LIKE_SHAPE)
    supraventricular = (origin == "supraventricular") | (untold & ~ventricular & conducted & ~wide)
    after = _after_interpolated(found, ventricular)
    return np.asarray(ventricular), np.asarray(supraventricular & ~after)


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
