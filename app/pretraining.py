"""Pretraining runs of this machine: which there are, how they begin and go on, what they log."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from physioclr.errors import PhysioclrError
from physioclr.jobs import Job, default_queue
from physioclr.jobs.pretraining import EstimateTask, PretrainTask, plan_of_run
from physioclr.known_checkpoints import runs_folder
from physioclr.pretraining_plan import PRESETS, PretrainPlan

if TYPE_CHECKING:
    from app.state import PretrainState

__all__ = [
    "begin_run",
    "checkpoint_of",
    "estimate_of",
    "estimate_run",
    "go_on",
    "job_of",
    "metrics_of",
    "next_plan",
    "read_link",
    "run_names",
    "take_preset",
    "write_link",
]

_NAME = re.compile(r"[A-Za-z0-9][\w .-]{0,63}")


def next_plan(state: PretrainState) -> PretrainPlan:
    """Return the run that is asked for next."""
    return state.plan or PRESETS[state.preset].plan


def take_preset(state: PretrainState, preset: str) -> None:
    """Ask for a known recipe, on the cohorts that are chosen."""
    cohorts = next_plan(state).cohorts
    state.preset, state.opened = preset, state.opened + 1
    state.plan = replace(PRESETS[preset].plan, cohorts=cohorts)


def run_names() -> list[str]:
    """Return the runs that were begun here or lie in the folder of runs, the last begun first."""
    submitted = [task.name for task in _tasks()]
    folders = sorted(
        (path for path in runs_folder().glob("*") if (path / "config.json").exists()),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    return list(dict.fromkeys([*submitted, *(path.name for path in folders)]))


def job_of(name: str) -> Job | None:
    """Return the last job that worked at a run; None of one begun on the command line."""
    for job in default_queue().jobs(PretrainTask):
        if isinstance(job.task, PretrainTask) and job.task.name == name:
            return job
    return None


def begin_run(state: PretrainState) -> None:
    """Begin the run that is asked for, in a process of its own, and show it.

    Raises
    ------
    PhysioclrError
        If its name is none or taken, its settings do not go together, or a cohort is not there.
    """
    name = state.name.strip()
    if not _NAME.fullmatch(name):
        raise PhysioclrError(
            "The name", expected="up to 64 letters, digits, spaces, dots, - or _", found=repr(name)
        )
    if name in run_names():
        raise PhysioclrError(name, expected="a name no other run has", found="a run that has it")
    plan = next_plan(state)
    plan.config()
    plan.stores()
    default_queue().submit(PretrainTask(name, plan))
    state.run, state.name = name, ""


def go_on(name: str) -> None:
    """Let a run that was stopped go on from its last saved state.

    Raises
    ------
    PhysioclrError
        If it is not known how it was begun.
    """
    plan = plan_of_run(runs_folder() / name)
    if plan is None:
        raise PhysioclrError(
            name,
            expected="a run that the app began",
            found="one of the command line: `physioclr pretrain … --resume` goes on with it",
        )
    default_queue().submit(PretrainTask(name, plan))


def estimate_run(state: PretrainState) -> None:
    """Measure what the run that is asked for will take."""
    state.estimate = default_queue().submit(EstimateTask(next_plan(state))).id


def estimate_of(state: PretrainState) -> Job | None:
    """Return the measurement of the run that is asked for; None where it was of another."""
    for job in default_queue().jobs(EstimateTask):
        if job.id == state.estimate and job.task == EstimateTask(next_plan(state)):
            return job
    return None


def metrics_of(name: str) -> list[dict[str, Any]]:
    """Return what a run logged, one dict a step; empty before its first."""
    from physioclr.training.run_folder import RunFolder

    return RunFolder(runs_folder() / name).metrics()


def checkpoint_of(name: str) -> str:
    """Return the folder of a run's last checkpoint; empty before its end."""
    folder = runs_folder() / name / "checkpoint"
    return str(folder) if (folder / "card.json").exists() else ""


def read_link(state: PretrainState) -> None:
    """Show the run that the page's address names, where it is another than was written there.

    Raises
    ------
    PhysioclrError
        If there is no such run.
    """
    asked = st.query_params.get("run", "")
    if not asked or asked == state.link:
        return
    state.link = asked
    if asked not in run_names():
        raise PhysioclrError("The link", expected="a run of this machine", found=asked)
    state.run = asked


def write_link(state: PretrainState) -> None:
    """Write the run that is shown into the page's address."""
    if state.run and st.query_params.get("run") != state.run:
        st.query_params["run"] = state.run
    state.link = state.run


def _tasks() -> list[PretrainTask]:
    tasks = [job.task for job in default_queue().jobs(PretrainTask)]
    return [task for task in tasks if isinstance(task, PretrainTask)]
