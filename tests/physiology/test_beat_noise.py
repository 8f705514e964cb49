"""No interval is measured on an average beat whose noise hides where waves begin and end."""

import numpy as np
import pytest

from physioclr.physiology.measurements import measure
from tests.signal.synthetic import synthetic_record, with_leads, with_signal

TIME_S = np.arange(5000) / 500
INTERVALS = ("pr_ms", "p_ms", "qrs_ms", "qt_ms", "qtc_fridericia_ms")


def disturbed(added_mv):
    record = synthetic_record()
    return with_signal(record, record.signal_mv + added_mv)


def hum_that_comes_and_goes():
    return (1 + 0.9 * np.sin(2 * np.pi * 2.7 * TIME_S)) * np.sin(2 * np.pi * 50.3 * TIME_S)


def test_hum_that_cannot_be_subtracted_makes_intervals_not_measurable():
    measured = measure(disturbed(0.4 * hum_that_comes_and_goes()))
    for name in INTERVALS:
        assert np.isnan(measured.scalars()[name]), name
        assert "powerline interference that could not be subtracted" in measured.reasons[name]
    # 1 bpm: the beats are found all the same
    assert measured.heart_rate_bpm == pytest.approx(75, abs=1)


def test_hum_that_can_be_subtracted_leaves_intervals_as_they_are():
    clean = measure(synthetic_record()).scalars()
    measured = measure(disturbed(0.4 * np.sin(2 * np.pi * 50 * TIME_S))).scalars()
    for name in INTERVALS:
        # 6 ms: three samples
        assert measured[name] == pytest.approx(clean[name], abs=6), name


def test_heavy_noise_makes_intervals_not_measurable_with_its_size():
    noise = np.random.default_rng(0).normal(scale=0.5, size=(12, 5000))
    measured = measure(disturbed(noise))
    assert np.isnan(measured.qrs_ms)
    assert "of the steepest QRS slope in the average beat" in measured.reasons["qrs_ms"]


@pytest.mark.parametrize("leads", [("II",), ("aVR",), ("I", "V6"), ("III", "aVF")])
def test_any_leads_will_do(leads):
    clean = measure(with_leads(synthetic_record(), leads))
    assert np.isfinite(clean.qrs_ms)
    noise = np.random.default_rng(0).normal(scale=0.5, size=(12, 5000))
    assert np.isnan(measure(with_leads(disturbed(noise), leads)).qrs_ms)


def test_a_gap_in_one_lead_does_not_hide_the_others():
    record = synthetic_record()
    signal_mv = record.signal_mv.copy()
    signal_mv[0, 500:3500] = np.nan
    assert np.isfinite(measure(with_signal(record, signal_mv)).qrs_ms)
