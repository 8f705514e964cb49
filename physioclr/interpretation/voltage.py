"""The direction and size of QRS and P: axis, voltage, hypertrophy of the chambers."""

from __future__ import annotations

import math
from collections.abc import Callable

from physioclr.interpretation.conduction import has_bundle_branch_block, is_left_block
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
from physioclr.interpretation.rhythm_facts import rhythm_facts
from physioclr.interpretation.sources import (
    CASALE,
    HANCOCK,
    MOLLOY,
    MORRIS,
    PEGUERO,
    SOKOLOW,
    SURAWICZ,
)
from physioclr.interpretation.statement import Evidence
from physioclr.leads import LIMB_LEADS, PRECORDIAL_LEADS
from physioclr.physiology.normal_ranges import NormalRange, normal_range

__all__ = ["CRITERIA", "has_lvh_voltage", "strain_leads"]

_LOW_LIMB_MV, _LOW_PRECORDIAL_MV = 0.5, 1.0
_LVH_YEARS = 18.0
_WIDE_P_MS = 120.0
_P_TERMINAL_MV_MS = -4.0
_TALL_P_II_MV, _TALL_P_V1_MV = 0.25, 0.15
_POOR_R_V3_MV, _POOR_R_V4_MV = 0.3, 0.5
_AXIS_ERROR_DEG = 8.0
_SOKOLOW_YEARS = 35.0


def _axis(
    found: Findings, low: float, high: float, *, normal_low: float, normal_high: float
) -> Verdict:
    """Judge whether the axis lies between two angles, clockwise, and outside the normal ones."""
    axis_deg = found.measured.axis_deg
    shown = Evidence("QRS axis", axis_deg, "°", leads=("I", "aVF"))
    if math.isnan(axis_deg):
        return not_assessable(found.why_missing("axis_deg"), shown)
    within = (axis_deg - low) % 360 <= (high - low) % 360
    past_low = (normal_low - axis_deg) % 360
    past_high = (axis_deg - normal_high) % 360
    beyond = min(past_low, past_high)
    if not within or (axis_deg - normal_low) % 360 <= (normal_high - normal_low) % 360:
        return absent(shown)
    if beyond <= _AXIS_ERROR_DEG:
        return borderline(shown, reason="outside by less than the measuring error, 8°")
    return present(shown)


def _normal_axis(found: Findings) -> tuple[float, float] | None:
    limits = normal_range("axis_deg", age_years=found.age_years, sex=found.sex)
    return (limits.low, limits.high) if isinstance(limits, NormalRange) else None


def _deviation(low: float, high: float) -> Callable[[Findings], Verdict]:
    def judge(found: Findings) -> Verdict:
        limits = _normal_axis(found)
        if limits is None:
            return not_assessable("no limits of the axis hold for this age")
        return _axis(found, low, high, normal_low=limits[0], normal_high=limits[1])

    return judge


def _low_voltage(found: Findings) -> Verdict:
    groups = (("limb", LIMB_LEADS, _LOW_LIMB_MV), ("chest", PRECORDIAL_LEADS, _LOW_PRECORDIAL_MV))
    low: list[bool | None] = []
    shown: list[Evidence] = []
    unknown = ""
    for name, leads, limit in groups:
        known = [lead for lead in leads if lead in found.leads]
        unknown = unknown or found.why_not(*leads)
        if not known:
            low.append(None)
            continue
        largest = max(known, key=lambda lead: found.leads[lead].peak_to_peak_mv)
        size = found.leads[largest].peak_to_peak_mv
        shown.append(Evidence(f"Largest QRS, {name} leads", size, "mV", "<", limit, (largest,)))
        low.append(size < limit)
    if False in low and True not in low:
        return absent(*shown)
    if unknown:
        return not_assessable(unknown, *shown)
    if all(low):
        return present(*shown)
    if low[0]:
        return borderline(*shown, reason="in the limb leads only")
    return absent(*shown)


def _poor_progression(found: Findings) -> Verdict:
    if reason := found.why_not("V1", "V2", "V3", "V4"):
        return not_assessable(reason)
    third, fourth = found.leads["V3"], found.leads["V4"]
    shown = (
        Evidence("R", third.tallest_r_mv, "mV", "≤", _POOR_R_V3_MV, ("V3",)),
        Evidence("R", fourth.tallest_r_mv, "mV", "≤", _POOR_R_V4_MV, ("V4",)),
    )
    if found.is_child:
        return not_assessable("no limits for children were verified", *shown)
    if is_left_block(found):
        return absent(*shown, reason="left bundle branch block explains it")
    falls = fourth.tallest_r_mv < third.tallest_r_mv and fourth.net_mv < 0
    poor = third.tallest_r_mv <= _POOR_R_V3_MV and third.net_mv < 0
    very = poor and fourth.tallest_r_mv <= _POOR_R_V4_MV
    return Verdict(state_of(very, poor or falls), shown)


