"""Signals no one would want to read: an answer with reasons, never an exception or a made-up wave.

The cases are those of issue 3. Each goes through delineation, measurement, the physiological
vector and the quality; warnings are errors.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from physioclr import assess_quality, delineate, measure, physiology_vector
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.simulate import simulate_cohort

INTERVALS = ("heart_rate_bpm", "pr_ms", "p_ms", "qrs_ms", "qt_ms", "qtc_bazett_ms")


@pytest.fixture(scope="module")
def healthy():
    return simulate_cohort(1, seed=52, conditions=["sinus_rhythm"]).record(0)


@pytest.fixture(scope="module")
def measured(healthy):
    return measure(healthy)


def _changed(record, signal_mv):
    return replace(record, signal_mv=np.asarray(signal_mv, dtype=np.float32))


def _all(record):
    delineation = delineate(record)
    return (
        delineation,
        measure(record, delineation),
        physiology_vector(record, delineation),
        assess_quality(record),
    )


def _without_signal(level):
    return EcgRecord(np.full((12, 5000), level, np.float32), 500.0, STANDARD_LEADS, "silent")


def _asystole():
    rng = np.random.default_rng(5)
    drift = 0.1 * np.sin(2 * np.pi * 0.3 * np.arange(5000) / 500)
    noise = 0.01 * rng.standard_normal((12, 5000))
    return EcgRecord((drift + noise).astype(np.float32), 500.0, STANDARD_LEADS, "asystole")


def _fibrillation(seed):
    """Sines of wandering frequency (3 to 8 Hz) and size, as in ventricular fibrillation."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(5000) / 500
    signal = np.zeros((12, 5000))
    for hz in rng.uniform(3, 8, 3):
        phase = 2 * np.pi * (hz * time_s + np.cumsum(rng.standard_normal(5000)) * 0.01)
        signal += rng.uniform(0.1, 0.4, (12, 1)) * np.sin(phase + rng.uniform(0, 1.5, (12, 1)))
    return EcgRecord(signal.astype(np.float32), 500.0, STANDARD_LEADS, "fibrillation")


@pytest.mark.parametrize(
    "record",
    [_without_signal(0.0), _without_signal(np.nan), _asystole(), _fibrillation(1)],
    ids=["all flat", "all NaN", "asystole", "ventricular fibrillation"],
)
def test_without_heartbeats_nothing_is_measured_and_everything_says_why(record):
    delineation, measurements, vector, quality = _all(record)
    assert delineation.n_beats == 0
    assert set(delineation.reasons) == set(record.leads)
    assert measurements.n_beats == 0
    for name in INTERVALS:
        assert math.isnan(getattr(measurements, name))
        assert "not measurable" in measurements.reasons[name]
    assert np.isnan(vector.values).all()
    assert not quality.acceptable
    assert quality.reasons


@pytest.mark.parametrize("level", [0.2, np.nan], ids=["flat", "NaN"])
def test_one_dead_lead_is_named_and_the_others_are_measured(healthy, measured, level):
    signal_mv = healthy.signal_mv.copy()
    signal_mv[STANDARD_LEADS.index("V4")] = level
    _, measurements, vector, quality = _all(_changed(healthy, signal_mv))
    assert "V4" in measurements.reasons
    assert measurements.leads.loc["V4"].isna().all()
    assert quality.leads["V4"].score == 0
    # 10 ms: one lead of twelve less in the median over leads
    assert measurements.qrs_ms == pytest.approx(measured.qrs_ms, abs=10)
    by_name = vector.as_series()
    assert math.isnan(by_name["lead_v4_r_mv"])
    assert math.isfinite(by_name["lead_v5_r_mv"])


def test_pacemaker_spikes_are_no_beats(healthy, measured):
    delineation = delineate(healthy)
    signal_mv = healthy.signal_mv.copy()
    for beat in delineation.r_peaks_samples:
        onset = beat - 40  # 80 ms before R, where a ventricular pacing spike stands
        if onset >= 0:
            signal_mv[:, onset : onset + 1] += 3.0  # one sample, 2 ms, at 500 Hz
    paced, measurements, _, _ = _all(_changed(healthy, signal_mv))
    assert paced.n_beats == delineation.n_beats
    # 40 ms: the spike's energy may draw the mark half way towards it
    moved_ms = np.abs(paced.r_peaks_samples - delineation.r_peaks_samples) * 2
    assert moved_ms.max() <= 40
    assert measurements.heart_rate_bpm == pytest.approx(measured.heart_rate_bpm, abs=1)


