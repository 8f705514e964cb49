"""ST elevation and depression, T inversion, Q waves, infarction patterns and what mimics them."""

from __future__ import annotations

import math
from collections.abc import Callable

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
from physioclr.interpretation.sources import (
    ADLER,
    BAYES_BRUGADA,
    HANCOCK,
    MACFARLANE,
    SGARBOSSA,
    SMITH,
    THYGESEN,
    WAGNER,
)
from physioclr.interpretation.statement import Evidence
from physioclr.interpretation.territories import (
    RECIPROCAL,
    TERRITORIES,
    contiguous,
    leads_where,
)
from physioclr.interpretation.voltage import has_lvh_voltage, strain_leads
from physioclr.leads import STANDARD_LEADS

__all__ = ["CRITERIA", "st_limit_mv"]

_ST_MV = 0.1
_EARLY_SHARE, _LASTING_SHARE = 0.9, 0.7
_V2_V3 = ("V2", "V3")
_ST_DEPRESSION_MV, _RISING_ST_DEPRESSION_MV = -0.05, -0.08
_T_INVERSION_MV = -0.1
_Q_MV, _Q_MS, _Q_ANTERIOR_MS = 0.1, 30.0, 20.0
_LARGE_ST_MV, _RECIPROCAL_MV = 0.2, -0.05
_POSTERIOR_R_MS = 40.0
_MOST = 10
_CHILD = "the ST limits are those of adults"
_JUDGED = tuple(lead for lead in STANDARD_LEADS if lead != "aVR")


def st_limit_mv(lead: str, age_years: float, sex: str | None) -> tuple[float, float]:
    """Return the lower and the upper limit of ST elevation in a lead.

    Parameters
    ----------
    lead : str
    age_years : float
        NaN where unknown.
    sex : {"female", "male", None}

    Returns
    -------
    (float, float)
        In mV. They differ where age or sex decide and are unknown: an elevation between the two is
        abnormal for some people.

    Notes
    -----
    Fourth Universal Definition: at J, 0.1 mV; in V2 and V3 0.2 mV in men from 40 years, 0.25 mV in
    men below, 0.15 mV in women.
    """
    if lead not in _V2_V3:
        return _ST_MV, _ST_MV
    men = (0.2, 0.25) if math.isnan(age_years) else ((0.2,) if age_years >= 40 else (0.25,))
    limits = {"female": (0.15,), "male": men}.get(sex or "", (0.15, *men))
    return min(limits), max(limits)


def _unjudged(found: Findings) -> str:
    return found.why_not(*_JUDGED)


def _or_unjudged(found: Findings, *shown: Evidence) -> Verdict:
    """Say absent only if every lead could be looked at."""
    reason = _unjudged(found)
    return not_assessable(reason, *shown) if reason else absent(*shown)


def _elevated(found: Findings, *, surely: bool = True, lasting: bool = True) -> tuple[str, ...]:
    """Name the contiguous leads whose J point passes the limit.

    The upper limit, or where age or sex decide and are unknown the lower one. An elevation that is
    gone 40 ms later is the end of QRS, a notch or a slur, and not one of the segment.
    """

    def passes(lead: str) -> bool:
        limit = st_limit_mv(lead, found.age_years, found.sex)[1 if surely else 0]
        waves = found.leads[lead]
        later = waves.st_at(20) >= _EARLY_SHARE * limit
        lasts = not lasting or (later and waves.st_at(40) >= _LASTING_SHARE * limit)
        return lead != "aVR" and waves.st_at(0) >= limit and lasts

    return contiguous(leads_where(found, lambda lead, _: passes(lead)))


def _st_evidence(found: Findings, leads: tuple[str, ...]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            "ST elevation at J",
            found.leads[lead].st_at(0),
            "mV",
            "≥",
            st_limit_mv(lead, found.age_years, found.sex)[0],
            (lead,),
        )
        for lead in leads[:_MOST]
    )


def _elevation(found: Findings) -> Verdict:
    if found.is_child:
        return not_assessable(_CHILD)
    surely, perhaps = _elevated(found), _elevated(found, surely=False)
    if surely:
        return present(*_st_evidence(found, surely))
    if perhaps:
        return borderline(
            *_st_evidence(found, perhaps),
            reason="above the limit of some ages and sexes: age or sex is unknown",
        )
    if notched := _elevated(found, lasting=False):
        return borderline(
            *_st_evidence(found, notched),
            reason="at the J point alone, gone 40 ms later: a notch or slur at the end of QRS",
        )
    highest = max(found.leads, key=lambda lead: found.leads[lead].st_at(0), default="")
    return _or_unjudged(found, *(_st_evidence(found, (highest,)) if highest else ()))


