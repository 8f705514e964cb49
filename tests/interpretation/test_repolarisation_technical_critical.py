from __future__ import annotations

import math

import pytest

from tests.interpretation.hand_built import beats_table, said


@pytest.mark.parametrize(
    ("sex", "qtc_ms", "state"),
    [
        ("male", 449.0, "absent"),
        ("male", 450.0, "present"),
        ("female", 459.0, "absent"),
        ("female", 460.0, "present"),
        (None, 449.0, "absent"),
        (None, 455.0, "borderline"),
        (None, 460.0, "present"),
    ],
)
def test_qtc_is_long_from_450_ms_in_men_and_460_ms_in_women(sex, qtc_ms, state):
    """Rautaharju et al. 2009, AHA/ACCF/HRS part IV."""
    assert said("LNGQT", values={"qtc_fridericia_ms": qtc_ms}, sex=sex).state == state


@pytest.mark.parametrize(("qtc_ms", "state"), [(499.0, "absent"), (500.0, "present")])
def test_with_a_wide_qrs_jt_is_judged_in_place_of_qt(qtc_ms, state):
    # QRS 140 ms: JTc of 360 ms is the limit of men.
    statement = said("LNGQT", values={"qtc_fridericia_ms": qtc_ms, "qrs_ms": 140.0})
    assert statement.state == state
    assert "JT" in statement.evidence[0].name


def test_the_qtc_of_a_child_is_bazetts_and_held_against_its_age():
    # 98th percentile of boys from 8 to 12 years: 440 ms (Rijnbeek et al. 2001).
    child = {"age_years": 9.0, "sex": "male"}
    assert said("LNGQT", values={"qtc_bazett_ms": 452.0}, **child).state == "present"
    assert said("LNGQT", values={"qtc_bazett_ms": 438.0}, **child).state == "absent"


@pytest.mark.parametrize(
    ("qtc_ms", "state"), [(340.0, "present"), (341.0, "borderline"), (361.0, "absent")]
)
def test_qtc_is_short_up_to_340_ms(qtc_ms, state):
    assert said("SHRTQT", values={"qtc_fridericia_ms": qtc_ms}).state == state


@pytest.mark.parametrize(
    ("share", "state"), [(0.04, "present"), (0.06, "borderline"), (0.1, "absent")]
)
def test_a_t_below_a_twentieth_of_r_is_flat(share, state):
    t = {"t_mv": share, "t_max_mv": share}  # R is 1 mV
    assert said("NT_", changed={"V5": t, "V6": t}).state == state


def test_qtc_is_not_assessable_where_qt_was_not_measured():
    statement = said("LNGQT", values={"qtc_fridericia_ms": math.nan})
    assert statement.state == "not assessable"


@pytest.mark.parametrize(("rate", "state"), [(149.0, "absent"), (151.0, "present")])
def test_a_rate_above_150_bpm_is_critical(rate, state):
    assert said("XFAST", beats=beats_table([60_000 / rate] * 20)).state == state


@pytest.mark.parametrize(("rate", "state"), [(40.0, "absent"), (39.0, "present")])
def test_a_rate_below_40_bpm_is_critical(rate, state):
    statement = said("XSLOW", beats=beats_table([60_000 / rate] * 6))
    assert statement.state == state
    assert statement.is_critical == (state == "present")


@pytest.mark.parametrize(("longest_ms", "state"), [(3000.0, "absent"), (3010.0, "present")])
def test_a_pause_above_three_seconds_is_critical(longest_ms, state):
    assert (
        said("XPAUSE", beats=beats_table([900.0] * 4 + [longest_ms] + [900.0] * 3)).state == state
    )


def test_a_pause_too_long_for_the_measurements_is_still_found():
    beats = beats_table([900.0] * 4 + [4500.0] + [900.0] * 3)
    beats.loc[5, "rr_ms"] = math.nan
    assert said("XPAUSE", beats=beats).state == "present"
    assert said("PAUSE", beats=beats).evidence[0].value == pytest.approx(4500.0, abs=5.0)  # samples


@pytest.mark.parametrize(
    ("qtc_ms", "qrs_ms", "state"),
    [(550.0, 90.0, "absent"), (551.0, 90.0, "present"), (580.0, 140.0, "absent")],
)
def test_a_qtc_above_550_ms_is_critical(qtc_ms, qrs_ms, state):
    values = {"qtc_fridericia_ms": qtc_ms, "qrs_ms": qrs_ms}
    assert said("XQTC", values=values).state == state


def test_the_rate_limits_of_critical_values_are_those_of_adults():
    fast = beats_table([60_000 / 160] * 20)
    assert said("XFAST", beats=fast, age_years=1.0).state == "not assessable"


def test_exchanged_electrodes_are_named():
    statement = said("REVERSAL", reversed_electrodes="left arm and right arm")
    assert statement.state == "present"
    assert "left arm" in statement.reason
    assert said("REVERSAL").state == "absent"


def test_dextrocardia_is_upside_down_in_i_and_shrinks_over_the_chest():
    turned = {
        "I": {"r_mv": 0.1, "s_mv": -0.8, "p_mv": 0.0, "p_min_mv": -0.1},
        "V6": {"r_mv": 0.05, "s_mv": -0.2},
    }
    assert said("DEXTRO", changed=turned).state == "present"
    arms = {"I": turned["I"]}
    assert said("DEXTRO", changed=arms).state == "absent"


def test_poor_and_missing_leads_are_named():
    poor = said("BADLEAD", poor_leads={"V2": "lead V2 is flat (0.00 mV peak to peak)"})
    assert poor.state == "present"
    assert "V2" in poor.reason
    assert "V4" in said("MISSLEAD", without=("V4",)).reason
