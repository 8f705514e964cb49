import numpy as np
import pytest

from physioclr.signal.r_peaks import mark_beats


def _lead(centres, widths, n_samples=1000):
    at = np.arange(n_samples)
    waves = [np.exp(-0.5 * ((at - c) / w) ** 2) for c, w in zip(centres, widths, strict=True)]
    return np.sum(waves, axis=0).astype(np.float32)


def test_a_symmetric_qrs_is_marked_at_its_peak():
    lead = _lead([200.25, 500.5], [3, 8])
    marks = mark_beats(lead, np.array([190, 470]), np.array([211, 531]))
    # 0.3 samples: the line between the ends of the window, half a sample aside, tilts it
    np.testing.assert_allclose(marks, [200.25, 500.5], atol=0.3)


def test_turning_a_lead_over_or_scaling_it_moves_no_mark():
    lead = _lead([300, 320], [4, 10])
    spans = np.array([285]), np.array([350])
    expected = mark_beats(lead, *spans)
    # float32 rounding of the signal
    np.testing.assert_allclose(mark_beats(-7 * lead, *spans), expected, atol=1e-3)


def test_a_wide_qrs_is_marked_between_its_steep_and_its_slurred_part():
    at = np.arange(400)
    # Up in 5 samples, then 40 samples of plateau, then down in 20.
    lead = np.interp(at, [150, 155, 195, 215], [0, 1, 0.8, 0]).astype(np.float32)
    mark = mark_beats(lead, np.array([150]), np.array([216]))[0]
    assert 155 < mark < 175


@pytest.mark.parametrize(("start", "stop"), [(0, 20), (980, 1000)])
def test_a_qrs_at_the_edge_is_marked_within_the_lead(start, stop):
    lead = _lead([(start + stop) / 2], [3])
    assert start <= mark_beats(lead, np.array([start]), np.array([stop]))[0] < stop


def test_no_qrs_no_mark():
    nothing = np.empty(0, dtype=np.intp)
    assert mark_beats(np.zeros(10, np.float32), nothing, nothing).size == 0
