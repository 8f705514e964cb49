"""What a job's process runs: ``python -m physioclr.jobs FOLDER``."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from physioclr.errors import PhysioclrError
from physioclr.jobs.job import Job
from physioclr.jobs.queue import JobQueue

_LOOKS_EVERY_S = 0.2
_REPORTS_EVERY_S = 0.3


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
    with job.lock:
        try:
            _wait_for_turn(job)
            job.start()
            result = job.task.run(folder, _Reporter(job))
        except PhysioclrError as error:
            job.end("failed", message=str(error))
        except KeyboardInterrupt:
            job.end("cancelled")
        else:
            job.end("finished", result=result)


def _wait_for_turn(job: Job) -> None:
    queue = JobQueue(job.folder.parent)
    while not queue.is_turn_of(job):
        _heed(job)
        time.sleep(_LOOKS_EVERY_S)
    _heed(job)


def _heed(job: Job) -> None:
    """Stop where asked to: the signal may have come before there was who heard it."""
    if job.cancelled:
        raise KeyboardInterrupt


class _Reporter:
    """Writes how far the job is, a few times a second at most."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._last_s = -_REPORTS_EVERY_S

    def __call__(self, what: str, share: float) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s < _REPORTS_EVERY_S and share < 1:
            return
        self._last_s = now_s
        _heed(self._job)
        self._job.report(what, share)


if __name__ == "__main__":
    work(Path(sys.argv[1]))
