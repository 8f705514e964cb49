from __future__ import annotations

import os
import signal
import time

from physioclr.datasets.import_job import ImportJob
from physioclr.datasets.store import Store


def wait_until(job, condition, seconds=90):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        progress = job.progress()
        if condition(progress):
            return progress
        time.sleep(0.1)
    raise AssertionError(job.progress())


def ended(progress):
    return progress.status != "running"


def test_a_cohort_is_prepared_by_a_process_of_its_own(tmp_path):
    job = ImportJob.begin(tmp_path / "job", "simulated:4", tmp_path / "store")
    assert job.progress().status == "running"
    assert job.asked["source"] == "simulated:4"
    found = wait_until(ImportJob(tmp_path / "job"), ended)
    assert (found.status, found.n_prepared, found.n_left_out) == ("finished", 4, 0)
    assert (found.done, found.total) == (4, 4)
    assert len(Store.open(tmp_path / "store")) == 4


def test_a_source_that_is_not_there_fails_in_one_sentence(tmp_path):
    job = ImportJob.begin(tmp_path / "job", str(tmp_path / "nowhere"), tmp_path / "store")
    found = wait_until(job, ended)
    assert found.status == "failed"
    assert "nowhere" in found.message
    assert "\n" not in found.message


def test_a_cancelled_job_stops_and_goes_on_when_asked_again(tmp_path):
    job = ImportJob.begin(tmp_path / "job", "simulated:600", tmp_path / "store")
    seen = wait_until(job, lambda progress: progress.done > 2 or ended(progress))
    assert seen.status == "running"
    assert seen.left_s is not None
    job.cancel()
    assert wait_until(job, ended).status == "cancelled"
    assert not (tmp_path / "store").exists()


def test_a_job_whose_process_was_killed_is_lost_not_running(tmp_path):
    job = ImportJob.begin(tmp_path / "job", "simulated:600", tmp_path / "store")
    wait_until(job, lambda progress: progress.done > 0)
    os.killpg(int((tmp_path / "job" / "pid").read_text()), signal.SIGKILL)
    assert wait_until(job, ended).status == "lost"
