import math

import numpy as np
import pytest

from physioclr.physiology.axis import frontal_axis_deg

# Directions of the limb leads in the hexaxial reference system, and the length of each lead.
DIRECTIONS = {
    "I": (0, 1.0),
    "II": (60, 1.0),
    "III": (120, 1.0),
    "aVR": (-150, math.sqrt(3) / 2),
    "aVL": (-30, math.sqrt(3) / 2),
    "aVF": (90, math.sqrt(3) / 2),
}


def areas_of(axis_deg: float, leads) -> dict[str, float]:
    return {
        lead: length * math.cos(math.radians(axis_deg - towards))
        for lead, (towards, length) in DIRECTIONS.items()
        if lead in leads
    }


@pytest.mark.parametrize("axis_deg", [-150, -90, -30, 0, 45, 90, 135, 180])
@pytest.mark.parametrize("leads", [("I", "aVF"), ("II", "III"), ("aVR", "aVL"), tuple(DIRECTIONS)])
def test_a_vector_is_found_again_from_any_two_limb_leads(axis_deg, leads):
    found = frontal_axis_deg(areas_of(axis_deg, leads))
    assert -180 < found <= 180
    # 1e-6 degrees: rounding of float64; the difference is taken around the circle
    assert abs((found - axis_deg + 180) % 360 - 180) < 1e-6


@pytest.mark.parametrize(
    "areas", [{}, {"I": 1.0}, {"I": 1.0, "V1": 1.0}, {"I": 1.0, "II": np.nan}, {"I": 0, "aVF": 0}]
)
def test_axis_is_nan_without_two_limb_leads_or_any_net_area(areas):
    assert math.isnan(frontal_axis_deg(areas))
