import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physioclr.physiology.measuring_band import BAND_HZ, measuring_band
from physioclr.signal.filtering import bandpass
from tests.signal.synthetic import synthetic_record


@pytest.mark.parametrize("fs_hz", [100, 250, 500, 1000])
def test_it_is_the_butterworth_band_pass_run_forwards_and_backwards(fs_hz):
    signal_mv = synthetic_record(fs_hz=fs_hz).signal_mv
    second = fs_hz
    error_mv = measuring_band(signal_mv, fs_hz) - bandpass(signal_mv, fs_hz, *BAND_HZ)
    # 2 µV: two units of a store, a hundredth of a small P wave
    assert np.abs(error_mv[:, second:-second]).max() < 0.002
    # 10 µV at the ends, where the two extend differently
    assert np.abs(error_mv).max() < 0.01


@settings(max_examples=20, deadline=None)
@given(hz=st.floats(1.0, 48.5) | st.floats(51.5, 58.5))  # a line beyond is hum
def test_frequencies_of_the_band_pass_unchanged_and_undelayed(hz):
    time_s = np.arange(5000) / 500
    wave = np.sin(2 * np.pi * hz * time_s)[None, :]
    # the gain, squared Butterworth, is at least 0.86 from 1 to 60 Hz; in the middle 6 s
    middle = slice(1000, 4000)
    passed = measuring_band(wave, 500)[0, middle]
    gain = passed @ wave[0, middle] / (wave[0, middle] @ wave[0, middle])
    assert 0.86 < gain < 1.01
    # 1 %: what is left is the same sine, at the same place
    assert np.abs(passed - gain * wave[0, middle]).max() < 0.01


@pytest.mark.parametrize("hz", [0.05, 0.15])
def test_breathing_and_drift_are_taken_out(hz):
    drift = np.sin(2 * np.pi * hz * np.arange(5000) / 500)[None, :]
    # the gain at 0.15 Hz is 0.3^4 = 0.008; the ends add a little
    assert np.abs(measuring_band(drift, 500)[0, 1000:4000]).max() < 0.02


def test_an_offset_a_hundred_times_the_ecg_changes_nothing():
    signal_mv = synthetic_record().signal_mv.astype(np.float64)
    # 1 µV: single precision, once the offset is gone
    np.testing.assert_allclose(
        measuring_band(signal_mv + 200.0, 500), measuring_band(signal_mv, 500), atol=1e-3
    )


def test_what_is_missing_stays_missing_and_nothing_else_goes():
    signal_mv = synthetic_record().signal_mv.copy()
    signal_mv[2, 700:800] = np.nan
    signal_mv[5] = np.nan
    passed = measuring_band(signal_mv, 500)
    np.testing.assert_array_equal(np.isnan(passed), np.isnan(signal_mv))


def test_what_is_remembered_is_that_signals_and_nobody_can_change_it():
    rng = np.random.default_rng(4)
    one, other = (rng.normal(0, 1, (2, 3000)).astype(np.float32) for _ in range(2))
    expected = [measuring_band(signal, 500.0) for signal in (one, other)]
    for signal in (one, other):
        signal.setflags(write=False)
    for _ in range(2):
        for signal, right in zip((one, other), expected, strict=True):
            found = measuring_band(signal, 500.0)
            np.testing.assert_array_equal(found, right)
            found[:] = np.nan
            np.testing.assert_array_equal(measuring_band(signal, 500.0), right)
    assert not np.array_equal(measuring_band(one, 250.0), expected[0])
