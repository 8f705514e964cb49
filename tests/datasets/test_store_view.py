from __future__ import annotations

import numpy as np
import pytest

from physioclr.datasets.store import Store
from physioclr.datasets.store_view import StoreView, concatenate, where
from physioclr.errors import DatasetError
from tests.datasets.test_store import N_SAMPLES, write


@pytest.fixture
def stores(tmp_path):
    rng = np.random.default_rng(2)
    return [
        write(tmp_path / name, rng.normal(0, 1, size=(n, 12, N_SAMPLES)), records_per_shard=2)
        for name, n in (("S", 5), ("T", 3))
    ]


def test_a_condition_keeps_the_rows_it_holds_for(stores):
    store = stores[0]
    view = where(store, "heart_rate_bpm >= 62 and `class/a` == 1")
    assert isinstance(view, Store)
    assert view.records["record_id"].tolist() == ["r3"]
    np.testing.assert_array_equal(view.signals_raw(), store.signals_raw([3]))
    assert view.record(0).record_id == "r3"
    assert (len(view), view.path, view.source) == (1, store.path, "test")
    for table in ("measurements", "physiology", "beats"):
        assert len(getattr(view, table)) == 1
    assert view.index_of("r3") == 0


def test_a_comparison_with_an_unknown_number_does_not_hold(stores):
    assert where(stores[0], "age_years < 200").records["record_id"].iloc[0] == "r1"


def test_conditions_narrow_one_another(stores):
    view = where(where(stores[0], "heart_rate_bpm > 60"), "sex == 'female' and fold < 3")
    assert view.records["record_id"].tolist() == ["r1", "r2"]
    np.testing.assert_array_equal(view.signals_raw([1, 0]), stores[0].signals_raw([2, 1]))


@pytest.mark.parametrize(
    "query", ["colour == 'red'", "age_years >", "age_years + 1", "", "@os", "x.__class__", "1"]
)
def test_what_is_no_condition_is_refused_in_one_sentence(stores, query):
    with pytest.raises(DatasetError, match=r"^S: expected a condition over its columns"):
        where(stores[0], query)


def test_a_condition_that_holds_for_nobody_is_refused(stores):
    with pytest.raises(DatasetError, match="none of 5"):
        where(stores[0], "heart_rate_bpm > 1000")


def test_stores_read_as_one_in_their_order(stores):
    both = concatenate(stores)
    assert len(both) == 8
    rows = [7, 0, 4, 5, 0]
    expected = np.concatenate([store.signals_raw() for store in stores])
    np.testing.assert_array_equal(both.signals_raw(), expected)
    np.testing.assert_array_equal(both.signals_raw(rows), expected[rows])
    assert both.physiology["x"].tolist() == [0, 1, 2, 3, 4, 0, 1, 2]
    assert both.labels("class").shape == (8, 2)
    assert both.record(6).record_id == "T/r1"
    assert both.path.name == "S + T"
    both.verify()


def test_the_same_number_in_two_stores_is_two_people(stores):
    records = concatenate(stores).records
    assert records["record_id"].is_unique
    assert records["patient_id"].nunique() == sum(s.records["patient_id"].nunique() for s in stores)


def test_the_fingerprint_is_of_the_stores_and_the_rows(stores):
    both, first = concatenate(stores), stores[0]
    found = {both.fingerprint, concatenate(stores[::-1]).fingerprint, first.fingerprint}
    found |= {where(first, "fold < 3").fingerprint, where(first, "fold < 4").fingerprint}
    assert len(found) == 5
    assert concatenate(stores).fingerprint == both.fingerprint


def test_a_label_set_of_one_store_is_unknown_in_the_other(stores):
    first, second = stores
    without = StoreView([(second, np.arange(3))])
    without._manifest = without.manifest.model_copy(update={"label_sets": {}})
    labels = StoreView([(first, np.arange(5)), (without, np.arange(3))]).labels("class")
    assert labels["a"].tolist()[1:5] == [1, 0, 1, 0]
    assert labels.iloc[5:].isna().all(axis=None)


@pytest.mark.parametrize(
    ("options", "found"), [({"fs_hz": 100.0}, "fs_hz"), ({"simulated": True}, "simulated")]
)
def test_stores_that_do_not_go_together_are_refused(tmp_path, stores, options, found):
    other = write(tmp_path / "U", stores[0].signals_mv(), **options)
    with pytest.raises(DatasetError, match=f"U: expected the {found} of S"):
        concatenate([stores[0], other])
    with pytest.raises(DatasetError, match="different names"):
        concatenate([stores[0], stores[0]])
    with pytest.raises(ValueError, match="one store or more"):
        concatenate([])


@pytest.mark.parametrize("row", [-1, 8])
def test_a_row_that_is_not_there_is_an_index_error(stores, row):
    with pytest.raises(IndexError, match="rows"):
        concatenate(stores).signals_raw([row])
