"""Pretraining runs of this machine: which there are, how they begin and go on, what they log."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.resources import cohort
from physioclr.encoders.installed import runs_folder
from physioclr.errors import PhysioclrError
from physioclr.jobs import Job, default_queue
from physioclr.jobs.pretraining import EstimateTask, PretrainTask, plan_of_run
from physioclr.pretraining.plan import PRESETS, PretrainPlan

if TYPE_CHECKING:
    from app.state import PretrainState

__all__ = [
    "begin_run",
    "changes",
    "checkpoint_of",
    "epochs_of",
    "estimate_of",
    "estimate_run",
    "go_on",
    "job_of",
    "metrics_of",
    "next_plan",
    "plan_of",
    "recipe_steps",
    "run_names",
    "show_run_named",
    "status_of",
    "steps_of",
    "take_preset",
    "take_settings",
    "what_is_kept",
]

# Fields of a plan that the form asks about, as it calls them.
_SAID = {
    "objective": "objective",
    "encoder": "encoder",
    "steps": "steps",
    "minutes": "minutes",
    "records_per_batch": "ECGs in a batch",
    "learning_rate": "learning rate",
    "seed": "seed",
}
_BEGUN = ("plan.json", "config.json")
"""Of a run folder: what the app writes first, and what pretraining does."""
_NAME = re.compile(r"[A-Za-z0-9][\w .-]{0,63}")


def next_plan(state: PretrainState) -> PretrainPlan:
    """Return the run that is asked for next."""
    return state.plan or PRESETS[state.preset].plan


def take_preset(state: PretrainState, preset: str) -> None:
    """Ask for a known recipe, on the cohorts that are chosen."""
    cohorts = next_plan(state).cohorts
    state.preset, state.opened, state.steps_by_hand = preset, state.opened + 1, False
    state.plan = _with_steps(state, replace(PRESETS[preset].plan, cohorts=cohorts))


def take_settings(state: PretrainState, asked: PretrainPlan) -> None:
    """Ask for what the form says.

    The objective of the recipe has the recipe's settings, another one its own defaults. Steps that
    were not set by hand follow from the recipe's epochs.

    Parameters
    ----------
    state : PretrainState
    asked : PretrainPlan
        As the form returns it.
    """
    before, recipe = next_plan(state), PRESETS[state.preset].plan
    if asked == before:
        return
    if asked.objective != before.objective:
        known = asked.objective == recipe.objective
        asked = replace(asked, settings=recipe.settings if known else {})
    if asked.steps != before.steps:
        state.steps_by_hand = True
    state.plan = _with_steps(state, asked)


def changes(state: PretrainState) -> list[str]:
    """Return what of the next run is not as its recipe has it, the cohorts left aside."""
    plan, recipe = next_plan(state), PRESETS[state.preset].plan
    names = [name for name in _SAID if getattr(plan, name) != getattr(recipe, name)]
    if "steps" in names and (not state.steps_by_hand or plan.minutes is not None):
        names.remove("steps")
    return [_SAID[name] for name in names]


def epochs_of(plan: PretrainPlan) -> float | None:
    """Return how often a run sees its cohorts; None where that is not known beforehand."""
    n_ecgs = _n_ecgs(plan)
    if plan.minutes is not None or not n_ecgs:
        return None
    return plan.steps * plan.ecgs_a_step / n_ecgs


def recipe_steps(state: PretrainState) -> int:
    """Return the steps of the recipe on the cohorts that are chosen."""
    return _recipe_steps(state.preset, next_plan(state)) or PRESETS[state.preset].plan.steps


def _with_steps(state: PretrainState, plan: PretrainPlan) -> PretrainPlan:
    steps = None if state.steps_by_hand else _recipe_steps(state.preset, plan)
    return plan if steps is None else replace(plan, steps=steps)


def _recipe_steps(preset: str, plan: PretrainPlan) -> int | None:
    """Return the steps of a recipe on a plan's cohorts; None where one cannot be opened."""
    n_ecgs = _n_ecgs(plan)
    return PRESETS[preset].steps_for(n_ecgs, a_step=plan.ecgs_a_step) if n_ecgs else None


def _n_ecgs(plan: PretrainPlan) -> int:
    """Return the ECGs of a plan's cohorts; 0 where one cannot be opened, which is said later."""
    try:
        return sum(len(cohort(path)) for path in plan.cohorts)
    except PhysioclrError:
        return 0


def run_names() -> list[str]:
    """Return the runs that were begun here or lie in the folder of runs, the last begun first."""
    submitted = [task.name for task in _tasks()]
    folders = sorted(
        (path for path in runs_folder().glob("*") if any((path / one).exists() for one in _BEGUN)),
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


def plan_of(name: str) -> PretrainPlan | None:
    """Return the plan of a run, also of one whose turn never came.

    Returns
    -------
    PretrainPlan or None
        None of a run that was begun on the command line.

    Raises
    ------
    CheckpointError
        If it is damaged.
    """
    kept = plan_of_run(runs_folder() / name)
    if kept is not None:
        return kept
    job = job_of(name)
    return job.task.plan if job and isinstance(job.task, PretrainTask) else None


def go_on(name: str) -> None:
    """Let a run that was stopped go on from its last saved state, or begin where there is none.

    Raises
    ------
    PhysioclrError
        If it is under way already, or it is not known how it was begun.
    """
    plan = plan_of(name)
    if plan is None:
        raise PhysioclrError(
            name,
            expected="a run that the app began",
            found="one of the command line: `physioclr pretrain … --resume` goes on with it",
        )
    job = job_of(name)
    if job is not None and not job.progress().ended:
        raise PhysioclrError(name, expected="a run that has ended", found="one under way")
    default_queue().submit(PretrainTask(name, plan))


def status_of(name: str) -> str:
    """Return how a run stands now, in a word or a few."""
    job = job_of(name)
    if job is not None:
        return job.progress().status
    if checkpoint_of(name):
        return "finished"
    by_app = (runs_folder() / name / _BEGUN[0]).exists()
    return "not finished" if by_app else "begun on the command line"


def what_is_kept(name: str) -> str:
    """Say what a run that was stopped goes on from."""
    if not metrics_of(name):
        return "It had learned nothing yet, and begins anew when it goes on."
    if not (runs_folder() / name / "last.safetensors").exists():
        return "It was stopped before its first saved state, and begins anew when it goes on."
    return "What it learned up to its last saved state is kept."


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
    from physioclr.pretraining.run_folder import RunFolder

    return RunFolder(runs_folder() / name).metrics()


def steps_of(name: str) -> int:
    """Return the steps of a run that has taken one: of a budget in minutes, as many as fit."""
    from physioclr.pretraining.run_folder import RunFolder

    return int(RunFolder(runs_folder() / name).config()["steps"])


def checkpoint_of(name: str) -> str:
    """Return the folder of a run's last checkpoint; empty before its end."""
    folder = runs_folder() / name / "checkpoint"
    return str(folder) if (folder / "card.json").exists() else ""


def show_run_named(state: PretrainState, name: str) -> None:
    """Show a run.

    Raises
    ------
    PhysioclrError
        If there is no such run.
    """
    if name not in run_names():
        raise PhysioclrError("The link", expected="a run of this machine", found=name)
    state.run = name


def _tasks() -> list[PretrainTask]:
    tasks = [job.task for job in default_queue().jobs(PretrainTask)]
    return [task for task in tasks if isinstance(task, PretrainTask)]
