"""ST elevation and depression, and inverted T waves."""

from __future__ import annotations

from physioclr.interpretation.conduction import is_left_block, is_right_block
from physioclr.interpretation.criteria import (
    Criterion,
    Verdict,
    borderline,
    not_assessable,
    present,
)
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.sources import THYGESEN
from physioclr.interpretation.st_segment import (
    CHILD,
    absent_if_judged,
    elevated_leads,
    st_evidence,
)
from physioclr.interpretation.statement import Evidence
from physioclr.interpretation.territories import contiguous, leads_where

__all__ = ["CRITERIA"]

_ST_DEPRESSION_MV, _RISING_ST_DEPRESSION_MV = -0.05, -0.08
_T_INVERSION_MV = -0.1
_MOST = 10


def _elevation(found: Findings) -> Verdict:
    if found.is_child:
        return not_assessable(CHILD)
    surely, perhaps = elevated_leads(found), elevated_leads(found, surely=False)
    if surely:
        return present(*st_evidence(found, surely))
    if perhaps:
        return borderline(
            *st_evidence(found, perhaps),
            reason="above the limit of some ages and sexes: age or sex is unknown",
        )
    if notched := elevated_leads(found, lasting=False):
        return borderline(
            *st_evidence(found, notched),
            reason="at the J point alone, gone 40 ms later: a notch or slur at the end of QRS",
        )
    highest = max(found.leads, key=lambda lead: found.leads[lead].st_at(0), default="")
    return absent_if_judged(found, *(st_evidence(found, (highest,)) if highest else ()))


def _depressed(found: Findings) -> tuple[str, ...]:
    """Name the contiguous leads with ST depressed at J and not rising by 60 ms after it."""

    def holds(lead: str) -> bool:
        waves = found.leads[lead]
        falls = waves.st_at(60) <= max(waves.st_at(0), _ST_DEPRESSION_MV) + 0.02
        return lead != "aVR" and waves.st_at(0) <= _ST_DEPRESSION_MV and falls

    return contiguous(leads_where(found, lambda lead, _: holds(lead)))


def _depression(found: Findings) -> Verdict:
    if found.is_child:
        return not_assessable(CHILD)
    leads = _depressed(found)
    shown = tuple(
        Evidence("ST at J", found.leads[lead].st_at(0), "mV", "≤", _ST_DEPRESSION_MV, (lead,))
        for lead in leads[:_MOST]
    )
    if not leads:
        return _rising_depression(found)
    if _secondary(found):
        return present(*shown, reason=f"expected with {_secondary(found)}")
    return present(*shown)


def _rising_depression(found: Findings) -> Verdict:
    """Call a depressed J point with rising ST borderline."""
    leads = contiguous(
        leads_where(found, lambda lead, w: lead != "aVR" and w.st_at(0) <= _RISING_ST_DEPRESSION_MV)
    )
    shown = tuple(
        Evidence("ST at J", found.leads[lead].st_at(0), "mV", "≤", -0.08, (lead,))
        for lead in leads[:_MOST]
    )
    if leads:
        return borderline(*shown, reason="the ST segment rises: seen with fast rates too")
    return absent_if_judged(found)


def _secondary(found: Findings) -> str:
    """Name what changes ST and T by itself; empty where nothing does."""
    if found.has_paced_qrs:
        return "paced ventricles"
    if is_left_block(found):
        return "left bundle branch block"
    if is_right_block(found):
        return "right bundle branch block"
    return ""


def _inverted(found: Findings) -> tuple[str, ...]:
    def holds(lead: str) -> bool:
        waves = found.leads[lead]
        upright_r = waves.net_mv > 0 or lead in ("V2", "V3", "V4")
        return (
            lead not in ("aVR", "III", "V1", "aVL")
            and waves.t_min_mv <= _T_INVERSION_MV
            and -waves.t_min_mv > waves.t_max_mv
            and upright_r
        )

    return contiguous(leads_where(found, lambda lead, _: holds(lead)))


def _inversion(found: Findings) -> Verdict:
    if found.is_child:
        return not_assessable("T is inverted in the chest leads of healthy children")
    leads = _inverted(found)
    shown = tuple(
        Evidence("T", found.leads[lead].t_min_mv, "mV", "≤", _T_INVERSION_MV, (lead,))
        for lead in leads[:_MOST]
    )
    if not leads:
        return absent_if_judged(found)
    if _secondary(found):
        return present(*shown, reason=f"expected with {_secondary(found)}")
    return present(*shown)


CRITERIA = (
    Criterion(
        "STE_",
        "J point in two contiguous leads at least 0.1 mV; in V2 and V3 0.2 mV (men from 40 "
        "years), 0.25 mV (men below), 0.15 mV (women), and 90 % of it 20 ms, 70 % of it "
        "40 ms later; borderline: J alone",
        THYGESEN,
        _elevation,
    ),
    Criterion(
        "STD_",
        "J point −0.05 mV or lower in two contiguous leads, ST horizontal or falling to 60 ms; "
        "borderline: J −0.08 mV or lower, ST rising",
        THYGESEN,
        _depression,
    ),
    Criterion(
        "INVT",
        "T −0.1 mV or lower in two contiguous leads with a dominant R, or in V2 to V4",
        THYGESEN,
        _inversion,
    ),
)
