"""The page about probes: what is asked, what a run shows, what of it is kept."""

from __future__ import annotations

import json

import pytest

from app.linear_probe.files import run_json
from app.navigation import PAGES
from app.state import AppState
from physioclr.evaluation.probe_run_files import open_probe_run
from physioclr.jobs import Job, default_queue
from physioclr.jobs.importing import ImportTask
from physioclr.jobs.probing import ProbeTask
from physioclr.probe import ProbeResult
from physioclr.runtime.shipped_files import bundled
from tests.app.opened_page import html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")

VIEWS = ["Curves", "Calibration", "Confusion", "Fewer labels", "Subgroups", "Worst errors"]


@pytest.fixture(autouse=True)
def queue(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    return default_queue()


def a_job(queue, number, task):
    folder = queue.folder / str(number)
    folder.mkdir(parents=True)
    return Job.write(folder, task)


@pytest.fixture(scope="module")
def found(tmp_path_factory, small_app):
    """Return a run of the small cohort, its task and what it returned."""
    task = ProbeTask("", "rhythm", fractions=(0.5, 1.0), seeds=(0, 1), n_bootstrap=40)
    folder = tmp_path_factory.mktemp("run")
    return folder, task, task.run(folder, lambda _what, _share: None)


@pytest.fixture
def run(found, queue):
    return finished(found, queue, 7)


def finished(found, queue, number):
    folder, task, result = found
    job = a_job(queue, number, task)
    for name in ("probe.json", "probe.npz"):
        (job.folder / name).write_bytes((folder / name).read_bytes())
    job.start()
    job.end("finished", result=result)
    return job


def follow(job_id):
    """Open the page by a link to a run."""
    app = open_page("read")
    app.query_params["run"] = job_id
    return to_page(app, "probe")


def to_page(app, url_path):
    return app.switch_page(str(bundled("pages") / PAGES[url_path][0])).run()


def choose(app, label):
    app.segmented_control(key="probe_view").set_value(label).run()
    assert not app.exception
    return html_of(app)


def test_without_runs_it_asks_for_one():
    app = open_page("probe")
    assert not app.exception
    (button,) = (one for one in app.button if one.label == "Run the probe")
    assert not button.disabled
    assert "Macro scores" not in html_of(app)


def test_a_link_shows_the_scores_with_their_intervals_and_tests(run):
    app = follow(run.id)
    assert not app.exception
    shown = html_of(app)
    areas = run.progress().result["auroc"]
    for name in ("physioclr-tiny", "random init", "physiology vector", "median beat"):
        middle, low, high = areas[name]
        assert f"<td>{name}</td>" in shown
        assert f"{middle:.3f} [{low:.3f}–{high:.3f}]" in shown
    assert "2 seeds: mean (range)" in shown
    assert "reference</td>" in shown


def test_every_view_is_drawn(run):
    app = follow(run.id)
    for label in VIEWS:
        choose(app, label)
    shown = choose(app, "Confusion")
    assert "Confusion at the thresholds" in shown
    # No ECG of the small cohort states an age, a sex or a quality.
    assert "not stated" in choose(app, "Subgroups")
    assert "not judged" in html_of(app)


def test_the_reference_of_the_tests_can_be_chosen(run):
    app = follow(run.id)
    app.selectbox(key="probe_reference").set_value("median beat").run()
    (row,) = (
        part
        for part in html_of(app).split("<tr>")
        if part.startswith("<td>median beat</td>") and "reference" in part
    )
    assert "reference</td>" in row


def test_what_is_chosen_of_a_run_survives_a_page_change(run):
    app = follow(run.id)
    choose(app, "Calibration")
    app.selectbox(key="probe_model").set_value("median beat").run()
    to_page(app, "datasets")
    to_page(app, "probe")
    assert app.segmented_control(key="probe_view").value == "Calibration"
    assert app.selectbox(key="probe_model").value == "median beat"
    assert app.query_params["run"] == run.id


def test_a_wrong_prediction_is_opened_on_the_page_that_reads_an_ecg(run):
    app = follow(run.id)
    choose(app, "Worst errors")
    app.selectbox(key="probe_model").set_value("median beat").run()
    name = next(one.value for one in app.selectbox if one.label == "Open")
    next(one for one in app.button if one.label.startswith("Open in")).click().run()
    assert app.session_state["physioclr"].read.record.record_id == name


@pytest.mark.parametrize("asked", ["99", "../7", "nothing"])
def test_a_link_to_no_run_is_one_sentence_and_the_rest_works(asked, run):
    app = follow(asked)
    assert not app.exception
    assert any("expected" in one.value for one in app.error)
    assert any(one.label == "Run the probe" for one in app.button)


def test_a_link_to_another_job_is_refused(queue):
    other = a_job(queue, 8, ImportTask("here", "there"))
    other.end("finished")
    app = follow(other.id)
    assert not app.exception
    assert any("a run of probes" in one.value for one in app.error)


def test_the_button_begins_a_run_of_what_was_chosen(queue, monkeypatch):
    begun = []

    def submit(_queue, task):
        begun.append(task)
        return a_job(queue, 9, task)

    monkeypatch.setattr("physioclr.jobs.JobQueue.submit", submit)
    app = open_page("probe")
    app.number_input[0].set_value(2).run()
    next(one for one in app.button if one.label == "Run the probe").click().run()
    assert not app.exception
    (task,) = begun
    assert (task.cohort, task.label_set, task.seeds) == ("", "rhythm", (0, 1))
    assert list(task.checkpoints.values()) == [""]
    assert any(one.label == "Stop" for one in app.button)  # it waits for its turn
    assert app.query_params["run"] == "9"


def test_a_failed_run_says_why(queue):
    job = a_job(queue, 5, ProbeTask("/nowhere", "rhythm"))
    job.start()
    job.end("failed", message="/nowhere: expected a store, found no such folder.")
    app = follow(job.id)
    assert not app.exception
    assert any("found no such folder" in one.value for one in app.error)


def test_damaged_results_are_one_sentence(run):
    (run.folder / "probe.npz").write_bytes(b"no")
    app = follow(run.id)
    assert not app.exception
    assert any("the results of a probe" in one.value for one in app.error)


def test_a_cohort_that_is_none_is_one_sentence():
    app = open_page("probe")
    app.session_state["physioclr"].probe.store_path = "/no/such/store"
    app.run()
    assert not app.exception
    assert any("expected" in one.value for one in app.error)


def test_a_label_set_that_cannot_be_measured_is_said_before_the_run(monkeypatch):
    def too_few(*_):
        return {"Sinus tachycardia": "needs 5 patients with it, has 2"}, 0

    monkeypatch.setattr("app.linear_probe.sections.unmeasurable", too_few)
    app = open_page("probe")
    assert any("has 2" in one.value for one in app.warning)
    assert next(one for one in app.button if one.label == "Run the probe").disabled


def test_runs_are_put_side_by_side_and_forgotten(found, queue, run):
    other = finished(found, queue, 6)
    app = follow(run.id)
    side = next(one for one in app.multiselect if one.label == "Side by side")
    side.set_value([run.id, other.id]).run()
    assert not app.exception
    assert "Runs side by side" in html_of(app)
    app.selectbox(key="probe_forget").set_value(other.id).run()
    next(one for one in app.button if one.label == "Forget it").click().run()
    assert not app.exception
    assert [job.id for job in queue.jobs()] == [run.id]
    assert "Macro scores" in html_of(app)


def test_the_map_sends_a_cohort_here(run):
    state = AppState().probe
    state.run = run.id
    state.open("somewhere")
    assert (state.store_path, state.run) == ("somewhere", "")


def test_all_of_a_run_is_json(run):
    opened = open_probe_run(run.folder)
    written = json.loads(run_json(opened))
    again = ProbeResult.from_dict(written["results"]["1"]["median beat"])
    assert again.macro_auroc == opened.results[1]["median beat"].macro_auroc
