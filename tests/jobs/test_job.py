from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from physioclr.errors import PhysioclrError
from physioclr.jobs import Job, JobQueue
from physioclr.jobs.importing import ImportTask
from physioclr.jobs.job import _ENDS_WITHIN_S, _STARTS_WITHIN_S
from physioclr.jobs.process import started_at
from physioclr.jobs.queue import _AT_ONCE

from .waiting import ended, wait_until


def long_job(tmp_path):
    """Return a job that works for minutes, once it has shown that it does."""
    job = JobQueue(tmp_path / "jobs").submit(ImportTask("simulated:600", str(tmp_path / "store")))
    wait_until(job, lambda progress: progress.share > 0 or progress.ended)
    return job


def pid_of(job):
    return int((job.folder / "pid").read_text().split()[0])


def a_job(tmp_path, *, begun=False):
    """Return a job that no process does."""
    folder = tmp_path / "7"
    folder.mkdir()
    job = Job.write(folder, ImportTask("simulated:4", "store"))
    if begun:
        job.start()
    return job


@pytest.fixture
def sleeper():
    """A process of its own session that would take minutes."""
    command = [sys.executable, "-c", "import time; time.sleep(300)"]
    with subprocess.Popen(command, start_new_session=True) as process:
        yield process
        process.kill()


def ask_long_ago(job):
    """Ask a job to stop as another app did that has gone since."""
    asked = job.folder / "cancel"
    asked.touch()
    long_ago = time.time() - _ENDS_WITHIN_S - 1
    os.utime(asked, (long_ago, long_ago))


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
    os.killpg(pid_of(job), signal.SIGKILL)
    found = wait_until(job, ended)
    assert found.status == "crashed"
    assert found.message.endswith("the last line")


def test_a_job_that_was_killed_after_it_was_asked_to_stop_is_cancelled(tmp_path):
    job = long_job(tmp_path)
    (job.folder / "cancel").touch()
    os.killpg(pid_of(job), signal.SIGKILL)
    assert wait_until(job, ended).status == "cancelled"


def test_a_job_that_ends_without_a_word_is_neither_running_nor_finished(tmp_path):
    job = Job.write(tmp_path, ImportTask("simulated:4", "store"))
    job.start()
    assert job.progress().status == "crashed"


def test_who_looks_at_a_dead_job_is_not_taken_for_its_process(tmp_path):
    job = a_job(tmp_path, begun=True)
    job.lock.acquire()
    job.lock.release()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: job.progress().status, range(2000)))
    assert set(found) == {"crashed"}


def test_a_process_that_is_slow_to_begin_is_waited_for(tmp_path, sleeper, monkeypatch):
    job = a_job(tmp_path)
    job.belongs_to(sleeper.pid)
    late = job.submitted + _STARTS_WITHIN_S + 1
    monkeypatch.setattr("physioclr.jobs.job.time.time", lambda: late)
    assert job.progress().status == "queued"
    sleeper.kill()
    sleeper.wait()
    assert job.progress().status == "crashed"


def test_a_job_asked_to_stop_half_a_minute_ago_is_killed_by_whoever_looks(tmp_path, sleeper):
    job = a_job(tmp_path, begun=True)
    job.belongs_to(sleeper.pid)
    with job.lock:
        job.kill_overdue()
        (job.folder / "cancel").touch()
        job.kill_overdue()
        assert sleeper.poll() is None
        ask_long_ago(job)
        job.kill_overdue()
        assert sleeper.wait(10) == -signal.SIGKILL


def test_who_asks_again_gives_no_more_time(tmp_path, sleeper):
    job = a_job(tmp_path, begun=True)
    job.belongs_to(sleeper.pid)
    ask_long_ago(job)
    job.cancel()
    with job.lock:
        job.kill_overdue()
        assert sleeper.wait(10) == -signal.SIGKILL


def test_a_process_that_was_given_the_number_of_a_jobs_is_left_alone(tmp_path, sleeper):
    job = a_job(tmp_path, begun=True)
    (job.folder / "pid").write_text(f"{sleeper.pid} long ago")
    ask_long_ago(job)
    with job.lock:
        job.kill_overdue()
        job.cancel()
    time.sleep(0.2)
    assert sleeper.poll() is None


def test_a_process_is_told_from_a_later_one_and_from_none(sleeper):
    assert started_at(sleeper.pid) == started_at(sleeper.pid) != ""
    assert started_at(sleeper.pid) != started_at(1)
    sleeper.kill()
    sleeper.wait()
    assert started_at(sleeper.pid) == ""


def test_a_job_that_was_forgotten_stays_so(tmp_path):
    job = a_job(tmp_path)
    shutil.rmtree(job.folder)
    found = job.progress()
    assert (found.status, found.ended) == ("forgotten", True)
    job.cancel()
    job.kill_overdue()
    job.delete()
    assert job.log() == ""
    assert not job.folder.exists()


def test_many_may_forget_a_job_at_once(tmp_path):
    job = a_job(tmp_path)
    job.end("finished")
    for number in range(500):
        (job.folder / f"{number}.txt").touch()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: job.delete(), range(4)))
    assert not job.folder.exists()


def test_of_a_long_log_the_last_lines_are_read(tmp_path):
    job = a_job(tmp_path)
    job.log_file.write_text("".join(f"line {number} é\n" for number in range(50_000)))
    assert job.log(2) == "line 49998 é\nline 49999 é"
    assert len(job.log(10**6)) <= 64_000


def test_a_job_that_runs_cannot_be_deleted_and_one_that_ended_can(tmp_path):
    job = a_job(tmp_path)
    folder = job.folder
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


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b'{"share": "x", "status": 3}', b"[" * 9000],
)
@pytest.mark.parametrize(
    "file", ["progress.json", "started.json", "result.json", "pid", "asked.json"]
)
def test_a_damaged_file_of_one_job_stops_no_other(tmp_path, file, content):
    """An empty progress.json in an old job's folder ended every later job at its start."""
    old = a_job(tmp_path, begun=True)
    (old.folder / file).write_bytes(content)
    later = tmp_path / "8"
    later.mkdir()
    job = Job.write(later, ImportTask("simulated:4", "store"))
    queue = JobQueue(tmp_path)
    queue.before(job)
    assert job.id in [one.id for one in queue.jobs()]
    for one in queue.jobs():
        assert one.progress().status in ("queued", "running", "crashed", "finished", "failed")
    old.kill_overdue()
