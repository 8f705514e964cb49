from __future__ import annotations

import json
import os
import signal

import pytest

from physioclr.errors import PhysioclrError
from physioclr.jobs import Job, JobQueue
from physioclr.jobs.importing import ImportTask
from physioclr.jobs.queue import _AT_ONCE

from .waiting import ended, wait_until


def long_job(tmp_path):
    """Return a job that works for minutes, once it has shown that it does."""
    job = JobQueue(tmp_path / "jobs").submit(ImportTask("simulated:600", str(tmp_path / "store")))
    wait_until(job, lambda progress: progress.share > 0 or progress.ended)
    return job


def test_a_job_is_found_again_by_who_did_not_begin_it(tmp_path):
    begun = long_job(tmp_path)
    again = JobQueue(tmp_path / "jobs").find(begun.id)
    assert again == begun
    progress = again.progress()
    assert progress.status == "running"
    assert "of 600 ECGs" in progress.what
    assert progress.left_s is not None
    assert progress.left_s > 0
    again.cancel()
    assert wait_until(begun, ended).status == "cancelled"
    assert not (tmp_path / "store").exists()


def test_a_job_whose_process_was_killed_crashed_and_shows_its_last_lines(tmp_path):
    job = long_job(tmp_path)
    with job.log_file.open("a") as log:
        log.write("the last line\n")
    os.killpg(int((job.folder / "pid").read_text()), signal.SIGKILL)
    found = wait_until(job, ended)
    assert found.status == "crashed"
    assert found.message.endswith("the last line")


def test_a_job_that_was_killed_after_it_was_asked_to_stop_is_cancelled(tmp_path):
    job = long_job(tmp_path)
    (job.folder / "cancel").touch()
    os.killpg(int((job.folder / "pid").read_text()), signal.SIGKILL)
    assert wait_until(job, ended).status == "cancelled"


def test_a_job_that_ends_without_a_word_is_neither_running_nor_finished(tmp_path):
    job = Job.write(tmp_path, ImportTask("simulated:4", "store"))
    job.start()
    assert job.progress().status == "crashed"


def test_a_job_that_runs_cannot_be_deleted_and_one_that_ended_can(tmp_path):
    folder = tmp_path / "7"
    folder.mkdir()
    job = Job.write(folder, ImportTask("simulated:4", "store"))
    with pytest.raises(PhysioclrError, match="expected a job that has ended, found one queued"):
        job.delete()
    job.end("finished", result={"n": 4})
    assert job.progress().result == {"n": 4}
    job.delete()
    assert not folder.exists()


@pytest.mark.parametrize(
    "content",
    ["{", "{}", json.dumps({"kind": "none", "task": {}, "submitted": 0}), '{"kind": "import"}'],
)
def test_a_folder_that_holds_no_job_is_refused(tmp_path, content):
    (tmp_path / "asked.json").write_text(content)
    with pytest.raises(PhysioclrError, match="job"):
        Job.open(tmp_path)


def test_the_fields_of_another_version_are_refused(tmp_path):
    asked = {"kind": "import", "task": {"where": "here"}, "submitted": 0}
    (tmp_path / "asked.json").write_text(json.dumps(asked))
    with pytest.raises(PhysioclrError, match="the fields of a task of the kind import"):
        Job.open(tmp_path)


def test_a_job_that_waits_for_its_turn_stops_when_asked(tmp_path):
    queue = JobQueue(tmp_path)
    for number in range(_AT_ONCE):
        (tmp_path / str(number)).mkdir()
        Job.write(tmp_path / str(number), ImportTask("simulated:1", "store"))
    job = queue.submit(ImportTask("simulated:600", str(tmp_path / "store")))
    assert job.progress().status == "queued"
    job.cancel()
    found = wait_until(job, ended)
    assert (found.status, found.seconds) == ("cancelled", 0.0)
