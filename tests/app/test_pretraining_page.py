"""The page about pretraining: what is asked, what a run shows, what it offers next."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from app.components.palette import LIGHT
from app.components.training_curves import CURVES, curve_figure, curves_logged
from app.navigation import PAGES
from physioclr.bundle import bundled
from physioclr.jobs import Job, default_queue
from physioclr.jobs.pretraining import EstimateTask, PretrainTask
from physioclr.known_checkpoints import runs_folder
from physioclr.pretraining_plan import PRESETS
from tests.app.test_pages import figures_of, html_of, open_page

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

    monkeypatch.setattr("app.pretraining.default_queue", Queue)
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
    (folder / "config.json").write_text("{}")
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
    assert queue == [EstimateTask(PRESETS["paper"].plan)]


def test_what_was_measured_is_of_the_run_that_is_asked_for(queue):
    app = page()
    assert any("not measured yet" in one.value for one in app.caption)
    press(app, "Measure time and memory")
    job = Job.open(default_queue().folder / "1")
    job.start()
    found = dict.fromkeys(("seconds", "prepare_s", "step_s"), 90.0)
    found |= {"memory_bytes": 2.5e9, "n_parameters": 1_500_000}
    found |= {"device": "CPU", "measured_batch": 48}
    job.end("finished", result=found)
    app.run()
    assert "1 min 30 s and 2.5 GB of memory on CPU" in app.success[0].value
    next(one for one in app.number_input if one.label == "Seed").set_value(3).run()
    assert any("not measured yet" in one.value for one in app.caption)


def test_a_run_that_was_stopped_shows_its_curves_and_can_go_on(queue):
    a_run("mine", n_steps=20, status="cancelled")
    app = page("mine")
    assert len(figures_of(app)) == 4
    assert "simulated ECGs alone" in html_of(app)
    assert "learned so far is saved" in app.info[0].value
    press(app, "Go on")
    assert queue == [PretrainTask("mine", PLAN)]


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
