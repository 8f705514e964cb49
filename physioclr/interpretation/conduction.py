"""How the impulse reaches the ventricles: PR, preexcitation, bundle branch, fascicular block."""

from __future__ import annotations

import math
from functools import lru_cache

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
from physioclr.interpretation.rhythm import is_fibrillation, is_flutter
from physioclr.interpretation.sources import KUSUMOTO, SURAWICZ
from physioclr.interpretation.statement import Evidence
from physioclr.physiology.normal_ranges import NormalRange, normal_range

__all__ = ["CRITERIA", "has_bundle_branch_block", "is_left_block", "is_right_block"]

_PR_ERROR_MS = 12.0
_SHORT_PR_MS = 120.0
_S_MS, _R_PEAK_MS = 40.0, 60.0
_WIDE_MS, _INCOMPLETE_MS = 120.0, 110.0
_DELTA_SHARE, _DELTA_QRS_MS = 0.35, 110.0
_LAFB_DEG, _NEARLY_LAFB_DEG = -45.0, -30.0
_LAFB_R_PEAK_MS = 45.0
_TERMINAL_MV = 0.05
_BROAD_R_MS = 100.0
_R_PRIME_FALLS_MV = 0.02
_AXIS_ERROR_DEG = 8.0
_SMALL_Q_MV = 0.05
_PACED = "the ventricles are paced"


def _wide_ms(found: Findings) -> float:
    """Return from where on QRS is wide: 120 ms, 90 ms under 4 years, 100 ms under 16 years."""
    if not found.is_child:
        return _WIDE_MS
    return 90.0 if found.age_years < 4 else 100.0


def _incomplete_ms(found: Findings) -> float:
    if not found.is_child:
        return _INCOMPLETE_MS
    return 86.0 if found.age_years < 8 else 90.0


def _qrs(found: Findings, relation: str = "", limit: float = math.nan) -> Evidence:
    return Evidence("QRS duration", found.measured.qrs_ms, "ms", relation, limit)


def _pr(found: Findings, relation: str, limit: float) -> Evidence:
    return Evidence("PR interval", found.measured.pr_ms, "ms", relation, limit)


def _unjudged_pr(found: Findings) -> Verdict | None:
    """Say why PR tells nothing: it is not known, or there is no P wave to measure from."""
    shown = _pr(found, "", math.nan)
    if is_flutter(found) or is_fibrillation(found):
        return absent(reason="no P waves: atrial fibrillation or flutter")
    if math.isnan(found.measured.pr_ms):
        return not_assessable(found.why_missing("pr_ms"), shown)
    return None


def _long_pr(found: Findings) -> Verdict:
    if (unjudged := _unjudged_pr(found)) is not None:
        return unjudged
    limits = normal_range("pr_ms", age_years=found.age_years, sex=found.sex)
    if not isinstance(limits, NormalRange):
        return not_assessable(limits.reason, _pr(found, "", math.nan))
    shown = _pr(found, ">", limits.high)
    over_ms = found.measured.pr_ms - limits.high
    if over_ms > _PR_ERROR_MS:
        return present(shown)
    if over_ms > 0:
        return borderline(shown, reason="above the limit by less than the measuring error, 12 ms")
    return absent(shown)


def _short_pr(found: Findings) -> Verdict:
    if (unjudged := _unjudged_pr(found)) is not None:
        return unjudged
    limits = normal_range("pr_ms", age_years=found.age_years, sex=found.sex)
    if not isinstance(limits, NormalRange):
        return not_assessable(limits.reason, _pr(found, "", math.nan))
    shown = _pr(found, "<", limits.low)
    under_ms = limits.low - found.measured.pr_ms
    if under_ms > _PR_ERROR_MS:
        return present(shown)
    if under_ms > 0:
        return borderline(shown, reason="below the limit by less than the measuring error, 12 ms")
    return absent(shown)


