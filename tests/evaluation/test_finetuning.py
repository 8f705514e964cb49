"""Fine-tuning and training from scratch, on the folds of the probe."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from physioclr.datasets.store import Store
from physioclr.datasets.store_writer import StoreWriter
from physioclr.encoders.card import CheckpointCard, TrainingCard
from physioclr.encoders.embedding import embed_store
from physioclr.encoders.encoder import Encoder
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import DatasetError
from physioclr.evaluation.finetuning import FinetuneConfig, cross_validate_finetuning
from physioclr.evaluation.probe_features import probe_targets
from physioclr.models import ResNetConfig, build_encoder
from physioclr.models.architectures import config_to_dict
from physioclr.probe import cross_validate_probe, paired_difference
from tests.conftest import pulse_train

SHORT = FinetuneConfig(epochs=4, patience=2, records_per_batch=8)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    model = build_encoder(ResNetConfig(width=16, blocks=(1, 1), stem_strides=(2, 2)))
    training = TrainingCard(objective="none", settings={}, cohorts=(), steps=0, seed=0)
    card = CheckpointCard(
        name="small",
        encoder=config_to_dict(model.config),
        preprocessing=Preprocessing(),
        training=training,
        fingerprint="0" * 16,
    )
    return Encoder(model.eval(), card, {})


@pytest.fixture(scope="module")
def tuned(pulse_store, encoder):
    return cross_validate_finetuning(pulse_store, encoder, "rate", config=SHORT, n_bootstrap=50)


def test_a_rate_is_learnt_and_each_ecg_predicted_once(tuned):
    assert np.isfinite(tuned.probabilities).all()
    # Pulse trains of 60 to 120 a minute, told apart at 80: nearly separable.
    assert tuned.macro_auroc > 0.85
    assert np.isnan(tuned.regularisation).all()


def test_the_folds_are_those_of_the_probe(pulse_store, encoder, tuned):
    targets, patients, names = probe_targets(pulse_store, "rate")
    probed = cross_validate_probe(
        embed_store(pulse_store, encoder), targets, patients, label_names=names, n_bootstrap=50
    )
    np.testing.assert_array_equal(probed.folds, tuned.folds)
    assert np.isfinite(paired_difference(tuned, probed)).all()


def test_the_seed_decides_and_the_encoder_is_left_as_it_was(pulse_store, encoder, tuned):
    before = {name: value.clone() for name, value in encoder.model.state_dict().items()}
    again = cross_validate_finetuning(pulse_store, encoder, "rate", config=SHORT, n_bootstrap=50)
    np.testing.assert_array_equal(again.probabilities, tuned.probabilities)
    assert all(torch.equal(before[n], v) for n, v in encoder.model.state_dict().items())


def test_from_scratch_the_weights_of_the_encoder_do_not_matter(pulse_store, encoder, tuned):
    other = Encoder(build_encoder(encoder.card.config).eval(), encoder.card, {})
    scratch = [
        cross_validate_finetuning(
            pulse_store, one, "rate", config=SHORT, from_scratch=True, n_bootstrap=50
        )
        for one in (encoder, other)
    ]
    np.testing.assert_array_equal(scratch[0].probabilities, scratch[1].probabilities)
    assert (scratch[0].probabilities != tuned.probabilities).any()


def test_labels_of_a_fold_do_not_touch_its_predictions(pulse_store, encoder, tuned, monkeypatch):
    targets, patients, names = probe_targets(pulse_store, "rate")
    spoiled = targets.copy()
    held_out = tuned.folds == 2
    spoiled[held_out] = 1 - spoiled[held_out]
    monkeypatch.setattr(
        "physioclr.evaluation.finetuning.probe_targets", lambda *_: (spoiled, patients, names)
    )
    monkeypatch.setattr(
        "physioclr.evaluation.finetuning.patient_folds", lambda *_, **__: tuned.folds
    )
    found = cross_validate_finetuning(pulse_store, encoder, "rate", config=SHORT, n_bootstrap=50)
    np.testing.assert_array_equal(found.probabilities[held_out], tuned.probabilities[held_out])
    assert (found.probabilities[~held_out] != tuned.probabilities[~held_out]).any()


def test_a_label_that_cannot_be_measured_has_a_reason(tmp_path, encoder):
    with StoreWriter(
        tmp_path / "s",
        fs_hz=500.0,
        n_samples=5000,
        source="pulse trains",
        simulated=True,
        label_sets={"x": {"rare": "Rare", "half": "Half"}},
    ) as writer:
        for row in range(16):
            signal, _ = pulse_train(300 + 20 * row, seed=row)
            labels = {"rare": float(row < 2), "half": float(row % 2) if row else np.nan}
            writer.append(
                signal, {"record_id": f"p{row}", "patient_id": f"p{row}"}, labels={"x": labels}
            )
    store = Store(tmp_path / "s")
    found = cross_validate_finetuning(store, encoder, "x", config=SHORT, n_bootstrap=20)
    assert found.measured == ("half",)
    assert found.table.loc["rare", "reason"] == "needs 5 patients with it, has 2"
    with pytest.raises(DatasetError, match="its label sets"):
        cross_validate_finetuning(store, encoder, "y", config=SHORT)


@pytest.mark.parametrize("field", ["epochs", "patience", "records_per_batch"])
def test_nothing_is_no_budget(field):
    with pytest.raises(ValueError, match=f"{field} must be at least 1, got 0"):
        FinetuneConfig(**{field: 0})
