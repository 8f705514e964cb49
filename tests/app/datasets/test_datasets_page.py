"""The page about datasets: what it says of a cohort, and the import it watches."""

from __future__ import annotations

import time

import pytest

from app.state import AppState
from physioclr.jobs import Job, JobQueue
from physioclr.jobs.importing import ImportTask
from tests.app.opened_page import html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


@pytest.fixture(autouse=True)
def jobs(tmp_path, monkeypatch):
    """Return where the jobs are kept, with no demo cohort beside them."""
    queue = JobQueue(tmp_path / "jobs")
    monkeypatch.setattr("app.datasets.facts.default_queue", lambda: queue)
    return queue


def ended_job(jobs):
    folder = jobs.folder / "1"
    folder.mkdir(parents=True)
    job = Job.write(folder, ImportTask("/data/mine", "/data/store"))
    job.log_file.write_text("first line\nlast line\n")
    job.start()
    job.report("30 of 100 ECGs", 0.3)
    return job


def test_it_says_what_the_cohort_is(small_cohort):
    app = open_page("datasets")
    assert not app.exception
    shown = html_of(app)
    assert small_cohort.fingerprint in shown
    assert "500 Hz" in shown
    assert "Patients" in shown
    assert any("24 simulated ECGs" in caption.value for caption in app.caption)
    assert any("Known of 24 of 24 ECGs" in caption.value for caption in app.caption)


def test_a_folder_that_is_no_store_is_one_sentence(tmp_path):
    app = open_page("datasets")
    app.session_state["physioclr"].datasets.store_path = str(tmp_path)
    app.run()
    assert not app.exception
    assert any("store.json" in error.value for error in app.error)


def test_an_ecg_is_opened_by_its_id(small_cohort):
    app = open_page("datasets")
    at = next(i for i, box in enumerate(app.text_input) if box.label == "Open an ECG by its id")
    app.text_input[at].set_value("small-07")
    next(button for button in app.button if "Read an ECG" in button.label).click().run()
    state: AppState = app.session_state["physioclr"]
    assert state.read.record is not None
    assert state.read.record.record_id == "small-07"


def test_an_unknown_id_is_one_sentence():
    app = open_page("datasets")
    at = next(i for i, box in enumerate(app.text_input) if box.label == "Open an ECG by its id")
    app.text_input[at].set_value("nobody")
    next(button for button in app.button if "Read an ECG" in button.label).click().run()
    assert not app.exception
    assert any("record ids" in error.value for error in app.error)


def test_a_finished_import_says_what_is_where(jobs):
    result = {"source": "/data/mine", "out": "/data/store", "n_prepared": 98, "n_left_out": 2}
    ended_job(jobs).end("finished", result=result)
    app = open_page("datasets")
    assert not app.exception
    (said,) = app.success
    assert all(words in said.value for words in ("98 ECGs", "2 left out"))


def test_a_failed_import_says_why(jobs):
    ended_job(jobs).end("failed", message="mine: expected ECGs, found none.")
    assert any("found none" in error.value for error in open_page("datasets").error)


def test_a_stopped_import_says_where_it_was(jobs):
    ended_job(jobs).end("cancelled")
    assert any("stopped at 30%" in info.value for info in open_page("datasets").info)


def test_an_import_whose_process_is_gone_shows_its_last_lines(jobs):
    ended_job(jobs)
    app = open_page("datasets")
    assert any("without a result" in error.value for error in app.error)
    assert any("last line" in code.value for code in app.code)


def test_an_import_without_a_source_is_asked_for_one():
    app = open_page("datasets")
    next(button for button in app.button if button.label == "Import").click().run()
    assert any("Name a source" in warning.value for warning in app.warning)


def test_an_import_is_begun_and_found_again(jobs, tmp_path):
    app = open_page("datasets")
    by_label = {box.label: box for box in app.text_input}
    by_label["Source"].set_value("simulated:2")
    by_label["Store to make"].set_value(str(tmp_path / "store"))
    next(button for button in app.button if button.label == "Import").click().run()
    assert not app.exception
    (job,) = jobs.jobs()
    deadline = time.monotonic() + 60
    while not job.progress().ended and time.monotonic() < deadline:
        time.sleep(0.2)
    again = open_page("datasets")
    assert any("2 ECGs of simulated" in element.value for element in again.success)
