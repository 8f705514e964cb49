"""What long work is under way on this machine? What waits, and how the rest ended."""

from __future__ import annotations

import streamlit as st

from app.components.frame import show_title
from app.components.job_view import watch_job
from app.components.jobs_table import jobs_table
from app.components.problems import showing_problems
from physioclr.jobs import Job, default_queue


def show_ended(ended: list[Job]) -> None:
    """Show how jobs ended; the log of one, and a way to forget it."""
    st.html(jobs_table(ended))
    job = st.selectbox("Log of", ended, format_func=lambda one: one.task.title, key="ended_job")
    st.code(job.log(200) or "It wrote nothing.", language=None, height=240)
    if st.button("Forget this job and what it keeps", icon=":material/delete:"):
        job.delete()
        st.rerun()


show_title("Jobs", "Long work goes on when its page, the browser or the app is closed.")
with showing_problems():
    jobs = default_queue().jobs()
    under_way = [job for job in jobs if not job.progress().ended]
    for job in reversed(under_way):
        watch_job(job, key=job.id)
    if not under_way:
        st.info("Nothing is under way.", icon=":material/hourglass_empty:")
    rest = [job for job in jobs if job not in under_way]
    if rest:
        st.subheader("Ended")
        show_ended(rest)
    st.caption("One job at a time uses the GPU, or trains where there is none.")
