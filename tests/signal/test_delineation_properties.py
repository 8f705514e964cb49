"""What must not change an answer, and signals in which there is nothing to find."""

import numpy as np
import pytest

from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.delineation import delineate, delineate_many
from tests.signal.synthetic import regular_beats_s, synthetic_record, with_leads, with_signal

PEAKS = ("p_peak", "r_peak", "t_peak")


@pytest.fixture(scope="module")
def record():
    return synthetic_record()


@pytest.fixture(scope="module")
def delineation(record):
    return delineate(record)


def test_a_batch_gives_to_the_bit_what_each_record_gives_alone(record, delineation):
    other = synthetic_record(beats_s=np.arange(0.5, 9.5, 1.1), seed=1)
    alone = [delineate(other), delineation, delineate(with_leads(other, ("V2", "I")))]
    together = delineate_many([other, record, with_leads(other, ("V2", "I"))])
    for one, batched in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.r_peaks_samples, batched.r_peaks_samples)
        for lead in one.leads:
            np.testing.assert_array_equal(one[lead], batched[lead])


def test_a_batch_takes_records_one_at_a_time(record):
    taken = []

    def source():
        for number in range(3):
            taken.append(number)
            yield record

    next(delineate_many(source()))
    assert taken == [0]


@pytest.mark.parametrize("fs_hz", [100.0, 128.0, 250.0, 257.3, 360.0, 1000.0, 2000.0])
def test_the_sampling_rate_moves_no_peak(delineation, fs_hz):
    found = delineate(synthetic_record(fs_hz=fs_hz))
    assert found.n_beats == delineation.n_beats
    for fiducial in PEAKS:
        # 8 ms: two samples of the network's 250 Hz
        np.testing.assert_allclose(
            found["II"][fiducial] / fs_hz, delineation["II"][fiducial] / 500, atol=0.008
        )


@pytest.mark.parametrize("gain", [0.05, 1e3])
def test_a_gain_of_each_lead_changes_nothing(record, delineation, gain):
    gains = np.geomspace(1, gain, 12)[:, None]
    found = delineate(with_signal(record, record.signal_mv * gains))
    for lead in record.leads:
        moved = np.abs(found[lead] - delineation[lead]).to_numpy()
        # Half a millisecond of float32 rounding; rarely it tips a choice between equal points
        assert (moved < 0.25).mean() > 0.97
        assert moved.max() < 5


@pytest.mark.parametrize("leads", [("II",), ("V1",), ("aVR", "V5"), ("I", "II", "III")])
def test_any_leads_will_do(record, leads):
    found = delineate(with_leads(record, leads))
    # 35 ms: the S wave of V1, 28 ms after R, holds most of its energy; and 7 ms of noise
    np.testing.assert_allclose(found.r_peaks_samples / 500, regular_beats_s(), atol=0.035)
    assert found.stack("t_peak").shape == (len(leads), found.n_beats)


@pytest.mark.parametrize("shift", [2, 37, 64, 311])
def test_a_shift_in_time_moves_all_waves_alike(record, delineation, shift):
    moved = delineate(with_signal(record, np.roll(record.signal_mv, shift, axis=1)))
    inner = slice(1, -1)
    for fiducial in PEAKS:
        # 4 samples (8 ms): the network's layers step by up to 128 ms, so shifts are not exact
        np.testing.assert_allclose(
            moved["II"][fiducial][inner] - shift, delineation["II"][fiducial][inner], atol=4
        )


def test_mains_hum_of_a_millivolt_moves_no_peak(record, delineation):
    time_s = np.arange(record.n_samples) / record.fs_hz
    found = delineate(with_signal(record, record.signal_mv + np.sin(2 * np.pi * 50 * time_s)))
    assert found.n_beats == delineation.n_beats
    for fiducial in PEAKS:
        # 12 ms inside: hum is filtered out; at the ends the filter meets it switching on
        np.testing.assert_allclose(
            found["II"][fiducial][1:-1], delineation["II"][fiducial][1:-1], atol=6
        )


def test_hours_are_cut_into_pieces_without_a_seam(record):
    found = delineate(with_signal(record, np.tile(record.signal_mv, 20)))
    beats_s = (np.arange(20)[:, None] * 10 + regular_beats_s()).ravel()
    # 12 ms: as for 10 s
    np.testing.assert_allclose(found.r_peaks_samples / 500, beats_s, atol=0.012)
    assert np.isfinite(found["II"]["t_peak"]).all()


def _asystole(rng):
    drift = 0.1 * np.sin(2 * np.pi * 0.3 * np.arange(5000) / 500)
    return drift + 0.01 * rng.standard_normal((12, 5000))


def _ventricular_fibrillation(rng):
    time_s = np.arange(5000) / 500
    signal = np.zeros((12, 5000))
    for hz in (4.1, 4.9, 5.6):
        wander = np.cumsum(rng.standard_normal(5000)) * 0.01
        phase = rng.uniform(0, 1.5, (12, 1))
        signal += rng.uniform(0.1, 0.4, (12, 1)) * np.sin(
            2 * np.pi * (hz * time_s + wander) + phase
        )
    return signal


@pytest.mark.parametrize("make", [_asystole, _ventricular_fibrillation])
def test_no_heartbeat_gives_no_rows_and_says_so(make):
    silent = EcgRecord(make(np.random.default_rng(5)), 500.0, STANDARD_LEADS, "silent")
    found = delineate(silent)
    assert found.n_beats == 0
    assert found.reasons["II"] == "lead II shows no heartbeat"


def test_one_flat_sample_in_front_or_infinite_values_do_no_harm(record):
    signal_mv = record.signal_mv.copy()
    signal_mv[:, :400] = 0.0
    signal_mv[3, 1000:1010] = np.inf
    found = delineate(with_signal(record, signal_mv))
    assert found.n_beats in (regular_beats_s().size - 1, regular_beats_s().size)


def test_one_noisy_lead_does_not_spoil_the_others(record, delineation):
    signal_mv = record.signal_mv.copy()
    signal_mv[5] = np.random.default_rng(2).standard_normal(record.n_samples)
    found = delineate(with_signal(record, signal_mv))
    assert found.n_beats == delineation.n_beats
    for fiducial in PEAKS:
        # 12 ms: three sigma of where noise moves an apex
        np.testing.assert_allclose(found["II"][fiducial], delineation["II"][fiducial], atol=6)
