"""A saved selection: the same ECGs again, or one sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from physioclr.datasets.selection import (
    open_cohort,
    save_selection,
    saved_selections,
    selected_rows,
    selections_of,
)
from physioclr.datasets.store_view import where
from physioclr.errors import DatasetError

IDS = ["pulse-07", "pulse-02", "pulse-19"]


def test_the_same_ecgs_are_opened_again_in_their_order(pulse_store, tmp_path):
    path = save_selection(pulse_store, IDS, tmp_path / "a" / "some.json", name="some")
    opened = open_cohort(path)
    assert list(opened.records["record_id"]) == IDS
    np.testing.assert_array_equal(opened.signals_raw([1]), pulse_store.signals_raw([2]))
    assert opened.fingerprint == open_cohort(path).fingerprint != pulse_store.fingerprint
    assert open_cohort(pulse_store.path).fingerprint == pulse_store.fingerprint


def test_a_selection_of_a_selection_is_one_of_the_store(pulse_store, tmp_path):
    part = open_cohort(save_selection(pulse_store, IDS, tmp_path / "part.json", name="part"))
    again = open_cohort(save_selection(part, IDS[:1], tmp_path / "again.json", name="again"))
    assert list(again.records["record_id"]) == IDS[:1]


def test_saved_selections_are_listed_by_name_also_damaged_ones(pulse_store, tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    assert saved_selections() == {}
    folder = tmp_path / "cohorts"
    save_selection(pulse_store, IDS, folder / "x.json", name="Vorhof · fast")
    (folder / "cut.json").write_text("{")
    found = saved_selections()
    assert list(found) == ["Vorhof · fast", "cut"]
    with pytest.raises(DatasetError, match=r"cut\.json: expected a selection"):
        open_cohort(folder / "cut.json")


def test_another_store_in_its_place_is_refused(pulse_store, tmp_path):
    path = save_selection(pulse_store, IDS, tmp_path / "some.json", name="some")
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"fingerprint": "0" * 16}))
    with pytest.raises(DatasetError, match="make the selection again"):
        open_cohort(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "else"}, "found something else"),
        ({"version": 9}, "update PhysioCLR"),
        ({"record_ids": None}, "no record_ids"),
    ],
)
def test_a_file_that_is_no_selection_is_refused(change, message, pulse_store, tmp_path):
    path = save_selection(pulse_store, IDS, tmp_path / "some.json", name="some")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DatasetError, match=message):
        open_cohort(path)


def test_what_cannot_be_found_again_is_not_saved(pulse_store, tmp_path):
    path = tmp_path / "some.json"
    with pytest.raises(DatasetError, match="found none"):
        save_selection(pulse_store, [], path, name="some")
    with pytest.raises(DatasetError, match="'gone'"):
        save_selection(pulse_store, ["gone"], path, name="some")
    with pytest.raises(ValueError, match=r"must end with \.json"):
        save_selection(pulse_store, IDS, tmp_path / "some", name="some")
    assert not path.exists()


def test_a_selection_is_found_in_its_store_and_in_parts_of_it(pulse_store, tmp_path):
    path = save_selection(pulse_store, IDS, tmp_path / "some.json", name="some")
    np.testing.assert_array_equal(selected_rows(pulse_store, path), [2, 7, 19])
    part = where(where(pulse_store, "record_id > 'pulse-05'"), "record_id < 'pulse-15'")
    np.testing.assert_array_equal(selected_rows(part, path), [1])
    with pytest.raises(DatasetError, match="none of them"):
        selected_rows(where(pulse_store, "record_id == 'pulse-01'"), path)


def test_a_selection_of_another_store_with_the_same_ids_is_not_taken(
    pulse_store, tmp_path, monkeypatch
):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    folder = tmp_path / "cohorts"
    own = save_selection(pulse_store, IDS, folder / "own.json", name="own")
    other = save_selection(pulse_store, IDS, folder / "other.json", name="other")
    other.write_text(json.dumps(json.loads(other.read_text()) | {"fingerprint": "0" * 16}))
    (folder / "cut.json").write_text("{")
    assert selections_of(pulse_store) == {"own": str(own)}
    assert selections_of(open_cohort(own)) == {"own": str(own)}
    with pytest.raises(
        DatasetError, match=r"other: expected a selection of .*found one of another"
    ):
        selected_rows(pulse_store, other)


@pytest.mark.parametrize("ids", [[["a"]], [{"a": 1}], [1], [None], ["a", ["b"]]])
def test_ids_that_are_no_texts_are_refused_in_one_sentence(pulse_store, tmp_path, ids):
    path = save_selection(pulse_store, IDS, tmp_path / "odd.json", name="odd")
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "record_ids": ids}))
    for ask in (open_cohort, lambda odd: selected_rows(pulse_store, odd)):
        with pytest.raises(DatasetError, match="record ids that are texts, found others"):
            ask(path)
