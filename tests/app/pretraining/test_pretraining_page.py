"""The page about pretraining: what is asked, what a run shows, what it offers next."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from app.components.palette import LIGHT
from app.navigation import PAGES
from app.pretraining.curves import CURVES, curve_figure, curves_logged
from app.pretraining.runs import go_on
from physioclr.encoders.installed import runs_folder
from physioclr.jobs import Job, default_queue
from physioclr.jobs.pretraining import EstimateTask, PretrainTask
from physioclr.pretraining.plan import PRESETS
from physioclr.runtime.shipped_files import bundled
from tests.app.opened_page import figures_of, html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")
PLAN = replace(PRESETS["shipped"].plan, steps=50)


@pytest.fixture(autouse=True)
def queue(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    submitted = []
    real = default_queue()

    class Queue:
        def jobs(self, *kinds):
            return real.jobs(*kinds)

        def submit(self, task):
            submitted.append(task)
            return written(task, number=len(submitted))

    monkeypatch.setattr("app.pretraining.runs.default_queue", Queue)
    return submitted


def written(task, *, number):
    folder = default_queue().folder / str(number)
    folder.mkdir(parents=True)
    return Job.write(folder, task)


def log_of(n_steps):
    return [
        {"step": step, "loss": 1 / step, "levels": 0.7 / step, "peak": 0.3 / step}
        | {"records_per_s": 100.0}
        | ({"r2_qrs": 0.1 * step, "alignment": 0.5, "uniformity": -2.0} if step % 2 else {})
        for step in range(1, n_steps + 1)
    ]


def a_run(name, *, n_steps, status=None):
    job = written(PretrainTask(name, PLAN), number=90)
    job.start()
    if status:
        job.end(status, message="no room left")
    folder = runs_folder() / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"steps": PLAN.steps}))
    (folder / "last.safetensors").touch()
    (folder / "plan.json").write_text(json.dumps(PLAN.__dict__))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(x) + "\n" for x in log_of(n_steps)))
    return job


def page(run=""):
    app = open_page("read")
    if run:
        app.query_params["run"] = run
    app.switch_page(str(bundled("pages") / PAGES["pretrain"][0])).run()
    assert not app.exception
    return app


def press(app, label):
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception
    return app


def test_a_run_is_begun_as_it_was_asked_for(queue):
    app = page()
    app.text_input[0].set_value("first try").run()
    next(one for one in app.number_input if one.label == "Steps").set_value(70).run()
    press(app, "Begin")
    assert queue == [PretrainTask("first try", replace(PRESETS["shipped"].plan, steps=70))]
    assert app.query_params["run"] == "first try"
    assert app.text_input[0].value == ""  # its name is not the next one's


def test_what_is_asked_can_be_changed_more_than_once(queue):
    app = page()
    for name, steps, rate, objective in (("a", 70, 0.01, "simclr"), ("b", 80, 0.02, "mae")):
        app.text_input[0].set_value(name).run()
        for label, value in (("Steps", steps), ("Learning rate", rate), ("Seed", steps)):
            next(one for one in app.number_input if one.label == label).set_value(value).run()
        next(one for one in app.selectbox if one.label == "Objective").set_value(objective).run()
    press(app, "Begin")
    (task,) = queue
    asked = task.plan
    assert (task.name, asked.steps, asked.seed, asked.learning_rate) == ("b", 80, 80, 0.02)
    assert (asked.objective, asked.settings) == ("mae", {})


@pytest.mark.parametrize("name", ["", "../elsewhere", "a/b"])
def test_a_name_that_is_no_folders_is_refused(queue, name):
    app = page()
    app.text_input[0].set_value(name).run()
    press(app, "Begin")
    assert "The name" in app.error[0].value
    assert queue == []


def test_another_recipe_brings_its_settings(queue):
    app = page()
    next(one for one in app.selectbox if one.label == "Recipe").set_value("paper").run()
    assert not app.exception
    encoder = next(one for one in app.selectbox if one.label == "Encoder")
    assert encoder.value == "transformer-base"
    press(app, "Measure time and memory")
    (task,) = queue
    assert isinstance(task, EstimateTask)
    assert replace(task.plan, steps=PRESETS["paper"].plan.steps) == PRESETS["paper"].plan


def box(app, kind, label):
    return next(one for one in getattr(app, kind) if one.label == label)


def test_the_papers_epochs_become_steps_of_the_cohorts_until_they_are_set_by_hand(
    small_cohort, pulse_store
):
    app = page()
    box(app, "selectbox", "Recipe").set_value("paper").run()
    demo, pulses, a_step = len(small_cohort), len(pulse_store), 64 * 16
    assert box(app, "number_input", "Steps").value == round(200 * demo / a_step)
    assert any("16 × 64 ECGs, accumulated · 213.3 epochs" in plain(one) for one in app.caption)
    (cohorts,) = app.multiselect
    cohorts.set_value(["", str(pulse_store.path)]).run()
    assert box(app, "number_input", "Steps").value == round(200 * (demo + pulses) / a_step)
    box(app, "number_input", "ECGs in a batch").set_value(8).run()
    assert box(app, "number_input", "Steps").value == round(200 * (demo + pulses) / (8 * 16))
    assert any("changed from the recipe: ECGs in a batch" in plain(one) for one in app.caption)
    box(app, "number_input", "Steps").set_value(70).run()
    app.multiselect[0].set_value([str(pulse_store.path)]).run()
    assert box(app, "number_input", "Steps").value == 70
    app.multiselect[0].set_value(["/not/there"]).run()
    assert not app.exception
    assert box(app, "number_input", "Steps").value == 70
    box(app, "selectbox", "Recipe").set_value("shipped").run()
    assert box(app, "number_input", "Steps").value == 3000


def plain(caption):
    return caption.value.replace("\\", "")


def test_an_objective_that_is_chosen_again_has_the_recipes_settings(queue):
    app = page()
    objective = box(app, "selectbox", "Objective")
    recipes = objective.value
    objective.set_value("simclr").run()
    assert any("changed from the recipe: objective" in plain(one) for one in app.caption)
    box(app, "selectbox", "Objective").set_value(recipes).run()
    assert not any("changed from the recipe" in plain(one) for one in app.caption)
    app.text_input[0].set_value("again").run()
    press(app, "Begin")
    assert queue == [PretrainTask("again", PRESETS["shipped"].plan)]


def test_a_budget_may_be_minutes(queue):
    app = page()
    app.segmented_control(key="pretrain_0_budget").set_value("Minutes").run()
    box(app, "number_input", "Minutes").set_value(15).run()
    assert any("as fit into 15 min" in plain(one) for one in app.caption)
    app.text_input[0].set_value("short").run()
    press(app, "Begin")
    assert "as fit into 15 min" in html_of(app)
    app.segmented_control(key="pretrain_0_budget").set_value("Steps").run()
    assert box(app, "number_input", "Steps").value == 3000
    app.text_input[0].set_value("long").run()
    press(app, "Begin")
    assert [task.plan.minutes for task in queue] == [15.0, None]


def test_what_was_measured_is_of_the_run_that_is_asked_for(queue):
    app = page()
    assert any("not measured yet" in one.value for one in app.caption)
    press(app, "Measure time and memory")
    job = Job.open(default_queue().folder / "1")
    job.start()
    found = dict.fromkeys(("seconds", "prepare_s", "step_s"), 90.0)
    found |= {"memory_bytes": 2.5e9, "n_parameters": 1_500_000}
    found |= {"device": "CPU", "measured_batch": 48, "steps": 3000}
    job.end("finished", result=found)
    app.run()
    assert "1 min 30 s for 3,000 steps, and 2.5 GB of memory on CPU" in app.success[0].value
    next(one for one in app.number_input if one.label == "Seed").set_value(3).run()
    assert any("not measured yet" in one.value for one in app.caption)


def test_a_run_that_was_stopped_shows_its_curves_and_can_go_on(queue):
    a_run("mine", n_steps=20, status="cancelled")
    app = page("mine")
    assert len(figures_of(app)) == 4
    assert "simulated ECGs alone" in html_of(app)
    assert "up to its last saved state is kept" in app.info[0].value
    press(app, "Go on")
    assert queue == [PretrainTask("mine", PLAN)]


@pytest.mark.parametrize("status", ["cancelled", "crashed", "failed"])
def test_a_run_whose_turn_never_came_can_begin_all_the_same(queue, status):
    job = written(PretrainTask("mine", PLAN), number=90)
    if status == "crashed":
        job.start()
    else:
        job.end(status, message="no room left")
    app = page("mine")
    assert "50 steps of 48 ECGs" in html_of(app)
    if status == "cancelled":
        assert "learned nothing yet" in app.info[0].value
    press(app, "Go on")
    assert queue == [PretrainTask("mine", PLAN)]


def test_a_run_that_was_stopped_before_its_first_saved_state_says_so(queue):
    a_run("mine", n_steps=3, status="cancelled")
    (runs_folder() / "mine" / "last.safetensors").unlink()
    assert "before its first saved state" in page("mine").info[0].value


def test_a_run_that_is_under_way_is_not_begun_a_second_time(queue):
    a_run("mine", n_steps=3, status="cancelled")
    app = page("mine")
    again = written(PretrainTask("mine", PLAN), number=91)  # by another session meanwhile
    press(app, "Go on")
    assert queue == []
    assert "found one under way" in app.error[0].value
    again.end("finished")
    go_on("mine")
    assert len(queue) == 1


def test_a_run_whose_job_was_forgotten_is_not_one_of_the_command_line(queue):
    a_run("mine", n_steps=3, status="cancelled").delete()
    other = runs_folder() / "theirs"
    other.mkdir()
    (other / "config.json").write_text("{}")
    app = page("mine")
    options = box(app, "selectbox", "Run").options
    assert sorted(options) == ["mine · not finished", "theirs · begun on the command line"]
    press(app, "Go on")
    assert queue == [PretrainTask("mine", PLAN)]


def test_what_a_run_uses_is_said_with_its_peak(queue):
    a_run("mine", n_steps=3, status="cancelled")
    use = {"device": "a GPU", "cores": 4, "cores_busy": 1.25, "gpu_busy": 0.87}
    use |= {"memory_bytes": 2e9, "peak_memory_bytes": 3e9}
    use |= {"gpu_memory_bytes": 4e9, "gpu_memory_total_bytes": 8e9}
    (runs_folder() / "mine" / "device_use.json").write_text(json.dumps(use))
    (said,) = (plain(one) for one in page("mine").caption if "Last seen" in one.value)
    assert said == (
        "Last seen: a GPU · 1.2 of 4 cores busy · 2.0 GB of memory · 3.0 GB of memory at most · "
        "4.0 GB of 8.0 GB on the GPU · GPU 87% busy"
    )


def test_a_measurement_that_waits_says_for_what(queue):
    app = page()
    written(PretrainTask("overnight", PLAN), number=0)
    press(app, "Measure time and memory")
    assert any(
        "overnight" in one.proto.text and "to end" in one.proto.text for one in app.get("progress")
    )


def test_how_a_run_failed_is_said(queue):
    a_run("mine", n_steps=3, status="failed")
    assert "no room left" in page("mine").error[0].value


def test_a_link_to_a_run_that_is_not_here_says_so(queue):
    assert "gone" in page("gone").error[0].value


def test_curves_are_thinned_to_means_and_end_where_the_run_will():
    figure = curve_figure(log_of(2000), "Loss and its terms", 3000, LIGHT)
    assert [trace.name for trace in figure.data] == ["loss", "levels", "peak"]
    assert all(len(trace.x) <= 400 for trace in figure.data)
    # Means of five steps each: their mean is that of all.
    whole = np.mean([line["loss"] for line in log_of(2000)])
    assert np.mean(figure.data[0].y) == pytest.approx(whole, rel=1e-6)
    assert figure.layout.xaxis.range == (0, 3000)


def test_what_is_not_logged_is_not_drawn():
    lines = [{"step": 1, "loss": 0.5, "levels": 0.5, "records_per_s": 9.0}]
    assert [title for title in CURVES if curves_logged(lines, title)] == [
        "Loss and its terms",
        "Speed",
    ]
    assert curves_logged(lines, "Loss and its terms") == ["loss"]  # its one term is the loss
