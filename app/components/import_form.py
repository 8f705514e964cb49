"""The import of a cohort: what to prepare and where to, and how far it is."""

from __future__ import annotations

import streamlit as st

from app.components.problems import literal, show_problem, showing_problems
from app.datasets import begin_import, last_import
from app.state import DatasetsState
from physioclr.datasets.import_job import ImportJob, JobProgress

__all__ = ["show_import"]

_EVERY_S = 1.0


def show_import(state: DatasetsState) -> None:
    """Ask for a cohort to prepare; show the import that is under way, or how the last one ended.

    Parameters
    ----------
    state : DatasetsState
    """
    st.subheader("Import a cohort")
    st.caption(
        "A folder of ECGs, a PhysioNet download or a CSV that lists files, on the machine the app "
        "runs on. The import goes on when this page is left; stopped, it can be begun again "
        "where it was."
    )
    source, out, button = st.columns([3, 3, 2], gap="medium", vertical_alignment="bottom")
    with source:
        state.import_source = st.text_input(
            "Source", state.import_source, placeholder="/data/ptb-xl"
        )
    with out:
        state.import_out = st.text_input(
            "Store to make", state.import_out, placeholder="/data/store"
        )
    job = last_import()
    running = job is not None and job.progress().status == "running"
    with button:
        pressed = st.button(
            "Import",
            type="primary",
            width="stretch",
            disabled=running,
            help="One import at a time." if running else None,
        )
    if pressed and not (state.import_source and state.import_out):
        st.warning("Name a source and a folder for the store.", icon=":material/warning:")
    elif pressed:
        with showing_problems():
            job = begin_import(state.import_source, state.import_out)
            running = True
    if job is not None:
        _watch(job, running=running)


def _watch(job: ImportJob, *, running: bool) -> None:
    @st.fragment(run_every=_EVERY_S if running else None)
    def watch() -> None:
        progress = job.progress()
        _show(job, progress)
        if running and progress.status != "running":
            st.rerun()

    watch()


def _show(job: ImportJob, progress: JobProgress) -> None:
    source, out = literal(str(job.asked["source"])), literal(str(job.asked["out"]))
    if progress.status == "running":
        share = progress.done / progress.total if progress.total else 0.0
        said = "Listing the ECGs …"
        if progress.total:
            left = "" if progress.left_s is None else f" · {_time(progress.left_s)} left"
            said = f"{progress.done:,} of {progress.total:,} · {progress.per_s:.0f} ECGs/s{left}"
        bar, cancel = st.columns([6, 2], gap="medium", vertical_alignment="bottom")
        bar.progress(share, text=f"{source}: {said}")
        if cancel.button("Stop", icon=":material/stop:", width="stretch"):
            job.cancel()
    elif progress.status == "finished":
        left_out = f", {progress.n_left_out:,} left out" if progress.n_left_out else ""
        st.success(
            f"{progress.n_prepared:,} ECGs of {source} are in {out}{left_out} "
            f"({_time(progress.seconds)}).",
            icon=":material/check_circle:",
        )
    elif progress.status == "cancelled":
        st.info(
            f"The import of {source} was stopped after {progress.done:,} ECGs. "
            "Begin it again to go on.",
            icon=":material/pause_circle:",
        )
    elif progress.status == "failed":
        show_problem(progress.message)
    else:
        show_problem(
            f"The import of {job.asked['source']} ended without a word. {progress.message}"
        )


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