def _preexcitation(found: Findings) -> Verdict:
    if (unjudged := _unjudged_pr(found)) is not None:
        return unjudged
    slow = [
        lead
        for lead, waves in found.leads.items()
        if abs(waves.net_mv) >= 0.5 and waves.delta_mv < _DELTA_SHARE
    ]
    judged = [lead for lead, waves in found.leads.items() if abs(waves.net_mv) >= 0.5]
    shown = (
        _pr(found, "<", _SHORT_PR_MS),
        _qrs(found, "≥", _DELTA_QRS_MS),
        Evidence("Leads with a slow beginning of QRS", len(slow), "", "≥", 4, tuple(slow)),
    )
    if found.is_child:
        return not_assessable("no limits for children were verified", *shown)
    if len(judged) < 4 or math.isnan(found.measured.qrs_ms):
        return not_assessable("fewer than four leads with a QRS of 0.5 mV can be judged", *shown)
    short = found.measured.pr_ms < _SHORT_PR_MS
    wide = found.measured.qrs_ms >= _DELTA_QRS_MS
    if short and wide:
        return Verdict(state_of(len(slow) >= 4, len(slow) >= 2), shown)
    return absent(*shown)


def _late_right(found: Findings) -> tuple[bool, tuple[Evidence, ...]]:
    """Whether QRS ends to the right and in front: R′ in V1 or V2, wide S in I or V6."""
    shown: list[Evidence] = []
    anterior = False
    for lead in ("V1", "V2"):
        if lead not in found.leads:
            continue
        waves = found.leads[lead]
        late_r = waves.r2_mv >= 0.1 or (waves.tallest_r_mv > 0.2 and waves.r_peak_ms >= 50)
        if late_r and waves.terminal_mv > 0 and waves.tallest_r_mv > waves.deepest_mv * 0.25:
            anterior = True
            shown.append(Evidence("Late R or R′", waves.tallest_r_mv, "mV", leads=(lead,)))
    lateral = False
    for lead in ("I", "V6"):
        if lead not in found.leads:
            continue
        waves = found.leads[lead]
        wide_s = waves.s_ms >= _S_MS or (waves.r_ms > 0 and waves.s_ms > waves.r_ms)
        if wide_s and waves.terminal_mv < -0.02:
            lateral = True
            shown.append(Evidence("S duration", waves.s_ms, "ms", "≥", _S_MS, (lead,)))
    return anterior and lateral, tuple(shown)


def _late_left(found: Findings) -> tuple[bool, tuple[Evidence, ...]]:
    """Whether QRS goes left to its end: broad R without q in I and V5 or V6, S or QS in V1."""
    shown: list[Evidence] = []
    first = found.leads["V1"]
    # Positive at its end only because ST begins raised.
    into_st = first.st_at(0) > first.terminal_mv / 2
    toward_back = first.net_mv < 0 and (first.terminal_mv < _TERMINAL_MV or into_st)
    shown.append(Evidence("R less S", first.net_mv, "mV", "<", 0.0, ("V1",)))
    broad = []
    for lead in ("I", "aVL", "V5", "V6"):
        if lead not in found.leads:
            continue
        waves = found.leads[lead]
        no_q = lead == "aVL" or waves.q_mv > -_SMALL_Q_MV or waves.q_ms < 20
        slow = waves.notched or waves.r_peak_ms > _R_PEAK_MS or waves.r_ms >= _BROAD_R_MS
        if waves.r_mv > 0.1 and no_q and slow and waves.terminal_mv > -_TERMINAL_MV:
            broad.append(lead)
            shown.append(Evidence("R peak time", waves.r_peak_ms, "ms", ">", _R_PEAK_MS, (lead,)))
    return toward_back and len(broad) >= 2, tuple(shown)


def _block(found: Findings, *, left: bool, complete: bool) -> Verdict:
    if found.has_paced_qrs:
        return not_assessable(_PACED, _qrs(found))
    if reason := found.why_not("V1"):
        return not_assessable(reason)
    if not any(lead in found.leads for lead in ("I", "V6")):
        return not_assessable(found.why_not("I", "V6"))
    if math.isnan(found.measured.qrs_ms):
        return not_assessable(found.why_missing("qrs_ms"))
    shaped, shown = _late_left(found) if left else _late_right(found)
    wide, incomplete = _wide_ms(found), _incomplete_ms(found)
    qrs_ms = found.measured.qrs_ms
    if complete:
        evidence = (_qrs(found, "≥", wide), *shown)
        return Verdict(state_of(shaped and qrs_ms >= wide), evidence)
    evidence = (_qrs(found, "≥", incomplete), *shown)
    if qrs_ms >= wide:
        return absent(*evidence, reason="QRS is that of a complete block")
    return Verdict(state_of(shaped and qrs_ms >= incomplete), evidence)


