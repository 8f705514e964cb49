"""The jobs of this machine, told apart by whether they have ended."""

from __future__ import annotations

from physioclr.jobs import Job, default_queue

__all__ = ["under_way_and_ended"]


def under_way_and_ended() -> tuple[list[Job], list[Job]]:
    """Return the jobs that have not ended, and those that have; the last begun first."""
    jobs = default_queue().jobs()
    has_ended = {job.id: job.progress().ended for job in jobs}
    return (
        [job for job in jobs if not has_ended[job.id]],
        [job for job in jobs if has_ended[job.id]],
    )
