"""Premature beats and how they follow one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.interpretation.criteria import Criterion, Verdict, absent, not_assessable, present
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.rhythm_facts import rhythm_facts, runs
from physioclr.interpretation.sources import MASON
from physioclr.interpretation.statement import Evidence

__all__ = ["CRITERIA"]

Flags = NDArray[np.bool_]

_RUN = 3
_ALTERNATIONS = 3


def _unjudged(found: Findings) -> str:
    if np.isfinite(found.measured.n_ectopic_beats):
        return ""
    return found.why_missing("n_ectopic_beats")


def _counted(name: str, flags: Flags) -> Evidence:
    beats = tuple(int(index) for index in np.flatnonzero(flags))
    return Evidence(name, float(flags.sum()), "", "≥", 1.0, beats=beats)


def _atrial(found: Findings) -> Verdict:
    if reason := _unjudged(found):
        return not_assessable(reason)
    facts = rhythm_facts(found)
    shown = _counted("Premature supraventricular beats", facts.supraventricular)
    if facts.lacks_p:
        return absent(shown, reason="no P waves: early beats of the same shape are the rhythm")
    return present(shown) if facts.supraventricular.any() else absent(shown)


def _ventricular(found: Findings) -> Verdict:
    if reason := _unjudged(found):
        return not_assessable(reason)
    flags = rhythm_facts(found).ventricular
    shown = _counted("Premature ventricular beats", flags)
    return present(shown) if flags.any() else absent(shown)


def _pair(found: Findings) -> Verdict:
    if reason := _unjudged(found):
        return not_assessable(reason)
    pairs = [run for run in runs(rhythm_facts(found).ventricular) if run[1] - run[0] == 1]
    beats = tuple(index for run in pairs for index in run)
    shown = Evidence("Pairs of ventricular beats", float(len(pairs)), "", "≥", 1.0, beats=beats)
    return present(shown) if pairs else absent(shown)


def _run(found: Findings) -> Verdict:
    if reason := _unjudged(found):
        return not_assessable(reason)
    rr_ms = np.asarray(found.beats["rr_ms"], dtype=np.float64)
    fast = [
        (first, last)
        for first, last in runs(rhythm_facts(found).ventricular)
        if last - first + 1 >= _RUN and np.nanmean(rr_ms[first + 1 : last + 1]) < 600.0
    ]
    beats = tuple(index for first, last in fast for index in range(first, last + 1))
    shown = Evidence("Runs of three ventricular beats", float(len(fast)), "", "≥", 1.0, beats=beats)
    return present(shown) if fast else absent(shown)


def _alternating(found: Findings, period: int, name: str) -> Verdict:
    """Look for an ectopic beat at every second or third place, three times in a row."""
    if reason := _unjudged(found):
        return not_assessable(reason)
    facts = rhythm_facts(found)
    ectopic = facts.ventricular | (facts.supraventricular & ~np.array(facts.lacks_p))
    at = np.flatnonzero(ectopic)
    steps = runs(np.diff(at) == period)
    longest = max(steps, key=lambda run: run[1] - run[0], default=None)
    count = 0 if longest is None else longest[1] - longest[0] + 2
    beats = () if longest is None else tuple(int(b) for b in at[longest[0] : longest[1] + 2])
    shown = Evidence(name, float(count), "", "≥", float(_ALTERNATIONS), beats=beats)
    return present(shown) if count >= _ALTERNATIONS else absent(shown)


def _bigeminy(found: Findings) -> Verdict:
    return _alternating(found, 2, "Ectopic beats in a row at every second place")


def _trigeminy(found: Findings) -> Verdict:
    return _alternating(found, 3, "Ectopic beats in a row at every third place")


CRITERIA = (
    Criterion(
        "PAC",
        "A beat earlier than 80 % of the RR around it, QRS like the others or a P wave before a "
        "narrow one; not without P waves in the dominant rhythm",
        MASON,
        _atrial,
    ),
    Criterion(
        "PVC",
        "A beat of another shape that is premature, followed by a pause or wide, with QRS of at "
        "least 120 ms or hardly alike (correlation below 0.4), without P",
        MASON,
        _ventricular,
    ),
    Criterion("BIGU", "Every second beat ectopic, three times in a row", MASON, _bigeminy),
    Criterion("TRIGU", "Every third beat ectopic, three times in a row", MASON, _trigeminy),
    Criterion("VPAIR", "Two premature ventricular beats in a row", MASON, _pair),
    Criterion(
        "VRUN",
        "Three premature ventricular beats or more in a row, above 100 bpm",
        MASON,
        _run,
    ),
)
