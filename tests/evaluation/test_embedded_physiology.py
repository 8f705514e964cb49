"""What an embedding knows of physiology: planted truths, what is unknown, and real ECGs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from physioclr.datasets.prepare import prepare, prepare_cohort
from physioclr.datasets.simulated import simulated_cohort
from physioclr.datasets.store import Store
from physioclr.datasets.store_view import where
from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.embedding import embed_store
from physioclr.errors import DatasetError
from physioclr.evaluation.embedded_physiology import describe_embedding, embedded_physiology
from tests.shared_data import SHARED_DATA, needs_shared_data

FAST = {"n_bootstrap": 100}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    out = tmp_path_factory.mktemp("stores") / "simulated"
    prepare_cohort(simulated_cohort(60, seed=3), out, fs_hz=500.0, duration_s=10.0, workers=1)
    return Store(out)


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


def noise_with(store, *columns, seed=0, width=6):
    """Noise, and the named measurements mixed into it by a rotation, each as strong as noise."""
    planted = store.measurements[list(columns)].to_numpy()
    planted = (planted - planted.mean(axis=0)) / planted.std(axis=0)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(len(store), width - len(columns)))
    rotation = np.linalg.qr(rng.normal(size=(width, width)))[0]
    return np.column_stack([planted, noise]) @ rotation


def test_what_the_embedding_holds_is_found_and_what_it_does_not_hold_is_not(store):
    table = embedded_physiology(store, noise_with(store, "heart_rate_bpm"), **FAST)
    rate = table.loc["heart_rate_bpm"]
    assert rate["r2"] > 0.999
    assert rate["mae"] < 0.5
    assert (rate["label"], rate["unit"]) == ("Heart rate", "bpm")
    random = embedded_physiology(store, noise_with(store), **FAST).loc["heart_rate_bpm"]
    # Nothing to find: below 0 by what 6 weights cost, above it by chance (1 / sqrt(60)).
    assert random["r2"] < 0.13
    assert random["r2_low"] < 0


def test_every_measurement_and_the_age_has_a_row(store):
    table = embedded_physiology(store, noise_with(store), **FAST)
    assert table.index.tolist() == [*store.measurements.columns, "age_years"]
    assert table.loc["age_years", ["label", "unit"]].tolist() == ["Age", "years"]
    assert (table["n_known"] + table["n_unknown"] == len(store)).all()
    measured = table["reason"] == ""
    assert table.loc[measured, "r2"].notna().all()
    assert table.loc[~measured, "r2"].isna().all()


def test_a_measurement_that_few_ecgs_have_is_unknown_with_a_reason(store):
    embeddings = noise_with(store, "heart_rate_bpm")
    embeddings[29:] = np.nan  # as embed_store leaves what it refuses
    table = embedded_physiology(store, embeddings, measurements=["heart_rate_bpm"], **FAST)
    assert np.isnan(table.loc["heart_rate_bpm", "r2"])
    assert table.loc["heart_rate_bpm", "reason"] == "needs 30 ECGs in which it is known, has 29"
    embeddings = noise_with(store, "heart_rate_bpm")
    embeddings[:20] = np.nan
    rate = embedded_physiology(store, embeddings, measurements=["heart_rate_bpm"], **FAST).iloc[0]
    assert rate["n_known"] == 40
    assert rate["n_unknown"] == 0
    assert rate["r2"] > 0.99


def test_entries_of_the_physiological_vector_can_be_asked_for(store):
    table = embedded_physiology(
        store, noise_with(store), measurements=["lead_v1_r_mv", "pr_ms"], **FAST
    )
    assert table["unit"].tolist() == ["mV", "ms"]
    with pytest.raises(ValueError, match="got 'shoe_size'"):
        embedded_physiology(store, noise_with(store), measurements=["shoe_size"])
    with pytest.raises(ValueError, match=r"embeddings must be \(60, d\)"):
        embedded_physiology(store, np.zeros((3, 2)))


@pytest.fixture(scope="module")
def described(store, encoder):
    told = []
    flat = embed_store(store, encoder)[:, :2]
    found = describe_embedding(
        store,
        encoder,
        label_set="condition",
        coordinates=flat,
        on_progress=lambda what, share: told.append((what, share)),
        **FAST,
    )
    assert told[0] == ("Embedding", 0.0)
    assert told[-1] == ("Done", 1.0)
    assert [share for _, share in told] == sorted(share for _, share in told)
    return found


def test_a_checkpoint_is_described(described, store, encoder):
    assert described.n_refused == 0
    geometry = described.geometry
    assert set(geometry.index) == {
        "uniformity",
        "effective_rank",
        "alignment",
        "neighbourhood_agreement",
        "label_agreement",
        "trustworthiness",
        "continuity",
    }
    assert (geometry["reason"] == "").all()
    assert (geometry["n"] == 60).all()
    assert 1 <= geometry.loc["effective_rank", "value"] <= encoder.embedding_dim
    assert 0 <= geometry.loc["alignment", "value"] <= 4
    assert geometry.loc["uniformity", "value"] < 0
    agreement = geometry.loc[["neighbourhood_agreement", "label_agreement"]]
    assert (agreement["low"] <= agreement["value"]).all()
    assert (agreement["value"] <= agreement["high"]).all()
    # A trained encoder brings alike ECGs together, by physiology and by condition.
    assert (agreement["low"] > agreement["chance"]).all()


def test_the_description_regresses_what_embed_store_gives(described, store, encoder):
    table = embedded_physiology(store, embed_store(store, encoder), **FAST)
    # Windows are encoded in other batches: float32 rounding, through a ridge of 60 ECGs.
    np.testing.assert_allclose(described.physiology["r2"], table["r2"], atol=0.01)


def test_halves_of_an_ecg_cannot_be_aligned_where_a_window_is_the_whole_ecg(
    store, encoder, monkeypatch
):
    flat = SimpleNamespace(coordinates=np.random.default_rng(0).random((60, 2)))
    asked = []
    monkeypatch.setattr(
        "physioclr.evaluation.embedded_physiology.fit_map",
        lambda embeddings, settings: asked.append((embeddings.shape, settings.seed)) or flat,
    )
    whole = encoder.card.preprocessing.model_copy(update={"window_s": 10.0})
    card = encoder.card.model_copy(update={"preprocessing": whole})
    found = describe_embedding(store, replace(encoder, card=card), seed=7, **FAST)
    assert asked == [((60, encoder.embedding_dim), 7)]
    assert found.geometry.loc["trustworthiness", "value"] < 0.7  # of a random map, 0.5
    assert np.isnan(found.geometry.loc["alignment", "value"])
    assert found.geometry.loc["alignment", "reason"] == "an ECG is one window of this encoder"
    assert "label_agreement" not in found.geometry.index


def test_refuses_a_store_that_cannot_be_described(store, encoder):
    with pytest.raises(DatasetError, match="one of its label sets"):
        describe_embedding(store, encoder, label_set="colour")
    with pytest.raises(DatasetError, match="more than 30 ECGs that can be embedded, found 5"):
        describe_embedding(where(store, "record_id <= 'sim-0005'"), encoder)


@needs_shared_data
def test_the_shipped_encoder_knows_the_heart_rate_of_people(tmp_path, encoder):
    prepare(SHARED_DATA / "ptb-xl", tmp_path / "real", limit=80, workers=1)
    real = Store(tmp_path / "real")
    table = embedded_physiology(
        real, embed_store(real, encoder), measurements=["heart_rate_bpm"], **FAST
    )
    # Of physioclr-tiny it was 0.93, with an interval from 0.90 to 0.97.
    assert table.loc["heart_rate_bpm", "r2"] > 0.85
