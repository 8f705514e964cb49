"""Long work in processes of their own: a queue of jobs that outlives the app."""

from __future__ import annotations

from physioclr.jobs.job import Job, JobProgress
from physioclr.jobs.queue import JobQueue, default_queue
from physioclr.jobs.task import Task

__all__ = ["Job", "JobProgress", "JobQueue", "Task", "default_queue"]
