"""Angles are compared on the circle: where it is cut does not matter."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.physiology.angles import ANGLES, turned_to_mean
from physioclr.physiology.measurements import MEASUREMENTS


def test_the_angles_are_the_measurements_in_degrees():
    assert {name for name, kind in MEASUREMENTS.items() if kind.unit == "°"} == ANGLES


@pytest.mark.parametrize("turn_deg", [0.0, 90.0, 180.0, -135.0])
def test_offsets_from_the_mean_are_the_same_wherever_the_angles_lie(turn_deg):
    around = np.array([-20.0, -5.0, 0.0, 10.0, 15.0, np.nan])
    turned = (around + turn_deg + 180) % 360 - 180
    offsets, mean = turned_to_mean(turned)
    expected, own_mean = turned_to_mean(around)
    np.testing.assert_allclose(offsets, expected, atol=1e-9)  # of float64, of 360
    np.testing.assert_allclose(offsets, around - own_mean, atol=1e-9)
    assert (mean - own_mean - turn_deg + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)


def test_of_nothing_known_the_mean_is_unknown():
    offsets, mean = turned_to_mean(np.array([np.nan, np.nan]))
    assert np.isnan(offsets).all()
    assert np.isnan(mean)
