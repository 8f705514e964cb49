from __future__ import annotations

import json
from dataclasses import replace

import pytest

from physioclr.errors import CheckpointError
from physioclr.models import ResNetConfig
from physioclr.objectives import PhysioclrConfig, objective_config
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.pretrain import pretrain, pretrain_cohort
from physioclr.pretraining.run_folder import RunFolder
from physioclr.pretraining.runs import compare_runs, delete_run, list_runs, summarise_run
from physioclr.training_data.cohort import TrainingCohort

SMALL = PretrainConfig(
    steps=2,
    records_per_batch=6,
    held_out=0,
    objective=PhysioclrConfig(projection_dim=16),
    encoder=ResNetConfig(width=16, blocks=(1,)),
)


class Stopped(BaseException):
    pass


def stop(report):
    raise Stopped


@pytest.fixture(scope="module")
def runs(tmp_path_factory, pulse_store):
    folder = tmp_path_factory.mktemp("runs")
    cohort = TrainingCohort.from_stores([pulse_store])
    pretrain_cohort(cohort, folder / "whole", SMALL)
    pretrain_cohort(cohort, folder / "simclr", replace(SMALL, objective=objective_config("simclr")))
    with pytest.raises(Stopped):
        pretrain_cohort(cohort, folder / "cut", SMALL, on_step=stop)
    (folder / "no run").mkdir()
    (folder / "no run" / "config.json").write_text('{"model": "of something else"}')
    (folder / "notes.txt").write_text("not a run either")
    return folder


def test_every_run_of_a_folder_is_listed_the_last_one_first(runs):
    found = list_runs(runs)
    assert [run.path.name for run in found] == ["cut", "simclr", "whole"]
    assert [run.status for run in found] == ["stopped", "finished", "finished"]
    assert [run.steps_done for run in found] == [1, 2, 2]
    assert [run.objective for run in found] == ["physioclr", "simclr", "physioclr"]
    assert all(run.architecture == "resnet1d" and run.bytes_on_disk > 0 for run in found)
    assert found[2].metrics["loss"] == RunFolder(runs / "whole").metrics()[-1]["loss"]
    assert list_runs(runs / "whole")[0].path == runs / "whole"


def test_a_run_that_a_process_works_at_is_running(runs, pulse_store, tmp_path):
    seen = []

    def look(report):
        seen.append(summarise_run(tmp_path / "run").status)
        with pytest.raises(CheckpointError, match="a run that no process works at"):
            delete_run(tmp_path / "run")

    pretrain(pulse_store, tmp_path / "run", replace(SMALL, steps=1), on_step=look)
    assert seen == ["running"]
    assert summarise_run(tmp_path / "run").status == "finished"


def test_a_comparison_shows_in_what_runs_differ(runs):
    settings, metrics = compare_runs([summarise_run(runs / n) for n in ("whole", "simclr", "cut")])
    assert settings["objective.name"] == ["physioclr", "simclr", "physioclr"]
    assert "steps" not in settings
    assert metrics["contrastive"][1] is None
    assert metrics["loss"][0] == RunFolder(runs / "whole").metrics()[-1]["loss"]


def test_a_deleted_run_is_gone_and_nothing_else(runs, pulse_store, tmp_path):
    pretrain(pulse_store, tmp_path / "run", replace(SMALL, steps=1))
    (tmp_path / "other").mkdir()
    delete_run(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize("name", ["no run", "nowhere"])
def test_what_is_no_run_is_not_deleted(runs, name):
    with pytest.raises(CheckpointError, match=r"run folder|folder of a pretraining run"):
        delete_run(runs / name)
    assert (runs / "no run" / "config.json").exists()


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(CheckpointError, match="expected a folder of runs, found no such folder"):
        list_runs(tmp_path / "nowhere")


def test_a_damaged_configuration_is_one_sentence(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json: expected JSON, found a damaged file"):
        summarise_run(tmp_path)


def test_the_shell_lists_compares_and_deletes(runs, pulse_store, tmp_path, capsys):
    from physioclr.cli import app

    def shell(*arguments):
        with pytest.raises(SystemExit) as ended:
            app([str(argument) for argument in arguments])
        return ended.value.code, capsys.readouterr().out

    code, out = shell("runs", "list", runs, "--json")
    assert code == 0
    assert [run["status"] for run in json.loads(out)["runs"]] == ["stopped", "finished", "finished"]
    code, out = shell("runs", "list", runs)
    assert "stopped" in out
    code, out = shell("runs", "compare", runs / "whole", runs / "simclr", "--json")
    assert json.loads(out)["settings"]["objective.name"] == ["physioclr", "simclr"]
    pretrain(pulse_store, tmp_path / "run", replace(SMALL, steps=1))
    code, out = shell("runs", "delete", tmp_path / "run", "--yes")
    assert code == 0
    assert not (tmp_path / "run").exists()
    code, out = shell("objectives")
    assert "w2v_cmsc_rlm" in out
