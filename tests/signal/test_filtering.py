import numpy as np
import pytest

from physioclr.signal.filtering import bandpass, remove_baseline

TIME_S = np.arange(5000) / 500.0


def sine(hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hz * TIME_S)


def test_bandpass_keeps_the_middle_of_the_band_without_delay():
    middle = slice(1000, 4000)  # 2 s from the ends, where reflection has settled
    # 1 %: Butterworth of order 2 run twice loses 1 / (1 + (10/40)^4) = 0.4 % at 10 Hz
    np.testing.assert_allclose(
        bandpass(sine(10), 500, 0.5, 40)[middle], sine(10)[middle], atol=0.01
    )


@pytest.mark.parametrize("hz", [0.05, 150.0])
def test_bandpass_removes_what_lies_well_outside(hz):
    # 1 %: the gain is (corner/hz)^4 or less, 1e-4 for 0.05 Hz and 5e-3 for 150 Hz
    assert np.abs(bandpass(sine(hz), 500, 0.5, 40)[1000:4000]).max() < 0.01


def test_any_leading_shape_is_filtered_along_the_last_axis():
    signal = np.random.default_rng(0).normal(size=(2, 3, 1000))
    filtered = bandpass(signal, 250, 1, 30)
    np.testing.assert_array_equal(filtered[1, 2], bandpass(signal[1, 2], 250, 1, 30))


def test_missing_lead_and_missing_samples_stay_nan_and_poison_nothing():
    signal = np.stack([sine(10), sine(5), sine(7)])
    clean = remove_baseline(signal, 500)
    signal[1] = np.nan
    signal[2, 2000:2010] = np.nan
    filtered = remove_baseline(signal, 500)
    assert np.isnan(filtered[1]).all()
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(filtered[2])), np.arange(2000, 2010))
    np.testing.assert_array_equal(filtered[0], clean[0])


def test_remove_baseline_takes_out_an_offset_and_slow_drift():
    drifting = sine(8) + 3.0 + 2.0 * sine(0.05)
    rest = remove_baseline(drifting, 500)[1000:4000] - sine(8)[1000:4000]
    # 0.02 mV: 2 mV of drift at a tenth of the corner leave (0.1)^4 of it, and its ends more
    assert np.abs(rest).max() < 0.02


@pytest.mark.parametrize(
    ("fs_hz", "low_hz", "high_hz"), [(0, 1, 2), (100, -1, 2), (100, 30, 20), (100, 60, None)]
)
def test_impossible_corners_are_refused(fs_hz, low_hz, high_hz):
    with pytest.raises(ValueError, match="_hz must be"):
        bandpass(np.zeros(500), fs_hz, low_hz, high_hz)


def test_an_upper_corner_beyond_the_sampling_rate_leaves_that_side_open():
    signal = np.random.default_rng(0).normal(size=1000)
    np.testing.assert_array_equal(bandpass(signal, 100, 0.5, 100), bandpass(signal, 100, 0.5, None))
