"""What raises ST without an infarction: early repolarization, strain, pericarditis, Brugada."""

from __future__ import annotations

import math

from physioclr.interpretation.conduction import is_left_block, is_right_block
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
from physioclr.interpretation.q_waves import q_leads
from physioclr.interpretation.sources import ADLER, BAYES_BRUGADA, HANCOCK, MACFARLANE
from physioclr.interpretation.st_segment import (
    CHILD,
    JUDGED,
    RECIPROCAL_MV,
    absent_if_judged,
    elevated_leads,
    st_evidence,
)
from physioclr.interpretation.statement import Evidence
from physioclr.interpretation.territories import contiguous, leads_where
from physioclr.interpretation.voltage import has_lvh_voltage, strain_leads

__all__ = ["CRITERIA", "st_mimic"]


def st_mimic(found: Findings) -> str:
    """Name what else than an infarction explains raised ST.

    Parameters
    ----------
    found : Findings

    Returns
    -------
    str
        Empty where nothing does.
    """
    if _early_repolarisation(found).state == "present":
        return "early repolarization"
    if _pericarditis(found).state == "present":
        return "the pericarditis pattern"
    if has_lvh_voltage(found) and set(elevated_leads(found)) <= {"V1", "V2", "V3"}:
        return "left ventricular hypertrophy"
    if _brugada(found).state == "present":
        return "the Brugada pattern"
    return ""


def _early_repolarisation(found: Findings) -> Verdict:
    """Look for a raised J point with a rising ST and a high T in inferior or lateral leads."""
    if found.is_child:
        return not_assessable("no limits for children were verified")
    if not found.measured.qrs_ms < 120:
        return absent(reason="QRS is not below 120 ms")

    def holds(lead: str) -> bool:
        waves = found.leads[lead]
        rises = waves.st_at(80) >= waves.st_at(0) - 0.02
        return (
            lead in ("II", "III", "aVF", "I", "aVL", "V4", "V5", "V6")
            and waves.st_at(0) >= 0.1
            and waves.net_mv > 0
            and waves.t_mv > 0.2
            and waves.t_mv > 2 * waves.st_at(0)
            and rises
            and waves.q_mv > -0.1
        )

    leads = contiguous(leads_where(found, lambda lead, _: holds(lead)))
    shown = st_evidence(found, leads)
    opposite = [
        lead
        for lead in JUDGED
        if lead in found.leads and found.leads[lead].st_at(0) <= RECIPROCAL_MV and lead != "V1"
    ]
    if not leads:
        return absent_if_judged(found)
    if opposite or q_leads(found):
        return absent(*shown, reason="reciprocal ST depression or Q waves")
    return present(*shown)


def _strain(found: Findings) -> Verdict:
    leads = strain_leads(found)
    shown = tuple(
        Evidence("ST at J", found.leads[lead].st_at(0), "mV", "≤", -0.03, (lead,)) for lead in leads
    )
    if is_left_block(found):
        return absent(*shown, reason="left bundle branch block explains it")
    if leads and has_lvh_voltage(found):
        return present(*shown)
    return absent_if_judged(found, *shown)


def _pericarditis(found: Findings) -> Verdict:
    """Elevation in several walls at once without reciprocal depression, but in aVR."""
    if found.is_child:
        return not_assessable(CHILD)
    limb = [lead for lead in ("I", "II", "aVF") if lead in elevated_leads(found)]
    chest = [lead for lead in ("V3", "V4", "V5", "V6") if lead in elevated_leads(found)]
    opposite = [
        lead
        for lead in ("I", "II", "aVL", "aVF", "V2", "V3", "V4", "V5", "V6")
        if lead in found.leads and found.leads[lead].st_at(0) <= RECIPROCAL_MV
    ]
    wide = len(limb) >= 2 and len(chest) >= 3 and not opposite
    shown = st_evidence(found, (*limb, *chest))
    if not wide:
        return absent_if_judged(found, *shown)
    sixth = found.leads.get("V6")
    ratio = math.nan if sixth is None or not sixth.t_mv > 0 else sixth.st_at(0) / sixth.t_mv
    more = Evidence("ST over T", ratio, "", "≥", 0.25, ("V6",))
    return Verdict(state_of(bool(more.met), True), (*shown, more))


def _brugada(found: Findings) -> Verdict:
    """Coved ST of 0.2 mV or more in V1 or V2 that falls into an inverted T."""
    if reason := found.why_not("V1", "V2"):
        return not_assessable(reason)

    def holds(lead: str) -> bool:
        waves = found.leads[lead]
        j, j40, j80 = waves.st_at(0), waves.st_at(40), waves.st_at(80)
        return waves.terminal_mv > 0 and j >= 0.2 and j > j40 > j80 and waves.t_min_mv <= -0.1

    leads = tuple(lead for lead in ("V1", "V2") if holds(lead))
    shown = tuple(
        Evidence("ST elevation at J", found.leads[lead].st_at(0), "mV", "≥", 0.2, (lead,))
        for lead in leads or ("V1", "V2")
    )
    if is_right_block(found) and leads:
        return borderline(*shown, reason="right bundle branch block also explains it")
    return Verdict(state_of(bool(leads)), shown)


CRITERIA = (
    Criterion(
        "ERP",
        "J of 0.1 mV in two inferior or lateral leads with a rising ST, high T, no Q and no "
        "reciprocal depression, QRS below 120 ms",
        MACFARLANE,
        _early_repolarisation,
    ),
    Criterion(
        "STRAIN",
        "Depressed ST and inverted T in a left lateral lead with dominant R, with voltage "
        "criteria of left ventricular hypertrophy",
        HANCOCK,
        _strain,
    ),
    Criterion(
        "PERI",
        "ST elevation in two of I, II, aVF and three of V3 to V6 at once without depression "
        "elsewhere, ST over a quarter of T in V6; borderline without that",
        ADLER,
        _pericarditis,
    ),
    Criterion(
        "BRUG",
        "J of 0.2 mV in V1 or V2, ST falling to an inverted T",
        BAYES_BRUGADA,
        _brugada,
    ),
)
