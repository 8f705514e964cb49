from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import save as serialise

from physioclr.datasets.store import Store, StoreWriter
from physioclr.encoders.card import TrainingCard
from physioclr.encoders.checkpoint import load_encoder, save_checkpoint
from physioclr.encoders.embedding import embed, embed_store
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.encoders.reference_comparison import COMPARED, differences
from physioclr.encoders.reference_ecgs import ReferenceEcgs
from physioclr.errors import CheckpointError, DatasetError
from physioclr.models import EcgTransformer, TransformerConfig
from tests.conftest import pulse_train

CONFIG = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5)


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
def store(tmp_path_factory):
    """Twelve ECGs of six patients; one flat, one without a known label."""
    out = tmp_path_factory.mktemp("store") / "clinic"
    with StoreWriter(
        out,
        fs_hz=500.0,
        n_samples=5000,
        source="A clinic",
        simulated=True,
        label_sets={
            "rate": {"fast": "Fast", "slow": "Slow"},
            "size": {"high": "High voltage"},
        },
    ) as writer:
        for row in range(12):
            signal, _ = pulse_train(250 + 20 * row, seed=row)
            signal *= 1 + row % 3
            if row == 3:
                signal[2] = 0
            fast = float(row < 6)
            rate = (
                {"fast": np.nan, "slow": np.nan} if row == 4 else {"fast": fast, "slow": 1 - fast}
            )
            writer.append(
                signal,
                {
                    "record_id": f"ecg-{row:02d}",
                    "patient_id": f"Erika Mustermann {row // 2}",
                    "age_years": np.nan if row == 1 else 40.0 + row,
                    "sex": None if row == 1 else "female",
                },
                labels={"rate": rate, "size": {"high": float(row % 3 == 2)}},
                measurements={
                    "heart_rate_bpm": 30_000 / (250 + 20 * row),
                    "qrs_ms": np.nan if row == 0 else 90.0 + row,
                    "axis_deg": -170.0,
                },
            )
    return Store(out)


def bank_of(store, encoder, label_set, **drawn):
    fingerprint = encoder.card.fingerprint
    embeddings = embed_store(store, encoder)
    return ReferenceEcgs.of_store(
        store, embeddings, label_set, encoder_fingerprint=fingerprint, **drawn
    )


@pytest.fixture(scope="module")
def bank(store, encoder):
    return bank_of(store, encoder, "rate")


def test_the_bank_holds_the_ecgs_with_an_embedding_and_a_label(bank):
    assert bank.table["record_id"].tolist() == [
        f"ecg-{i:02d}" for i in range(12) if i not in (3, 4)
    ]
    assert len(bank) == 10
    assert bank.embeddings.dtype == np.float16
    assert np.isnan(bank.table["qrs_ms"][0])
    assert bank.table["pr_ms"].isna().all()  # the store has none
    assert bank.table["age_years"].isna().tolist() == [False, True] + 8 * [False]
    assert bank.simulated


def test_the_bank_names_no_patient(bank, tmp_path):
    bank.save(tmp_path)
    for file in tmp_path.iterdir():
        assert b"Mustermann" not in file.read_bytes()
    assert not [name for name in bank.table if "patient" in name or "signal" in name]


def test_an_ecg_of_the_bank_is_nearest_to_itself(bank, store, encoder):
    for record_id in ("ecg-00", "ecg-07"):
        record = store.record(store.index_of(record_id))
        nearest = bank.nearest(embed(record, encoder)[0])
        assert len(nearest) == 5
        assert nearest["record_id"][0] == record_id
        assert nearest["cosine"][0] == pytest.approx(1.0, abs=1e-3)  # float16: 11 bits
        assert nearest["cosine"].is_monotonic_decreasing
        assert set(nearest["cohort"]) == {"A clinic"}


def test_similarity_is_the_cosine_of_standardised_embeddings(bank, store, encoder):
    embeddings = embed_store(store, encoder).astype(np.float64)
    kept = embeddings[[i for i in range(12) if i not in (3, 4)]]
    standard = (kept - kept.mean(axis=0)) / kept.std(axis=0)
    new = embeddings[4]
    of_new = (new - kept.mean(axis=0)) / kept.std(axis=0)
    expected = standard @ of_new / np.linalg.norm(standard, axis=1) / np.linalg.norm(of_new)
    found = bank.nearest(new, k=100)
    assert len(found) == 10
    by_id = dict(zip(found["record_id"], found["cosine"], strict=True))
    for record_id, cosine in zip(bank.table["record_id"], expected, strict=True):
        assert by_id[record_id] == pytest.approx(cosine, abs=2e-3)  # float16: 11 bits


