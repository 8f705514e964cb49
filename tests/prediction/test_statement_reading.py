"""Criteria and a learned head in one reading."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.encoder import random_encoder
from physioclr.interpretation.fusion import default_fusion
from physioclr.interpretation.reading import ModelCall
from physioclr.io import read_ecg
from physioclr.prediction.statement_head import find_statement_head
from physioclr.prediction.statement_reading import model_calls, read_with_model
from physioclr.simulate import simulate_record
from tests.shared_data import SHARED_DATA, needs_shared_data


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture(scope="module")
def fibrillation():
    return simulate_record("atrial_fibrillation", seed=5)


@pytest.fixture(scope="module")
def read(fibrillation, encoder):
    return read_with_model(fibrillation, encoder)


def states_of(reading):
    return {row.code: row.statement.state for row in reading.statements}


def test_the_head_changes_no_state(fibrillation, encoder, read):
    alone = read_with_model(fibrillation)
    assert states_of(alone) == states_of(read)
    assert not alone.model
    assert alone.row("AFIB").certainty != read.row("AFIB").certainty


def test_a_certainty_says_what_it_rests_on(read):
    fused = read.row("AFIB").statement
    assert 0 <= fused.certainty <= 1
    assert fused.certainty_basis.startswith("criterion and learned head")


def test_what_no_cohort_labels_has_no_certainty(read):
    for row in read.statements:
        if row.code not in default_fusion().weights:
            assert math.isnan(row.certainty), row.code
            assert row.statement.certainty_basis == ""


def test_what_is_not_assessable_has_no_certainty(fibrillation, encoder):
    signal = fibrillation.signal_mv.copy()
    signal[fibrillation.leads.index("V1")] = 0.0  # the encoder refuses a flat lead
    reading = read_with_model(replace(fibrillation, signal_mv=signal), encoder)
    silent = [row for row in reading.statements if row.shown == "not assessable"]
    assert silent
    assert all(math.isnan(row.certainty) for row in silent)


def test_an_ecg_that_the_encoder_refuses_is_read_by_criteria_with_a_note(fibrillation, encoder):
    signal = fibrillation.signal_mv.copy()
    signal[fibrillation.leads.index("V1")] = 0.0
    reading = read_with_model(replace(fibrillation, signal_mv=signal), encoder)
    assert not reading.model
    assert any("lead V1 flat" in note for note in reading.notes)


def test_an_encoder_without_a_head_is_named(fibrillation, encoder):
    reading = read_with_model(fibrillation, random_encoder(encoder, seed=0))
    assert not reading.model
    assert any("random-init-0" in note for note in reading.notes)


def test_calls_are_withheld_for_poor_quality_and_the_certainty_is_the_criterions(encoder):
    rng = np.random.default_rng(0)
    clean = simulate_record("sinus_rhythm", seed=5)
    noise = rng.normal(0.0, 1.5, clean.signal_mv.shape).astype(np.float32)
    reading = read_with_model(replace(clean, signal_mv=clean.signal_mv + noise), encoder)
    assert reading.model
    assert {row.shown for row in reading.model} == {"undecided"}
    for row in reading.statements:
        assert "head" not in row.statement.certainty_basis


def test_a_fusion_of_another_encoder_leaves_the_criterion_alone(fibrillation, encoder):
    other = replace(default_fusion(), encoder_fingerprint="another")
    reading = read_with_model(fibrillation, encoder, fusion=other)
    assert reading.row("AFIB").certainty == read_with_model(fibrillation).row("AFIB").certainty
    assert reading.model  # its calls do not need the fusion


def test_calls_of_another_model_stand_after_the_heads(fibrillation, encoder):
    own = ModelCall("CD", "Conduction disturbance", "absent", 0.1)
    reading = read_with_model(fibrillation, encoder, other_calls=(own,))
    assert reading.model[-1].code == "CD"


def test_a_call_is_made_by_the_heads_limit_and_its_right_share_is_the_cards(encoder):
    head = find_statement_head(encoder)
    column = head.codes.index("AFIB")
    limit, label = float(head.probe.thresholds[column]), head.card.labels[column]
    rates = label.calls
    expected = {
        limit: ("present", head.card.precision["AFIB"]),
        0.0: ("absent", rates.npv),
        (rates.absent_at + limit) / 2: ("no call", math.nan),
    }
    for probability, (call, correct) in expected.items():
        found = model_calls(head, dict.fromkeys(head.codes, probability))[column]
        assert found.call == call
        assert found.correct == pytest.approx(correct, nan_ok=True)


@needs_shared_data
def test_a_critical_value_keeps_its_state_and_stands_first(encoder):
    record = read_ecg(SHARED_DATA / "formats" / "philips_sierra" / "129DYPRG.XML")
    reading = read_with_model(record, encoder)
    assert reading.critical
    assert reading.statements[0].is_critical
    assert all(row.shown == "present" for row in reading.critical)
