"""A statement head: its file, and the encoder it belongs to."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from physioclr.encoders.card import LabelCard, TrainingCard
from physioclr.encoders.checkpoint import load_encoder, save_checkpoint
from physioclr.encoders.encoder import random_encoder
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import CheckpointError, SignalError
from physioclr.interpretation.label_map import GROUP_CODES
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.models import EcgTransformer, TransformerConfig
from physioclr.prediction.statement_head import (
    LabelledCohortCard,
    StatementHead,
    StatementHeadCard,
    find_statement_head,
    load_statement_head,
    tensors_fingerprint,
)
from physioclr.probe import LinearProbe
from physioclr.runtime.shipped_files import bundled
from physioclr.simulate import simulate_record

CONFIG = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5)
CODES = ("AFIB", "PVC")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    torch.manual_seed(0)
    save_checkpoint(
        folder,
        EcgTransformer(CONFIG),
        name="small",
        preprocessing=Preprocessing(),
        training=TrainingCard(objective="none", settings={}, cohorts=(), steps=0, seed=0),
    )
    return load_encoder(folder)


@pytest.fixture(scope="module")
def head(encoder):
    rng = np.random.default_rng(0)
    probe = LinearProbe(
        CODES,
        mean=rng.normal(size=16),
        scale=np.ones(16),
        weights=rng.normal(size=(16, 2)).T,  # as a fit leaves them: columns lie together
        bias=np.zeros(2),
        platt_slope=np.ones(2),
        platt_intercept=np.zeros(2),
        thresholds=np.full(2, 0.5),
    )
    labels = [
        LabelCard(
            name=code,
            display_name=VOCABULARY[code].text,
            n_positives=9,
            auroc=0.9,
            auroc_low=0.8,
            auroc_high=0.95,
        )
        for code in CODES
    ]
    card = StatementHeadCard(
        name="small-rhythm",
        encoder="small",
        encoder_fingerprint=encoder.card.fingerprint,
        labels=tuple(labels),
        left_out={"WPW": "needs 8 patients with it, has 0"},
        cohorts=(
            LabelledCohortCard(
                name="A",
                n_records=90,
                n_patients=80,
                licence="CC BY 4.0",
                counts={"AFIB": (9, 90), "PVC": (9, 88)},
            ),
        ),
        n_records=90,
        n_patients=80,
        protocol="For a test",
        seed=0,
        comparison={"embedding": {"AFIB": 0.9}},
        command="none",
        physioclr_version="0",
        fingerprint=tensors_fingerprint(probe.to_tensors()),
    )
    return StatementHead(probe, card)


@pytest.fixture
def folder(head, tmp_path):
    head.save(tmp_path / "head")
    return tmp_path / "head"


@pytest.fixture(scope="module")
def record():
    return simulate_record("sinus_rhythm", seed=3)


def test_a_saved_head_gives_the_same_probabilities(head, folder, encoder, record):
    again = load_statement_head(folder, encoder)
    assert again.codes == CODES
    assert again.card == head.card
    expected = head.probabilities(record, encoder)
    np.testing.assert_array_equal(again.probabilities(record, encoder), expected)
    assert again.of_record(record, encoder) == dict(zip(CODES, expected[0].tolist(), strict=True))


def test_another_encoder_is_refused_in_a_sentence(head, folder, encoder, record):
    other = random_encoder(encoder, seed=1)
    message = r"small-rhythm: expected its own encoder, small \(.{16}\), found random-init-1"
    with pytest.raises(CheckpointError, match=message):
        load_statement_head(folder, other)
    with pytest.raises(CheckpointError, match=message):
        head.probabilities(record, other)


def test_altered_numbers_are_refused(head, folder, encoder):
    changed = replace(head.probe, bias=np.ones(2, dtype=np.float32))
    fingerprint = tensors_fingerprint(changed.to_tensors())
    card = head.card.model_copy(update={"fingerprint": fingerprint})
    StatementHead(changed, card).save(folder)
    (folder / "card.json").write_text(head.card.model_dump_json(), encoding="utf-8")
    with pytest.raises(CheckpointError, match=f"fingerprint {head.card.fingerprint}"):
        load_statement_head(folder, encoder)


@pytest.mark.parametrize("name", ["head.safetensors", "card.json"])
def test_a_missing_or_damaged_file_is_named(folder, encoder, name):
    (folder / name).write_bytes(b"not this")
    with pytest.raises(CheckpointError, match=name):
        load_statement_head(folder, encoder)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"expected a {name}, found none"):
        load_statement_head(folder, encoder)


def test_a_card_with_a_field_of_another_name_is_refused(folder, encoder):
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps({**card, "licence": "any"}), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"the card of a statement head.*licence"):
        load_statement_head(folder, encoder)


def test_a_head_is_not_saved_with_the_card_of_another(head, tmp_path):
    changed = replace(head.probe, bias=np.ones(2, dtype=np.float32))
    with pytest.raises(ValueError, match="fingerprint"):
        StatementHead(changed, head.card).save(tmp_path / "head")
    assert not (tmp_path / "head").exists()


def test_an_ecg_without_a_lead_is_refused(head, encoder, record):
    signal = record.signal_mv.copy()
    signal[6] = 0.0
    with pytest.raises(SignalError, match="V1 flat"):
        head.of_record(replace(record, signal_mv=signal), encoder)


def test_an_encoder_without_a_shipped_head_has_none(encoder):
    assert find_statement_head(encoder) is None


def test_the_shipped_head_belongs_to_the_shipped_encoder():
    head = find_statement_head(load_encoder())
    assert head is not None
    assert set(head.codes) <= {*VOCABULARY, *GROUP_CODES}
    assert {"AFIB", "SR", "RBBB", "LBBB"} <= set(head.codes)
    for label in head.card.labels:
        assert label.n_positives >= 8
        assert label.auroc_low < label.auroc < label.auroc_high
    assert all(cohort.licence for cohort in head.card.cohorts)


def test_the_shipped_head_is_small():
    files = list((bundled("heads") / "physioclr-tiny-rhythm").iterdir())
    assert {file.name for file in files} == {"head.safetensors", "card.json"}
    assert sum(file.stat().st_size for file in files) < 200_000
