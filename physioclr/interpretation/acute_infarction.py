"""Acute infarction: ST elevation with its mirror image, and what stands for it in wide QRS."""

from __future__ import annotations

from physioclr.interpretation.conduction import is_left_block, is_right_block
from physioclr.interpretation.criteria import (
    Criterion,
    Verdict,
    absent,
    borderline,
    not_assessable,
    present,
)
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.sources import SGARBOSSA, SMITH, THYGESEN, WAGNER
from physioclr.interpretation.st_mimics import st_mimic
from physioclr.interpretation.st_segment import (
    CHILD,
    RECIPROCAL_MV,
    ST_MV,
    absent_if_judged,
    elevated_leads,
    st_evidence,
)
from physioclr.interpretation.statement import Evidence
from physioclr.interpretation.territories import RECIPROCAL, TERRITORIES, leads_where
from physioclr.interpretation.voltage import has_lvh_voltage

__all__ = ["CRITERIA"]

_ST_DEPRESSION_MV = -0.05
_LARGE_ST_MV = 0.2
_WIDE_QRS_MS = 120.0
_SMITHS_RATIO = 0.25


def _acute(found: Findings) -> Verdict:
    """ST elevation of one wall with reciprocal change or of 0.2 mV, which no mimic explains."""
    if found.is_child:
        return not_assessable(CHILD)
    if is_left_block(found) or found.has_paced_qrs:
        return not_assessable(
            "in left bundle branch block and paced ventricles Sgarbossa and Smith hold"
        )
    leads = elevated_leads(found)
    if not leads:
        perhaps = elevated_leads(found, surely=False)
        if perhaps and _posterior_depression(found):
            return borderline(*st_evidence(found, perhaps))
        return _posterior_acute(found)
    if _is_secondary(found, leads):
        return borderline(
            *st_evidence(found, leads),
            reason=f"QRS of {found.measured.qrs_ms:.0f} ms: ST against QRS and below a quarter of "
            "S is that of disturbed conduction",
        )
    mimic = st_mimic(found)
    for territory in TERRITORIES:
        of_wall = tuple(lead for lead in leads if lead in TERRITORIES[territory])
        if len(of_wall) < 2:
            continue
        opposite = _reciprocal(found, territory)
        shown = (
            *st_evidence(found, of_wall),
            *(
                Evidence("reciprocal ST", found.leads[at].st_at(0), "mV", "≤", -0.05, (at,))
                for at in opposite
            ),
        )
        largest = max(found.leads[lead].st_at(0) for lead in of_wall)
        if opposite and not mimic:
            return present(*shown)
        if largest >= _LARGE_ST_MV and not mimic:
            return present(*shown, reason="without reciprocal change")
        if opposite or not mimic or largest >= _LARGE_ST_MV:
            reason = f"{mimic} also explains it" if mimic else "small, without reciprocal change"
            return borderline(*shown, reason=reason)
    return absent_if_judged(found, *st_evidence(found, leads))


def _is_secondary(found: Findings, leads: tuple[str, ...]) -> bool:
    """Whether a wide QRS explains the elevation: against QRS, and below Smith's quarter of S.

    Right bundle branch block does not raise ST. Wagner et al. 2009, part VI: the limits of ST do
    not hold if conduction is disturbed.
    """
    if not found.measured.qrs_ms >= _WIDE_QRS_MS or is_right_block(found):
        return False
    waves = [found.leads[lead] for lead in leads]
    return all(w.net_mv < 0 and w.st_at(0) < _SMITHS_RATIO * w.deepest_mv for w in waves)


def _reciprocal(found: Findings, territory: str) -> tuple[str, ...]:
    return tuple(
        lead
        for lead in RECIPROCAL[territory]
        if lead in found.leads and found.leads[lead].st_at(0) <= RECIPROCAL_MV
    )


def _posterior_depression(found: Findings) -> tuple[str, ...]:
    """Name V1 to V4 with depressed ST under an upright T and a dominant R."""
    return tuple(
        lead
        for lead in ("V1", "V2", "V3", "V4")
        if lead in found.leads
        and found.leads[lead].st_at(0) <= _ST_DEPRESSION_MV
        and found.leads[lead].st_at(60) <= _ST_DEPRESSION_MV
        and found.leads[lead].t_mv > 0
    )


def _posterior_acute(found: Findings) -> Verdict:
    leads = _posterior_depression(found)
    high_r = [lead for lead in leads if found.leads[lead].net_mv > 0]
    if len(leads) >= 2 and high_r and not is_right_block(found) and not has_lvh_voltage(found):
        shown = tuple(
            Evidence("ST at J", found.leads[lead].st_at(0), "mV", "≤", -0.05, (lead,))
            for lead in leads
        )
        return borderline(*shown, reason="posterior wall suspected: record V7 to V9")
    return absent_if_judged(found)


def _sgarbossa(found: Findings) -> Verdict:
    if not (is_left_block(found) or found.has_paced_qrs):
        return absent(reason="neither left bundle branch block nor paced ventricles")
    concordant = leads_where(found, lambda _, w: w.net_mv > 0 and w.st_at(0) >= ST_MV)
    concordant = tuple(lead for lead in concordant if lead != "aVR")
    depressed = tuple(
        lead
        for lead in ("V1", "V2", "V3")
        if lead in found.leads
        and found.leads[lead].net_mv < 0
        and found.leads[lead].st_at(0) <= -ST_MV
    )
    excessive = leads_where(
        found,
        lambda _, w: (
            w.net_mv < 0 and w.st_at(0) >= ST_MV and w.st_at(0) >= _SMITHS_RATIO * w.deepest_mv
        ),
    )
    shown = (
        *(
            Evidence("ST with QRS", found.leads[at].st_at(0), "mV", "≥", ST_MV, (at,))
            for at in concordant
        ),
        *(
            Evidence("ST with QRS", found.leads[at].st_at(0), "mV", "≤", -ST_MV, (at,))
            for at in depressed
        ),
        *(
            Evidence(
                "ST over S",
                found.leads[at].st_at(0) / found.leads[at].deepest_mv,
                "",
                "≥",
                _SMITHS_RATIO,
                (at,),
            )
            for at in excessive
        ),
    )
    if concordant or depressed:
        return present(*shown)
    if excessive:
        return borderline(*shown, reason="Smith's ratio alone")
    return absent_if_judged(found)


CRITERIA = (
    Criterion(
        "STEMI",
        "ST elevation of one wall with reciprocal depression of 0.05 mV, or of 0.2 mV, that "
        "neither early repolarization, pericarditis, hypertrophy, a Brugada pattern nor, by "
        "Smith's ratio, a wide QRS explains; borderline where one of them may",
        f"{THYGESEN}; {WAGNER}",
        _acute,
    ),
    Criterion(
        "SGARB",
        "Left bundle branch block with ST of 0.1 mV in the direction of QRS, or depressed by 0.1 "
        "mV in V1 to V3; borderline: ST against QRS of a quarter of S",
        f"{SGARBOSSA}; {SMITH}",
        _sgarbossa,
    ),
)