def _lvh_sums(found: Findings) -> list[tuple[Evidence, str]]:
    """Return each voltage criterion whose leads can be judged, with its source."""
    leads = found.leads
    female = found.sex == "female"
    made: list[tuple[Evidence, str]] = []
    lateral = [lead for lead in ("V5", "V6") if lead in leads]
    if "V1" in leads and lateral:
        top = max(lateral, key=lambda lead: leads[lead].tallest_r_mv)
        total = leads["V1"].deepest_mv + leads[top].tallest_r_mv
        made.append(
            (
                Evidence("Sokolow–Lyon, SV1 + RV5 or RV6", total, "mV", "≥", 3.5, ("V1", top)),
                SOKOLOW,
            )
        )
    if "aVL" in leads and "V3" in leads:
        total = leads["aVL"].tallest_r_mv + leads["V3"].deepest_s_mv
        limit = 2.0 if female else 2.8
        made.append(
            (Evidence("Cornell, RaVL + SV3", total, "mV", ">", limit, ("aVL", "V3")), CASALE)
        )
        product = (total + 0.6 * female) * found.measured.qrs_ms
        made.append(
            (Evidence("Cornell product", product, "mV·ms", ">", 244.0, ("aVL", "V3")), MOLLOY)
        )
    if "aVL" in leads:
        made.append((Evidence("R", leads["aVL"].tallest_r_mv, "mV", ">", 1.1, ("aVL",)), HANCOCK))
    if "V4" in leads and len(leads) >= 8:
        deepest = max(leads, key=lambda lead: leads[lead].deepest_s_mv)
        total = leads[deepest].deepest_s_mv + leads["V4"].deepest_s_mv
        limit = 2.3 if female else 2.8
        named = Evidence(
            "Peguero–Lo Presti, deepest S + SV4", total, "mV", "≥", limit, (deepest, "V4")
        )
        made.append((named, PEGUERO))
    return made


def has_lvh_voltage(found: Findings) -> bool:
    """Whether a voltage criterion of left ventricular hypertrophy is met."""
    return _lvh_voltage(found).state == "present"


def _lvh_voltage(found: Findings) -> Verdict:
    shown = tuple(evidence for evidence, _ in _lvh_sums(found))
    met = tuple(evidence for evidence in shown if evidence.met)
    if found.age_years < _LVH_YEARS:
        return not_assessable("the voltage limits are those of adults", *shown)
    if found.has_paced_qrs:
        return not_assessable("the ventricles are paced", *shown)
    rest = tuple(evidence for evidence in shown if not evidence.met)
    if met:
        of_men = "the sex is unknown: the limits of men" if found.sex is None else ""
        return present(*met, *rest, reason=of_men)
    if reason := found.why_not("V1", "V5", "V6", "aVL", "V3"):
        return not_assessable(reason, *shown)
    return absent(*shown)


def _lvh(found: Findings) -> Verdict:
    """Voltage in the chest and in the limb leads, or voltage with strain or a large left atrium.

    Cornell's voltage and product and R in aVL share a lead and count once.
    """
    voltage = _lvh_voltage(found)
    if voltage.state != "present":
        return voltage
    if is_left_block(found):
        return not_assessable("left bundle branch block changes the voltage", *voltage.evidence)
    met = [evidence.name.split(",")[0] for evidence in voltage.evidence if evidence.met]
    chest = "Sokolow–Lyon" in met and not found.age_years < _SOKOLOW_YEARS
    limb = any(name.startswith(("Cornell", "R")) for name in met)
    strain = strain_leads(found)
    support = (
        Evidence("Groups of voltage criteria met", float(chest) + float(limb), "", "≥", 2.0),
        Evidence("Leads with ST-T strain", float(len(strain)), "", "≥", 1.0, strain),
    )
    atrial = _left_atrium(found).state == "present"
    if (chest and limb) or strain or ((chest or limb) and atrial):
        return present(*support, *voltage.evidence)
    if chest or limb:
        reason = "one group of voltage criteria alone: common in the young and the slender"
        return borderline(*support, *voltage.evidence, reason=reason)
    return absent(*support, *voltage.evidence)


def strain_leads(found: Findings) -> tuple[str, ...]:
    """Name the left lateral leads with a high R, depressed ST and inverted T."""
    return tuple(
        lead
        for lead in ("I", "aVL", "V4", "V5", "V6")
        if lead in found.leads
        and found.leads[lead].net_mv > 0.5
        and found.leads[lead].st_at(0) <= -0.03
        and found.leads[lead].t_min_mv <= -0.1
    )


