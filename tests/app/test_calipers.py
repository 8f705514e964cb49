import math

from app.components.calipers import Calipers, calipers_of


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
