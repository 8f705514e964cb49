"""How long and in which shape the ventricles recover: QTc and unspecific T waves."""

from __future__ import annotations

import math

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
from physioclr.interpretation.sources import PRIORI, RAUTAHARJU
from physioclr.interpretation.statement import Evidence
from physioclr.physiology.normal_ranges import NormalRange, normal_range

__all__ = ["CRITERIA"]

_WIDE_MS = 120.0
_USUAL_QRS_MS = 90.0
_SHORT_MS, _NEARLY_SHORT_MS = 340.0, 360.0
_LARGE_R_MV = 0.5
_FLAT_SHARE = 0.1


def _long(found: Findings) -> Verdict:
    measured = found.measured
    name = "qtc_bazett_ms" if found.is_child else "qtc_fridericia_ms"
    qtc_ms = getattr(measured, name)
    limits = normal_range(name, age_years=found.age_years, sex=found.sex)
    formula = "Bazett" if found.is_child else "Fridericia"
    if math.isnan(qtc_ms):
        return not_assessable(found.why_missing(name), Evidence(f"QTc ({formula})", qtc_ms, "ms"))
    if not isinstance(limits, NormalRange):
        return not_assessable(limits.reason, Evidence(f"QTc ({formula})", qtc_ms, "ms"))
    if measured.qrs_ms >= _WIDE_MS:
        jt_ms = qtc_ms - measured.qrs_ms
        lower, upper = limits.high - _USUAL_QRS_MS, limits.outer_high - _USUAL_QRS_MS
        shown = Evidence("JTc (QTc less QRS)", jt_ms, "ms", "≥", lower)
        reason = "QRS is wide: JT is judged in place of QT"
        return Verdict(state_of(jt_ms >= upper, jt_ms >= lower), (shown,), reason)
    shown = Evidence(f"QTc ({formula})", qtc_ms, "ms", "≥", limits.high)
    if qtc_ms >= limits.outer_high:
        return present(shown)
    if qtc_ms >= limits.high:
        return borderline(shown, reason="the sex is unknown: long for a man")
    return absent(shown)


def _short(found: Findings) -> Verdict:
    qtc_ms = found.measured.qtc_fridericia_ms
    shown = Evidence("QTc (Fridericia)", qtc_ms, "ms", "≤", _SHORT_MS)
    if math.isnan(qtc_ms):
        return not_assessable(found.why_missing("qtc_fridericia_ms"), shown)
    if found.is_child:
        return not_assessable("no lower limit for children was verified", shown)
    return Verdict(state_of(qtc_ms <= _SHORT_MS, qtc_ms <= _NEARLY_SHORT_MS), (shown,))


def _flat_leads(found: Findings) -> tuple[str, ...]:
    """Name the leads with a high R whose T is less than a tenth of it, or inverted."""
    return tuple(
        lead
        for lead in ("I", "II", "V3", "V4", "V5", "V6")
        if lead in found.leads
        and found.leads[lead].net_mv >= _LARGE_R_MV
        and found.leads[lead].t_mv < _FLAT_SHARE * found.leads[lead].tallest_r_mv
    )


def _unspecific(found: Findings) -> Verdict:
    if found.is_child:
        return not_assessable("no limits for children were verified")
    if found.measured.qrs_ms >= _WIDE_MS:
        return absent(reason="QRS is wide: T changes with it")
    leads = _flat_leads(found)
    shown = tuple(
        Evidence(
            "T over R",
            100 * found.leads[lead].t_mv / found.leads[lead].tallest_r_mv,
            "%",
            "<",
            100 * _FLAT_SHARE,
            (lead,),
        )
        for lead in leads
    )
    flatter = [lead for lead in leads if found.leads[lead].t_mv < 0.05 * found.leads[lead].r_mv]
    if len(flatter) >= 2:
        return present(*shown)
    if len(leads) >= 2:
        return borderline(*shown, reason="low, not flat")
    if reason := found.why_not("I", "II", "V3", "V4", "V5", "V6"):
        return not_assessable(reason, *shown)
    return Verdict(state_of(False, bool(leads)), shown)


CRITERIA = (
    Criterion(
        "LNGQT",
        "QTc (Fridericia) at least 450 ms in men, 460 ms in women; with QRS from 120 ms on QTc "
        "less QRS at least 360 or 370 ms; children: QTc (Bazett) above the 98th percentile",
        f"{RAUTAHARJU}; {PRIORI}",
        _long,
    ),
    Criterion("SHRTQT", "QTc up to 340 ms; borderline up to 360 ms", PRIORI, _short),
    Criterion(
        "NT_",
        "T below a twentieth of R, or inverted, in two of I, II, V3 to V6 with R of 0.5 mV; "
        "borderline: below a tenth",
        RAUTAHARJU,
        _unspecific,
    ),
)
