"""The jobs of one user on one machine, and whose turn it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from physioclr.errors import PhysioclrError
from physioclr.jobs.job import Job, has_result
from physioclr.jobs.task import Task
from physioclr.runtime.atomic_files import make_folder
from physioclr.runtime.cache_folder import cache_folder
from physioclr.runtime.openmp import sleep_while_waiting

__all__ = ["JobQueue", "default_queue"]

_AT_ONCE = max(2, (os.cpu_count() or 1) // 4)


@dataclass(frozen=True)
class JobQueue:
    """A folder of jobs.

    A job runs when few enough of those submitted before it are left: one at a time of those that
    use the accelerator, two or a quarter of the cores of the others. Every job looks for itself,
    so that the queue needs no process of its own; a lock keeps two from the accelerator.

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
        environment["PYTHONUNBUFFERED"] = "1"  # or its log is behind what it does
        with job.log_file.open("ab") as log:
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

    def before(self, job: Job) -> list[Job]:
        """Return the jobs that may have to end before one begins.

        Parameters
        ----------
        job : Job

        Returns
        -------
        list of Job
            That were submitted before it, have not ended, and use the accelerator as it does; the
            first submitted first.
        """
        found = []
        for folder in sorted(self.folder.glob("*/"), key=lambda one: one.name):
            if folder.name >= job.id or has_result(folder):
                continue
            try:
                other = Job.open(folder)
            except PhysioclrError:
                continue
            alike = other.task.uses_accelerator == job.task.uses_accelerator
            if alike and not other.progress().ended:
                found.append(other)
        return found

    def is_turn_of(self, job: Job) -> bool:
        """Say whether few enough jobs are left that were submitted before this one.

        One of them that was asked to stop and has not is killed when its time is up.

        Parameters
        ----------
        job : Job
        """
        before = self.before(job)
        for other in before:
            other.kill_overdue()
        return len(before) < (1 if job.task.uses_accelerator else _AT_ONCE)

    @property
    def accelerator(self) -> FileLock:
        """What a job that uses the accelerator holds while it does its task.

        Whose turn it is, each job finds by a look at the others, and may take one for ended that
        is slow to begin.
        """
        return FileLock(self.folder / "accelerator.lock")


def default_queue() -> JobQueue:
    """Return the user's own queue, in the cache folder."""
    return JobQueue(cache_folder() / "jobs")
