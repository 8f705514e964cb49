from __future__ import annotations

import math

import pytest

from physioclr.interpretation.st_segment import st_limit_mv
from tests.interpretation.hand_built import said
from tests.interpretation.test_conduction import LBBB, RBBB


def st(level: float, later: float | None = None) -> dict[str, tuple[float, ...]]:
    end = level if later is None else later
    return {"st_mv": (level, level, end, end, end)}


@pytest.mark.parametrize(
    ("age_years", "sex", "limits"),
    [
        (50.0, "male", (0.2, 0.2)),
        (39.0, "male", (0.25, 0.25)),
        (40.0, "male", (0.2, 0.2)),
        (50.0, "female", (0.15, 0.15)),
        (50.0, None, (0.15, 0.2)),
        (math.nan, "male", (0.2, 0.25)),
        (math.nan, None, (0.15, 0.25)),
    ],
)
def test_the_limit_of_st_in_v2_and_v3_depends_on_age_and_sex(age_years, sex, limits):
    """Fourth Universal Definition of Myocardial Infarction, 2018."""
    assert st_limit_mv("V2", age_years, sex) == limits
    assert st_limit_mv("V4", age_years, sex) == (0.1, 0.1)


@pytest.mark.parametrize(("level", "state"), [(0.09, "absent"), (0.1, "present")])
def test_st_is_elevated_from_0_1_mv_on_in_two_contiguous_leads(level, state):
    assert said("STE_", changed={"III": st(level), "aVF": st(level)}).state == state


def test_two_leads_that_are_no_neighbours_are_no_st_elevation():
    assert said("STE_", changed={"aVL": st(0.15), "V1": st(0.15)}).state == "absent"


@pytest.mark.parametrize(
    ("sex", "level", "state"),
    [
        ("male", 0.19, "absent"),
        ("male", 0.2, "present"),
        ("female", 0.15, "present"),
        ("female", 0.14, "absent"),
        (None, 0.16, "borderline"),
        (None, 0.2, "present"),
    ],
)
def test_v2_and_v3_have_limits_of_their_own(sex, level, state):
    assert said("STE_", changed={"V2": st(level), "V3": st(level)}, sex=sex).state == state


def test_an_elevation_gone_after_40_ms_is_the_end_of_qrs():
    slurred = {lead: st(0.12, later=0.05) for lead in ("II", "aVF")}
    assert said("STE_", changed=slurred).state == "borderline"
    assert said("STEMI", changed=slurred).state == "absent"


INFERIOR = {lead: st(0.15) for lead in ("II", "III", "aVF")}


def test_inferior_elevation_with_reciprocal_depression_is_an_acute_infarction():
    statement = said("STEMI", changed={**INFERIOR, "aVL": st(-0.05)})
    assert statement.state == "present"
    assert statement.is_critical
    assert {"II", "III", "aVF", "aVL"} <= set(statement.leads)


@pytest.mark.parametrize(
    ("qrs_ms", "level", "state"),
    [
        (130.0, 0.29, "borderline"),  # below a quarter of S, 1.2 mV
        (130.0, 0.31, "present"),  # above it
        (110.0, 0.29, "present"),  # QRS is not wide
    ],
)
def test_st_against_a_wide_qrs_is_that_of_disturbed_conduction(qrs_ms, level, state):
    """PTB-XL 279: left bundle branch block at 115 a minute, called an acute infarction."""
    deep = {"r_mv": 0.1, "s_mv": -1.2, **st(level)}
    found = said("STEMI", changed={"V2": deep, "V3": deep}, values={"qrs_ms": qrs_ms})
    assert found.state == state


def test_large_elevation_that_hypertrophy_may_explain_is_not_called_absent():
    deep = {"r_mv": 0.1, "s_mv": -3.0, **st(0.4)}
    found = said("STEMI", changed={"V2": deep, "V3": deep})
    assert (found.state, "hypertrophy" in found.reason) == ("borderline", True)


def test_small_elevation_without_reciprocal_change_is_borderline():
    assert said("STEMI", changed={**INFERIOR, "aVL": st(-0.04)}).state == "borderline"
    large = {lead: st(0.2) for lead in ("II", "III", "aVF")}
    assert said("STEMI", changed=large).state == "present"


def test_a_missing_lead_does_not_make_st_elevation_absent():
    assert said("STE_", without=("V2",)).state == "not assessable"
    assert said("STE_", changed=INFERIOR, without=("V2",)).state == "present"


@pytest.mark.parametrize(("level", "state"), [(-0.04, "absent"), (-0.05, "present")])
def test_st_is_depressed_from_0_05_mv_on(level, state):
    assert said("STD_", changed={"V4": st(level), "V5": st(level)}).state == state


def test_a_depressed_j_with_rising_st_is_borderline():
    rising = {lead: {"st_mv": (-0.09, -0.05, -0.02, 0.0, 0.02)} for lead in ("V4", "V5")}
    assert said("STD_", changed=rising).state == "borderline"


@pytest.mark.parametrize(("t_min", "state"), [(-0.09, "absent"), (-0.1, "present")])
def test_t_is_inverted_from_0_1_mv_on_in_two_contiguous_leads(t_min, state):
    t = {"t_mv": t_min, "t_min_mv": t_min, "t_max_mv": 0.0}
    assert said("INVT", changed={"V4": t, "V5": t}).state == state


