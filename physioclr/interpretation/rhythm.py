"""Which rhythm it is: sinus, fibrillation, flutter, junctional, tachycardias, pauses, blocks."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from physioclr.interpretation.criteria import (
    Criterion,
    Verdict,
    absent,
    borderline,
    not_assessable,
    present,
    state_of,
)
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.rhythm_facts import RhythmFacts, rhythm_facts
from physioclr.interpretation.sources import BOLLMANN, HINDRICKS, KUSUMOTO, MASON, PAGE, VERECKEI
from physioclr.interpretation.statement import Evidence
from physioclr.physiology.normal_ranges import NormalRange, normal_range

__all__ = ["CRITERIA", "is_fibrillation", "is_flutter", "is_sinus"]

_LEAST_BEATS = 4
_AFIB_PCT, _COARSE_AFIB_PCT = 10.0, 20.0
_AFIB_P_PCT = 85.0
_PR_WANDERS_MS = 15.0
_FLUTTER_REGULARITY, _FLUTTER_LOCKED, _FLUTTER_SPREAD = 0.35, 0.7, 15.0
_HIDDEN_FLUTTER_BPM = (130.0, 175.0)
_WIDE_MS = 120.0
_FAST_BPM, _SVT_BPM, _VT_BPM = 100.0, 130.0, 120.0
_JUNCTIONAL_BPM, _IDIOVENTRICULAR_BPM = 60.0, 50.0
_REGULAR_PCT = 8.0
_SARRH_MS, _SARRH_PCT = 120.0, 10.0
_BRADY_BPM, _NEARLY_BRADY_BPM = 50.0, 60.0
_PAUSE_MS = 2000.0


def _too_few(found: Findings) -> str:
    if found.n_beats >= _LEAST_BEATS:
        return ""
    return f"{found.n_beats} beats found, a rhythm needs at least {_LEAST_BEATS}"


def _rate(facts: RhythmFacts, relation: str = "", limit: float = math.nan) -> Evidence:
    return Evidence("Heart rate", facts.rate_bpm, "bpm", relation, limit)


def _p(facts: RhythmFacts, relation: str = "", limit: float = math.nan) -> Evidence:
    return Evidence("Beats with a P wave", facts.p_pct, "%", relation, limit)


def _irregular(facts: RhythmFacts, relation: str, limit: float) -> Evidence:
    return Evidence("RR irregularity", facts.irregularity_pct, "%", relation, limit)


def is_sinus(facts: RhythmFacts) -> bool:
    """Whether upright P waves precede most beats."""
    return facts.has_p and facts.p_upright is not False


@lru_cache(maxsize=1)
def is_flutter(found: Findings) -> bool:
    """Whether regular atrial waves are seen, and RR intervals are whole multiples of them."""
    atrial = found.atrial
    return (
        atrial.regularity >= _FLUTTER_REGULARITY
        and atrial.locked >= _FLUTTER_LOCKED
        and atrial.spread_per_min <= _FLUTTER_SPREAD
        and len(atrial.leads) >= 2
    )


def _sinus(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    shown = (_p(facts, "≥", 50), _rate(facts))
    if is_fibrillation(found) or is_flutter(found):
        return absent(*shown)
    if math.isnan(facts.p_pct):
        return not_assessable("P waves are not measurable", *shown)
    if is_sinus(facts):
        return present(*shown)
    if facts.lacks_p and facts.qrs_ms >= _WIDE_MS:
        return not_assessable(
            "no P waves were found, and those of a wide QRS may be hidden in it", *shown
        )
    if facts.lacks_p or facts.has_p:
        return absent(*shown)
    return borderline(*shown, reason="P waves precede only some of the beats")


def _rate_range(found: Findings) -> NormalRange | None:
    limits = normal_range("heart_rate_bpm", age_years=found.age_years, sex=found.sex)
    return limits if isinstance(limits, NormalRange) else None


def _bradycardia(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    limits = _rate_range(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    if limits is None:
        return not_assessable("no limits of the heart rate hold for this age")
    low = limits.low if found.is_child else _BRADY_BPM
    nearly = math.nan if found.is_child else _NEARLY_BRADY_BPM
    shown = (_rate(facts, "<", low), _p(facts))
    if is_fibrillation(found) or is_flutter(found) or facts.lacks_p:
        return absent(*shown, reason="not a sinus rhythm")
    if facts.rate_bpm < low:
        return present(*shown)
    if facts.rate_bpm < nearly:
        return borderline(*shown, reason="from 50 to 60 bpm: slow by the older limit only")
    return absent(*shown)


def _tachycardia(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    limits = _rate_range(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    if limits is None:
        return not_assessable("no limits of the heart rate hold for this age")
    shown = (_rate(facts, ">", limits.high), _p(facts, "≥", 50))
    if not facts.rate_bpm > limits.high or is_fibrillation(found) or is_flutter(found):
        return absent(*shown)
    if is_sinus(facts):
        return present(*shown)
    hidden = facts.normal_irregularity_pct < _REGULAR_PCT and facts.rate_bpm < _SVT_BPM
    if not facts.lacks_p or hidden:
        return borderline(*shown, reason="P waves were not found in most beats")
    return absent(*shown, reason="no P waves")


def _arrhythmia(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    if not is_sinus(facts):
        return absent(_p(facts, "≥", 50))
    rr_ms = np.asarray(found.beats["rr_ms"], dtype=np.float64)
    ectopic = np.asarray(found.beats["ectopic"], dtype=bool)
    normal = rr_ms[~(ectopic | np.concatenate([[False], ectopic[:-1]])) & np.isfinite(rr_ms)]
    span_ms = float(np.ptp(normal)) if normal.size >= _LEAST_BEATS else math.nan
    span_pct = 100 * span_ms / float(normal.mean()) if normal.size else math.nan
    shown = (
        Evidence("Longest less shortest RR", span_ms, "ms", ">", _SARRH_MS),
        Evidence("the same, of the mean RR", span_pct, "%", ">", _SARRH_PCT),
    )
    if math.isnan(span_ms):
        return not_assessable("too few intervals between normal beats", *shown)
    return Verdict(state_of(span_ms > _SARRH_MS and span_pct > _SARRH_PCT), shown)


@lru_cache(maxsize=1)
def is_fibrillation(found: Findings) -> bool:
    """Whether RR is irregular, P waves are lacking and no regular atrial waves are seen."""
    facts = rhythm_facts(found)
    return facts.irregularity_pct >= _AFIB_PCT and facts.lacks_p and not is_flutter(found)


def _fibrillation(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    shown = (_irregular(facts, "≥", _AFIB_PCT), _p(facts, "<", 25))
    if is_flutter(found):
        return absent(*shown, reason="regular flutter waves")
    if math.isnan(facts.p_pct):
        why = "whether there are P waves is not known"
        if facts.irregularity_pct >= _COARSE_AFIB_PCT:
            return borderline(*shown, reason=why)
        return not_assessable(why, *shown)
    if is_fibrillation(found):
        return present(*shown)
    wanders = facts.pr_sd_ms >= _PR_WANDERS_MS or not facts.has_p
    if facts.irregularity_pct >= _COARSE_AFIB_PCT and facts.p_pct < _AFIB_P_PCT and wanders:
        return borderline(*shown, reason="P-like waves before some beats, at changing distances")
    return absent(*shown)


def _flutter(found: Findings) -> Verdict:
    facts, atrial = rhythm_facts(found), found.atrial
    if reason := _too_few(found):
        return not_assessable(reason)
    shown = (
        Evidence("Atrial rate", atrial.rate_per_min, "/min", "≥", 200.0, atrial.leads),
        Evidence("Regularity of atrial waves", 100 * atrial.regularity, "%", "≥", 35.0),
        Evidence("RR locked to the atrial cycle", 100 * atrial.locked, "%", "≥", 70.0),
    )
    if facts.has_p:
        return absent(_p(facts, "<", 50))
    regular = facts.irregularity_pct < _REGULAR_PCT
    slow, fast = _HIDDEN_FLUTTER_BPM
    if regular and slow <= facts.rate_bpm <= fast:
        return borderline(
            _rate(facts), _p(facts), reason="2:1 flutter waves can hide in QRS and T at this rate"
        )
    if not atrial.leads:
        return not_assessable("none of II, III, aVF, V1 can be judged")
    if is_flutter(found) and not regular:
        ratio = atrial.rate_per_min / facts.rate_bpm
        return present(*shown, Evidence("Atrial waves a beat, mean", ratio, " : 1"))
    if regular and facts.qrs_ms < _WIDE_MS:
        return not_assessable("flutter waves of a fixed ratio cannot be told from QRS and T")
    return absent(*shown)


def _junctional(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    high = _JUNCTIONAL_BPM
    shown = (_p(facts, "<", 25), _rate(facts, "≤", high), _qrs(facts, "<"))
    regular = facts.irregularity_pct < _REGULAR_PCT
    fits = facts.lacks_p and regular and facts.qrs_ms < _WIDE_MS and not is_flutter(found)
    if fits and facts.rate_bpm <= high:
        return present(*shown)
    if fits and facts.rate_bpm <= _FAST_BPM:
        return borderline(*shown, reason="accelerated, or P waves are hidden in T")
    return absent(*shown)


def _qrs(facts: RhythmFacts, relation: str) -> Evidence:
    return Evidence("QRS duration", facts.qrs_ms, "ms", relation, _WIDE_MS)


def _ectopic_atrial(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    axis = Evidence("P axis", found.measured.p_axis_deg, "°", leads=("II", "aVR"))
    if not facts.has_p:
        return absent(_p(facts, "≥", 50))
    if facts.p_upright is None:
        return not_assessable("the direction of P is not measurable", axis)
    if facts.p_upright:
        return absent(axis)
    if found.reversed_electrodes is not None:
        return not_assessable(
            f"limb electrodes may be exchanged ({found.reversed_electrodes})", axis
        )
    return present(axis, _p(facts, "≥", 50), reason="P is not upright in II and inverted in aVR")


def _supraventricular_tachycardia(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    shown = (_rate(facts, "≥", _SVT_BPM), _p(facts, "<", 25), _qrs(facts, "<"))
    regular = facts.irregularity_pct < _REGULAR_PCT
    narrow = facts.qrs_ms < _WIDE_MS
    if facts.has_p or not (regular and narrow) or is_flutter(found):
        return absent(*shown)
    if math.isnan(facts.p_pct) and facts.rate_bpm > _FAST_BPM:
        return borderline(*shown, reason="whether there are P waves is not known")
    if found.is_child:
        return not_assessable("no rate limit of this criterion holds for children", *shown)
    return Verdict(state_of(facts.rate_bpm >= _SVT_BPM, facts.rate_bpm > _FAST_BPM), shown)


def _wide_tachycardia(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    shown = (_rate(facts, ">", _FAST_BPM), _qrs(facts, "≥"), _p(facts, "<", 50))
    if math.isnan(facts.qrs_ms):
        return not_assessable("QRS duration is not measurable", *shown)
    if found.has_paced_qrs:
        return absent(*shown, reason="the ventricles are paced")
    fast_and_wide = facts.rate_bpm > _FAST_BPM and facts.qrs_ms >= _WIDE_MS
    return Verdict(state_of(fast_and_wide and not facts.has_p), shown)


def _ventricular_tachycardia(found: Findings) -> Verdict:
    """Wide, fast, regular, no P, and no QRS that a bundle branch block explains."""
    facts = rhythm_facts(found)
    verdict = _wide_tachycardia(found)
    if verdict.state != "present":
        return verdict
    avr = found.leads.get("aVR")
    axis_deg = found.measured.axis_deg
    initial_r = avr is not None and avr.q_mv == 0 and avr.r_mv >= 0.2
    extreme = not -90 <= axis_deg <= 180
    shown = (
        _rate(facts, "≥", _VT_BPM),
        _qrs(facts, "≥"),
        Evidence("R at the beginning of QRS", avr.r_mv if avr else math.nan, "mV", leads=("aVR",)),
        Evidence("QRS axis", axis_deg, "°"),
    )
    regular = facts.irregularity_pct < _AFIB_PCT
    if not regular or facts.rate_bpm < _VT_BPM:
        return absent(*shown)
    if initial_r or extreme:
        return present(*shown)
    return borderline(*shown, reason="supraventricular tachycardia with a block is not ruled out")


def _idioventricular(found: Findings) -> Verdict:
    facts = rhythm_facts(found)
    if reason := _too_few(found):
        return not_assessable(reason)
    shown = (_rate(facts, "≤", _IDIOVENTRICULAR_BPM), _qrs(facts, "≥"), _p(facts, "<", 25))
    slow = facts.rate_bpm <= _IDIOVENTRICULAR_BPM
    regular = facts.irregularity_pct < _REGULAR_PCT
    fits = slow and regular and facts.lacks_p and facts.qrs_ms >= _WIDE_MS
    fits = fits and not found.has_paced_qrs
    return Verdict(state_of(fits), shown)


def _pause(found: Findings) -> Verdict:
    rr_ms = np.asarray(found.beats["rr_ms"], dtype=np.float64)
    gaps = np.diff(np.asarray(found.beats["r_peak_samples"], dtype=np.float64))
    if not np.isfinite(rr_ms).any():
        return not_assessable("no RR interval is measurable")
    longest = float(np.nanmax(rr_ms))
    at = int(np.nanargmax(rr_ms))
    if np.isnan(rr_ms[1:]).any() and gaps.size:
        # Beyond 4 s an interval is unknown to the measurements, and a pause all the same.
        of_sample_ms = float(np.nanmedian(rr_ms[1:] / gaps))
        longest = max(longest, float(gaps.max()) * of_sample_ms)
        at = int(gaps.argmax()) + 1 if longest > float(np.nanmax(rr_ms)) else at
    shown = Evidence("Longest RR interval", longest, "ms", "≥", _PAUSE_MS, beats=(at,))
    usual = float(np.nanmedian(rr_ms))
    return Verdict(state_of(longest >= _PAUSE_MS and longest > 1.3 * usual), (shown,))


CRITERIA = (
    Criterion(
        "SR",
        "P in at least half of the leads before at least half of the normal beats, upright in II "
        "and inverted in aVR",
        MASON,
        _sinus,
    ),
    Criterion(
        "SBRAD",
        "Sinus rhythm below 50 bpm (borderline 50 to 60); children: below the 2nd percentile",
        KUSUMOTO,
        _bradycardia,
    ),
    Criterion(
        "STACH",
        "Sinus rhythm above 100 bpm; children: above the 98th percentile",
        PAGE,
        _tachycardia,
    ),
    Criterion(
        "SARRH",
        "Sinus rhythm; longest less shortest RR above 120 ms and above 10 % of the mean RR",
        MASON,
        _arrhythmia,
    ),
    Criterion(
        "AFIB",
        "RMSSD of RR at least 10 % of the mean RR, P in fewer than a quarter of the beats, no "
        "regular atrial waves; borderline: 20 % and P-like waves at changing distances",
        HINDRICKS,
        _fibrillation,
    ),
    Criterion(
        "AFLT",
        "Without QRS and T the signal repeats at 200 to 350/min alike in II, III, aVF, V1 "
        "(autocorrelation at least 0.35), RR are whole multiples of the cycle; borderline: "
        "regular, no P, 130 to 175 bpm",
        BOLLMANN,
        _flutter,
    ),
    Criterion(
        "EAR",
        "P before most beats, not upright in II or not inverted in aVR",
        MASON,
        _ectopic_atrial,
    ),
    Criterion(
        "JUNC",
        "Regular, QRS below 120 ms, no P, up to 60 bpm; borderline up to 100 bpm",
        PAGE,
        _junctional,
    ),
    Criterion(
        "SVTAC",
        "Regular, QRS below 120 ms, no P, from 130 bpm; borderline above 100 bpm",
        PAGE,
        _supraventricular_tachycardia,
    ),
    Criterion(
        "WCT",
        "Above 100 bpm, QRS at least 120 ms, no P before most beats",
        PAGE,
        _wide_tachycardia,
    ),
    Criterion(
        "VTAC",
        "Wide-QRS tachycardia, regular, from 120 bpm, with an initial R in aVR or an axis of −90° "
        "to 180°; borderline without these",
        VERECKEI,
        _ventricular_tachycardia,
    ),
    Criterion(
        "IVR",
        "Regular, QRS at least 120 ms, no P, up to 50 bpm",
        KUSUMOTO,
        _idioventricular,
    ),
    Criterion(
        "PAUSE",
        "An RR interval of at least 2 s, longer than 1.3 times the usual one",
        KUSUMOTO,
        _pause,
    ),
)
