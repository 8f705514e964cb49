"""A job as it is watched: how far it is, a way to stop it, and how it ended."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.components.problems import literal, show_problem
from physioclr.jobs import Job, JobProgress, JobQueue

__all__ = ["duration", "watch_job"]

_EVERY_S = 1.0
_LOG_LINES = 30


def watch_job(
    job: Job,
    *,
    key: str,
    finished: Callable[[JobProgress], str] | None = None,
    stopped: str = "Begin it again to go on.",
) -> None:
    """Show how far a job is, refreshed each second, or how it ended; rerun the page when it ends.

    Parameters
    ----------
    job : Job
    key : str
        Of the button that stops it.
    finished : callable, optional
        Says in one sentence what a finished job has done; its title where absent.
    stopped : str
        What is said of a job that was stopped, after its title.
    """
    under_way = not job.progress().ended

    @st.fragment(run_every=_EVERY_S if under_way else None)
    def watch() -> None:
        job.kill_overdue()
        progress = job.progress()
        if not progress.ended:
            _show_under_way(job, progress, key)
        elif under_way:
            st.rerun()
        else:
            _show_end(job, progress, finished, stopped)

    watch()


def duration(seconds: float) -> str:
    """Return a duration as a person says it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _show_under_way(job: Job, progress: JobProgress, key: str) -> None:
    said = _waits_for(job) if progress.status == "queued" else progress.what or "Starting"
    if progress.left_s is not None:
        said += f" · {duration(progress.left_s)} left"
    bar, stop = st.columns([6, 2], gap="medium", vertical_alignment="bottom")
    bar.progress(progress.share, text=literal(f"{job.task.title}: {said}"))
    stopping = job.cancelled
    stop.button(
        "Stopping …" if stopping else "Stop",
        icon=":material/stop:",
        key=f"stop_{key}",
        width="stretch",
        disabled=stopping,
        on_click=job.cancel,
    )
    if progress.status == "running":
        with st.expander("Log", key=f"log_{key}"):
            st.code(job.log(_LOG_LINES) or "It has written nothing so far.", language=None)


def _waits_for(job: Job) -> str:
    """Say which jobs may have to end first."""
    before = JobQueue(job.folder.parent).before(job)
    if not before:
        return "Waiting for its turn"
    more = f" and {len(before) - 1} more" if len(before) > 1 else ""
    return f"Waiting for “{before[0].task.title}”{more} to end"


def _show_end(
    job: Job,
    progress: JobProgress,
    finished: Callable[[JobProgress], str] | None,
    stopped: str,
) -> None:
    title, took = literal(job.task.title), duration(progress.seconds)
    if progress.status == "finished":
        said = literal(finished(progress)) if finished else f"{title}: done."
        st.success(f"{said} ({took})", icon=":material/check_circle:")
    elif progress.status == "cancelled":
        at = f" at {progress.share:.0%}" if progress.share else ""
        st.info(f"{title}: stopped{at}. {stopped}", icon=":material/pause_circle:")
    elif progress.status == "failed":
        show_problem(progress.message)
    elif progress.status == "forgotten":
        st.info(f"{title}: forgotten.", icon=":material/delete:")
    else:
        st.error(f"{title}: its process ended without a result.", icon=":material/error:")
        if progress.message:
            st.code(progress.message, language=None)
