from __future__ import annotations

import numpy as np
import pytest

import physioclr
from physioclr.datasets.store import StoreWriter
from physioclr.encoders.embedding import embed_store
from physioclr.errors import SignalError
from physioclr.simulate import simulate_record
from tests.conftest import pulse_train


@pytest.fixture(scope="module")
def encoder():
    return physioclr.load_encoder()


def test_one_row_a_record_and_the_same_alone_as_in_a_batch(encoder):
    records = [simulate_record(seed=i, duration_s=d) for i, d in enumerate((10, 5, 12))]
    together = physioclr.embed(records, encoder)
    assert together.shape == (3, encoder.embedding_dim)
    assert together.dtype == np.float32
    alone = np.concatenate([physioclr.embed(record, encoder) for record in records])
    np.testing.assert_allclose(together, alone, atol=1e-4)  # float32, another batch size


def test_an_ecg_that_cannot_be_embedded_is_a_row_of_nan_in_a_store(encoder, tmp_path):
    signal, _ = pulse_train(400, seed=0)
    flat = signal.copy()
    flat[3] = 0
    with StoreWriter(tmp_path / "s", fs_hz=500.0, n_samples=5000, source="two") as writer:
        for name, ecg in (("good", signal), ("flat", flat)):
            writer.append(ecg, {"record_id": name, "patient_id": name})
    store = physioclr.Store(tmp_path / "s")
    done = []
    embeddings = embed_store(store, encoder, on_progress=lambda i, n: done.append((i, n)))
    assert np.isfinite(embeddings[0]).all()
    assert np.isnan(embeddings[1]).all()
    assert done[-1] == (2, 2)
    with pytest.raises(SignalError, match="lead aVR flat"):
        physioclr.embed(store.record(1), encoder)


def test_no_records_give_no_rows(encoder):
    assert physioclr.embed([], encoder).shape == (0, encoder.embedding_dim)


def test_an_unknown_head_is_the_callers_mistake(encoder):
    with pytest.raises(ValueError, match="head must be one of superclass"):
        physioclr.predict(simulate_record(), encoder, head="no-such-head")