def _depressed(found: Findings) -> tuple[str, ...]:
    """Name the contiguous leads with ST depressed at J and not rising by 60 ms after it."""

    def holds(lead: str) -> bool:
        waves = found.leads[lead]
        falls = waves.st_at(60) <= max(waves.st_at(0), _ST_DEPRESSION_MV) + 0.02
        return lead != "aVR" and waves.st_at(0) <= _ST_DEPRESSION_MV and falls

    return contiguous(leads_where(found, lambda lead, _: holds(lead)))


def _depression(found: Findings) -> Verdict:
    if found.is_child:
        return not_assessable(_CHILD)
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
    return _or_unjudged(found)


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
        return _or_unjudged(found)
    if _secondary(found):
        return present(*shown, reason=f"expected with {_secondary(found)}")
    return present(*shown)


def _q_leads(found: Findings, *, nearly: bool = False) -> tuple[str, ...]:
    """Name the contiguous leads with a Q wave of the universal definition."""

    def holds(lead: str) -> bool:
        waves = found.leads[lead]
        if lead in ("aVR", "V1"):
            return False
        if lead in _V2_V3:
            return waves.is_qs or (waves.q_ms >= _Q_ANTERIOR_MS and waves.q_mv <= -_Q_MV / 2)
        if waves.is_qs:
            return waves.q_mv <= -_Q_MV
        deep = waves.q_mv <= -_Q_MV
        quarter = -waves.q_mv >= 0.25 * waves.r_mv or nearly
        return deep and waves.q_ms >= _Q_MS and quarter

    return leads_where(found, lambda lead, _: holds(lead))


def _within(leads: tuple[str, ...], territory: str) -> tuple[str, ...]:
    return contiguous(tuple(lead for lead in leads if lead in TERRITORIES[territory]))


def _q_evidence(found: Findings, leads: tuple[str, ...]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            "QS" if found.leads[lead].is_qs else "Q duration",
            found.leads[lead].q_ms,
            "ms",
            "≥",
            _Q_ANTERIOR_MS if lead in _V2_V3 else _Q_MS,
            (lead,),
        )
        for lead in leads[:_MOST]
    )


def _old_infarction(territory: str) -> Callable[[Findings], Verdict]:
    def judge(found: Findings) -> Verdict:
        if found.is_child:
            return not_assessable("no limits for children were verified")
        if is_left_block(found) or found.has_paced_qrs:
            return not_assessable(
                "Q waves tell nothing in left bundle branch block or paced ventricles"
            )
        leads = _within(_q_leads(found), territory)
        if leads:
            return present(*_q_evidence(found, leads))
        nearly = _within(_q_leads(found, nearly=True), territory)
        if nearly:
            return borderline(*_q_evidence(found, nearly), reason="Q is less than a quarter of R")
        reason = found.why_not(*TERRITORIES[territory])
        return not_assessable(reason) if reason else absent()

    return judge


def _q_waves(found: Findings) -> Verdict:
    verdicts = [_old_infarction(territory)(found) for territory in TERRITORIES]
    for state in ("present", "borderline", "not assessable"):
        chosen = [verdict for verdict in verdicts if verdict.state == state]
        if chosen:
            evidence = tuple(each for verdict in chosen for each in verdict.evidence)
            return Verdict(chosen[0].state, evidence, chosen[0].reason)
    return absent()


def _posterior(found: Findings) -> Verdict:
    if reason := found.why_not("V1", "V2"):
        return not_assessable(reason)
    if found.is_child:
        return not_assessable("no limits for children were verified")
    leads = ("V1", "V2")
    shown = tuple(
        Evidence("R duration", found.leads[lead].r_ms, "ms", "≥", _POSTERIOR_R_MS, (lead,))
        for lead in leads
    )
    if is_right_block(found):
        return absent(*shown, reason="right bundle branch block explains it")
    broad = all(found.leads[lead].r_ms >= _POSTERIOR_R_MS for lead in leads)
    dominant = all(found.leads[lead].net_mv > 0 for lead in leads)
    upright = all(found.leads[lead].t_mv > 0 for lead in leads)
    return Verdict(state_of(broad and dominant and upright), shown)


def _reciprocal(found: Findings, territory: str) -> tuple[str, ...]:
    return tuple(
        lead
        for lead in RECIPROCAL[territory]
        if lead in found.leads and found.leads[lead].st_at(0) <= _RECIPROCAL_MV
    )


