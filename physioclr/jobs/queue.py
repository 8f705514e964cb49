"""The jobs of one user on one machine, and whose turn it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from physioclr.atomic import make_folder
from physioclr.cache import cache_folder
from physioclr.errors import PhysioclrError
from physioclr.jobs.job import Job
from physioclr.jobs.task import Task
from physioclr.openmp import sleep_while_waiting

__all__ = ["JobQueue", "default_queue"]

_AT_ONCE = max(2, (os.cpu_count() or 1) // 4)


@dataclass(frozen=True)
class JobQueue:
    """A folder of jobs.

    A job runs when few enough of those submitted before it are left: one at a time of those that
    use the accelerator, two or a quarter of the cores of the others. Every job looks for itself,
    so that the queue needs no process of its own.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    """

    folder: Path

    def submit(self, task: Task) -> Job:
        """Begin a job, which waits for its turn.

        Parameters
        ----------
        task : Task

        Returns
        -------
        Job

        Raises
        ------
        PhysioclrError
            If the folder cannot be written.
        """
        folder = self.folder / str(time.time_ns())
        make_folder(folder)
        job = Job.write(folder, task)
        environment = dict(os.environ)
        sleep_while_waiting(environment)
        with job.log_file.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  (this Python, this module)
                [sys.executable, "-m", "physioclr.jobs", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        job.belongs_to(process.pid)
        threading.Thread(target=process.wait, daemon=True).start()  # or it stays as a zombie
        return job

    def jobs(self, *kinds: type[Task]) -> list[Job]:
        """Return the jobs, the last one submitted first.

        Parameters
        ----------
        *kinds : type of Task
            Of these kinds only; of all where none is named.

        Returns
        -------
        list of Job
            What is no job, or one of a kind that is not known, is passed over.
        """
        found = []
        for folder in sorted(self.folder.glob("*/"), key=lambda one: one.name, reverse=True):
            try:
                job = Job.open(folder)
            except PhysioclrError:
                continue
            if not kinds or isinstance(job.task, kinds):
                found.append(job)
        return found

    def find(self, job_id: str) -> Job:
        """Return a job by its id.

        Raises
        ------
        PhysioclrError
            If there is none.
        """
        if not job_id.isdecimal():  # from a link, perhaps: no path
            raise PhysioclrError(job_id, expected="the number of a job", found="no number")
        return Job.open(self.folder / job_id)

    def is_turn_of(self, job: Job) -> bool:
        """Say whether few enough jobs are left that were submitted before this one.

        Parameters
        ----------
        job : Job
        """
        alone = job.task.uses_accelerator
        before = [
            other
            for other in self.jobs()
            if other.id < job.id
            and other.task.uses_accelerator == alone
            and not other.progress().ended
        ]
        return len(before) < (1 if alone else _AT_ONCE)


def default_queue() -> JobQueue:
    """Return the user's own queue, in the cache folder."""
    return JobQueue(cache_folder() / "jobs")
