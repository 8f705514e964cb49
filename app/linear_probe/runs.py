"""What the page about probes asks the core: cohorts, checkpoints, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.resources import cohort, probe_run
from physioclr.encoders.installed import known_checkpoints
from physioclr.errors import DatasetError, PhysioclrError
from physioclr.evaluation.probe_features import probe_targets
from physioclr.jobs import Job, default_queue
from physioclr.jobs.probing import ProbeTask
from physioclr.probe import unmeasurable_labels

if TYPE_CHECKING:
    from app.state import ProbeState
    from physioclr.datasets.store import Store
    from physioclr.evaluation.probe_run import ProbeRun

__all__ = [
    "begin_probe",
    "checkpoint_names",
    "finished_run",
    "open_record",
    "probe_jobs",
    "probe_task",
    "run_facts",
    "run_names",
    "show_run_of",
    "unmeasurable",
]


def checkpoint_names(also: Sequence[str] = ()) -> list[str]:
    """Return the names of the known checkpoints, the shipped one first, and what was typed."""
    return list(dict.fromkeys([*known_checkpoints(), *also]))


def unmeasurable(store: Store, label_set: str) -> tuple[dict[str, str], int]:
    """Return which labels cannot be measured, by their names on screen, and how many can.

    Returns
    -------
    reasons : dict of str to str
    n_measurable : int
    """
    targets, patients, names = probe_targets(store, label_set)
    reasons = unmeasurable_labels(targets, patients, names)
    display = store.label_names[label_set]
    return {display[name]: why for name, why in reasons.items()}, len(names) - len(reasons)


def begin_probe(state: ProbeState) -> Job:
    """Begin the run that the state asks for, and show it."""
    task = ProbeTask(
        cohort=state.store_path,
        label_set=state.label_set or "",
        checkpoints=_folders(state.checkpoints),
        fractions=state.fractions,
        seeds=tuple(range(state.n_seeds)),
    )
    job = default_queue().submit(task)
    show_run_of(state, job)
    return job


def show_run_of(state: ProbeState, job: Job) -> None:
    """Show a run; the next one is asked for with its settings."""
    task = probe_task(job)
    state.run = job.id
    state.store_path, state.label_set = task.cohort, task.label_set
    names = {folder: name for name, folder in known_checkpoints().items()}
    state.checkpoints = tuple(names.get(folder, folder) for folder in task.checkpoints.values())
    state.fractions, state.n_seeds = task.fractions, len(task.seeds)


def probe_jobs() -> list[Job]:
    """Return the runs of probes, the last one begun first."""
    return default_queue().jobs(ProbeTask)


def probe_task(job: Job) -> ProbeTask:
    """Return what a run of probes was asked for.

    Raises
    ------
    PhysioclrError
        If the job is another one.
    """
    if not isinstance(job.task, ProbeTask):
        raise PhysioclrError(f"job {job.id}", expected="a run of probes", found=job.task.title)
    return job.task


def finished_run(job: Job) -> ProbeRun:
    """Return what a finished run found."""
    return probe_run(str(job.folder))


def run_names(jobs: Sequence[Job]) -> dict[str, str]:
    """Return each run in one line by its id: when it was begun, its cohort, labels, checkpoints.

    No two lines are the same.
    """
    names: dict[str, str] = {}
    for job in jobs:
        task = probe_task(job)
        parts = [_begun(job), task.cohort_name, task.label_set, ", ".join(task.checkpoints)]
        name = " · ".join(parts)
        names[job.id] = f"{name} · {job.id}" if name in names.values() else name
    return names


def run_facts(job: Job) -> list[str]:
    """Return a run as a row of `app.linear_probe.tables.runs_table`."""
    task, progress = probe_task(job), job.progress()
    areas = progress.result.get("auroc", {})
    best = max(areas, key=lambda name: areas[name][0], default=None)
    found = "" if best is None else f"{areas[best][0]:.3f} ({best})"
    return [
        _begun(job),
        task.cohort_name,
        task.label_set,
        ", ".join(task.checkpoints),
        str(len(task.seeds)),
        found,
        progress.status,
    ]


def open_record(job: Job, record_id: str) -> tuple[Store, int]:
    """Return a run's cohort and the row of one of its ECGs.

    Raises
    ------
    PhysioclrError
        If the cohort is no longer there, or holds it no more.
    """
    store = cohort(probe_task(job).cohort)
    return store, store.index_of(record_id)


def _begun(job: Job) -> str:
    return f"{datetime.fromtimestamp(job.submitted).astimezone():%Y-%m-%d %H:%M:%S}"


def _folders(chosen: Sequence[str]) -> Mapping[str, str]:
    """Return name → folder of the checkpoints chosen by name or by folder."""
    known = known_checkpoints()
    folders: dict[str, str] = {}
    for one in chosen:
        name = one if one in known else _short_name(one)
        folder = known.get(one, str(Path(one).expanduser()))
        folders[one if name in folders else name] = folder
    if not folders:
        raise DatasetError("the run", expected="a checkpoint or more", found="none")
    return folders


def _short_name(folder: str) -> str:
    path = Path(folder)
    return path.parent.name if path.name == "checkpoint" else path.name