def _acute(found: Findings) -> Verdict:
    """ST elevation of one wall with reciprocal change or of 0.2 mV, which no mimic explains."""
    if found.is_child:
        return not_assessable(_CHILD)
    if is_left_block(found) or found.has_paced_qrs:
        return not_assessable(
            "in left bundle branch block and paced ventricles Sgarbossa and Smith hold"
        )
    leads = _elevated(found)
    if not leads:
        perhaps = _elevated(found, surely=False)
        if perhaps and _posterior_depression(found):
            return borderline(*_st_evidence(found, perhaps))
        return _posterior_acute(found)
    mimic = _mimic(found)
    for territory in TERRITORIES:
        of_wall = tuple(lead for lead in leads if lead in TERRITORIES[territory])
        if len(of_wall) < 2:
            continue
        opposite = _reciprocal(found, territory)
        shown = (
            *_st_evidence(found, of_wall),
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
        if opposite or not mimic:
            reason = f"{mimic} also explains it" if mimic else "small, without reciprocal change"
            return borderline(*shown, reason=reason)
    return _or_unjudged(found, *_st_evidence(found, leads))


def _mimic(found: Findings) -> str:
    """Name what else explains the ST elevation."""
    if _early_repolarisation(found).state == "present":
        return "early repolarization"
    if _pericarditis(found).state == "present":
        return "the pericarditis pattern"
    if has_lvh_voltage(found) and set(_elevated(found)) <= {"V1", "V2", "V3"}:
        return "left ventricular hypertrophy"
    if _brugada(found).state == "present":
        return "the Brugada pattern"
    return ""


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
    return _or_unjudged(found)


def _sgarbossa(found: Findings) -> Verdict:
    if not (is_left_block(found) or found.has_paced_qrs):
        return absent(reason="neither left bundle branch block nor paced ventricles")
    concordant = leads_where(found, lambda _, w: w.net_mv > 0 and w.st_at(0) >= _ST_MV)
    concordant = tuple(lead for lead in concordant if lead != "aVR")
    depressed = tuple(
        lead
        for lead in ("V1", "V2", "V3")
        if lead in found.leads
        and found.leads[lead].net_mv < 0
        and found.leads[lead].st_at(0) <= -_ST_MV
    )
    excessive = leads_where(
        found,
        lambda _, w: w.net_mv < 0 and w.st_at(0) >= _ST_MV and w.st_at(0) >= 0.25 * w.deepest_mv,
    )
    shown = (
        *(
            Evidence("ST with QRS", found.leads[at].st_at(0), "mV", "≥", _ST_MV, (at,))
            for at in concordant
        ),
        *(
            Evidence("ST with QRS", found.leads[at].st_at(0), "mV", "≤", -_ST_MV, (at,))
            for at in depressed
        ),
        *(
            Evidence(
                "ST over S",
                found.leads[at].st_at(0) / found.leads[at].deepest_mv,
                "",
                "≥",
                0.25,
                (at,),
            )
            for at in excessive
        ),
    )
    if concordant or depressed:
        return present(*shown)
    if excessive:
        return borderline(*shown, reason="Smith's ratio alone")
    return _or_unjudged(found)


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
    shown = _st_evidence(found, leads)
    opposite = [
        lead
        for lead in _JUDGED
        if lead in found.leads and found.leads[lead].st_at(0) <= _RECIPROCAL_MV and lead != "V1"
    ]
    if not leads:
        return _or_unjudged(found)
    if opposite or _q_leads(found):
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
    return _or_unjudged(found, *shown)


def _pericarditis(found: Findings) -> Verdict:
    """Elevation in several walls at once without reciprocal depression, but in aVR."""
    if found.is_child:
        return not_assessable(_CHILD)
    limb = [lead for lead in ("I", "II", "aVF") if lead in _elevated(found)]
    chest = [lead for lead in ("V3", "V4", "V5", "V6") if lead in _elevated(found)]
    opposite = [
        lead
        for lead in ("I", "II", "aVL", "aVF", "V2", "V3", "V4", "V5", "V6")
        if lead in found.leads and found.leads[lead].st_at(0) <= _RECIPROCAL_MV
    ]
    wide = len(limb) >= 2 and len(chest) >= 3 and not opposite
    shown = _st_evidence(found, (*limb, *chest))
    if not wide:
        return _or_unjudged(found, *shown)
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
    Criterion(
        "QWAVE",
        "Q of 30 ms and 0.1 mV, a quarter of R, or QS, in two contiguous leads; in V2 and V3 20 ms",
        THYGESEN,
        _q_waves,
    ),
    Criterion("AMI", "Q waves in two of V2 to V4", THYGESEN, _old_infarction("anterior")),
    Criterion("IMI", "Q waves in two of II, III, aVF", THYGESEN, _old_infarction("inferior")),
    Criterion("LMI", "Q waves in two of I, aVL, V5, V6", THYGESEN, _old_infarction("lateral")),
    Criterion(
        "PMI",
        "R of at least 40 ms, larger than S, with upright T in V1 and V2, no right bundle branch "
        "block",
        THYGESEN,
        _posterior,
    ),
    Criterion(
        "STEMI",
        "ST elevation of one wall with reciprocal depression of 0.05 mV, or of 0.2 mV, that "
        "neither early repolarization, pericarditis, hypertrophy nor a Brugada pattern explains",
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
