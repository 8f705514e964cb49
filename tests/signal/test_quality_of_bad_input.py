"""Whatever comes in, out comes a verdict with reasons: no exception, no warning."""

import json
import tracemalloc

import numpy as np
import pytest

from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.filtering import bandpass
from physioclr.signal.quality import assess_quality
from tests.signal.synthetic import regular_beats_s, synthetic_record, with_leads, with_signal

TIME_S = np.arange(5000) / 500


@pytest.fixture(scope="module")
def record():
    return synthetic_record()


def asystole():
    drift = 0.3 * np.sin(2 * np.pi * 0.2 * TIME_S + np.arange(12)[:, None])
    return drift + np.random.default_rng(0).normal(scale=0.01, size=(12, 5000))


def fibrillation():
    rng = np.random.default_rng(1)
    waves = bandpass(rng.normal(size=(3, 5000)), 500, 4.0, 7.0)
    return rng.normal(size=(12, 3)) @ waves + rng.normal(scale=0.005, size=(12, 5000))


def paced(signal_mv):
    """Add a spike of one sample and 3 mV 40 ms before each beat."""
    signal_mv = signal_mv.astype(np.float64)
    signal_mv[:, np.round((regular_beats_s() - 0.04) * 500).astype(int)] += 3.0
    return signal_mv


def test_asystole_has_no_heartbeat(record):
    quality = assess_quality(with_signal(record, asystole()))
    assert quality.reasons[0] == "no heartbeat was found"
    assert quality.score == 0
    assert not quality.acceptable


def test_noise_alone_has_no_heartbeat_whatever_the_number_of_leads(record):
    for n_leads in (1, 2, 12):
        for seed in range(5):
            noise = np.random.default_rng(seed).normal(scale=0.2, size=(n_leads, 5000))
            quality = assess_quality(EcgRecord(noise, 500.0, STANDARD_LEADS[:n_leads], "noise"))
            assert quality.reasons[0] == "no heartbeat was found"
            assert not quality.acceptable


def test_fibrillation_is_not_called_the_electrodes_fault_alone(record):
    quality = assess_quality(with_signal(record, fibrillation()))
    assert not quality.acceptable
    assert "chaotic rhythm such as ventricular fibrillation" in quality.reasons[0]


def test_pacemaker_spikes_are_no_disturbance(record):
    quality = assess_quality(with_signal(record, paced(record.signal_mv)))
    assert quality.acceptable
    assert quality.score > 0.9


def test_hum_that_is_subtracted_is_no_fault_but_is_named_with_its_size(record):
    hum = np.sin(2 * np.pi * 50 * TIME_S)
    quality = assess_quality(with_signal(record, record.signal_mv + hum))
    assert quality.acceptable
    assert quality.reasons == [
        "powerline interference in lead V6 and 11 others (1.00 mV at 50.0 Hz) is subtracted "
        "before measuring"
    ]
    # 0.95: between a clean record and one with a trace of the sine left at its ends
    assert quality.score > 0.95
    json.dumps(quality.to_dict())


def test_hum_that_changes_too_fast_to_be_subtracted_is_a_fault(record):
    hum = (1 + 0.9 * np.sin(2 * np.pi * 3 * TIME_S)) * np.sin(2 * np.pi * 50 * TIME_S)
    quality = assess_quality(with_signal(record, record.signal_mv + hum))
    assert not quality.acceptable
    for of_lead in quality.leads.values():
        assert of_lead.faults[0].kind == "powerline"
        assert "that changes too fast to be subtracted" in of_lead.reason


@pytest.mark.parametrize(("gain", "words"), [(1000.0, "implausibly large"), (0.001, "hardly move")])
def test_a_gain_wrong_by_1000_is_suspected(record, gain, words):
    quality = assess_quality(with_signal(record, gain * record.signal_mv))
    assert not quality.acceptable
    assert any(
        words in reason and "gain of the file may be wrong" in reason
        for reason in quality.reasons[:2]
    )


@pytest.mark.parametrize("level", [0.0, np.nan, np.inf, 1e6])
def test_a_silent_record_is_refused_with_one_reason_a_lead(record, level):
    quality = assess_quality(with_signal(record, np.full((12, 5000), level)))
    assert quality.score == 0
    assert len(quality.reasons) == 13
    assert all(of_lead.score == 0 for of_lead in quality.leads.values())


def test_one_beat_is_not_enough():
    quality = assess_quality(synthetic_record(beats_s=np.array([5.0])))
    assert not quality.acceptable
    assert quality.reasons


@pytest.mark.parametrize("lead", STANDARD_LEADS)
def test_one_lead_is_judged_by_itself(record, lead):
    quality = assess_quality(with_leads(record, (lead,)))
    assert quality.acceptable
    assert quality.score == 1
    flat = assess_quality(with_signal(with_leads(record, (lead,)), np.zeros((1, 5000))))
    assert not flat.acceptable


@pytest.mark.parametrize("duration_s", [5.0, 7.3, 19.9, 20.0, 61.7])
@pytest.mark.parametrize("fs_hz", [100.0, 500.0])
def test_any_duration_from_5_s(duration_s, fs_hz):
    record = synthetic_record(duration_s=duration_s, fs_hz=fs_hz)
    assert assess_quality(record).score == pytest.approx(1.0, abs=0.01)  # a beat cut at an edge


def test_a_slow_heart_and_5_s_are_enough():
    record = synthetic_record(duration_s=5.0, beats_s=np.array([0.9, 2.4, 3.9]))
    assert assess_quality(record).acceptable


def test_a_long_record_says_for_how_long_it_is_disturbed(record):
    signal_mv = np.tile(record.signal_mv, 6).astype(np.float64)
    noise = np.random.default_rng(0).normal(scale=0.5, size=10000)
    signal_mv[7, 15000:25000] += noise
    quality = assess_quality(EcgRecord(signal_mv, 500.0, STANDARD_LEADS, "a minute"))
    assert "during 33 % of the record" in quality.leads["V2"].reason
    # two of six windows are lost to that lead
    assert quality.leads["V2"].score == pytest.approx(4 / 6, abs=0.1)
    assert quality.acceptable


def test_memory_does_not_grow_with_the_record():
    def peak_bytes(minutes):
        one = synthetic_record(fs_hz=100.0, duration_s=60.0).signal_mv[:2]
        long = EcgRecord(np.tile(one, minutes), 100.0, ("I", "II"), "long")
        tracemalloc.start()
        assess_quality(long)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    # 10 kB a window: its 15 statistics and 22 ramps are 600 numbers with their objects. The
    # samples alone of a window are 16 kB in double precision, and their filtered copies as much.
    assert peak_bytes(12) - peak_bytes(2) < 10 * 6 * 10_000
