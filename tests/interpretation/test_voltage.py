from __future__ import annotations

import pytest

from physioclr.leads import LIMB_LEADS, STANDARD_LEADS
from tests.interpretation.hand_built import said


@pytest.mark.parametrize(
    ("axis_deg", "state"),
    [(-29.0, "absent"), (-31.0, "borderline"), (-39.0, "present"), (-91.0, "absent")],
)
def test_left_axis_deviation_lies_between_minus_30_and_minus_90_degrees(axis_deg, state):
    assert said("LAD", values={"axis_deg": axis_deg}).state == state


@pytest.mark.parametrize(
    ("axis_deg", "state"),
    [(90.0, "absent"), (91.0, "borderline"), (99.0, "present"), (-179.0, "absent")],
)
def test_right_axis_deviation_lies_between_90_and_180_degrees(axis_deg, state):
    assert said("RAD", values={"axis_deg": axis_deg}).state == state


@pytest.mark.parametrize(
    ("axis_deg", "state"), [(-89.0, "absent"), (-120.0, "present"), (179.0, "absent")]
)
def test_an_axis_up_and_right_is_extreme(axis_deg, state):
    assert said("EAD", values={"axis_deg": axis_deg}).state == state


@pytest.mark.parametrize(
    ("axis_deg", "state"), [(100.0, "absent"), (101.0, "borderline"), (109.0, "present")]
)
def test_the_axis_of_a_child_is_held_against_the_limits_of_its_age(axis_deg, state):
    """Surawicz et al. 2009: up to 100° from 1 to 5 years."""
    statement = said("RAD", values={"axis_deg": axis_deg}, age_years=2.0, sex="male")
    assert statement.state == state


@pytest.mark.parametrize(
    ("limb_mv", "chest_mv", "state"),
    [
        (0.49, 0.99, "present"),
        (0.51, 0.99, "absent"),
        (0.49, 1.01, "borderline"),
    ],
)
def test_low_voltage_is_below_half_a_millivolt_in_the_limb_leads(limb_mv, chest_mv, state):
    sizes = {
        lead: {"q_mv": 0.0, "s_mv": 0.0, "r_mv": limb_mv if lead in LIMB_LEADS else chest_mv}
        for lead in STANDARD_LEADS
    }
    assert said("LVOLT", changed=sizes).state == state


def test_low_voltage_is_not_assessable_where_a_lead_that_could_be_larger_is_missing():
    sizes = {lead: {"q_mv": 0.0, "s_mv": 0.0, "r_mv": 0.4} for lead in STANDARD_LEADS}
    statement = said(
        "LVOLT", changed={k: v for k, v in sizes.items() if k != "V3"}, without=("V3",)
    )
    assert statement.state == "not assessable"
    assert said("LVOLT", without=("V3",)).state == "absent"


@pytest.mark.parametrize(
    ("s_v1", "r_v5", "state"), [(-1.5, 1.99, "absent"), (-1.5, 2.0, "present")]
)
def test_sokolow_lyon_is_met_from_3_5_mv_on(s_v1, r_v5, state):
    leads = {"V1": {"s_mv": s_v1}, "V5": {"r_mv": r_v5}}
    assert said("VCLVH", changed=leads).state == state


@pytest.mark.parametrize(
    ("sex", "s_v3", "state"),
    [
        ("male", -1.79, "absent"),
        ("male", -1.81, "present"),
        ("female", -0.99, "absent"),
        ("female", -1.01, "present"),
        (None, -1.81, "present"),
        (None, -1.79, "absent"),
    ],
)
def test_cornell_voltage_is_met_above_2_8_mv_in_men_and_2_0_mv_in_women(sex, s_v3, state):
    # R in aVL 1.0 mV; QRS of 80 ms keeps the Cornell product below its limit.
    leads = {"aVL": {"r_mv": 1.0}, "V3": {"s_mv": s_v3}}
    assert said("VCLVH", changed=leads, sex=sex, values={"qrs_ms": 80.0}).state == state


@pytest.mark.parametrize(("qrs_ms", "state"), [(122.0, "absent"), (123.0, "present")])
def test_the_cornell_product_is_met_above_244_mv_ms(qrs_ms, state):
    leads = {"aVL": {"r_mv": 1.0}, "V3": {"s_mv": -1.0}}  # 2.0 mV
    assert said("VCLVH", changed=leads, values={"qrs_ms": qrs_ms}).state == state