@lru_cache(maxsize=1)
def is_left_block(found: Findings) -> bool:
    """Whether left bundle branch block is present."""
    return _block(found, left=True, complete=True).state == "present"


@lru_cache(maxsize=1)
def is_right_block(found: Findings) -> bool:
    """Whether right bundle branch block is present."""
    return _block(found, left=False, complete=True).state == "present"


def has_bundle_branch_block(found: Findings) -> bool:
    """Whether either bundle branch block is present."""
    return is_left_block(found) or is_right_block(found)


def _complete_right(found: Findings) -> Verdict:
    return _block(found, left=False, complete=True)


def _incomplete_right(found: Findings) -> Verdict:
    verdict = _block(found, left=False, complete=False)
    if verdict.state != "absent" or found.measured.qrs_ms >= _wide_ms(found):
        return verdict
    first = found.leads["V1"]
    falls = first.r2_mv - first.st_at(0) >= _R_PRIME_FALLS_MV
    if first.r2_mv >= 0.1 and first.r_mv > 0 and falls:
        shown = Evidence("R′", first.r2_mv, "mV", leads=("V1",))
        return borderline(*verdict.evidence, shown, reason="rSr′ in V1 with a narrow QRS")
    return verdict


def _complete_left(found: Findings) -> Verdict:
    return _block(found, left=True, complete=True)


def _incomplete_left(found: Findings) -> Verdict:
    return _block(found, left=True, complete=False)


def _left_anterior(found: Findings) -> Verdict:
    axis_deg = found.measured.axis_deg
    shown = [Evidence("QRS axis", axis_deg, "°", "≤", _LAFB_DEG)]
    if math.isnan(axis_deg):
        return not_assessable(found.why_missing("axis_deg"), *shown)
    if found.has_paced_qrs:
        return not_assessable(_PACED, *shown)
    if reason := found.why_not("aVL", "III"):
        return not_assessable(reason, *shown)
    if is_left_block(found):
        return absent(*shown, reason="left bundle branch block")
    lateral, inferior = found.leads["aVL"], found.leads["III"]
    shown += [
        Evidence("R peak time", lateral.r_peak_ms, "ms", "≥", _LAFB_R_PEAK_MS, ("aVL",)),
        Evidence("r", inferior.r_mv, "mV", leads=("III",)),
        Evidence("S", -inferior.s_mv, "mV", leads=("III",)),
    ]
    shaped = lateral.r_mv > lateral.deepest_mv and inferior.deepest_s_mv > inferior.r_mv
    furthest = -135 if is_right_block(found) else -90
    if not (furthest <= axis_deg <= _NEARLY_LAFB_DEG and shaped) or inferior.is_qs:
        return absent(*shown)
    if axis_deg <= _LAFB_DEG:
        return present(*shown)
    return borderline(*shown, reason="axis from −45° to −30°")


def _left_posterior(found: Findings) -> Verdict:
    axis_deg = found.measured.axis_deg
    shown = [Evidence("QRS axis", axis_deg, "°", "≥", 90.0)]
    if math.isnan(axis_deg):
        return not_assessable(found.why_missing("axis_deg"), *shown)
    if found.is_child:
        return not_assessable("no limits for children were verified", *shown)
    if reason := found.why_not("I", "aVL", "III", "aVF"):
        return not_assessable(reason, *shown)
    one, left, three, foot = (found.leads[lead] for lead in ("I", "aVL", "III", "aVF"))
    rs = one.deepest_s_mv > one.r_mv and left.deepest_s_mv > left.r_mv
    qr = three.q_mv < 0 < three.r_mv and foot.r_mv > 0 and three.r_mv > three.deepest_s_mv
    first = found.leads.get("V1")
    right_load = first is not None and first.net_mv > 0 and not is_right_block(found)
    if not (90 <= axis_deg <= 180 and rs and qr):
        return absent(*shown)
    if right_load:
        return borderline(*shown, reason="R dominates in V1: right ventricular load")
    if axis_deg < 90 + _AXIS_ERROR_DEG:
        return borderline(*shown, reason="beyond 90° by less than the measuring error, 8°")
    return present(*shown)


def _bifascicular(found: Findings) -> Verdict:
    right, anterior, posterior = (
        _complete_right(found),
        _left_anterior(found),
        _left_posterior(found),
    )
    if right.state == "not assessable":
        return right
    if right.state != "present":
        return absent(*right.evidence)
    for verdict in (anterior, posterior):
        if verdict.state in ("present", "borderline"):
            return Verdict(verdict.state, (*right.evidence, *verdict.evidence), verdict.reason)
    return absent(*right.evidence)


