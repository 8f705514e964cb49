"""The page about datasets: what it says of a cohort, and the import it watches."""

from __future__ import annotations

import json
import time

import pytest

from app.state import AppState
from physioclr.datasets.import_job import ImportJob
from tests.app.test_pages import html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


@pytest.fixture(autouse=True)
def jobs(tmp_path, monkeypatch):
    monkeypatch.setattr("app.datasets.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "imports"


def job_of(jobs, **result):
    folder = jobs / "1"
    folder.mkdir(parents=True)
    asked = {"source": "/data/mine", "out": "/data/store", "began": time.time() - 30}
    (folder / "asked.json").write_text(json.dumps(asked))
    (folder / "log.txt").write_text("first line\nlast line\n")
    (folder / "progress.json").write_text(json.dumps({"done": 30, "total": 100}))
    if result:
        (folder / "result.json").write_text(json.dumps({**result, "ended": time.time()}))
    return ImportJob(folder)


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
    app.text_input[0].set_value(str(tmp_path)).run()
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


@pytest.mark.parametrize(
    ("result", "kind", "words"),
    [
        ({"status": "finished", "n_prepared": 98, "n_left_out": 2}, "success", "98 ECGs"),
        ({"status": "failed", "message": "mine: expected ECGs, found none."}, "error", "found"),
        ({"status": "cancelled"}, "info", "stopped after 30 ECGs"),
    ],
)
def test_it_says_how_the_last_import_ended(jobs, result, kind, words):
    job_of(jobs, **result)
    app = open_page("datasets")
    assert not app.exception
    assert any(words in element.value for element in getattr(app, kind))


def test_an_import_whose_process_is_gone_shows_its_last_lines(jobs):
    job_of(jobs)
    app = open_page("datasets")
    assert any("last line" in error.value for error in app.error)


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
    (folder,) = jobs.iterdir()
    job = ImportJob(folder)
    deadline = time.monotonic() + 60
    while job.progress().status == "running" and time.monotonic() < deadline:
        time.sleep(0.2)
    again = open_page("datasets")
    assert any("2 ECGs of simulated" in element.value for element in again.success)
