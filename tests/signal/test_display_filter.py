import numpy as np
import pytest

from physioclr.records import EcgRecord
from physioclr.signal.display_filter import DISPLAY_BANDS_HZ, DisplayFilter
from physioclr.signal.filtering import remove_mains

FS_HZ = 500.0
TIME_S = np.arange(5000) / FS_HZ
MIDDLE = slice(1000, 4000)


def sine(hz):
    return np.sin(2 * np.pi * hz * TIME_S)


def record_of(signal_mv):
    return EcgRecord(np.atleast_2d(signal_mv), FS_HZ, ("II",), "sine")


def kept(display, hz):
    """Return the share of a sine that is left, away from the ends."""
    left = display.apply(record_of(sine(hz))).signal_mv[0]
    return 2 * np.mean(left[MIDDLE] * sine(hz)[MIDDLE])  # in phase, as zero-phase filters leave it


def test_raw_is_the_record_itself():
    record = record_of(sine(5.0))
    assert DisplayFilter().apply(record) is record
    assert str(DisplayFilter()) == "raw"


@pytest.mark.parametrize("band", DISPLAY_BANDS_HZ[1:])
def test_a_band_keeps_its_inside_and_halves_its_corner(band):
    low_hz, high_hz = band
    display = DisplayFilter(low_hz, high_hz)
    assert kept(display, 8.0) == pytest.approx(1.0, abs=0.01)  # far inside every band
    assert kept(display, high_hz) == pytest.approx(0.5, abs=0.02)  # −6 dB there and back
    assert str(display) == f"{low_hz:g}–{high_hz:g} Hz"


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_hum_goes_and_the_rest_stays(mains_hz):
    display = DisplayFilter(None, None, mains_hz)
    assert abs(kept(display, mains_hz)) < 0.01
    assert kept(display, mains_hz - 10) == pytest.approx(1.0, abs=0.03)  # 10 widths off the notch
    assert kept(display, 8.0) == pytest.approx(1.0, abs=0.01)
    assert str(display) == f"all frequencies without {mains_hz:g} Hz"


def test_a_wave_is_not_moved_in_time():
    bump = np.exp(-0.5 * ((TIME_S - 5.0) / 0.02) ** 2)
    for display in (DisplayFilter(0.5, 40.0, 50.0), DisplayFilter(0.05, 150.0)):
        assert np.argmax(display.apply(record_of(bump)).signal_mv[0]) == 2500


def test_missing_samples_stay_missing():
    signal = sine(5.0)
    signal[300:320] = np.nan
    shown = DisplayFilter(0.5, 40.0, 50.0).apply(record_of(signal)).signal_mv[0]
    np.testing.assert_array_equal(np.isnan(shown), np.isnan(signal))


def test_hum_above_half_the_sampling_rate_is_not_there_to_take_out():
    signal = np.random.default_rng(0).normal(size=(2, 800))
    np.testing.assert_allclose(remove_mains(signal, 80.0, 50.0), signal)


@pytest.mark.parametrize("rates", [(0.0, 50.0), (500.0, -1.0)])
def test_rates_that_are_none_are_refused(rates):
    with pytest.raises(ValueError, match="must be above 0"):
        remove_mains(np.zeros((1, 100)), *rates)
