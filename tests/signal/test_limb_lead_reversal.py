import numpy as np
import pytest
import wfdb

from benchmarks.quality import exchanged
from physioclr.leads import STANDARD_LEADS, canonical_lead
from physioclr.records import EcgRecord
from physioclr.signal.quality import assess_quality
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import (
    _TIMES_S,
    regular_beats_s,
    synthetic_record,
    with_leads,
    with_signal,
)

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


def shaped(*, p_waves, **heights_mv):
    """A record whose leads have the heights (P, Q, R, S, T) given, the limb leads from I and II."""
    leads = {"I", "II", "V5", "V6"}
    assert leads <= set(heights_mv)
    record = synthetic_record(p_waves=p_waves)
    time_s = np.arange(record.n_samples) / record.fs_hz
    since_s = time_s[None, :] - regular_beats_s()[:, None]
    rng = np.random.default_rng(2)
    rows = {lead: record.lead_mv(lead).astype(np.float64) for lead in record.leads}
    for lead, heights in heights_mv.items():
        rows[lead] = rng.normal(scale=0.004, size=time_s.size)
        for (at_s, width_s), height in zip(_TIMES_S, heights, strict=True):
            wave = np.exp(-0.5 * ((since_s - at_s) / width_s) ** 2).sum(axis=0)
            rows[lead] += height * wave
    one, two = rows["I"], rows["II"]
    rows |= {"III": two - one, "aVR": -(one + two) / 2}
    rows |= {"aVL": one - two / 2, "aVF": two - one / 2}
    return with_signal(record, np.array([rows[lead] for lead in record.leads]))


def test_left_anterior_hemiblock_in_atrial_fibrillation_is_no_exchange():
    """II is turned over by the hemiblock and its T wave; no P wave says it was exchanged."""
    lafb = shaped(
        p_waves=False,
        I=(0.0, -0.1, 0.8, -0.1, 0.2),
        II=(-0.012, 0.05, -0.7, 0.0, -0.2),
        V5=(0.012, -0.05, 0.9, -0.3, 0.3),
        V6=(0.012, -0.05, 0.8, -0.2, 0.2),
    )
    assert assess_quality(lafb).suspected_reversal is None


def test_left_anterior_hemiblock_with_sinus_rhythm_is_no_exchange():
    lafb = shaped(
        p_waves=True,
        I=(0.08, -0.1, 0.8, -0.1, 0.2),
        II=(0.12, 0.1, 0.15, -0.9, -0.2),
        V5=(0.08, -0.05, 0.9, -0.5, 0.3),
        V6=(0.08, -0.05, 0.8, -0.3, 0.2),
    )
    assert assess_quality(lafb).suspected_reversal is None


def test_pacing_that_leaves_v6_negative_is_no_exchange():
    """Right ventricular apical pacing: I upright, V1 to V6 negative; V6 is no evidence then."""
    paced = shaped(
        p_waves=False,
        I=(0.02, 0.0, 0.7, -0.1, -0.2),
        II=(0.0, 0.0, -0.3, -0.9, 0.4),
        V5=(-0.02, 0.0, -0.9, -0.1, 0.5),
        V6=(-0.02, 0.0, -0.8, -0.1, 0.4),
    )
    assert assess_quality(paced).suspected_reversal is None


def test_a_p_wave_upside_down_in_ii_is_evidence_beside_qrs():
    exchanged_ii = exchanged(synthetic_record(), "right arm and left leg")
    reason = assess_quality(exchanged_ii).reasons[0]
    assert "P, QRS and T of lead II are upside down" in reason


def test_exchanged_arms_are_suspected_in_atrial_fibrillation_too():
    quality = assess_quality(exchanged(synthetic_record(p_waves=False), "left arm and right arm"))
    assert quality.suspected_reversal == "left arm and right arm"
    assert quality.reasons[0].split(": ")[1].startswith("QRS and T of lead I")
