"""Q waves of old infarctions by wall, and the tall R of a posterior one."""

from __future__ import annotations

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
from physioclr.interpretation.sources import THYGESEN
from physioclr.interpretation.statement import Evidence
from physioclr.interpretation.territories import TERRITORIES, contiguous, leads_where

__all__ = ["CRITERIA", "q_leads"]

_V2_V3 = ("V2", "V3")
_Q_MV, _Q_MS, _Q_ANTERIOR_MS = 0.1, 30.0, 20.0
_POSTERIOR_R_MS = 40.0
_MOST = 10


def q_leads(found: Findings, *, nearly: bool = False) -> tuple[str, ...]:
    """Name the leads with a Q wave of the universal definition.

    Parameters
    ----------
    found : Findings
    nearly : bool
        Whether Q may be less than a quarter of R.

    Returns
    -------
    tuple of str
    """

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
        leads = _within(q_leads(found), territory)
        if leads:
            return present(*_q_evidence(found, leads))
        nearly = _within(q_leads(found, nearly=True), territory)
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


CRITERIA = (
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
)
