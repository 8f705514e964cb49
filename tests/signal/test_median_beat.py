import numpy as np
import pytest

from physioclr.signal.median_beat import cut_beats, median_beats


def test_the_median_beat_of_equal_beats_is_that_beat():
    shape = np.random.default_rng(0).normal(size=(2, 351))
    signal_mv = np.zeros((2, 2000))
    peaks = np.array([300, 800, 1300])
    for peak in peaks:
        signal_mv[:, peak - 125 : peak + 226] = shape
    np.testing.assert_array_equal(median_beats(signal_mv, 500, peaks), shape.astype(np.float32))


def test_one_ectopic_beat_does_not_show():
    signal_mv = np.zeros((1, 2000))
    signal_mv[:, 800] = 9
    assert not median_beats(signal_mv, 500, np.array([300, 800, 1300])).any()


def test_windows_are_nan_outside_the_signal_and_medians_where_no_beat_has_a_sample():
    ramp = np.arange(100.0)[None]
    windows = cut_beats(ramp, 100, np.array([2, 50]), before_ms=50, after_ms=30)
    assert windows.shape == (2, 1, 9)
    np.testing.assert_array_equal(windows[0, 0], [np.nan] * 3 + [0, 1, 2, 3, 4, 5])
    edge = median_beats(ramp, 100, np.array([2]), before_ms=50, after_ms=30)
    np.testing.assert_array_equal(np.isnan(edge[0]), [True] * 3 + [False] * 6)


def test_no_beats_give_nan():
    beat = median_beats(np.zeros((3, 500)), 500, np.array([], dtype=int))
    assert beat.shape == (3, 351)
    assert np.isnan(beat).all()


def test_batches_in_front_and_float32_out():
    beat = median_beats(np.zeros((4, 3, 500)), 500, np.array([250]))
    assert beat.shape == (4, 3, 351)
    assert beat.dtype == np.float32


def test_a_peak_outside_the_signal_is_refused():
    with pytest.raises(ValueError, match="r_peaks_samples must lie in 0 to 499"):
        median_beats(np.zeros((1, 500)), 500, np.array([500]))
