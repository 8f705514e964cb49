"""The page about jobs: what is under way, and how the rest ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.jobs.table import job_labels
from physioclr.jobs import Job, default_queue
from physioclr.jobs.importing import ImportTask
from physioclr.jobs.pretraining import PretrainTask
from tests.app.opened_page import html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


@pytest.fixture(autouse=True)
def queue(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    return default_queue()


def job(queue, number):
    folder = queue.folder / str(number)
    folder.mkdir(parents=True)
    return Job.write(folder, ImportTask(f"/data/cohort-{number}", "/data/store"))


def test_without_jobs_it_says_so():
    app = open_page("jobs")
    assert not app.exception
    assert any("Nothing is under way" in info.value for info in app.info)


def test_a_job_under_way_is_shown_with_a_way_to_stop_it(queue):
    waiting = job(queue, 1)
    app = open_page("jobs")
    assert not app.exception
    (stop,) = (button for button in app.button if button.label == "Stop")
    stop.click().run()
    assert waiting.cancelled
    assert any(button.label.startswith("Stopping") and button.disabled for button in app.button)


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_an_ended_job_shows_how_it_ended_and_its_log_and_is_forgotten(queue):
    ended = job(queue, 2)
    ended.start()
    ended.log_file.write_text("what it said\n")
    ended.end("failed", message="no such folder")
    app = open_page("jobs")
    assert not app.exception
    assert "could not be done" in html_of(app)
    assert any("what it said" in code.value for code in app.code)
    press(app, "Forget it")
    assert queue.jobs() == []
    assert "could not be done" not in html_of(app)


def test_of_jobs_that_look_the_same_the_chosen_one_is_shown_and_forgotten(queue):
    for number in (1, 2, 3):
        folder = queue.folder / str(number)
        folder.mkdir(parents=True)
        one = Job.write(folder, ImportTask("/data/cohort", "/data/store"))
        one.log_file.write_text(f"log of {number}\n")
        one.end("failed", message="no such folder")
    app = open_page("jobs")
    (choice,) = (box for box in app.selectbox if box.label == "Log of")
    assert len(set(choice.options)) == 3
    choice.set_value("2").run()
    assert [code.value for code in app.code] == ["log of 2"]
    assert any(said.value.endswith("· 2") for said in app.markdown)  # what will be forgotten
    press(app, "Forget it")
    assert [one.id for one in queue.jobs()] == ["3", "1"]
    assert [code.value for code in app.code] == ["log of 3"]


def test_jobs_begun_at_different_times_are_told_apart_by_them(queue):
    jobs = [job(queue, 1), replace(job(queue, 2), submitted=0.0)]
    same = [replace(one, task=jobs[0].task) for one in jobs]
    labels = job_labels(same)
    assert labels["2"].startswith(f"{jobs[0].task.title} · 19")  # 1969 or 1970
    assert not any(label.endswith((" 1", " 2")) for label in labels.values())


def test_the_log_of_a_job_under_way_is_shown(queue, monkeypatch):
    running = job(queue, 1)
    running.log_file.write_text("epoch 1 of 9\n")
    assert not open_page("jobs").code  # it waits, and has nothing to say
    running.start()
    monkeypatch.setattr(Job, "_is_held", lambda _: True)
    assert any("epoch 1 of 9" in code.value for code in open_page("jobs").code)


def test_a_job_that_waits_says_for_what(queue):
    for number in (1, 2, 3):
        folder = queue.folder / str(number)
        folder.mkdir(parents=True)
        Job.write(folder, PretrainTask(f"run-{number}"))
    app = open_page("jobs")
    said = [one.proto.text for one in app.get("progress")]
    assert any("run\\-1, physioclr” to end" in text for text in said)
    assert any("run\\-1, physioclr” and 1 more to end" in text for text in said)


def test_a_job_that_does_not_stop_is_killed_by_whoever_looks(queue, monkeypatch):
    job(queue, 1)
    looked = []
    monkeypatch.setattr(Job, "kill_overdue", lambda one: looked.append(one.id))
    open_page("jobs")
    assert looked == ["1"]
