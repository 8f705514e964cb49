from __future__ import annotations

import os

import pytest

from physioclr.encoders.installed import SHIPPED, known_checkpoints, runs_folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))


def finished(name, *, at_s):
    folder = runs_folder() / name / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    os.utime(folder / "card.json", (at_s, at_s))
    return str(folder)


def test_without_runs_there_is_the_shipped_one():
    assert known_checkpoints() == {SHIPPED: ""}


def test_finished_runs_follow_the_last_one_first_and_unfinished_ones_are_none():
    older, newer = finished("b", at_s=1000), finished("a", at_s=2000)
    (runs_folder() / "under way" / "best").mkdir(parents=True)
    (runs_folder() / "under way" / "best" / "card.json").write_text("{}")
    assert list(known_checkpoints().items()) == [(SHIPPED, ""), ("a", newer), ("b", older)]


def test_a_run_with_the_name_of_the_shipped_one_hides_nothing():
    folder = finished(SHIPPED, at_s=1000)
    assert known_checkpoints() == {SHIPPED: "", f"{SHIPPED} (run)": folder}
