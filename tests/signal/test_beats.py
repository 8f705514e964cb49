import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

from physioclr.errors import SignalError
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.beats import detect_heartbeats
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import regular_beats_s, synthetic_record, with_leads, with_signal


@pytest.mark.parametrize("fs_hz", [100, 257.3, 360, 500, 1000])
@pytest.mark.parametrize("duration_s", [5.0, 10.0])
def test_every_beat_is_found_once_at_any_rate_and_duration(fs_hz, duration_s):
    record = synthetic_record(fs_hz=fs_hz, duration_s=duration_s)
    found_s = detect_heartbeats(record) / fs_hz
    # 20 ms: Q and S draw the energy of leads without a tall R off its apex by up to that much
    np.testing.assert_allclose(found_s, regular_beats_s(duration_s), atol=0.02)


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.1, 10), offset_mv=st.floats(-5, 5))
def test_gain_and_offset_move_no_beat(gain, offset_mv):
    record = synthetic_record()
    changed = with_signal(record, record.signal_mv * gain + offset_mv)
    np.testing.assert_allclose(
        detect_heartbeats(changed),
        detect_heartbeats(record),
        atol=1,  # a sample: float32 rounding
    )


@settings(max_examples=10, deadline=None)
@given(leads=st.permutations(STANDARD_LEADS))
def test_lead_order_moves_no_beat(leads):
    record = synthetic_record(noise_mv=0.02)
    np.testing.assert_array_equal(
        detect_heartbeats(with_leads(record, tuple(leads))), detect_heartbeats(record)
    )


@pytest.mark.parametrize("leads", [("II",), ("V1",), ("I", "V2"), ("aVR", "V5", "V6")])
def test_any_subset_of_leads_will_do(leads):
    record = with_leads(synthetic_record(), leads)
    assert detect_heartbeats(record).size == regular_beats_s().size


def test_flat_empty_and_noisy_leads_do_not_outvote_the_others():
    record = synthetic_record()
    signal_mv = record.signal_mv.copy()
    signal_mv[0] = 0.3
    signal_mv[1] = np.nan
    signal_mv[2:5] = np.random.default_rng(0).normal(size=(3, record.n_samples))
    found = detect_heartbeats(with_signal(record, signal_mv))
    np.testing.assert_allclose(found / 500, regular_beats_s(), atol=0.02)  # as above


def test_a_record_without_any_usable_lead_has_no_beats():
    flat = with_signal(synthetic_record(), np.zeros((12, 5000)))
    assert detect_heartbeats(flat).shape == (0,)


def test_two_seconds_are_refused_with_what_was_expected_and_found():
    record = synthetic_record(duration_s=2.0, beats_s=np.array([0.5, 1.3]))
    with pytest.raises(SignalError, match=r"synthetic-0: expected at least 5 s .* found 2\.0 s"):
        detect_heartbeats(record)


@needs_shared_data
def test_ratchet_on_ludb():
    """All 908 QRS complexes that LUDB's experts marked in lead II are found, with 3 too many."""
    missed = extra = 0
    for header in sorted((SHARED_DATA / "ludb" / "data").glob("*.hea")):
        stem = str(header.with_suffix(""))
        raw = wfdb.rdrecord(stem, physical=False)
        record = EcgRecord(raw.d_signal.T * 1e-3, raw.fs, tuple(raw.sig_name), header.stem)
        annotation = wfdb.rdann(stem, "ii")
        truth = annotation.sample[np.array(annotation.symbol) == "N"]
        found = detect_heartbeats(record)
        near = round(0.15 * raw.fs)  # ANSI/AAMI EC57: a beat is matched within 150 ms
        found = found[(found >= truth[0] - near) & (found <= truth[-1] + near)]
        matched = np.abs(found[:, None] - truth[None, :]) <= near
        missed += int((~matched.any(axis=0)).sum())
        extra += int((~matched.any(axis=1)).sum())
    assert missed == 0
    assert extra <= 3
