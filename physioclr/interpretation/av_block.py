"""Atrioventricular block of second and third degree."""

from __future__ import annotations

import math

import numpy as np

from physioclr.interpretation.criteria import (
    Criterion,
    Verdict,
    absent,
    borderline,
    not_assessable,
    present,
)
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.rhythm import is_fibrillation, is_flutter
from physioclr.interpretation.rhythm_facts import rhythm_facts
from physioclr.interpretation.sources import KUSUMOTO
from physioclr.interpretation.statement import Evidence

__all__ = ["CRITERIA"]

_LEAST_BEATS = 3
_SLOW_BPM, _ESCAPE_BPM = 65.0, 45.0
_REGULAR_PCT = 5.0
_DISSOCIATED_MS = 40.0
_WENCKEBACH_MS = 20.0
_DOUBLE = 0.12


def _blocked(found: Findings) -> Evidence:
    return Evidence(
        "P waves without QRS",
        float(len(found.blocked_p)),
        "",
        "≥",
        1.0,
        beats=found.blocked_p,
    )


def _dissociated(found: Findings) -> bool:
    """Whether QRS is regular while the distance from P to QRS wanders."""
    facts = rhythm_facts(found)
    steady = facts.irregularity_pct < _REGULAR_PCT and facts.rate_bpm < _SLOW_BPM
    return steady and facts.pr_sd_ms >= _DISSOCIATED_MS


def _second(found: Findings) -> Verdict:
    if found.n_beats < _LEAST_BEATS:
        return not_assessable(f"{found.n_beats} beats found, at least {_LEAST_BEATS} are needed")
    facts = rhythm_facts(found)
    shown = _blocked(found)
    if not facts.has_p:
        return absent(shown, reason="no P waves in the dominant rhythm")
    if not found.blocked_p:
        return _doubled(found, shown)
    if _dissociated(found):
        return absent(shown, reason="P and QRS are independent: complete block")
    return present(shown, *_lengthening(found), reason=_kind(found))


def _doubled(found: Findings, shown: Evidence) -> Verdict:
    """Look for RR intervals twice as long as the others: a P wave may lie hidden in T."""
    rr_ms = np.asarray(found.beats["rr_ms"], dtype=np.float64)
    ectopic = np.asarray(found.beats["ectopic"], dtype=bool)
    after_ectopic = np.concatenate([[False], ectopic[:-1]])
    usable = np.isfinite(rr_ms) & ~ectopic & ~after_ectopic
    if usable.sum() < _LEAST_BEATS:
        return absent(shown)
    short_ms = float(np.quantile(rr_ms[usable], 0.25))
    double = usable & (np.abs(rr_ms / short_ms - 2.0) <= _DOUBLE)
    if not double.any():
        return absent(shown)
    rows = tuple(int(row) for row in np.flatnonzero(double))
    twice = Evidence(
        "Longest RR over the short ones",
        float(rr_ms[double].max() / short_ms),
        " times",
        "≥",
        2.0 - _DOUBLE,
        beats=rows,
    )
    return borderline(
        shown, twice, reason="an RR of twice the others: a P may be hidden in T, or a sinus pause"
    )


def _lengthening(found: Findings) -> tuple[Evidence, ...]:
    """Compare the PR before the first blocked P with the one after it."""
    pr_ms = np.asarray(found.beats["pr_ms"], dtype=np.float64)
    row = found.blocked_p[0]
    before = pr_ms[row]
    after = pr_ms[row + 1] if row + 1 < pr_ms.size else math.nan
    return (
        Evidence("PR before less after the blocked P", before - after, "ms", "≥", _WENCKEBACH_MS),
    )


def _kind(found: Findings) -> str:
    n_intervals = max(found.n_beats - 1, 1)
    if len(found.blocked_p) >= n_intervals - 1:
        return "2:1 block"
    change = _lengthening(found)[0]
    if change.met is None:
        return "type not told: PR is not measurable around the blocked P"
    return "type I (Wenckebach)" if change.met else "type II (Mobitz)"


def _third(found: Findings) -> Verdict:
    if found.n_beats < _LEAST_BEATS:
        return not_assessable(f"{found.n_beats} beats found, at least {_LEAST_BEATS} are needed")
    facts = rhythm_facts(found)
    shown = (
        Evidence("Heart rate", facts.rate_bpm, "bpm", "<", _SLOW_BPM),
        Evidence("RR irregularity", facts.irregularity_pct, "%", "<", _REGULAR_PCT),
        Evidence("Spread of PR", facts.pr_sd_ms, "ms", "≥", _DISSOCIATED_MS),
        _blocked(found),
    )
    if _dissociated(found):
        if found.blocked_p:
            return present(*shown)
        return borderline(*shown, reason="P and QRS seem independent, no P without QRS was found")
    slow = facts.rate_bpm <= _ESCAPE_BPM and facts.irregularity_pct < _REGULAR_PCT
    if slow and facts.lacks_p and not is_fibrillation(found) and not is_flutter(found):
        return borderline(
            *shown, reason="a slow regular rhythm without P: escape rhythm, of block or of arrest"
        )
    return absent(*shown)


CRITERIA = (
    Criterion(
        "2AVB",
        "A P wave like those before QRS that no QRS follows; type I if PR before it is longer by "
        "20 ms than after it; borderline: an RR of twice the others (±6 %)",
        KUSUMOTO,
        _second,
    ),
    Criterion(
        "3AVB",
        "Regular QRS below 65 bpm, PR with a standard deviation of at least 40 ms, P waves without "
        "QRS; borderline without these, or regular up to 45 bpm without P",
        KUSUMOTO,
        _third,
    ),
)
