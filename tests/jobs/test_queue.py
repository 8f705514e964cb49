from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest

from physioclr.errors import PhysioclrError
from physioclr.jobs import Job, JobQueue, Task
from physioclr.jobs.__main__ import _Reporter, work
from physioclr.jobs.importing import ImportTask


@dataclass(frozen=True)
class OnTheGpu(Task):
    kind: ClassVar[str] = "on-the-gpu"

    title = "a task that uses the accelerator"
    uses_accelerator = True

    def run(self, folder, report):  # noqa: ARG002
        return {}


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    monkeypatch.setattr("physioclr.jobs.tasks.TASKS", (ImportTask, OnTheGpu))


@pytest.fixture
def queue(tmp_path):
    return JobQueue(tmp_path)


def waiting(queue, number, task):
    """Return a job that was submitted and whose process has not come yet."""
    folder = queue.folder / str(number)
    folder.mkdir()
    return Job.write(folder, task)


IMPORT = ImportTask("simulated:1", "store")


def test_one_job_at_a_time_uses_the_accelerator(queue):
    first, second, third = (waiting(queue, n, OnTheGpu()) for n in (10, 11, 12))
    assert queue.is_turn_of(first)
    assert not queue.is_turn_of(second)
    first.end("failed", message="no")
    assert queue.is_turn_of(second)
    assert not queue.is_turn_of(third)


def test_jobs_without_it_do_not_wait_for_one_that_uses_it(queue):
    waiting(queue, 10, OnTheGpu())
    assert queue.is_turn_of(waiting(queue, 11, IMPORT))


def test_the_others_run_as_many_at_once_as_the_machine_bears(queue, monkeypatch):
    monkeypatch.setattr("physioclr.jobs.queue._AT_ONCE", 2)
    first, second, third = (waiting(queue, n, IMPORT) for n in (10, 11, 12))
    assert [queue.is_turn_of(job) for job in (first, second, third)] == [True, True, False]
    second.end("cancelled")
    assert queue.is_turn_of(third)


def test_jobs_are_listed_by_kind_the_last_first_and_what_is_none_is_passed_over(queue):
    jobs = [waiting(queue, 10, IMPORT), waiting(queue, 11, OnTheGpu()), waiting(queue, 12, IMPORT)]
    (queue.folder / "13").mkdir()
    assert queue.jobs() == jobs[::-1]
    assert queue.jobs(OnTheGpu) == [jobs[1]]


def test_a_job_knows_what_it_waits_for(queue):
    first, _, third = (waiting(queue, n, OnTheGpu()) for n in (10, 11, 12))
    waiting(queue, 9, IMPORT)
    waiting(queue, 13, OnTheGpu())
    assert [job.id for job in queue.before(third)] == ["10", "11"]
    first.end("finished")
    assert [job.id for job in queue.before(third)] == ["11"]


def test_of_jobs_that_have_ended_nothing_else_is_read(queue, monkeypatch):
    for number in range(10, 15):
        waiting(queue, number, OnTheGpu()).end("finished")
    job = waiting(queue, 20, OnTheGpu())
    opened = []
    monkeypatch.setattr(Job, "open", opened.append)
    assert queue.is_turn_of(job)
    assert opened == []


def test_the_accelerator_is_one_jobs_at_a_time_also_where_a_look_would_let_two_begin(
    queue, monkeypatch
):
    order = []
    job = waiting(queue, 10, OnTheGpu())
    monkeypatch.setattr(OnTheGpu, "run", lambda *_: order.append("the job") or {})
    held = threading.Event()

    def another():
        with queue.accelerator:
            held.set()
            time.sleep(0.5)
            order.append("another")

    thread = threading.Thread(target=another)
    thread.start()
    assert held.wait(10)
    assert queue.is_turn_of(job)
    work(job.folder)
    thread.join()
    assert order == ["another", "the job"]
    assert job.progress().status == "finished"
    with queue.accelerator.acquire(timeout=0):
        pass  # let go at the job's end


def test_the_log_has_what_a_job_does_once_a_phase_and_each_ten_seconds(queue, monkeypatch, capsys):
    job = waiting(queue, 10, OnTheGpu())
    now_s = 100.0
    monkeypatch.setattr("physioclr.jobs.__main__.time.monotonic", lambda: now_s)
    report = _Reporter(job)
    report("Filtering", 0.0)
    for step in range(21):
        report(f"step {step} of 20 · loss {1 / (step + 1):.3f}", step / 20)
        now_s += 1
    said = [line.split(" ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert [line.split(" of")[0] for line in said] == ["Filtering", "step 0", "step 10", "step 20"]


def test_who_waits_for_the_accelerator_stops_when_asked(queue):
    job = waiting(queue, 10, OnTheGpu())
    (job.folder / "cancel").touch()
    with queue.accelerator:
        work(job.folder)
    assert job.progress().status == "cancelled"


@pytest.mark.parametrize("job_id", ["99", "../10", "", "a"])
def test_an_id_that_is_none_is_one_sentence(queue, job_id):
    with pytest.raises(PhysioclrError, match="expected"):
        queue.find(job_id)