def test_a_coordinate_does_not_count_for_its_scale(bank):
    """In another unit of one coordinate the same ECGs are the nearest."""
    rng = np.random.default_rng(0)
    unit = np.where(np.arange(16) == 3, 1000.0, 1.0)
    scaled = ReferenceEcgs(
        **{
            **vars(bank),
            "mean": (bank.mean * unit).astype(np.float32),
            "scale": (bank.scale * unit).astype(np.float32),
        }
    )
    for new in rng.normal(size=(5, 16)):
        pd.testing.assert_frame_equal(
            bank.nearest(new), scaled.nearest(new * unit), rtol=1e-5
        )  # float32 mean and scale


def test_labels_are_those_present_and_unknown_is_not_absent(store, encoder, bank):
    both = bank.with_labels(store, "size")
    of_fast, of_slow = (embed_store(store, encoder)[row] for row in (2, 11))
    assert both.nearest(of_fast, 1, label_set="rate")["labels"][0] == ("fast",)
    assert both.nearest(of_slow, 1, label_set="rate")["labels"][0] == ("slow",)
    assert both.nearest(of_fast, 1)["labels"][0] == ("high",)  # the set given last
    assert both.nearest(of_fast, 1, label_set="other")["labels"][0] == ("high",)
    assert both.nearest(embed_store(store, encoder)[0], 1)["labels"][0] == ()
    of_size = bank_of(store, encoder, "size").with_labels(store, "rate")
    assert of_size.nearest(embed_store(store, encoder)[4], 1)["labels"][0] is None


def test_a_label_set_of_another_store_is_refused(bank, pulse_store):
    with pytest.raises(DatasetError, match="of the reference ECGs"):
        bank.with_labels(pulse_store, "rate")


def test_distances_are_those_of_a_slow_search_among_other_patients(bank, store):
    standard = bank.embeddings.astype(np.float64)
    patient = store.records.set_index("record_id")["patient_id"]
    of = [patient[record_id] for record_id in bank.table["record_id"]]
    slow = sorted(
        min(
            np.sqrt(np.mean((standard[i] - standard[j]) ** 2))
            for j in range(len(of))
            if of[j] != of[i]
        )
        for i in range(len(of))
    )
    np.testing.assert_allclose(bank.typical_distances, slow, atol=1e-3)  # float32 sums of squares


def test_what_is_far_from_all_of_the_bank_is_beyond_its_last_percentile(bank, store, encoder):
    own = embed(store.record(5), encoder)[0]
    assert bank.distance_percentile(own) == 0.0
    rng = np.random.default_rng(1)
    away = own + 50 * bank.scale * rng.choice([-1, 1], 16)
    assert bank.distance_percentile(away) == 100.0
    percentiles = [bank.distance_percentile(own + s * (away - own)) for s in (0, 0.01, 0.1, 1)]
    assert percentiles == sorted(percentiles)


def test_a_bank_of_one_patient_does_not_know_what_is_far(encoder, tmp_path):
    with StoreWriter(
        tmp_path / "s",
        fs_hz=500.0,
        n_samples=5000,
        source="one",
        label_sets={"rate": {"fast": "Fast"}},
    ) as writer:
        for row in range(3):
            writer.append(
                pulse_train(300 + 50 * row, seed=row)[0],
                {"record_id": f"e{row}", "patient_id": "p"},
                labels={"rate": {"fast": 1.0}},
            )
    bank = bank_of(Store(tmp_path / "s"), encoder, "rate")
    assert np.isnan(bank.distance_percentile(bank.mean))
    assert len(bank.nearest(bank.mean)) == 3


def test_a_store_without_a_labelled_ecg_is_refused(encoder, tmp_path):
    with StoreWriter(
        tmp_path / "s",
        fs_hz=500.0,
        n_samples=5000,
        source="none",
        label_sets={"rate": {"fast": "Fast"}},
    ) as writer:
        writer.append(
            pulse_train(300, seed=0)[0],
            {"record_id": "e", "patient_id": "p"},
            labels={"rate": {"fast": np.nan}},
        )
    with pytest.raises(DatasetError, match="an ECG with an embedding and a rate"):
        bank_of(Store(tmp_path / "s"), encoder, "rate")


