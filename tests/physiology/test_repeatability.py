import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.repeatability import (
    KINDS,
    MIN_PAIRS,
    Repeatability,
    difference,
    repeatability,
    repeatability_of,
)

angles = st.floats(-180, 180)


@given(before=angles, after=angles)
def test_axes_differ_by_the_shorter_way_round(before, after):
    change = difference("axis_deg", before, after)
    assert -180 < change <= 180
    assert (before + change - after) % 360 == pytest.approx(0, abs=1e-9) or (
        before + change - after
    ) % 360 == pytest.approx(360, abs=1e-9)  # rounding of float64 near 360


def test_an_axis_that_passes_180_degrees_has_moved_little():
    assert difference("t_axis_deg", 175, -175) == 10
    assert difference("t_axis_deg", -175, 175) == -10
    assert difference("qt_ms", 400, 390) == -10


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_difference_from_what_is_not_measurable_is_not_measurable(name):
    assert math.isnan(difference(name, math.nan, 1.0))
    assert math.isnan(difference(name, 1.0, math.nan))


def test_what_ships_is_one_entry_a_kind_in_the_order_of_preference():
    for name in MEASUREMENTS:
        measured = repeatability_of(name)
        assert list(measured) in ([], list(KINDS))
        for kind, one in measured.items():
            assert one.kind == kind
            # the file has two decimals: 1.96 √2 times a rounding of 0.005
            assert one.coefficient == pytest.approx(2.772 * one.within_subject_sd, abs=0.03)


def test_few_pairs_are_shown_and_not_used():
    measured = repeatability_of("qrs_ms")
    assert measured["between recordings"].n_pairs < MIN_PAIRS
    assert repeatability("qrs_ms") is measured["within a recording"]


def test_of_many_pairs_the_percentile_counts_and_of_few_the_coefficient():
    few, many = (
        Repeatability("within a recording", n_pairs, 0.0, 2.0, 5.5, 4.0)
        for n_pairs in (MIN_PAIRS - 1, MIN_PAIRS)
    )
    assert few.limit == 5.5
    assert many.limit == 4.0


def test_counts_have_none():
    assert repeatability("n_beats") is None
    assert not repeatability_of("n_beats")
