"""The import of a cohort: what to prepare and where to, and how far it is."""

from __future__ import annotations

import streamlit as st

from app.components.job_view import watch_job
from app.components.plugin_notice import say_what_is_broken
from app.components.problems import literal, showing_problems
from app.datasets.facts import begin_import, last_import
from app.state import DatasetsState
from physioclr.jobs import JobProgress

__all__ = ["show_import"]


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
    _say_what_plugins_read()
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
    running = job is not None and not job.progress().ended
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
    if job is not None:
        watch_job(job, key="import", finished=_imported)


def _say_what_plugins_read() -> None:
    from physioclr.datasets.cohort_readers import COHORT_READERS
    from physioclr.io.plugin_formats import FORMATS

    names = [f"{reader.name} ({name})" for name, reader in COHORT_READERS.items()]
    names += [f"files of {of.name} ({name})" for name, of in FORMATS.items()]
    if names:
        st.caption(literal(f"Plug-ins also read {'; '.join(names)}."))
    say_what_is_broken({**COHORT_READERS.broken, **FORMATS.broken})


def _imported(progress: JobProgress) -> str:
    made = progress.result
    left_out = f", {made['n_left_out']:,} left out" if made["n_left_out"] else ""
    return f"{made['n_prepared']:,} ECGs of {made['source']} are in {made['out']}{left_out}."
