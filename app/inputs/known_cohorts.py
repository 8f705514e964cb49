"""The cohorts that every page offers: the demo, what was saved, and what was used before."""

from __future__ import annotations

from physioclr.datasets.selection import saved_selections
from physioclr.jobs import default_queue
from physioclr.jobs.importing import ImportTask
from physioclr.jobs.mapping import MapTask
from physioclr.jobs.pretraining import PretrainTask
from physioclr.jobs.probing import ProbeTask
from physioclr.jobs.task import Task

__all__ = ["cohort_names"]


def cohort_names() -> dict[str, str]:
    """Return the cohorts that are known: path to name, the demo cohort first."""
    found = {"": "Demo cohort (simulated)"}
    found |= {path: name for name, path in saved_selections().items()}
    for job in default_queue().jobs(ImportTask, MapTask, ProbeTask, PretrainTask):
        for path in _paths_of(job.task):
            found.setdefault(path, path)
    return found


def _paths_of(task: Task) -> tuple[str, ...]:
    if isinstance(task, ImportTask):
        return (task.out,)
    if isinstance(task, MapTask):
        return (task.store_path,)
    if isinstance(task, ProbeTask):
        return (task.cohort,)
    return task.plan.cohorts if isinstance(task, PretrainTask) else ()
