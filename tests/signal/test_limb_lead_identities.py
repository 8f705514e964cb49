"""Einthoven's and Goldberger's identities: broken ones are named, with what explains them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from physioclr.leads import LIMB_LEADS, STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.quality import assess_quality
from physioclr.simulate import simulate_record
from tests.shared_data import SHARED_DATA, needs_shared_data
from tests.signal.synthetic import synthetic_record, with_leads, with_signal

SIX = LIMB_LEADS


@pytest.fixture(scope="module")
def record():
    """Of one heart: the noise of `synthetic_record` is each lead's own."""
    return simulate_record("sinus_rhythm", seed=0)


def changed(record, lead, change):
    signal_mv = record.signal_mv.astype(np.float64)
    row = record.leads.index(lead)
    signal_mv[row] = change(signal_mv[row])
    return with_signal(record, signal_mv)


def in_order(record, order):
    """Store the leads `order` under the names of the record."""
    rows = [record.leads.index(lead) for lead in order]
    return EcgRecord(record.signal_mv[rows], record.fs_hz, record.leads, record.record_id)


def misfit(record):
    return assess_quality(record).limb_lead_misfit


@pytest.mark.parametrize("lead", SIX)
@pytest.mark.parametrize("gain", [0.5, 0.8, 2.0])
def test_the_lead_of_another_gain_is_named_with_its_gain(record, lead, gain):
    quality = assess_quality(changed(record, lead, lambda of: gain * of))
    found = quality.limb_lead_misfit
    assert (found.cause, found.leads) == ("gain", (lead,))
    assert f"{lead} is at {gain:.2f} of the others' gain" in found.reason
    assert found.reason in quality.reasons
    assert quality.acceptable
    assert json.loads(json.dumps(quality.to_dict()))["limb_lead_misfit"]["cause"] == "gain"


@pytest.mark.parametrize("lead", SIX)
def test_the_lead_that_is_turned_over_is_named(record, lead):
    found = misfit(changed(record, lead, np.negative))
    assert (found.cause, found.leads) == ("sign", (lead,))


@settings(max_examples=15, deadline=None)
@given(pair=st.lists(st.sampled_from(SIX), min_size=2, max_size=2, unique=True))
def test_any_two_exchanged_leads_are_named(pair):
    record = simulate_record("sinus_rhythm", seed=0)
    order = [dict(zip(pair, pair[::-1], strict=True)).get(lead, lead) for lead in record.leads]
    found = misfit(in_order(record, order))
    assert (found.cause, set(found.leads)) == ("order", set(pair))


def test_cabreras_order_read_as_the_standard_one_is_recognised(record):
    order = ("aVL", "I", "aVR", "II", "aVF", "III", *STANDARD_LEADS[6:])
    found = misfit(in_order(record, order))
    assert found.cause == "order"
    assert "aVL stored as I" in found.reason
    assert "another order" in found.reason


def test_augmented_leads_that_were_not_augmented_are_named_together(record):
    for lead in ("aVR", "aVL", "aVF"):
        record = changed(record, lead, lambda of: of * 2 / 3)
    found = misfit(record)
    assert (found.cause, found.leads) == ("gain", ("aVR", "aVL", "aVF"))
    assert "at 0.67 of the others' gain" in found.reason


def test_a_lead_that_lags_is_named_with_its_delay(record):
    found = misfit(changed(record, "aVL", lambda of: np.roll(of, 10)))
    assert (found.cause, found.leads) == ("delay", ("aVL",))
    assert "lags behind by 20 ms" in found.reason


def test_with_three_limb_leads_all_explanations_are_said(record):
    found = misfit(with_leads(changed(record, "I", np.negative), ("I", "II", "III", "V5")))
    assert "I is turned over" in found.reason
    assert "II and III are exchanged" in found.reason
    assert "II = I + III" in found.reason


@pytest.mark.parametrize("leads", [("I",), ("I", "II"), ("I", "II", *STANDARD_LEADS[6:])])
def test_fewer_than_three_limb_leads_cannot_contradict_one_another(record, leads):
    assert misfit(with_leads(changed(record, "I", np.negative), leads)) is None


def test_leads_recorded_one_after_the_other_are_not_called_wrong(record):
    """Three at a time, as on paper: each three fit one another, the beats do not coincide."""
    later = simulate_record("sinus_tachycardia", seed=1)
    rows = [STANDARD_LEADS.index(lead) for lead in ("aVR", "aVL", "aVF")]
    signal_mv = record.signal_mv.copy()
    signal_mv[rows] = later.signal_mv[rows]
    found = misfit(with_signal(record, signal_mv))
    assert found.cause == "not simultaneous"
    assert "not recorded at the same time" in found.reason


@pytest.mark.parametrize("quantum_mv", [0.0, 0.005, 0.02, 0.05])
@pytest.mark.parametrize("fs_hz", [100, 250, 500, 1000])
def test_quantisation_breaks_no_identity(quantum_mv, fs_hz):
    record = synthetic_record(noise_mv=0.0, fs_hz=fs_hz)
    signal_mv = record.signal_mv.astype(np.float64)
    if quantum_mv:
        signal_mv = np.round(signal_mv / quantum_mv) * quantum_mv
    assert misfit(with_signal(record, signal_mv)) is None


def test_gaps_flat_and_saturated_leads_break_no_identity(record):
    signal_mv = record.signal_mv.copy()
    signal_mv[1, 1000:2500] = np.nan
    signal_mv[3] = 0.0
    signal_mv[4] = np.clip(signal_mv[4], -0.1, 0.1)
    assert misfit(with_signal(record, signal_mv)) is None
    signal_mv[:, 500:] = np.nan
    assert misfit(with_signal(record, signal_mv)) is None


def test_a_jump_in_one_lead_does_not_make_it_unfit(record):
    signal_mv = record.signal_mv.copy()
    signal_mv[2, 2000:2400] += 2.0
    assert misfit(with_signal(record, signal_mv)) is None


# Case 07. What each file holds was worked out by hand on its first rows: in `avr.csv` the columns
# of aVR and aVL stand in each other's place, in `gain.csv` II is half of I + III, in `i_iii.csv`
# I and III are exchanged (II = I + III still holds; aVL is turned over against (I − III)/2).
@needs_shared_data
@pytest.mark.parametrize(
    ("name", "cause", "leads"),
    [
        ("avr", "order", ("aVR", "aVL")),
        ("gain", "gain", ("II",)),
        ("i_iii", "order", ("I", "III")),
    ],
)
def test_files_whose_limb_leads_contradict_one_another(name, cause, leads):
    signal_mv = np.loadtxt(SHARED_DATA / "cases" / "07" / f"{name}.csv", delimiter=",").T
    found = misfit(EcgRecord(signal_mv, 500.0, STANDARD_LEADS, name))
    assert (found.cause, found.leads) == (cause, leads)
