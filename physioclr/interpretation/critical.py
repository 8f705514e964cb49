"""Values to be told at once.

ST elevation infarction, ventricular tachycardia and complete block are critical too and are
statements of their own families.
"""

from __future__ import annotations

import math

import numpy as np

from physioclr.interpretation.criteria import Criterion, Verdict, not_assessable, state_of
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.sources import KUSUMOTO, PAGE, RAUTAHARJU
from physioclr.interpretation.statement import Evidence

__all__ = ["CRITERIA"]

_FAST_BPM, _SLOW_BPM = 150.0, 40.0
_PAUSE_MS = 3000.0
_QTC_MS, _JTC_MS, _WIDE_MS = 550.0, 450.0, 120.0
_CHILD = "no such limit for children was verified"


def _rate(found: Findings, relation: str, limit: float) -> Verdict:
    rate = Evidence("Heart rate", found.measured.heart_rate_bpm, "bpm", relation, limit)
    if math.isnan(rate.value):
        return not_assessable(found.why_missing("heart_rate_bpm"), rate)
    if found.is_child:
        return not_assessable(_CHILD, rate)
    return Verdict(state_of(bool(rate.met)), (rate,))


def _fast(found: Findings) -> Verdict:
    return _rate(found, ">", _FAST_BPM)


def _slow(found: Findings) -> Verdict:
    return _rate(found, "<", _SLOW_BPM)


def _pause(found: Findings) -> Verdict:
    peaks = np.asarray(found.beats["r_peak_samples"], dtype=np.float64)
    rr_ms = np.asarray(found.beats["rr_ms"], dtype=np.float64)[1:]
    gaps = np.diff(peaks)
    if not np.isfinite(rr_ms).any():
        return not_assessable("no RR interval is measurable")
    all_ms = gaps * float(np.nanmedian(rr_ms / gaps))
    longest = Evidence(
        "Longest RR interval",
        float(all_ms.max()),
        "ms",
        ">",
        _PAUSE_MS,
        beats=(int(all_ms.argmax()) + 1,),
    )
    return Verdict(state_of(bool(longest.met)), (longest,))


def _long_qt(found: Findings) -> Verdict:
    qtc_ms, qrs_ms = found.measured.qtc_fridericia_ms, found.measured.qrs_ms
    shown = Evidence("QTc (Fridericia)", qtc_ms, "ms", ">", _QTC_MS)
    if math.isnan(qtc_ms):
        return not_assessable(found.why_missing("qtc_fridericia_ms"), shown)
    if qrs_ms >= _WIDE_MS:
        shown = Evidence("JTc (QTc less QRS)", qtc_ms - qrs_ms, "ms", ">", _JTC_MS)
    return Verdict(state_of(bool(shown.met)), (shown,))


CRITERIA = (
    Criterion("XFAST", "Heart rate above 150 bpm (adults)", PAGE, _fast),
    Criterion("XSLOW", "Heart rate below 40 bpm (adults)", KUSUMOTO, _slow),
    Criterion("XPAUSE", "An RR interval above 3 s", KUSUMOTO, _pause),
    Criterion(
        "XQTC",
        "QTc (Fridericia) above 550 ms; with QRS from 120 ms on QTc less QRS above 450 ms",
        RAUTAHARJU,
        _long_qt,
    ),
)