def test_one_beat_gives_no_number(healthy):
    delineation = delineate(healthy)
    beat = int(delineation.r_peaks_samples[delineation.n_beats // 2])
    # One beat fades in and out over 100 ms each: a cut would be a step.
    window = np.interp(np.arange(healthy.n_samples) - beat, [-170, -120, 200, 250], [0, 1, 1, 0])
    alone = (healthy.signal_mv - np.median(healthy.signal_mv, axis=1, keepdims=True)) * window
    _, measurements, vector, _ = _all(_changed(healthy, alone))
    assert measurements.n_beats == 1
    for name in INTERVALS:
        assert math.isnan(getattr(measurements, name))
        assert "at least 3 are needed" in measurements.reasons[name]
    assert not np.isfinite(vector.as_series().filter(like="_mean")).any()


def test_reversed_arm_leads_are_measured_as_they_are(healthy, measured):
    swapped = healthy.signal_mv.copy()
    rows = {lead: row for row, lead in enumerate(STANDARD_LEADS)}
    swapped[rows["I"]] *= -1
    swapped[[rows["II"], rows["III"]]] = swapped[[rows["III"], rows["II"]]]
    swapped[[rows["aVR"], rows["aVL"]]] = swapped[[rows["aVL"], rows["aVR"]]]
    _, measurements, _, quality = _all(_changed(healthy, swapped))
    # The axis is mirrored about the vertical, so that it is wrong and must be suspected.
    mirrored = 180 - measured.axis_deg
    off = (measurements.axis_deg - mirrored + 180) % 360 - 180
    assert abs(off) < 10  # degrees, the areas' noise
    assert any("reversed" in reason or "reversal" in reason for reason in quality.reasons)
    # 10 ms: QRS over all leads knows no polarity, but the rhythm lead is another
    assert measurements.qrs_ms == pytest.approx(measured.qrs_ms, abs=10)


def test_hum_of_a_millivolt_is_named_and_measured_through(healthy, measured):
    hum = np.sin(2 * np.pi * 50 * np.arange(healthy.n_samples) / healthy.fs_hz)
    delineation, measurements, _, quality = _all(_changed(healthy, healthy.signal_mv + hum))
    assert delineation.n_beats == measured.n_beats
    assert measurements.heart_rate_bpm == pytest.approx(measured.heart_rate_bpm, abs=1)
    assert any("powerline" in reason for reason in quality.reasons)


@pytest.mark.parametrize("gain", [1000.0, 0.001])
def test_a_gain_wrong_by_a_thousand_keeps_the_rhythm_and_fails_quality(healthy, measured, gain):
    delineation, measurements, _, quality = _all(_changed(healthy, healthy.signal_mv * gain))
    assert not quality.acceptable
    assert quality.reasons
    if delineation.n_beats:  # a thousandth may be called flat, which is as well
        assert measurements.heart_rate_bpm == pytest.approx(measured.heart_rate_bpm, abs=1)
    else:
        assert math.isnan(measurements.heart_rate_bpm)


@pytest.mark.parametrize("fs_hz", [100.0, 257.0, 2000.0])
def test_any_sampling_rate_from_100_to_2000_hz_gives_the_same_numbers(fs_hz):
    slow = simulate_cohort(1, seed=53, fs_hz=fs_hz, conditions=["sinus_rhythm"], noise=False)
    usual = simulate_cohort(1, seed=53, conditions=["sinus_rhythm"], noise=False)
    found, expected = measure(slow.record(0)), measure(usual.record(0))
    assert found.heart_rate_bpm == pytest.approx(expected.heart_rate_bpm, abs=0.5)
    for name in ("qrs_ms", "qt_ms", "pr_ms"):
        # 15 ms: a sample of 100 Hz, and what 50 Hz and above add to the edge of QRS
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=15)


def test_half_an_hour_is_measured(healthy):
    long = EcgRecord(np.tile(healthy.signal_mv[:2], 180), 500.0, ("I", "II"), "long")
    assert long.duration_s == 1800
    delineation, measurements, vector, quality = _all(long)
    # The joints of the copies may cost or make a beat each.
    assert abs(delineation.n_beats - 180 * measure(healthy).n_beats) <= 2 * 180
    assert math.isfinite(measurements.qrs_ms)
    assert math.isfinite(vector.as_series()["rr_mean_ms"])
    assert quality.leads["II"].score > 0
