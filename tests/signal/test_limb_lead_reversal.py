import numpy as np
import pytest
import wfdb

from benchmarks.quality import exchanged
from physioclr.leads import STANDARD_LEADS, canonical_lead
from physioclr.records import EcgRecord
from physioclr.signal.quality import assess_quality
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import synthetic_record, with_leads, with_signal

FOUND = (
    "left arm and right arm",
    "right arm and left leg",
    "right arm and right leg",
    "left arm and right leg",
)


@pytest.mark.parametrize("electrodes", FOUND)
def test_exchanged_electrodes_are_suspected_by_name_before_anything_else(electrodes):
    quality = assess_quality(exchanged(synthetic_record(), electrodes))
    assert quality.suspected_reversal == electrodes
    assert quality.reasons[0].startswith(f"limb lead reversal suspected, {electrodes}: ")


def test_exchanging_arms_turns_i_over_and_swaps_ii_with_iii():
    record = synthetic_record(noise_mv=0.0)  # the noise of each lead is its own
    turned = exchanged(record, "left arm and right arm")
    # 1e-6: single precision
    assert turned.lead_mv("I") == pytest.approx(-record.lead_mv("I"), abs=1e-6)
    assert turned.lead_mv("II") == pytest.approx(record.lead_mv("III"), abs=1e-6)
    assert turned.lead_mv("aVR") == pytest.approx(record.lead_mv("aVL"), abs=1e-6)
    assert turned.lead_mv("aVF") == pytest.approx(record.lead_mv("aVF"), abs=1e-6)


def test_exchanged_arms_do_not_make_the_signal_unacceptable():
    assert assess_quality(exchanged(synthetic_record(), "left arm and right arm")).acceptable


def test_it_takes_the_leads_that_tell():
    turned = exchanged(synthetic_record(), "left arm and right arm")
    for leads in (("I", "II", "III"), ("I", "V5", "V6"), ("V1", "V6")):
        assert assess_quality(with_leads(turned, leads)).suspected_reversal is None
    some = with_leads(turned, ("V6", "III", "II", "I"))
    assert assess_quality(some).suspected_reversal == "left arm and right arm"


def test_a_flat_lead_ii_alone_is_no_exchange():
    record = synthetic_record()
    signal_mv = record.signal_mv.copy()
    signal_mv[STANDARD_LEADS.index("II")] = 0.0
    assert assess_quality(with_signal(record, signal_mv)).suspected_reversal is None


def test_nothing_is_suspected_in_noise():
    for seed in range(10):
        signal_mv = np.random.default_rng(seed).normal(scale=0.2, size=(12, 5000))
        noise = with_signal(synthetic_record(), signal_mv)
        assert assess_quality(noise).suspected_reversal is None


def test_a_heart_that_points_the_other_way_in_all_leads_is_no_exchange():
    record = synthetic_record()
    assert assess_quality(with_signal(record, -record.signal_mv)).suspected_reversal is None


@needs_shared_data
def test_ratchet_on_ludb():
    """Every fourth record given, for the limits were set on PTB-XL alone."""
    records = [read_raw(number) for number in range(1, 200, 8)]
    assert [r.record_id for r in records if assess_quality(r).suspected_reversal] == []
    arms = [assess_quality(exchanged(r, "left arm and right arm")) for r in records]
    found = [quality.suspected_reversal == "left arm and right arm" for quality in arms]
    assert np.mean(found) >= 0.75  # 0.87 over all 100; 25 records may lose 0.12 by chance


def read_raw(number):
    """LUDB's headers scale each lead to 1 mV; its raw units keep the proportions."""
    raw = wfdb.rdrecord(str(SHARED_DATA / "ludb" / "data" / str(number)), physical=False)
    leads = tuple(canonical_lead(name) for name in raw.sig_name)
    return EcgRecord(raw.d_signal.T / 1000, raw.fs, leads, f"ludb-{number}")
