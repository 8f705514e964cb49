import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from physioclr.physiology import normal_ranges
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.normal_ranges import (
    SIDES,
    NoRange,
    NormalRange,
    deviation,
    normal_range,
)
from physioclr.physiology.paediatric_limits import AGE_LIMITS_YEARS, PERCENTILES

SEXES = ("female", "male")
QTC = ("qtc_bazett_ms", "qtc_fridericia_ms", "qtc_framingham_ms", "qtc_hodges_ms")
names = st.sampled_from(list(MEASUREMENTS))
ages = st.one_of(st.none(), st.floats(0, 120), st.sampled_from([math.nan, math.inf, 300.0, -1.0]))
sexes = st.sampled_from([*SEXES, None])


def side(name, value, *, age_years=40.0, sex="female"):
    return deviation(value, normal_range(name, age_years=age_years, sex=sex)).side


def known_range(name, **of):
    found = normal_range(name, **of)
    assert isinstance(found, NormalRange)
    return found


@pytest.mark.parametrize("name", QTC)
@pytest.mark.parametrize(("sex", "prolonged"), [("male", 450), ("female", 460)])
def test_rautaharju_2009_qtc_is_prolonged_from_450_ms_in_men_and_460_in_women_on(
    name, sex, prolonged
):
    assert side(name, prolonged - 1, sex=sex) == "within"
    assert side(name, prolonged, sex=sex) == "above"


def test_priori_2015_qtc_is_short_up_to_360_ms():
    assert side("qtc_fridericia_ms", 360) == "below"
    assert side("qtc_fridericia_ms", 361) == "within"


def test_surawicz_2009_qrs_over_110_ms_is_abnormal_from_16_years_on():
    for age_years in (16, 40, 90):
        assert side("qrs_ms", 110, age_years=age_years) == "within"
        assert side("qrs_ms", 112, age_years=age_years) == "above"


@pytest.mark.parametrize("sex", SEXES)
@pytest.mark.parametrize(("age_years", "prolonged"), [(1, 90), (3.9, 90), (4, 100), (15, 100)])
def test_surawicz_2009_qrs_is_prolonged_from_90_ms_under_4_years_and_100_ms_under_16(
    age_years, prolonged, sex
):
    assert side("qrs_ms", prolonged, age_years=age_years, sex=sex) == "above"


def test_kusumoto_2019_and_page_2016_rate_below_50_is_slow_above_100_fast():
    assert [side("heart_rate_bpm", bpm) for bpm in (49, 50, 100, 101)] == [
        "below",
        "within",
        "within",
        "above",
    ]


def test_bayes_de_luna_2012_p_over_120_ms_is_long():
    assert [side("p_ms", ms) for ms in (120, 121)] == ["within", "above"]


def test_pr_below_120_ms_is_short_and_above_200_ms_long():
    assert [side("pr_ms", ms) for ms in (119, 120, 200, 201)] == [
        "below",
        "within",
        "within",
        "above",
    ]


def test_rijnbeek_2001_a_newborns_150_a_minute_is_normal_and_a_mans_is_not():
    assert side("heart_rate_bpm", 150, age_years=0.05, sex="male") == "within"
    assert side("heart_rate_bpm", 150, age_years=30, sex="male") == "above"
    newborn = known_range("heart_rate_bpm", age_years=0.05, sex="male")
    assert (newborn.low, newborn.high) == (129, 192)
    assert newborn.applies_to == "boys from 11 days to 1 month"


def test_a_childs_axis_is_within_only_where_both_sources_say_so():
    # Rijnbeek 2001: boys of 1 to 3 years −4° to 118°; Surawicz 2009: 1 to 5 years 5° to 100°
    boy = known_range("axis_deg", age_years=2, sex="male")
    assert (boy.low, boy.high) == (5, 100)
    # girls of 5 to 8 years 27° to 117°; 0° to 140°
    girl = known_range("axis_deg", age_years=6, sex="female")
    assert (girl.low, girl.high) == (27, 117)


def test_every_table_has_a_pair_an_age_group_and_rises_or_falls_as_children_grow():
    for by_sex in PERCENTILES.values():
        for pairs in by_sex.values():
            assert len(pairs) == len(AGE_LIMITS_YEARS) - 1
            assert all(low < high for low, high in pairs)
    for sex in SEXES:
        assert PERCENTILES["heart_rate_bpm"][sex][0] > PERCENTILES["heart_rate_bpm"][sex][-1]
        for name in ("pr_ms", "qrs_ms"):
            assert PERCENTILES[name][sex][0] < PERCENTILES[name][sex][-1]


@given(name=names, age_years=st.floats(0, 15.99), sex=sexes)
def test_a_child_is_never_held_against_adult_limits(name, age_years, sex):
    found = normal_range(name, age_years=age_years, sex=sex)
    if isinstance(found, NormalRange):
        assert "adult" not in found.applies_to
        assert any(of in found.applies_to for of in ("girls", "boys", "children"))
        assert "Rijnbeek" in found.source


@pytest.mark.parametrize("age_years", [0, 0.0, 0.01])
def test_an_age_of_no_whole_year_or_under_eleven_days_has_no_range(age_years):
    for name in PERCENTILES:
        assert isinstance(normal_range(name, age_years=age_years, sex="male"), NoRange)


