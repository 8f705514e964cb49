"""Maps of a cohort: kept, found again by what made them, and made of what is there."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr import load_encoder
from physioclr.datasets.store_view import where
from physioclr.errors import DatasetError
from physioclr.explore import cohort_map
from physioclr.explore.cohort_map import find_cohort_map, make_cohort_map, unreadable_map
from physioclr.explore.map_layout import MapSettings

PCA = MapSettings(method="pca")


@pytest.fixture
def store(pulse_store):
    return pulse_store


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


def test_a_map_is_found_only_by_what_made_it(store, encoder, tmp_path):
    assert find_cohort_map(store, encoder, PCA, folder=tmp_path) is None
    made = make_cohort_map(store, encoder, PCA, folder=tmp_path)
    found = find_cohort_map(store, encoder, PCA, folder=tmp_path)
    np.testing.assert_array_equal(found.rows, made.rows)
    np.testing.assert_array_equal(found.layout.coordinates, made.layout.coordinates)
    other = MapSettings(method="pca", metric="euclidean")
    assert find_cohort_map(store, encoder, other, folder=tmp_path) is None
    fewer = where(store, f"record_id != '{store.records['record_id'][0]}'")
    assert find_cohort_map(fewer, encoder, PCA, folder=tmp_path) is None


def test_another_layout_takes_the_embeddings_that_are_there(store, encoder, tmp_path, monkeypatch):
    made = make_cohort_map(store, encoder, PCA, folder=tmp_path)
    monkeypatch.setattr(cohort_map, "embed_store", None)  # calling it would raise
    settings = MapSettings(method="tsne", perplexity=5.0)
    again = make_cohort_map(store, encoder, settings, folder=tmp_path)
    np.testing.assert_array_equal(again.layout.embeddings, made.layout.embeddings)
    np.testing.assert_array_equal(again.rows, made.rows)


def test_half_a_map_is_none(store, encoder, tmp_path):
    make_cohort_map(store, encoder, PCA, folder=tmp_path)
    (kept,) = tmp_path.iterdir()
    (kept / "rows.npy").unlink()
    assert find_cohort_map(store, encoder, PCA, folder=tmp_path) is None


@pytest.mark.parametrize("file", ["layout.npz", "layout.json", "rows.npy"])
def test_a_damaged_map_is_none_says_why_and_is_made_again(file, store, encoder, tmp_path):
    made = make_cohort_map(store, encoder, PCA, folder=tmp_path)
    assert unreadable_map(store, encoder, PCA, folder=tmp_path) == ""
    (kept,) = tmp_path.iterdir()
    whole = (kept / file).read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"{}"):
        (kept / file).write_bytes(content)
        assert find_cohort_map(store, encoder, PCA, folder=tmp_path) is None
        assert "expected" in unreadable_map(store, encoder, PCA, folder=tmp_path)
    again = make_cohort_map(store, encoder, PCA, folder=tmp_path)
    np.testing.assert_array_equal(again.layout.coordinates, made.layout.coordinates)
    assert find_cohort_map(store, encoder, PCA, folder=tmp_path) is not None
    assert unreadable_map(store, encoder, PCA, folder=tmp_path) == ""


def test_rows_that_the_store_lacks_are_damage(store, encoder, tmp_path):
    make_cohort_map(store, encoder, PCA, folder=tmp_path)
    (kept,) = tmp_path.iterdir()
    rows = np.load(kept / "rows.npy")
    for others in (rows[1:], rows + 1, rows.astype(float)):
        np.save(kept / "rows.npy", others)
        assert find_cohort_map(store, encoder, PCA, folder=tmp_path) is None


def test_the_work_is_told_in_order(store, encoder, tmp_path):
    told = []
    make_cohort_map(
        store, encoder, PCA, folder=tmp_path, on_progress=lambda *said: told.append(said)
    )
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert "Embedding" in told[0][0]


def test_too_few_ecgs_are_refused_and_nothing_is_kept(store, encoder, tmp_path):
    with pytest.raises(DatasetError, match="at least 5 ECGs"):
        make_cohort_map(
            where(store, f"record_id in {list(store.records['record_id'][:2])}"),
            encoder,
            PCA,
            folder=tmp_path,
        )
    assert list(tmp_path.iterdir()) == []