def test_of_a_large_cohort_some_are_drawn(store, encoder):
    one, again, other = (bank_of(store, encoder, "rate", most=4, seed=seed) for seed in (0, 0, 1))
    assert len(one) == 4
    assert one.fingerprint == again.fingerprint
    assert one.fingerprint != other.fingerprint


def test_what_is_saved_is_loaded(bank, store, tmp_path):
    both = bank.with_labels(store, "size")
    both.save(tmp_path)
    loaded = ReferenceEcgs.load(tmp_path, encoder_fingerprint=bank.encoder_fingerprint)
    assert loaded.fingerprint == both.fingerprint != bank.fingerprint
    pd.testing.assert_frame_equal(loaded.table, both.table)
    pd.testing.assert_frame_equal(loaded.nearest(both.mean + 1), both.nearest(both.mean + 1))
    assert loaded.distance_percentile(both.mean) == both.distance_percentile(both.mean)
    assert {file.name for file in tmp_path.iterdir()} == {
        "reference_ecgs.safetensors",
        "reference_ecgs.parquet",
    }


def test_the_bank_of_another_encoder_is_refused_in_one_sentence(bank, tmp_path):
    bank.save(tmp_path)
    with pytest.raises(CheckpointError, match="embedded by the encoder other") as caught:
        ReferenceEcgs.load(tmp_path, encoder_fingerprint="other")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["reference_ecgs.safetensors", "reference_ecgs.parquet"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\x80\x04pickle"])
def test_a_missing_or_damaged_file_is_refused_in_one_sentence(bank, tmp_path, file, content):
    bank.save(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(CheckpointError, match="expected") as caught:
        ReferenceEcgs.load(tmp_path, encoder_fingerprint=bank.encoder_fingerprint)
    assert "\n" not in str(caught.value)
    assert content is not None or file in str(caught.value)


def test_a_format_of_another_version_is_refused(bank, tmp_path):
    bank.save(tmp_path)
    file = tmp_path / "reference_ecgs.safetensors"
    file.write_bytes(file.read_bytes().replace(b"reference-ecgs-1", b"reference-ecgs-9"))
    with pytest.raises(CheckpointError, match="found the format physioclr-reference-ecgs-9"):
        ReferenceEcgs.load(tmp_path, encoder_fingerprint=bank.encoder_fingerprint)


def test_rows_of_another_table_are_refused(bank, tmp_path):
    bank.save(tmp_path)
    bank.table.iloc[:4].to_parquet(tmp_path / "reference_ecgs.parquet", index=False)
    with pytest.raises(CheckpointError, match=re.escape("embeddings must be (4, 16)")):
        ReferenceEcgs.load(tmp_path, encoder_fingerprint=bank.encoder_fingerprint)


@pytest.mark.parametrize("embedding", [np.zeros(15), np.full(16, np.nan), np.zeros((1, 16))])
def test_an_embedding_of_another_shape_is_the_callers_mistake(bank, embedding):
    for asked in (bank.nearest, bank.distance_percentile):
        with pytest.raises(ValueError, match="embedding must be"):
            asked(embedding)


def test_no_neighbour_is_the_callers_mistake(bank):
    with pytest.raises(ValueError, match="k must be at least 1"):
        bank.nearest(bank.mean, 0)


def test_differences_are_the_reference_minus_the_ecg_the_short_way_round(bank):
    nearest = bank.nearest(bank.mean, 2)
    measured = dict.fromkeys(COMPARED, 100.0) | {"axis_deg": 175.0, "pr_ms": 160.0}
    apart = differences(nearest, measured)
    np.testing.assert_allclose(apart["heart_rate_bpm"], nearest["heart_rate_bpm"] - 100.0)
    assert apart["axis_deg"].tolist() == [15.0, 15.0]  # from 175° over 180° to −170°
    assert apart["pr_ms"].isna().all()
    assert list(apart) == list(COMPARED)


@pytest.mark.parametrize("notes", ["", "{", "[]", "7", None, "[" * 9000])
def test_damaged_notes_are_refused_in_one_sentence(tmp_path, notes):
    table = tmp_path / "reference_ecgs.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(table)
    metadata = {"format": "physioclr-reference-ecgs-1"} | (
        {} if notes is None else {"notes": notes}
    )
    content = serialise({"x": np.zeros(1)}, metadata=metadata)
    (tmp_path / "reference_ecgs.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match="no notes that can be read"):
        ReferenceEcgs.load(tmp_path, encoder_fingerprint="0")
