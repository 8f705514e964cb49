import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from physioclr.physiology.hrv import rmssd_ms
from physioclr.physiology.rhythm import irregularity_pct, normal_rr_ms, regularity


@given(factor=st.floats(0.3, 3))
def test_irregularity_does_not_depend_on_the_rate(factor):
    rr_ms = np.array([np.nan, 800.0, 850.0, 780.0, 900.0])
    # 1e-9: rounding of float64
    assert irregularity_pct(rr_ms * factor) == pytest.approx(irregularity_pct(rr_ms), rel=1e-9)


def test_irregularity_is_rmssd_over_the_mean():
    rr_ms = np.array([np.nan, 800.0, 880.0, 800.0])
    assert irregularity_pct(rr_ms) == pytest.approx(100 * 80 / (2480 / 3))
    assert irregularity_pct(rr_ms) == pytest.approx(100 * rmssd_ms(rr_ms) / np.nanmean(rr_ms))


def test_a_tenth_is_irregular():
    assert regularity(9.99) == "regular"
    assert regularity(10.0) == "irregular"
    assert regularity(np.nan) == "not measurable"


def test_irregularity_is_unknown_without_two_neighbours():
    assert np.isnan(irregularity_pct(np.array([np.nan, 800.0, np.nan, 810.0])))
    assert np.isnan(irregularity_pct(np.array([np.nan, np.nan])))
    assert np.isnan(irregularity_pct(np.array([])))


def test_both_intervals_of_an_ectopic_beat_are_left_out():
    rr_ms = np.array([np.nan, 800.0, 500.0, 1100.0, 800.0])
    ectopic = np.array([False, False, True, False, False])
    expected = [np.nan, 800.0, np.nan, np.nan, 800.0]
    np.testing.assert_array_equal(normal_rr_ms(rr_ms, ectopic), expected)
    assert not ectopic[3]  # the input is left as it was
