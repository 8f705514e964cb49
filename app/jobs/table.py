"""Jobs that ended, one a row, and what tells them apart in a choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.components.html_table import html_table
from app.components.job_view import duration
from physioclr.jobs import Job

__all__ = ["job_labels", "jobs_table"]

_NAMES = {
    "finished": "finished",
    "failed": "could not be done",
    "cancelled": "stopped",
    "crashed": "crashed",
}


def jobs_table(jobs: Iterable[Job]) -> str:
    """Return one row a job: what it was, how it ended, when it was begun, how long it took."""
    rows = []
    for job in jobs:
        progress = job.progress()
        rows.append(
            [
                job.task.title,
                _NAMES.get(progress.status, progress.status),
                _begun(job),
                duration(progress.seconds),
            ]
        )
    return html_table(["Job", "How it ended", "Begun", "Took"], rows, label="Jobs that ended")


def job_labels(jobs: Sequence[Job]) -> dict[str, str]:
    """Return each job's id: what it is and when it was begun, the id where two are the same."""
    labels = {job.id: f"{job.task.title} · {_begun(job)}" for job in jobs}
    shared = Counter(labels.values())
    return {
        one: f"{label} · {one}" if shared[label] > 1 else label for one, label in labels.items()
    }


def _begun(job: Job) -> str:
    return f"{datetime.fromtimestamp(job.submitted).astimezone():%Y-%m-%d %H:%M}"
