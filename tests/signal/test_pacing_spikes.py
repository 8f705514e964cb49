"""Pacing spikes: found on the raw signal, kept out of QRS, counted by chamber."""

import json
import pickle

import numpy as np
import pytest
import wfdb

from physioclr.io import read_ecg
from physioclr.physiology.measurements import measure
from physioclr.signal.pacing_spikes import MIN_RATE_HZ, find_spikes, remove_spikes
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import regular_beats_s, synthetic_record, with_leads, with_signal
from tests.signal.test_limb_lead_reversal import read_raw

# What a spike of 1 mV at the electrode adds to each lead: positive in some, negative in others.
SHARES = np.array([0.8, -0.6, -1.4, -0.1, 1.1, -1.0, -0.5, -0.6, -0.7, -0.6, -0.5, -0.4])


def with_spikes(record, before_r_ms, *, every=1, height_mv=1.5, n_samples=1):
    """Put a spike of `n_samples` before each beat's R peak (or before one in `every`)."""
    signal_mv = record.signal_mv.astype(np.float64)
    for at_ms in np.atleast_1d(before_r_ms):
        at_s = regular_beats_s(record.duration_s)[::every] - at_ms / 1000
        for place in np.round(at_s * record.fs_hz).astype(int):
            if place >= 0:
                shares = SHARES[: record.n_leads, None]
                signal_mv[:, place : place + n_samples] += height_mv * shares
    return with_signal(record, signal_mv)


@pytest.mark.parametrize("fs_hz", [250, 360, 500, 1000])
@pytest.mark.parametrize(
    ("before_r_ms", "chambers"), [(70, "ventricular"), (210, "atrial"), ((210, 70), "both")]
)
def test_spikes_are_counted_by_chamber(fs_hz, before_r_ms, chambers):
    record = synthetic_record(fs_hz=fs_hz)
    n_samples = max(1, round(0.002 * fs_hz))
    pacing = measure(with_spikes(record, before_r_ms, n_samples=n_samples)).pacing
    assert pacing.chambers == chambers
    of_each = len(regular_beats_s())
    assert pacing.ventricular.sum() == (of_each if chambers != "atrial" else 0)
    assert (~pacing.ventricular).sum() == (of_each if chambers != "ventricular" else 0)


# A spike 30 ms before QRS made QRS 68 → 112 ms. The right values are those without spikes.
@pytest.mark.parametrize("before_r_ms", [65, 90, (210, 70)])
def test_intervals_are_those_without_spikes(before_r_ms):
    record = synthetic_record()
    clean, paced = measure(record).scalars(), measure(with_spikes(record, before_r_ms)).scalars()
    for name in ("pr_ms", "qrs_ms", "qt_ms", "heart_rate_bpm", "n_beats"):
        # 6 ms: three samples, where a spike hides the onset of P or QRS itself
        assert paced[name] == pytest.approx(clean[name], abs=6), name


def test_a_spike_of_25_ms_with_two_edges_is_one_spike():
    record = with_spikes(synthetic_record(), 80, n_samples=12, height_mv=0.8)
    assert len(find_spikes(record.signal_mv, 500.0)) == len(regular_beats_s())
    assert measure(record).pacing.chambers == "ventricular"


@pytest.mark.parametrize("fs_hz", [100, 200])
def test_below_240_hz_they_are_not_judged_and_it_says_so(fs_hz):
    pacing = measure(with_spikes(synthetic_record(fs_hz=fs_hz), 70)).pacing
    assert pacing.chambers == "not judged"
    assert f"below {MIN_RATE_HZ:.0f} Hz" in pacing.reason
    assert pacing.to_dict()["n_ventricular"] is None


@pytest.mark.parametrize("leads", [("II",), ("I", "II"), ("V1",)])
def test_any_leads_will_do(leads):
    record = with_leads(with_spikes(synthetic_record(), 70), leads)
    assert measure(record).pacing.chambers == "ventricular"


def test_an_ecg_without_spikes_is_returned_as_it_is():
    record = synthetic_record()
    assert remove_spikes(record.signal_mv, 500.0) is record.signal_mv
    assert measure(record).pacing.chambers == "none"


def test_artefacts_at_random_times_are_no_pacing():
    rng = np.random.default_rng(0)
    record = synthetic_record()
    signal_mv = record.signal_mv.copy()
    signal_mv[:, rng.integers(100, 4900, size=12)] += SHARES[:, None]
    assert measure(with_signal(record, signal_mv)).pacing.chambers == "none"


def test_spikes_in_one_lead_of_twelve_are_no_pacing():
    record = synthetic_record()
    signal_mv = record.signal_mv.copy()
    signal_mv[8, np.round((regular_beats_s() - 0.07) * 500).astype(int)] += 1.0
    assert len(find_spikes(signal_mv, 500.0)) == 0


def test_noise_flat_leads_and_gaps_hold_no_spikes():
    rng = np.random.default_rng(0)
    assert len(find_spikes(rng.normal(size=(12, 5000)), 500.0)) == 0
    assert len(find_spikes(np.zeros((2, 5000)), 500.0)) == 0
    record = synthetic_record()
    signal_mv = record.signal_mv.copy()
    signal_mv[:, 1000:1800] = np.nan
    assert measure(with_signal(record, signal_mv)).pacing.chambers == "none"


def test_they_survive_json_and_pickling():
    measured = measure(with_spikes(synthetic_record(), 70))
    assert json.loads(json.dumps(measured.to_dict()))["pacing"]["chambers"] == "ventricular"
    assert pickle.loads(pickle.dumps(measured)).pacing.chambers == "ventricular"


# Paced records, as LUDB's table and PTB-XL's report say. 45 and 93 to 111 were marked by hand.
@needs_shared_data
@pytest.mark.parametrize(
    ("number", "chambers"),
    [
        (45, "both"),
        (93, "ventricular"),
        (95, "ventricular"),
        (111, "ventricular"),
        *((number, "none") for number in (1, 21, 35, 99, 109, 197)),
    ],
)
def test_paced_records_are_found_and_no_others(number, chambers):
    assert measure(read_raw(number)).pacing.chambers == chambers


@needs_shared_data
def test_spikes_of_a_record_of_ptb_xl_are_found():
    path = SHARED_DATA / "ptb-xl" / "records500/00000/00385_hr.hea"
    assert measure(read_ecg(path)).pacing.chambers == "ventricular"


@needs_shared_data
def test_an_atrial_spike_is_not_called_a_beat():
    """Record 45: the experts mark 8 beats from sample 605 to 4029; atrial spikes were a ninth."""
    marks = wfdb.rdann(str(SHARED_DATA / "ludb" / "data" / "45"), "ii")
    expert = np.array(
        [at for at, what in zip(marks.sample, marks.symbol, strict=True) if what == "N"]
    )
    found = measure(read_raw(45)).beats["r_peak_samples"].to_numpy()
    found = found[(found > expert[0] - 50) & (found < expert[-1] + 50)]
    assert found.size == expert.size == 8
    assert np.abs(found - expert).max() <= 50  # 100 ms: wide QRS, marked at another of its peaks
