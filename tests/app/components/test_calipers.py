import math

import numpy as np
import pytest

from app.components.calipers import Calipers, calipers_between, calipers_of
from physioclr.records import EcgRecord


def state(*boxes):
    return {"selection": {"points": [], "box": [{"x": x, "y": y} for x, y in boxes]}}


def test_nothing_dragged_is_nothing_measured():
    assert calipers_of(state()) is None


def test_a_drag_measures_time_rate_and_height_whichever_way_it_went():
    for x in ([1.0, 1.8], [1.8, 1.0]):
        for y in ([-3.0, -2.5], [-2.5, -3.0]):
            assert str(calipers_of(state((x, y)))) == "800 ms · 75 bpm · 0.50 mV"


def test_the_last_of_several_drags_counts():
    measured = calipers_of(state(([0, 9], [0, 1]), ([2.0, 2.5], [0, 1])))
    assert measured.ms == 500.0


def test_no_distance_has_no_rate():
    none = Calipers(1.0, 1.0, 0.25)
    assert math.isnan(none.bpm)
    assert str(none) == "0 ms · 0.25 mV"


def ramp():
    return EcgRecord(np.tile(np.arange(5000) / 5000, (2, 1)), 500.0, ("I", "II"), "ramp")


@pytest.mark.parametrize(("from_s", "to_s"), [(2.0, 2.8), (2.8, 2.0)])
def test_two_typed_times_measure_as_a_drag_does(from_s, to_s):
    # 1 mV in 10 s, so 0.08 mV in 0.8 s.
    assert str(calipers_between(ramp(), "II", from_s, to_s)) == "800 ms · 75 bpm · 0.08 mV"


def test_a_typed_time_at_the_end_is_the_last_sample():
    assert calipers_between(ramp(), "II", 0.0, 10.0).height_mv == pytest.approx(4999 / 5000)


def test_a_missing_sample_has_no_height():
    signal = np.zeros((1, 5000))
    signal[0, 500] = np.nan
    record = EcgRecord(signal, 500.0, ("II",), "gap")
    assert str(calipers_between(record, "II", 1.0, 2.0)) == "1000 ms · 60 bpm"
    with pytest.raises(ValueError, match="lead must be one of II"):
        calipers_between(record, "V1", 1.0, 2.0)