def _trifascicular(found: Findings) -> Verdict:
    two, long_pr = _bifascicular(found), _long_pr(found)
    if two.state in ("absent", "not assessable"):
        return two
    if long_pr.state == "not assessable":
        return long_pr
    state = "present" if two.state == long_pr.state == "present" else long_pr.state
    return Verdict(state, (*long_pr.evidence, *two.evidence))


def _unspecific(found: Findings) -> Verdict:
    limit = _wide_ms(found) if found.is_child else _INCOMPLETE_MS
    shown = _qrs(found, ">", limit)
    if math.isnan(found.measured.qrs_ms):
        return not_assessable(found.why_missing("qrs_ms"), shown)
    if not found.measured.qrs_ms > limit or found.has_paced_qrs:
        return absent(shown, reason=_PACED if found.has_paced_qrs else "")
    explained = (_complete_left, _complete_right, _incomplete_left, _incomplete_right)
    verdicts = [judge(found) for judge in explained]
    if any(verdict.state == "present" for verdict in verdicts):
        return absent(shown, reason="a bundle branch block explains it")
    if _preexcitation(found).state == "present":
        return absent(shown, reason="preexcitation explains it")
    if any(verdict.state == "not assessable" for verdict in verdicts):
        reason = next(each.reason for each in verdicts if each.state == "not assessable")
        return present(shown, reason=f"its kind cannot be told: {reason}")
    if found.measured.qrs_ms < _WIDE_MS and not found.is_child:
        return borderline(shown, reason="110 to 120 ms without the form of a bundle branch block")
    return present(shown)


CRITERIA = (
    Criterion(
        "1AVB",
        "PR above 200 ms by more than the measuring error of 12 ms (borderline up to there); "
        "children: above the 98th percentile",
        KUSUMOTO,
        _long_pr,
    ),
    Criterion(
        "SPR",
        "PR below 120 ms by more than the measuring error of 12 ms; children: 2nd percentile",
        SURAWICZ,
        _short_pr,
    ),
    Criterion(
        "WPW",
        "PR below 120 ms, QRS at least 110 ms, QRS in four leads or more still below 35 % of its "
        "height 40 ms after its onset (delta wave)",
        SURAWICZ,
        _preexcitation,
    ),
    Criterion(
        "CRBBB",
        "QRS at least 120 ms (children 90 or 100 ms), late R or R′ in V1 or V2, S of 40 ms or "
        "longer than R in I or V6",
        SURAWICZ,
        _complete_right,
    ),
    Criterion(
        "IRBBB",
        "The form of right bundle branch block, QRS 110 to 120 ms; borderline: rSr′ in V1, "
        "narrow QRS",
        SURAWICZ,
        _incomplete_right,
    ),
    Criterion(
        "CLBBB",
        "QRS at least 120 ms (children 90 or 100 ms), S or QS in V1, R without q, notched, of 100 "
        "ms or with a peak after 60 ms, in two of I, aVL, V5, V6",
        SURAWICZ,
        _complete_left,
    ),
    Criterion(
        "ILBBB",
        "The form of left bundle branch block, QRS 110 to 120 ms",
        SURAWICZ,
        _incomplete_left,
    ),
    Criterion(
        "LAFB",
        "Axis −45° to −90° (borderline from −30°; to −135° with right bundle branch block), R "
        "dominates in aVL, rS in III, no left bundle branch block",
        SURAWICZ,
        _left_anterior,
    ),
    Criterion(
        "LPFB",
        "Axis 90° to 180°, rS in I and aVL, qR in III; borderline with a dominant R in V1",
        SURAWICZ,
        _left_posterior,
    ),
    Criterion(
        "BIFAS",
        "Right bundle branch block with left anterior or posterior fascicular block",
        SURAWICZ,
        _bifascicular,
    ),
    Criterion("TRIFAS", "Bifascicular block with a long PR", SURAWICZ, _trifascicular),
    Criterion(
        "IVCD",
        "QRS above 110 ms without the form of a bundle branch block or preexcitation; borderline "
        "below 120 ms",
        SURAWICZ,
        _unspecific,
    ),
)
