"""A map made as a job: what is asked for survives JSON, and the map is found afterwards."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from physioclr import load_encoder
from physioclr.explore.cohort_map import find_cohort_map
from physioclr.explore.map_layout import MapSettings
from physioclr.jobs.mapping import MapTask
from physioclr.jobs.tasks import task_of

PCA = MapSettings(method="pca")


def test_a_task_read_back_is_the_same_task():
    task = MapTask.of("a/store", "", MapSettings(min_dist=0.25))
    fields = json.loads(json.dumps(asdict(task)))
    assert task_of("map", fields) == task
    assert "store" in task.title
    assert "UMAP" in task.title


def test_the_map_that_was_made_is_found(pulse_store, tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    told = []
    task = MapTask.of(str(pulse_store.path), "", PCA)
    result = task.run(tmp_path, lambda *said: told.append(said))
    assert json.loads(json.dumps(result)) == result
    found = find_cohort_map(pulse_store, load_encoder(), PCA)
    assert len(found.rows) == result["n_mapped"] == len(pulse_store) - result["n_left_out"]
    assert result["faithfulness"]["trustworthiness"] == pytest.approx(
        found.layout.faithfulness.trustworthiness
    )
    assert told[-1][1] == 1.0


def test_tasks_that_make_one_map_are_told_by_what_the_method_heeds():
    task = MapTask.of("store", "", PCA)
    assert task.makes_the_map_of(MapTask.of("store", "", replace(PCA, perplexity=5.0)))
    assert not task.makes_the_map_of(MapTask.of("store", "", replace(PCA, metric="euclidean")))
    assert not task.makes_the_map_of(MapTask.of("other", "", PCA))
    assert not task.makes_the_map_of(MapTask.of("store", "elsewhere", PCA))
    assert not task.makes_the_map_of(MapTask("store", "", {"of_another_version": 1}))
