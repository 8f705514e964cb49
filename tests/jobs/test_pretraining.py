"""Pretraining as a job: it ends with a checkpoint, goes on where it stopped, and is measured."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from physioclr import load_encoder
from physioclr.encoders.installed import known_checkpoints, runs_folder
from physioclr.errors import CheckpointError
from physioclr.jobs.pretraining import EstimateTask, PretrainTask, last_use, plan_of_run
from physioclr.jobs.tasks import task_of
from physioclr.pretraining.plan import PretrainPlan
from physioclr.pretraining.run_folder import RunFolder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))


@pytest.fixture
def plan(pulse_store):
    return PretrainPlan(
        cohorts=(str(pulse_store.path),),
        objective="simclr",
        steps=4,
        records_per_batch=4,
        save_every=1,
        monitor_every=0,
    )


def silent(what, share):
    del what, share


class _StoppedError(Exception):
    pass


def stop_at(share):
    def report(_what, at):
        if at >= share:
            raise _StoppedError

    return report


def test_a_task_read_back_is_the_same_task(plan):
    for task in (PretrainTask("mine", plan), EstimateTask(plan)):
        assert task_of(task.kind, json.loads(json.dumps(asdict(task)))) == task
        assert task.uses_accelerator


def test_a_finished_run_is_a_checkpoint_that_every_page_can_choose(plan, tmp_path):
    result = PretrainTask("mine", plan).run(tmp_path, silent)
    folder = known_checkpoints()["mine"]
    encoder = load_encoder(folder)
    assert encoder.card.fingerprint == result["fingerprint"]
    assert encoder.card.training.steps == 4
    assert plan_of_run(runs_folder() / "mine") == plan
    use = last_use(runs_folder() / "mine")
    assert use["peak_memory_bytes"] > 50e6  # torch alone holds more
    assert use["cores"] >= 1


def test_a_run_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(plan, tmp_path):
    whole = PretrainTask("whole", plan).run(tmp_path, silent)
    with pytest.raises(_StoppedError):
        PretrainTask("parts", plan).run(tmp_path, stop_at(0.5))
    assert "parts" not in known_checkpoints()
    before = len(RunFolder(runs_folder() / "parts").metrics())
    assert 0 < before < 4
    parts = PretrainTask("parts", plan).run(tmp_path, silent)
    assert parts["steps"] == whole["steps"]
    losses = [
        [line["loss"] for line in RunFolder(runs_folder() / name).metrics()]
        for name in ("whole", "parts")
    ]
    # The same batches, augmentations and weights; a CPU's float32 sums may differ by rounding.
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_a_budget_in_minutes_becomes_steps_once(plan, tmp_path, monkeypatch):
    measured = iter([3, 99])
    monkeypatch.setattr(
        "physioclr.pretraining.estimate.estimate_pretraining",
        lambda *_, **__: SimpleNamespace(steps=next(measured)),
    )
    plan = replace(plan, minutes=5.0)
    with pytest.raises(_StoppedError):
        PretrainTask("timed", plan).run(tmp_path, stop_at(0.5))
    assert PretrainTask("timed", plan).run(tmp_path, silent)["steps"] == 3
    assert next(measured) == 99  # not measured again


def test_as_many_steps_as_fit_into_the_minutes_are_estimated(plan, tmp_path):
    found = EstimateTask(replace(plan, minutes=2.0)).run(tmp_path, silent)
    assert found["steps"] != plan.steps
    # All but the part of a step that was left over.
    assert 120 - found["step_s"] <= found["seconds"] <= 120 + 1e-6


def test_what_a_run_will_take_is_measured(plan, tmp_path):
    found = EstimateTask(replace(plan, steps=1000)).run(tmp_path, silent)
    assert json.loads(json.dumps(found)) == found
    assert found["steps"] == 1000
    assert found["seconds"] == pytest.approx(found["prepare_s"] + 1000 * found["step_s"], rel=1e-9)
    assert found["memory_bytes"] > 4 * found["n_parameters"]
    assert found["measured_batch"] == 4


def test_a_damaged_plan_is_said(plan, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    assert plan_of_run(folder) is None
    (folder / "plan.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        plan_of_run(folder)
