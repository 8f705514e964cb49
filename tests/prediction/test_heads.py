from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from physioclr.datasets.store import Store, StoreWriter
from physioclr.encoders.card import TrainingCard
from physioclr.encoders.checkpoint import load_encoder, save_checkpoint
from physioclr.encoders.embedding import embed_store
from physioclr.encoders.encoder import random_encoder
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.encoders.reference_ecgs import ReferenceEcgs
from physioclr.errors import CheckpointError
from physioclr.models import EcgTransformer, TransformerConfig
from physioclr.physiology.measurements import measure
from physioclr.prediction.heads import add_head
from physioclr.prediction.prediction import predict
from tests.conftest import pulse_train

CONFIG = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5)
LIMITS, METRICS = ("For a test.",), {"r2": {"heart_rate_bpm": 0.5}}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """40 pulse trains, one a patient: tall or flat, and one with a label that no other has."""
    out = tmp_path_factory.mktemp("store") / "trains"
    with StoreWriter(
        out,
        fs_hz=500.0,
        n_samples=5000,
        source="Forty trains",
        simulated=True,
        label_sets={
            "size": {"tall": "Tall", "single": "Only one"},
            "rate": {"fast": "Fast"},
        },
    ) as writer:
        for row in range(40):
            signal, _ = pulse_train(300 + 5 * row, seed=row)
            tall = row % 2
            writer.append(
                signal * (0.6 + 0.8 * tall),
                {"record_id": f"train-{row:02d}", "patient_id": f"p{row}"},
                labels={
                    "size": {"tall": float(tall), "single": float(row == 0)},
                    "rate": {"fast": float(row < 20)},
                },
                measurements={"heart_rate_bpm": 30_000 / (300 + 5 * row), "axis_deg": 60.0},
            )
    return Store(out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, store):
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    torch.manual_seed(0)
    save_checkpoint(
        folder,
        EcgTransformer(CONFIG),
        name="small",
        preprocessing=Preprocessing(),
        training=TrainingCard(objective="none", settings={}, cohorts=(), steps=0, seed=0),
        limits=LIMITS,
        metrics=METRICS,
    )
    add_head(folder, store, "size")
    return folder


@pytest.fixture(scope="module")
def encoder(folder):
    return load_encoder(folder)


def test_a_label_that_cannot_be_measured_is_left_out_with_its_reason(encoder):
    card = encoder.card.heads["size"]
    assert [label.name for label in card.labels] == ["tall"]
    assert list(card.left_out) == ["single"]
    assert "patient" in card.left_out["single"]


def test_the_card_keeps_scores_limits_and_what_became_of_the_calls(encoder):
    label = encoder.card.heads["size"].labels[0]
    assert label.auroc > 0.95  # twice the voltage
    assert 0 < label.brier < 0.25  # of a constant 0.5
    assert label.auprc > 0.9
    calls = label.calls
    assert calls.alpha == 0.1
    assert 0 <= calls.absent_at <= calls.present_at <= 1
    assert calls.missed <= 0.25  # 0.1 and two standard errors of 20 ECGs
    assert calls.falsely_present <= 0.25
    assert 0 <= calls.no_call <= 1


def test_what_the_card_said_before_is_kept(encoder):
    assert encoder.card.limits == LIMITS
    assert encoder.card.metrics == METRICS


def test_a_random_encoder_takes_nothing_that_was_found_of_another(encoder):
    control = random_encoder(encoder, seed=0)
    assert (control.heads, control.references) == ({}, None)
    assert (control.card.reference_ecgs, control.card.metrics) == (None, {})


def test_a_share_of_wrong_calls_can_be_chosen(store, folder, tmp_path):
    card = add_head(copy_of(folder, tmp_path), store, "size", alpha=0.3)
    assert card.labels[0].calls.alpha == 0.3


def test_each_ecg_is_called_and_shown_its_neighbours(encoder, store):
    for row, call in ((20, "absent"), (21, "present")):
        prediction = predict(store.record(row), encoder)
        assert prediction.calls[0].call == call
        assert prediction.calls[0].reason == ""
        assert prediction.calls[0].correct > 0.8
        assert prediction.nearest["record_id"][0] == f"train-{row:02d}"
        assert set(prediction.nearest["labels"]) == {("tall",) if call == "present" else ()}
        assert prediction.distance_percentile == 0.0
        assert prediction.warning is None


def test_an_ecg_unlike_the_cohort_says_so(encoder, store):
    rng = np.random.default_rng(0)
    record = store.record(0)
    noise = replace(record, signal_mv=20 * rng.normal(size=record.signal_mv.shape))
    prediction = predict(noise, encoder)
    assert prediction.distance_percentile == 100.0
    assert "Forty trains than 100 %" in prediction.warning
    assert prediction.to_dict()["warning"] == prediction.warning


def test_a_prediction_is_json_with_what_differs(encoder, store):
    record = store.record(21)
    measured = measure(record).scalars()
    written = json.loads(json.dumps(predict(record, encoder).to_dict(measured), allow_nan=False))
    assert written["calls"]["tall"]["call"] == "present"
    nearest = written["nearest"][1]
    assert nearest["labels"] == ["tall"]
    assert nearest["cohort"] == "Forty trains"
    assert nearest["simulated"] is True
    assert nearest["pr_ms"] is None
    assert nearest["difference"]["pr_ms"] is None
    assert nearest["difference"]["heart_rate_bpm"] == pytest.approx(
        nearest["heart_rate_bpm"] - measured["heart_rate_bpm"]
    )
    assert "difference" not in predict(record, encoder).to_dict()["nearest"][0]


