"""Which ECG is being read: takes uploads and picks, keeps the last good one."""

from __future__ import annotations

import streamlit as st

from app.components.problems import show_problem, showing_problems
from app.components.progress import progress_bar
from app.inputs.cohort_labels import record_titles
from app.inputs.ecg_source import pick_from, upload_box
from app.inputs.layout_inputs import layout_inputs
from app.inputs.uploaded_list import show_all_uploaded, step_through_uploaded
from app.inputs.uploads import named_apart, read_uploads, undeclared_among
from app.resources import cohort
from app.state import ReadState, app_state
from physioclr.records import EcgRecord

__all__ = ["choose_ecg", "current_ecg"]


def choose_ecg(state: ReadState, *, key: str) -> None:
    """Ask for an ECG by upload or from the demo cohort, and open it.

    Parameters
    ----------
    state : ReadState
        Where it is opened.
    key : str
        Names the place on the app.
    """
    upload, demo = st.columns([3, 2], gap="medium")
    with upload:
        _take_upload(state, key)
    with demo, showing_problems():
        _take_pick(state, key)
    if len(state.uploaded) > 1:
        show_all_uploaded(state, key=key)
    for problem in state.problems:
        show_problem(problem)


def current_ecg() -> EcgRecord | None:
    """Return the ECG being read; the demo cohort's first until another was chosen."""
    state = app_state().read
    if state.record is None:
        with showing_problems():
            state.open(cohort().record(0), demo_row=0)
    return state.record


def _take_upload(state: ReadState, key: str) -> None:
    files = upload_box(key=f"upload_{key}")
    contents, repeated = named_apart((file.name, file.getvalue()) for file in files)
    undeclared = undeclared_among(contents)
    layout = layout_inputs() if undeclared else None
    ids = (*(file.file_id for file in files), *([repr(layout)] if layout else []))
    if ids == state.upload_ids:
        return
    state.upload_ids = ids
    if layout is None:
        contents = {name: content for name, content in contents.items() if name not in undeclared}
    with progress_bar() as report:
        records, problems = read_uploads(contents, layout=layout, on_progress=report)
    if records:
        state.uploaded, state.unread, state.overview = records, problems, {}
        state.open(records[0], uploaded_row=0)
    state.problems = (*problems, *repeated)


def _take_pick(state: ReadState, key: str) -> None:
    store = cohort()
    row = pick_from(
        record_titles(store),
        state.demo_row,
        label="or pick one of the demo cohort (simulated)",
        placeholder="Pick an ECG",
        key=f"demo_row_{key}_{state.opened if state.demo_row is None else 'kept'}",
    )
    if row is not None and row != state.demo_row:
        state.open(store.record(row), demo_row=row)
        st.rerun()  # the other pickers show what is open
    if len(state.uploaded) > 1:
        _take_uploaded(state, key)


def _take_uploaded(state: ReadState, key: str) -> None:
    step_through_uploaded(state, key=key)
    row = pick_from(
        [f"{row + 1} · {record.record_id}" for row, record in enumerate(state.uploaded)],
        state.uploaded_row,
        label="or another of the uploaded ECGs",
        placeholder="Pick an ECG",
        key=f"uploaded_row_{key}_{state.opened}",
    )
    if row is not None and row != state.uploaded_row:
        state.open(state.uploaded[row], uploaded_row=row)
        st.rerun()
