import math

import numpy as np
import pytest

from physioclr.physiology.hrv import pnn50_pct, rmssd_ms, rr_cv_pct, sdnn_ms

RR_MS = [800.0, 860.0, 840.0, 900.0]  # differences 60, -20, 60


def test_measures_are_the_task_force_definitions():
    assert sdnn_ms(RR_MS) == pytest.approx(np.std(RR_MS, ddof=1))
    assert rmssd_ms(RR_MS) == pytest.approx(math.sqrt((60**2 + 20**2 + 60**2) / 3))
    assert pnn50_pct(RR_MS) == pytest.approx(200 / 3)
    assert rr_cv_pct(RR_MS) == pytest.approx(100 * np.std(RR_MS, ddof=1) / 850)


def test_a_difference_of_exactly_50_ms_does_not_count():
    assert pnn50_pct([800.0, 850.0]) == 0


@pytest.mark.parametrize("measure", [sdnn_ms, rmssd_ms, pnn50_pct, rr_cv_pct])
@pytest.mark.parametrize("rr_ms", [[], [800.0], [np.nan, 800.0], [np.nan, np.nan]])
def test_they_are_nan_below_three_beats(measure, rr_ms):
    assert math.isnan(measure(rr_ms))


def test_no_difference_is_taken_across_an_unknown_interval():
    assert rmssd_ms([800.0, 810.0, np.nan, 1200.0, 1210.0]) == pytest.approx(10)
    assert math.isnan(rmssd_ms([800.0, np.nan, 900.0]))


def test_more_than_one_dimension_is_refused():
    with pytest.raises(ValueError, match="rr_ms must have one dimension, got 2"):
        rmssd_ms([[800.0, 810.0]])