def test_a_probability_has_the_interval_of_ecgs_like_it(encoder, store):
    """Forty ECGs are one bin: half of them are tall, whatever the probability."""
    prediction = predict(store.record(21), encoder)
    (like,) = prediction.like_it
    assert (like.n, like.n_positive) == (40, 20)
    assert prediction.intervals.shape == (1, 2)
    low, high = prediction.intervals[0]
    assert low < prediction.probabilities[0] < high
    assert low > like.interval()[0]  # a tall one: above the mean of the bin
    written = prediction.to_dict()
    assert written["intervals"]["tall"] == [round(low, 4), round(high, 4)]
    assert written["like_it"]["tall"]["n_positive"] == 20


def card_with_calls(encoder, **changes):
    head = encoder.card.heads["size"]
    calls = head.labels[0].calls.model_copy(update=changes)
    label = head.labels[0].model_copy(update={"calls": calls})
    return head.model_copy(update={"labels": (label,)})


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"absent_at": 0.0, "present_at": 1.0}, "between 0.00 and 1.00"),
        ({"absent_at": None, "present_at": 1.0}, "too few with the label"),
        ({"absent_at": 0.0, "present_at": None}, "too few without the label"),
        ({"absent_at": None, "present_at": None}, "too few with and without the label"),
    ],
)
def test_no_call_gives_its_reason(encoder, store, limits, reason):
    prediction = predict(store.record(0), encoder)
    call = replace(prediction, card=card_with_calls(encoder, **limits)).calls[0]
    assert (call.call, call.correct) == ("no call", None)
    assert call.reason.startswith(reason)


def test_an_older_head_makes_no_call_and_has_no_intervals(encoder, store):
    head = encoder.card.heads["size"]
    label = head.labels[0].model_copy(update={"calls": None, "reliability": ()})
    older = replace(
        predict(store.record(0), encoder), card=head.model_copy(update={"labels": (label,)})
    )
    assert older.calls[0].call == "no call"
    assert older.to_dict()["calls"]["tall"]["reason"] == "the head has no limits"
    assert older.like_it == (None,)
    assert np.isnan(older.intervals).all()
    assert (older.to_dict()["intervals"], older.to_dict()["like_it"]) == ({"tall": None},) * 2


def test_a_checkpoint_without_reference_ecgs_predicts_without_them(encoder, store):
    prediction = predict(store.record(0), replace(encoder, references=None))
    assert prediction.nearest is None
    assert prediction.warning is None
    assert prediction.to_dict()["nearest"] is None


def copy_of(folder, tmp_path):
    encoder = load_encoder(folder)
    save_checkpoint(
        tmp_path / "copy",
        encoder.model,
        name="copy",
        preprocessing=encoder.card.preprocessing,
        training=encoder.card.training,
        heads={name: (encoder.heads[name], encoder.card.heads[name]) for name in encoder.heads},
        references=encoder.references,
    )
    return tmp_path / "copy"


def test_a_head_from_the_same_store_adds_its_labels_to_the_reference_ecgs(store, folder, tmp_path):
    copy = copy_of(folder, tmp_path)
    add_head(copy, store, "rate")
    encoder = load_encoder(copy)
    assert list(encoder.heads) == ["size", "rate"]
    record = store.record(5)
    assert predict(record, encoder, head="rate").nearest["labels"][0] == ("fast",)
    assert predict(record, encoder, head="size").nearest["labels"][0] == ("tall",)


def test_a_head_from_another_store_brings_its_own_reference_ecgs(
    store, pulse_store, folder, tmp_path
):
    copy = copy_of(folder, tmp_path)
    add_head(copy, pulse_store, "rate")
    encoder = load_encoder(copy)
    assert encoder.references.cohort == pulse_store.source
    assert set(predict(store.record(0), encoder).nearest["cohort"]) == {pulse_store.source}


def test_reference_ecgs_that_are_not_the_cards_are_refused(store, folder, tmp_path):
    copy = copy_of(folder, tmp_path)
    encoder = load_encoder(copy)
    ReferenceEcgs.of_store(
        store, embed_store(store, encoder), "rate", encoder_fingerprint=encoder.card.fingerprint
    ).save(copy)
    with pytest.raises(CheckpointError, match="expected reference ECGs with the fingerprint"):
        load_encoder(copy)
    for file in copy.glob("reference_ecgs.*"):
        file.unlink()
    with pytest.raises(CheckpointError, match=r"expected a reference_ecgs\.safetensors"):
        load_encoder(copy)


def test_reference_ecgs_of_another_encoder_are_not_written(encoder, tmp_path):
    torch.manual_seed(1)
    with pytest.raises(ValueError, match="references must be embedded by the encoder"):
        save_checkpoint(
            tmp_path / "other",
            EcgTransformer(CONFIG),
            name="other",
            preprocessing=Preprocessing(),
            training=encoder.card.training,
            references=encoder.references,
        )
    assert not (tmp_path / "other").exists()


def test_the_shipped_head_says_how_often_each_probability_was_right():
    card = load_encoder().card.heads["superclass"]
    for label in card.labels:
        bins = label.reliability_bins
        assert sum(one.n for one in bins) == 348  # of one ECG of the 349 no label is known
        assert sum(one.n_positive for one in bins) == label.n_positives
        # Calibrated: of 45 bins of a head without fault 0.05 would lie outside.
        for one in bins:
            low, high = one.interval(0.999)
            assert low <= one.mean_probability <= high