@pytest.mark.parametrize(("r_avl", "state"), [(1.1, "absent"), (1.11, "present")])
def test_r_in_avl_is_high_above_1_1_mv(r_avl, state):
    assert said("VCLVH", changed={"aVL": {"r_mv": r_avl}}).state == state


@pytest.mark.parametrize(
    ("sex", "s_v2", "state"),
    [
        ("male", -2.39, "absent"),
        ("male", -2.41, "present"),
        ("female", -1.89, "absent"),
        ("female", -1.91, "present"),
    ],
)
def test_peguero_lo_presti_adds_the_deepest_s_and_that_of_v4(sex, s_v2, state):
    # S in V4 is 0.4 mV: limits of 2.8 and 2.3 mV.
    assert said("VCLVH", changed={"V2": {"s_mv": s_v2}}, sex=sex).state == state


def test_one_group_of_voltage_criteria_alone_is_borderline_hypertrophy():
    chest = {"V1": {"s_mv": -1.8}, "V5": {"r_mv": 2.0}}
    limb = {"aVL": {"r_mv": 1.3}}
    assert said("LVH", changed=chest).state == "borderline"
    assert said("LVH", changed=limb).state == "borderline"
    assert said("LVH", changed=chest | limb).state == "present"
    assert said("LVH").state == "absent"


def test_sokolow_lyon_says_little_before_35_years():
    chest = {"V1": {"s_mv": -1.8}, "V5": {"r_mv": 2.0}}
    assert said("LVH", changed=chest, age_years=25.0).state == "absent"


def test_voltage_with_strain_is_hypertrophy():
    lead = {"r_mv": 2.2, "st_mv": (-0.06,) * 5, "t_mv": -0.2, "t_min_mv": -0.2, "t_max_mv": 0.0}
    leads = {"V1": {"s_mv": -1.8}, "V5": lead, "V6": {**lead, "r_mv": 1.8}}
    assert said("LVH", changed=leads).state == "present"
    assert said("STRAIN", changed=leads).state == "present"
    assert said("STRAIN", changed={"V5": {**lead, "r_mv": 1.0}}).state == "absent"


def test_the_voltage_of_a_child_is_not_assessable():
    assert said("LVH", age_years=10.0).state == "not assessable"


@pytest.mark.parametrize(
    ("r_v1", "axis_deg", "state"),
    [
        (0.7, 100.0, "present"),
        (0.7, 45.0, "borderline"),
        (0.69, 100.0, "absent"),
    ],
)
def test_right_hypertrophy_has_a_high_r_in_v1_and_a_right_axis(r_v1, axis_deg, state):
    leads = {"V1": {"r_mv": r_v1, "s_mv": -0.3}}
    assert said("RVH", changed=leads, values={"axis_deg": axis_deg}).state == state


@pytest.mark.parametrize(
    ("force", "p_ms", "state"),
    [
        (-4.0, 121.0, "present"),
        (-4.0, 120.0, "borderline"),
        (-3.9, 131.0, "borderline"),
        (-3.9, 121.0, "absent"),
    ],
)
def test_left_atrial_enlargement_has_a_terminal_force_and_a_wide_p(force, p_ms, state):
    leads = {"V1": {"p_terminal_mv_ms": force}}
    assert said("LAO/LAE", changed=leads, values={"p_ms": p_ms}).state == state


@pytest.mark.parametrize(
    ("lead", "p_mv", "state"),
    [("II", 0.25, "absent"), ("II", 0.26, "present"), ("V1", 0.16, "present")],
)
def test_right_atrial_enlargement_has_a_high_p(lead, p_mv, state):
    assert said("RAO/RAE", changed={lead: {"p_mv": p_mv}}).state == state


@pytest.mark.parametrize(
    ("r_v3", "r_v4", "state"),
    [(0.3, 0.5, "present"), (0.3, 0.9, "borderline"), (0.31, 0.5, "absent")],
)
def test_r_grows_poorly_if_it_is_at_most_0_3_mv_in_v3(r_v3, r_v4, state):
    leads = {"V3": {"r_mv": r_v3, "s_mv": -0.9}, "V4": {"r_mv": r_v4}}
    assert said("PRWP", changed=leads).state == state
