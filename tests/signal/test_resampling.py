import numpy as np
import pytest

from physioclr.signal.resampling import resample


@pytest.mark.parametrize("to_fs_hz", [100, 250, 257.3, 360, 1000])
def test_a_sine_stays_itself_at_another_rate(to_fs_hz):
    time_s = np.arange(5000) / 500
    out = resample(np.sin(2 * np.pi * 8 * time_s), 500, to_fs_hz)
    assert out.shape == (round(5000 * to_fs_hz / 500),)
    expected = np.sin(2 * np.pi * 8 * np.arange(out.size) / to_fs_hz)
    inner = slice(out.size // 10, -out.size // 10)
    # 1 %: the ripple of scipy's Kaiser window (beta 5) in the pass band
    np.testing.assert_allclose(out[inner], expected[inner], atol=0.01)


def test_frequencies_above_the_new_limit_are_not_folded_back():
    time_s = np.arange(5000) / 500
    out = resample(np.sin(2 * np.pi * 90 * time_s), 500, 100)
    assert np.abs(out[100:-100]).max() < 0.02  # 90 Hz would come back as 10 Hz with amplitude 1


def test_leading_shape_is_kept_and_missing_samples_stay_missing():
    signal = np.zeros((2, 3, 500))
    signal[1, 2] = np.nan
    signal[0, 0, 100:200] = np.nan
    out = resample(signal, 500, 250)
    assert out.shape == (2, 3, 250)
    assert np.isnan(out[1, 2]).all()
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(out[0, 0])), np.arange(50, 100))
    assert np.isfinite(out[0, 1]).all()


def test_the_same_rate_changes_nothing():
    signal = np.random.default_rng(0).normal(size=(2, 50))
    np.testing.assert_array_equal(resample(signal, 500, 500), signal)


def test_a_rate_that_is_not_positive_is_refused():
    with pytest.raises(ValueError, match="to_fs_hz must be above 0, got 0"):
        resample(np.zeros(10), 500, 0)
