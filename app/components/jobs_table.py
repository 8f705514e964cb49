"""Jobs that ended, one a row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.components.html_table import html_table
from app.components.job_view import duration
from physioclr.jobs import Job

__all__ = ["jobs_table"]

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
        begun = datetime.fromtimestamp(job.submitted).astimezone()
        rows.append(
            [
                job.task.title,
                _NAMES.get(progress.status, progress.status),
                f"{begun:%Y-%m-%d %H:%M}",
                duration(progress.seconds),
            ]
        )
    return html_table(["Job", "How it ended", "Begun", "Took"], rows, label="Jobs that ended")
