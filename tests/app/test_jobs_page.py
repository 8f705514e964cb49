"""The page about jobs: what is under way, and how the rest ended."""

from __future__ import annotations

import pytest

from physioclr.jobs import Job, default_queue
from physioclr.jobs.importing import ImportTask
from tests.app.test_pages import html_of, open_page

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


def test_an_ended_job_shows_how_it_ended_and_its_log_and_is_forgotten(queue):
    ended = job(queue, 2)
    ended.start()
    ended.log_file.write_text("what it said\n")
    ended.end("failed", message="no such folder")
    app = open_page("jobs")
    assert not app.exception
    assert "could not be done" in html_of(app)
    assert any("what it said" in code.value for code in app.code)
    next(button for button in app.button if button.label.startswith("Forget")).click().run()
    assert queue.jobs() == []
    assert "could not be done" not in html_of(app)
