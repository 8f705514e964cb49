"""The sections of the page about probes: the next run, a run's results, runs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components.job_view import watch_job
from app.components.palette import palette_for
from app.components.problems import literal, show_problem, showing_problems
from app.inputs.cohort_choice import choose_cohort
from app.inputs.run_link import read_link, write_link
from app.linear_probe.form import choose_labels, choose_run_settings
from app.linear_probe.runs import (
    begin_probe,
    checkpoint_names,
    finished_run,
    probe_jobs,
    probe_task,
    run_facts,
    run_names,
    show_run_of,
    unmeasurable,
)
from app.linear_probe.tables import comparison_of_runs, pairs_table, runs_table
from app.linear_probe.views import VIEWS, RunShown
from app.resources import cohort
from physioclr.evaluation.probe_run import pair_runs
from physioclr.jobs import Job, default_queue
from physioclr.probe import MACRO

if TYPE_CHECKING:
    from app.state import ProbeState
    from physioclr.datasets.store import Store
    from physioclr.evaluation.probe_run import ProbeRun

__all__ = ["ask_for_run", "choose_run", "show_past_runs", "show_run", "watch_runs"]

_NAMED = 4
_MOST_COMPARED = 4


def ask_for_run(state: ProbeState, shown: Job | None) -> None:
    """Ask what the next run is to be, and begin it on the button.

    Parameters
    ----------
    state : ProbeState
    shown : Job or None
        The run that is shown. The form is open if there is none, or if it is of another cohort.
    """
    of_another = shown is None or state.store_path != probe_task(shown).cohort
    with st.expander("A new run", expanded=of_another):
        _ask_for_run(state)


def _ask_for_run(state: ProbeState) -> None:
    where, what = st.columns(2, gap="medium")
    with where:
        state.store_path = choose_cohort(state.store_path, key="probe")
    with showing_problems():
        store = cohort(state.store_path)
        if not store.label_sets:
            st.info("This cohort has no labels: a probe has nothing to learn.")
            return
        with what:
            choose_labels(state, store.label_sets)
        choose_run_settings(state, checkpoint_names(state.checkpoints))
        possible = _say_what_can_be_measured(store, state.label_set or "")
        pressed = st.button(
            "Run the probe",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not possible or not state.checkpoints,
        )
        if pressed:
            begin_probe(state)
            st.rerun()


def _say_what_can_be_measured(store: Store, label_set: str) -> bool:
    reasons, n_measurable = unmeasurable(store, label_set)
    named = [f"{name} ({why})" for name, why in reasons.items()]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    said = "; ".join(named[:_NAMED]) + more
    if not n_measurable:
        st.warning(literal(f"No label of this set can be measured: {said}."))
    elif reasons:
        st.caption(literal(f"Will not be measured: {said}."))
    return n_measurable > 0


def choose_run(state: ProbeState) -> Job | None:
    """Ask which run is shown, first the one that the page's address names; return it."""
    with showing_problems():
        read_link(state, lambda asked: show_run_of(state, default_queue().find(asked)))
    chosen = _choose_among_runs(state)
    write_link(state)
    return chosen


def _choose_among_runs(state: ProbeState) -> Job | None:
    jobs = probe_jobs()
    ids = [job.id for job in jobs]
    if state.run and state.run not in ids:
        show_problem(f"Run {state.run}: it is not here, or no longer.")
        state.run = ""
    if not jobs:
        return None
    status = {job.id: job.progress().status for job in jobs}
    names = {one: f"{name} · {status[one]}" for one, name in run_names(jobs).items()}
    chosen = st.selectbox(
        "Run",
        ids,
        ids.index(state.run) if state.run else None,
        format_func=names.__getitem__,
        placeholder="Choose one of the runs so far",
        key=f"probe_run_{state.run}_{status.get(state.run)}",  # a kept key keeps the old words
    )
    if chosen is not None and chosen != state.run:
        show_run_of(state, default_queue().find(chosen))
        st.rerun()
    return next((job for job in jobs if job.id == state.run), None)


def watch_runs() -> None:
    """Show how far the runs under way are."""
    for job in reversed(probe_jobs()):
        if not job.progress().ended:
            watch_job(job, key=job.id)


def show_run(state: ProbeState, job: Job | None) -> None:
    """Show what a run found, or how else it ended; nothing where none is chosen."""
    if job is None:
        return
    progress = job.progress()
    if progress.status == "finished":
        with showing_problems():
            _show_results(state, job, finished_run(job))
    elif progress.ended:
        watch_job(job, key=job.id, stopped="Run it again from above.")


@st.fragment
def _show_results(state: ProbeState, job: Job, run: ProbeRun) -> None:
    shown = RunShown(state, job, run, palette_for(st.context.theme.type))
    shown.heading()
    names = list(VIEWS)
    state.view = st.segmented_control(
        "Show",
        names,
        default=state.view or names[0],
        required=True,
        label_visibility="collapsed",
        key="probe_view",
    )
    with showing_problems():
        VIEWS[state.view or names[0]](shown)


def show_past_runs(state: ProbeState) -> None:
    """Put runs side by side, and forget one."""
    ended = [job for job in probe_jobs() if job.progress().ended]
    if not ended:
        return
    st.subheader("Runs so far")
    st.html(runs_table([run_facts(job) for job in ended]))
    finished = {job.id: job for job in ended if job.progress().status == "finished"}
    names = run_names(ended)
    compared = st.multiselect(
        "Side by side",
        list(finished),
        [one for one in state.compared if one in finished],
        format_func=names.__getitem__,
        max_selections=_MOST_COMPARED,
        placeholder="Two runs or more",
    )
    state.compared = tuple(compared)
    if len(compared) > 1:
        _compare([finished[one] for one in compared])
    which, button = st.columns([6, 2], gap="medium", vertical_alignment="bottom")
    asked = which.selectbox(
        "Forget a run", [job.id for job in ended], None, names.__getitem__, key="probe_forget"
    )
    if asked is None:
        return
    with button.popover("Forget …", icon=":material/delete:", width="stretch"):
        st.write(literal(names[asked]))
        st.caption("Its scores and its log are deleted; the cohort and the checkpoints stay.")
        if st.button("Forget it", type="primary", key=f"forget_{asked}"):
            default_queue().find(asked).delete()
            state.run = "" if asked == state.run else state.run
            st.rerun()


def _compare(jobs: list[Job]) -> None:
    names = run_names(jobs)
    runs = {names[job.id]: finished_run(job) for job in jobs}
    results = {name: run.results[run.seeds[0]] for name, run in runs.items()}
    st.html(comparison_of_runs(results, label=MACRO))
    st.caption("Macro AUROC with its 95 % interval, first seed.")
    pairs, reference = pair_runs(runs)
    if pairs is None:
        st.caption(
            "The runs are of different ECGs, labels or folds, so their differences are not tested."
        )
    elif not pairs.empty:
        st.html(pairs_table(pairs, reference))
        st.caption("Checkpoints of all these runs on the same resamples of the same patients.")
