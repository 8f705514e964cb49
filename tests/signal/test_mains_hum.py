"""Hum of the mains: found, followed and subtracted; what is not hum stays as it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.disturbances import ELECTRODES, with_hum
from physioclr.io import read_ecg
from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord
from physioclr.signal.delineation import delineate
from physioclr.signal.mains_hum import find_mains_hum, subtract_mains_hum
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import synthetic_record

INTERVALS = ("pr_ms", "qrs_ms", "qt_ms")


def without_hum(record):
    missing = ~np.isfinite(record.signal_mv)
    return subtract_mains_hum(np.nan_to_num(record.signal_mv), missing, record.fs_hz)


@settings(max_examples=20, deadline=None)
@given(
    mains_hz=st.floats(49.5, 50.5) | st.floats(59.5, 60.5),
    amplitude_mv=st.floats(0.05, 1.0),
    electrode=st.sampled_from(list(ELECTRODES)),
    fs_hz=st.sampled_from([200, 250, 360, 500, 1000]),
)
def test_hum_of_any_amplitude_and_frequency_is_subtracted(mains_hz, amplitude_mv, electrode, fs_hz):
    record = synthetic_record(fs_hz=fs_hz)
    cleaned, hum = without_hum(with_hum(record, electrode, mains_hz, amplitude_mv))
    # 0.1 Hz: one bin of the spectrum of 10 s
    assert hum.frequency_hz == pytest.approx(mains_hz, abs=0.1)
    # 10 %: QRS holds some µV at that frequency, and the line may lie between two bins (−15 %)
    assert hum.amplitude_mv.max() == pytest.approx(amplitude_mv, rel=0.2)
    left_mv = np.sqrt(np.mean((cleaned - record.signal_mv) ** 2, axis=1)).max()
    assert left_mv < 0.02 * amplitude_mv + 0.002


def test_an_ecg_without_hum_is_returned_as_it_is():
    record = synthetic_record()
    cleaned, hum = without_hum(record)
    assert hum is None
    assert np.array_equal(cleaned, record.signal_mv)


def test_leads_without_hum_are_not_touched():
    record = synthetic_record()
    cleaned, hum = without_hum(with_hum(record, "V3", 50.0, 0.3))
    touched = [
        lead
        for lead, before, after in zip(record.leads, record.signal_mv, cleaned, strict=True)
        if not np.array_equal(before, after)
    ]
    assert touched == ["V3"]
    assert (hum.amplitude_mv > 0.1).sum() == 1


def test_harmonics_are_subtracted_with_the_fundamental():
    record = synthetic_record()
    cleaned, hum = without_hum(with_hum(record, "RA", 50.0, 0.3, third_harmonic=0.5))
    assert hum.harmonics == (1, 3)
    assert np.abs(cleaned - record.signal_mv)[:, 250:-250].max() < 0.02  # of 0.45 mV


def test_a_sine_of_the_ecgs_own_frequencies_is_not_hum():
    time_s = np.arange(5000) / 500
    for hz in (5.0, 20.0, 40.0, 45.0, 55.0, 70.0):
        wave = np.sin(2 * np.pi * hz * time_s)[None, :]
        assert find_mains_hum(wave, 500.0) is None


def test_white_noise_is_not_hum():
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(scale=0.1, size=(12, 5000))
        assert find_mains_hum(noise, 500.0) is None


def test_missing_samples_hold_no_hum():
    record = with_hum(synthetic_record(), "RA", 50.0, 0.3)
    signal_mv = record.signal_mv.copy()
    signal_mv[:, 2000:3000] = np.nan
    cleaned, hum = without_hum(EcgRecord(signal_mv, 500.0, record.leads, "gap"))
    assert hum is not None
    known = np.isfinite(signal_mv)
    error_mv = np.where(known, cleaned - synthetic_record().signal_mv, 0.0)
    # 0.05 mV beside the gap, where half of the sine's neighbourhood is not known
    assert np.abs(error_mv).max() < 0.05


def test_hum_mirrored_by_a_low_sampling_rate_does_not_move_the_waves():
    record = synthetic_record(fs_hz=100)
    clean, noisy = delineate(record), delineate(with_hum(record, "LA", 60.0, 0.3))
    assert noisy.n_beats == clean.n_beats
    for name in ("p_on", "qrs_on", "qrs_off", "t_off"):
        # 1.5 samples of 10 ms
        assert np.nanmax(np.abs(noisy.stack(name) - clean.stack(name))) <= 1.5, name


# Case 08: 0.1 to 0.3 mV on the right arm of these four made QRS 82 → 194, QT 446 → 538 and PR
# 146 → 101 ms, and nothing said so. The right values are those of the ECG without hum.
@needs_shared_data
@pytest.mark.parametrize(
    ("electrode", "mains_hz", "amplitude_mv", "third_harmonic"),
    [
        ("RA", 50.0, 0.1, 0.0),
        ("RA", 60.0, 0.3, 0.0),
        ("LA", 49.5, 0.3, 0.3),
        ("LL", 60.5, 0.2, 0.0),
        ("V2", 50.0, 0.3, 0.0),
    ],
)
def test_intervals_under_hum_are_those_without_it(
    electrode, mains_hz, amplitude_mv, third_harmonic
):
    for ecg_id in (42, 84, 206, 249):
        record = read_ecg(SHARED_DATA / "ptb-xl" / f"records500/00000/{ecg_id:05}_hr.hea")
        clean = measure(record).scalars()
        noisy = with_hum(
            record, electrode, mains_hz, amplitude_mv, third_harmonic=third_harmonic, seed=ecg_id
        )
        measured = measure(noisy).scalars()
        for name in INTERVALS:
            assert measured[name] == pytest.approx(clean[name], abs=10), (ecg_id, name)
