"""The sections of the Jobs page: what is under way, and how the rest ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components.job_view import watch_job
from app.components.problems import literal
from app.jobs.table import job_labels, jobs_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from physioclr.jobs import Job

__all__ = ["show_ended", "show_under_way"]


def show_under_way(jobs: Sequence[Job]) -> None:
    """Watch the jobs that have not ended, the first begun first."""
    for job in reversed(jobs):
        watch_job(job, key=job.id)
    if not jobs:
        st.info("Nothing is under way.", icon=":material/hourglass_empty:")


def show_ended(ended: Sequence[Job]) -> None:
    """Show how jobs ended; the log of one, and a way to forget it."""
    if not ended:
        return
    st.subheader("Ended")
    st.html(jobs_table(ended))
    labels = job_labels(ended)
    # Ids, as of options that look the same Streamlit returns the last.
    chosen = st.selectbox("Log of", list(labels), format_func=labels.__getitem__, key="ended_job")
    job = next(job for job in ended if job.id == chosen)
    st.code(job.log(200) or "It wrote nothing.", language=None, height=240)
    with st.popover("Forget this job …", icon=":material/delete:"):
        st.write(literal(labels[chosen]))
        st.caption("Its log and what it keeps are deleted; what it made elsewhere stays.")
        if st.button("Forget it", type="primary", key=f"forget_{chosen}"):
            job.delete()
            st.rerun()
