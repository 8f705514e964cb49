"""What a job's process runs: ``python -m physioclr.jobs FOLDER``."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import Timeout

from physioclr.errors import PhysioclrError
from physioclr.jobs.job import Job
from physioclr.jobs.queue import JobQueue

_LOOKS_EVERY_S = 1.0
_REPORTS_EVERY_S = 0.3
_LOGS_EVERY_S = 10.0
_NUMBER = re.compile(r"[\d.,]+")


def work(folder: Path) -> None:
    """Wait for the job's turn, do it, and say how it ended.

    An error that is no `PhysioclrError` is a bug: it ends the process, and the job's log shows it.

    Parameters
    ----------
    folder : Path
    """
    # Ignored in what a shell began in the background, and inherited from there.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    job = Job.open(folder)
    queue = JobQueue(folder.parent)
    with job.lock:
        try:
            _wait_for_turn(job, queue)
            with _accelerator_held(job, queue):
                job.start()
                result = job.task.run(folder, _Reporter(job))
        except PhysioclrError as error:
            job.end("failed", message=str(error))
        except KeyboardInterrupt:
            job.end("cancelled")
        else:
            job.end("finished", result=result)


def _wait_for_turn(job: Job, queue: JobQueue) -> None:
    while not queue.is_turn_of(job):
        _heed(job)
        time.sleep(_LOOKS_EVERY_S)
    _heed(job)


@contextmanager
def _accelerator_held(job: Job, queue: JobQueue) -> Iterator[None]:
    """Hold the accelerator for a job that uses it, and none else."""
    if not job.task.uses_accelerator:
        yield
        return
    lock = queue.accelerator
    while not lock.is_locked:
        _heed(job)
        with suppress(Timeout):
            lock.acquire(timeout=_LOOKS_EVERY_S)
    try:
        yield
    finally:
        lock.release()


def _heed(job: Job) -> None:
    """Stop where asked to: the signal may have come before there was who heard it."""
    if job.cancelled:
        raise KeyboardInterrupt


class _Reporter:
    """Writes how far the job is, a few times a second at most, and into its log more rarely."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._last_s = -_REPORTS_EVERY_S
        self._logged_s, self._logged = 0.0, ""

    def __call__(self, what: str, share: float) -> None:
        now_s = time.monotonic()
        self._log(what, now_s)
        if now_s - self._last_s < _REPORTS_EVERY_S and share < 1:
            return
        self._last_s = now_s
        _heed(self._job)
        self._job.report(what, share)

    def _log(self, what: str, now_s: float) -> None:
        words = _NUMBER.sub("", what)  # the same while only its numbers change
        if words != self._logged or now_s - self._logged_s >= _LOGS_EVERY_S:
            self._logged_s, self._logged = now_s, words
            sys.stdout.write(f"{time.strftime('%H:%M:%S')} {what}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