@pytest.mark.parametrize("age_years", [None, math.nan, math.inf, 300.0, -1.0])
def test_adult_limits_for_an_unknown_age_say_that_it_is_unknown(age_years):
    found = known_range("pr_ms", age_years=age_years, sex="male")
    assert found.applies_to == "adult limits: the age is unknown"
    assert "unknown" not in known_range("pr_ms", age_years=89, sex="male").applies_to


@given(name=names, age_years=ages, sex=sexes)
def test_there_is_a_range_with_its_source_or_a_reason(name, age_years, sex):
    found = normal_range(name, age_years=age_years, sex=sex)
    if isinstance(found, NoRange):
        assert found.reason
    else:
        assert found.low < found.high
        assert found.outer_low <= found.low
        assert found.high <= found.outer_high
        assert found.unit == MEASUREMENTS[name].unit
        assert found.source
        assert found.applies_to


@given(name=names, age_years=ages, value=st.floats(-180, 700))
def test_what_is_within_for_an_unknown_sex_is_within_for_either(name, age_years, value):
    unknown, woman, man = (
        deviation(value, normal_range(name, age_years=age_years, sex=sex)) for sex in (None, *SEXES)
    )
    both = {woman.side, man.side}
    assert (unknown.side == "within") == (both == {"within"})
    if unknown.borderline:
        assert "within" in both
    if both <= {"below", "above"}:
        assert not unknown.borderline


def test_a_qtc_between_the_limits_of_men_and_women_is_borderline_where_the_sex_is_unknown():
    limits = normal_range("qtc_bazett_ms", age_years=40, sex=None)
    found = deviation(455, limits)
    assert (found.side, found.by, found.borderline) == ("above", 5, True)
    assert "the sex is unknown" in limits.applies_to
    assert not deviation(460, limits).borderline
    assert not deviation(455, normal_range("qtc_bazett_ms", age_years=40, sex="male")).borderline


@given(name=names, age_years=ages, sex=sexes)
def test_what_is_not_measurable_is_on_no_side(name, age_years, sex):
    found = deviation(math.nan, normal_range(name, age_years=age_years, sex=sex))
    assert found.side == "not measurable"
    assert math.isnan(found.by)


@pytest.mark.parametrize("value", [80, 215])
def test_an_uncertain_value_is_neither_normal_nor_outside(value):
    limits = normal_range("qrs_ms", age_years=40, sex="male")
    found = deviation(value, limits, uncertain="leads disagree")
    assert found.side == "uncertain"
    assert math.isnan(found.by)
    assert found.side in SIDES


def test_without_a_range_no_value_is_called_normal():
    found = deviation(400, normal_range("qt_ms", age_years=40, sex="male"))
    assert found.side == "no range"
    assert math.isnan(found.by)
    assert found.side in SIDES


@given(name=names, age_years=ages, sex=sexes, value=st.floats(-180, 700))
def test_a_value_moved_by_its_deviation_is_at_the_limit(name, age_years, sex, value):
    limits = normal_range(name, age_years=age_years, sex=sex)
    found = deviation(value, limits)
    if found.side in ("below", "above"):
        towards = found.by if found.side == "below" else -found.by
        limit = limits.low if found.side == "below" else limits.high
        apart = value + towards - limit
        if limits.unit == "°":
            apart = (apart + 180) % 360 - 180
        assert found.by >= 0
        assert apart == pytest.approx(0, abs=1e-9)  # rounding of float64 near 1000


@pytest.mark.parametrize(
    ("axis_deg", "side_of_it", "by"),
    [
        (-31, "below", 1),
        (91, "above", 1),
        (180, "above", 90),
        (-170, "above", 100),
        (-90, "below", 60),
    ],
)
def test_an_axis_lies_on_the_side_it_is_nearer_to_round_the_circle(axis_deg, side_of_it, by):
    found = deviation(axis_deg, normal_range("axis_deg", age_years=40, sex="male"))
    assert (found.side, found.by) == (side_of_it, by)


def test_a_newborns_axis_may_pass_180_degrees():
    # Only the AHA limits of neonates reach past it; Rijnbeek's end at 155° in girls.
    newborn = known_range("axis_deg", age_years=0.05, sex="female")
    assert deviation(155, newborn).side == "within"
    assert deviation(-175, newborn).side == "above"


def test_limits_are_put_into_words():
    texts = {
        name: known_range(name, age_years=40, sex="male").text
        for name in ("pr_ms", "p_ms", "qrs_ms", "qtc_hodges_ms", "axis_deg")
    }
    assert texts == {
        "pr_ms": "120 to 200 ms",
        "p_ms": "up to 120 ms",
        "qrs_ms": "up to 110 ms",
        "qtc_hodges_ms": "above 360 and below 450 ms",
        "axis_deg": "−30 to 90°",
    }
    assert known_range("qrs_ms", age_years=14, sex="male").text == "from 78 and below 100 ms"


def test_unknown_names_and_sexes_are_refused():
    with pytest.raises(ValueError, match="name must be one of heart_rate_bpm"):
        normal_range("qtc", age_years=40, sex="male")
    with pytest.raises(ValueError, match="sex must be one of female, male or None, got 'M'"):
        normal_range("pr_ms", age_years=40, sex="M")


def test_a_measurement_that_nobody_gave_limits_has_a_reason_and_breaks_no_page(monkeypatch):
    monkeypatch.delitem(normal_ranges._NO_LIMITS, "rr_ms")
    found = normal_range("rr_ms", age_years=40.0, sex=None)
    assert found == NoRange("rr_ms", "no limits were verified")