def _rvh(found: Findings) -> Verdict:
    if reason := found.why_not("V1"):
        return not_assessable(reason)
    first = found.leads["V1"]
    axis_deg = found.measured.axis_deg
    shown = [
        Evidence("R", first.tallest_r_mv, "mV", "≥", 0.7, ("V1",)),
        Evidence("R less S", first.net_mv, "mV", ">", 0.0, ("V1",)),
        Evidence("QRS axis", axis_deg, "°", "≥", 90.0),
    ]
    lateral = [lead for lead in ("V5", "V6") if lead in found.leads]
    sum_met = False
    if lateral:
        deepest = max(lateral, key=lambda lead: found.leads[lead].deepest_s_mv)
        total = first.tallest_r_mv + found.leads[deepest].deepest_s_mv
        shown.append(Evidence("RV1 + SV5 or SV6", total, "mV", ">", 1.05, ("V1", deepest)))
        sum_met = total > 1.05
    if found.is_child:
        return not_assessable("no limits for children were verified", *shown)
    if math.isnan(axis_deg):
        return not_assessable(found.why_missing("axis_deg"), *shown)
    if has_bundle_branch_block(found):
        return not_assessable("bundle branch block changes the voltage", *shown)
    rightward = 90 <= axis_deg <= 180
    voltage = first.net_mv > 0 and (first.tallest_r_mv >= 0.7 or sum_met)
    return Verdict(
        state_of(rightward and voltage, voltage or (rightward and sum_met)), tuple(shown)
    )


def _no_sinus_p(found: Findings) -> Verdict | None:
    facts = rhythm_facts(found)
    if facts.lacks_p:
        return absent(reason="no P waves")
    if math.isnan(found.measured.p_ms):
        return not_assessable(found.why_missing("p_ms"))
    if found.is_child:
        return not_assessable("no limits for children were verified")
    return None


def _left_atrium(found: Findings) -> Verdict:
    if (verdict := _no_sinus_p(found)) is not None:
        return verdict
    if reason := found.why_not("V1"):
        return not_assessable(reason)
    force = found.leads["V1"].p_terminal_mv_ms
    shown = (
        Evidence("P terminal force", force, "mV·ms", "≤", _P_TERMINAL_MV_MS, ("V1",)),
        Evidence("P duration", found.measured.p_ms, "ms", ">", _WIDE_P_MS),
    )
    if math.isnan(force):
        return not_assessable("P is not measurable in V1", *shown)
    deep, wide = force <= _P_TERMINAL_MV_MS, found.measured.p_ms > _WIDE_P_MS
    return Verdict(state_of(deep and wide, deep or found.measured.p_ms > 130), shown)


def _right_atrium(found: Findings) -> Verdict:
    if (verdict := _no_sinus_p(found)) is not None:
        return verdict
    known = [lead for lead in ("II", "V1") if lead in found.leads]
    limits = {"II": _TALL_P_II_MV, "V1": _TALL_P_V1_MV}
    shown = tuple(
        Evidence("P", found.leads[lead].p_mv, "mV", ">", limits[lead], (lead,)) for lead in known
    )
    if any(evidence.met for evidence in shown):
        return present(*shown)
    if reason := found.why_not("II", "V1"):
        return not_assessable(reason, *shown)
    return absent(*shown)


CRITERIA = (
    Criterion(
        "LAD",
        "Axis −30° to −90°; children: left of the limits of their age",
        SURAWICZ,
        _deviation(-90, -30),
    ),
    Criterion(
        "RAD",
        "Axis 90° to 180°; children: right of the limits of their age",
        SURAWICZ,
        _deviation(90, 180),
    ),
    Criterion("EAD", "Axis −90° to 180°", SURAWICZ, _deviation(180, -90)),
    Criterion(
        "LVOLT",
        "QRS below 0.5 mV from peak to peak in every limb lead and below 1.0 mV in every chest "
        "lead; borderline: limb leads alone",
        SURAWICZ,
        _low_voltage,
    ),
    Criterion(
        "PRWP",
        "R in V3 up to 0.3 mV and smaller than S, R in V4 up to 0.5 mV; borderline: V3 alone, or "
        "R falls from V3 to V4",
        HANCOCK,
        _poor_progression,
    ),
    Criterion(
        "VCLVH",
        "Sokolow–Lyon at least 3.5 mV, Cornell above 2.8 mV (women 2.0), Cornell product above "
        "244 mV·ms, R in aVL above 1.1 mV, or Peguero–Lo Presti at least 2.8 mV (women 2.3)",
        f"{SOKOLOW}; {CASALE}; {MOLLOY}; {PEGUERO}",
        _lvh_voltage,
    ),
    Criterion(
        "LVH",
        "Two of Sokolow–Lyon (from 35 years on) and Cornell (voltage, product or R in aVL), or any "
        "voltage criterion with ST-T strain, or one of the two with left atrial enlargement; "
        "borderline: one of the two alone",
        HANCOCK,
        _lvh,
    ),
    Criterion(
        "RVH",
        "Axis from 90°, R above S in V1, and R in V1 at least 0.7 mV or RV1 + SV5 or SV6 above "
        "1.05 mV; borderline: without the axis",
        HANCOCK,
        _rvh,
    ),
    Criterion(
        "LAO/LAE",
        "P terminal force in V1 of −4 mV·ms or more, P above 120 ms; borderline: one of them "
        "(P above 130 ms)",
        MORRIS,
        _left_atrium,
    ),
    Criterion("RAO/RAE", "P above 0.25 mV in II or above 0.15 mV in V1", HANCOCK, _right_atrium),
)
