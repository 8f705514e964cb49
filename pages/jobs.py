"""What long work is under way on this machine? What waits, and how the rest ended."""

from __future__ import annotations

import streamlit as st

from app.components.frame import show_title
from app.components.job_view import watch_job
from app.components.problems import literal, showing_problems
from app.jobs.table import job_labels, jobs_table
from physioclr.jobs import Job, default_queue


def show_ended(ended: list[Job]) -> None:
    """Show how jobs ended; the log of one, and a way to forget it."""
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
