"""Every kind of task, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from physioclr.errors import PhysioclrError
from physioclr.jobs.importing import ImportTask
from physioclr.jobs.mapping import MapTask
from physioclr.jobs.pretraining import EstimateTask, PretrainTask
from physioclr.jobs.probing import ProbeTask
from physioclr.jobs.task import Task

__all__ = ["TASKS", "task_of"]

TASKS: tuple[type[Task], ...] = (ImportTask, MapTask, ProbeTask, EstimateTask, PretrainTask)


def task_of(kind: str, fields: Mapping[str, Any]) -> Task:
    """Return the task that a job's folder describes.

    Parameters
    ----------
    kind : str
    fields : mapping
        As `dataclasses.asdict` gives them.

    Returns
    -------
    Task

    Raises
    ------
    PhysioclrError
        If there is no such kind, or it has other fields.
    """
    kinds = {task.kind: task for task in TASKS}
    if kind not in kinds:
        raise PhysioclrError("a job", expected=f"one of {', '.join(kinds)}", found=kind)
    try:
        return kinds[kind](**fields)
    except TypeError as error:
        raise PhysioclrError(
            "a job", expected=f"the fields of a task of the kind {kind}", found=str(error)
        ) from error