def test_t_may_be_inverted_in_v1_and_iii():
    t = {"t_mv": -0.2, "t_min_mv": -0.2, "t_max_mv": 0.0}
    assert said("INVT", changed={"V1": t, "III": t}).state == "absent"


@pytest.mark.parametrize(
    ("q_mv", "q_ms", "r_mv", "state"),
    [
        (-0.3, 30.0, 1.0, "present"),
        (-0.3, 29.0, 1.0, "absent"),
        (-0.09, 40.0, 0.3, "absent"),
        (-0.2, 40.0, 1.0, "borderline"),
    ],
)
def test_a_pathological_q_is_wide_and_deep(q_mv, q_ms, r_mv, state):
    q = {"q_mv": q_mv, "q_ms": q_ms, "r_mv": r_mv}
    changed = {"III": q, "aVF": q}
    assert said("IMI", changed=changed).state == state
    assert said("QWAVE", changed=changed).state == state
    assert said("AMI", changed=changed).state == "absent"


@pytest.mark.parametrize(("q_ms", "state"), [(19.0, "absent"), (20.0, "present")])
def test_in_v2_and_v3_a_q_of_20_ms_is_pathological(q_ms, state):
    q = {"q_mv": -0.1, "q_ms": q_ms}
    assert said("AMI", changed={"V2": q, "V3": q}).state == state


def test_a_qs_in_v1_alone_is_normal():
    qs = {"q_mv": -1.0, "r_mv": 0.0, "s_mv": 0.0}
    assert said("AMI", changed={"V1": qs}).state == "absent"
    assert said("AMI", changed={"V2": qs, "V3": qs}).state == "present"


def test_q_waves_say_nothing_in_left_bundle_branch_block():
    assert said("AMI", changed=LBBB, values={"qrs_ms": 150.0}).state == "not assessable"


@pytest.mark.parametrize(("r_ms", "state"), [(39.0, "absent"), (40.0, "present")])
def test_a_broad_dominant_r_in_v1_and_v2_is_a_posterior_pattern(r_ms, state):
    r = {"r_mv": 1.0, "r_ms": r_ms, "s_mv": -0.3}
    assert said("PMI", changed={"V1": r, "V2": r}).state == state


def test_concordant_st_in_left_bundle_branch_block_is_an_infarction():
    """Sgarbossa et al. 1996: at least 0.1 mV in the direction of QRS, or V1 to V3 depressed."""
    values = {"qrs_ms": 150.0}
    lateral = {**LBBB, "V5": {"r_ms": 120.0, **st(0.1)}}
    assert said("SGARB", changed=lateral, values=values).state == "present"
    nearly = {**LBBB, "V5": {"r_ms": 120.0, **st(0.09)}}
    assert said("SGARB", changed=nearly, values=values).state == "absent"
    depressed = {**LBBB, "V2": st(-0.1)}
    assert said("SGARB", changed=depressed, values=values).state == "present"
    assert said("SGARB", changed={"V5": st(0.3)}).state == "absent"


@pytest.mark.parametrize(("level", "state"), [(0.49, "absent"), (0.5, "borderline")])
def test_st_against_qrs_by_a_quarter_of_s_is_smiths_ratio(level, state):
    block = {**LBBB, "V1": {**LBBB["V1"], **st(level)}}  # S of 2 mV
    assert said("SGARB", changed=block, values={"qrs_ms": 150.0}).state == state


def test_early_repolarization_is_no_infarction():
    lead = {"st_mv": (0.15, 0.15, 0.17, 0.2, 0.25), "t_mv": 0.9, "t_max_mv": 0.9, "r_mv": 1.5}
    changed = {"V4": lead, "V5": lead, "V6": lead}
    assert said("ERP", changed=changed).state == "present"
    assert said("STEMI", changed=changed).state != "present"
    assert said("ERP", changed={**changed, "III": st(-0.06)}).state == "absent"


def test_elevation_in_all_walls_is_the_pericarditis_pattern():
    changed = {lead: {**st(0.12), "t_mv": 0.3} for lead in ("I", "II", "aVF", "V4", "V5", "V6")}
    changed["V3"] = {**st(0.25), "t_mv": 0.4}
    assert said("PERI", changed=changed).state == "present"
    assert said("STEMI", changed=changed).state != "present"
    assert said("PERI", changed={**changed, "aVL": st(-0.06)}).state == "absent"


@pytest.mark.parametrize(("level", "state"), [(0.19, "absent"), (0.2, "present")])
def test_a_coved_st_in_v1_is_the_brugada_pattern(level, state):
    coved = {
        "terminal_mv": 0.2,
        "st_mv": (level, level - 0.03, level - 0.08, level - 0.12, level - 0.18),
        "t_mv": -0.2,
        "t_min_mv": -0.2,
    }
    assert said("BRUG", changed={"V1": coved}).state == state


def test_changes_of_st_in_bundle_branch_block_say_that_they_are_expected():
    changed = {**RBBB, "V2": st(-0.1), "V3": st(-0.1)}
    statement = said("STD_", changed=changed, values={"qrs_ms": 140.0})
    assert "right bundle branch block" in statement.reason


def test_the_st_limits_are_those_of_adults():
    assert said("STE_", changed=INFERIOR, age_years=10.0).state == "not assessable"
