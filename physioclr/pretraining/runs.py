"""Pretraining runs as a collection: list them, compare them, delete one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from physioclr.errors import CheckpointError, PhysioclrError
from physioclr.pretraining.run_folder import RunFolder

__all__ = ["RunSummary", "compare_runs", "delete_run", "list_runs", "summarise_run"]

RunStatus = Literal["finished", "running", "stopped"]

_NOT_METRICS = ("step", "records_per_s")


@dataclass(frozen=True)
class RunSummary:
    """What there is to know of a run at a glance.

    Parameters
    ----------
    path : Path
    status : {"finished", "running", "stopped"}
        Stopped: neither finished nor held by a process, so that it can be resumed.
    objective, architecture : str
    steps_done, steps : int
    records_per_s : float or None
        Median over the last hundred steps.
    metrics : dict of str to float
        The last value of the loss, its terms and everything that is monitored.
    settings : dict of str to object
        The configuration, nested names joined by dots.
    bytes_on_disk : int
    """

    path: Path
    status: RunStatus
    objective: str
    architecture: str
    steps_done: int
    steps: int
    records_per_s: float | None
    metrics: dict[str, float]
    settings: dict[str, object]
    bytes_on_disk: int

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON has it."""
        return {**vars(self), "path": str(self.path)}


def summarise_run(path: Path) -> RunSummary:
    """Summarise a run.

    Parameters
    ----------
    path : Path
        A run folder.

    Returns
    -------
    RunSummary

    Raises
    ------
    CheckpointError
        If it is not the folder of a run, or its configuration is damaged.
    """
    run = RunFolder(path)
    settings = _flat(run.config())
    if "objective.name" not in settings:
        raise CheckpointError(str(path), expected="the folder of a pretraining run", found="none")
    lines = run.metrics()
    metrics: dict[str, float] = {}
    for line in lines:
        metrics |= {k: v for k, v in line.items() if k not in _NOT_METRICS and v is not None}
    speeds = sorted(line["records_per_s"] for line in lines[-100:])
    finished = (run.checkpoint / "card.json").exists()
    status: RunStatus = "finished" if finished else "running" if run.is_running() else "stopped"
    return RunSummary(
        path=path,
        status=status,
        objective=str(settings["objective.name"]),
        architecture=str(settings["encoder.architecture"]),
        steps_done=max((line["step"] for line in lines), default=0),
        steps=int(str(settings["steps"])),
        records_per_s=speeds[len(speeds) // 2] if speeds else None,
        metrics=metrics,
        settings=settings,
        bytes_on_disk=sum(f.stat().st_size for f in path.rglob("*") if f.is_file()),
    )


def list_runs(folder: Path) -> list[RunSummary]:
    """Summarise the runs in a folder, the last one begun first.

    Parameters
    ----------
    folder : Path
        A folder of run folders, or one run folder.

    Returns
    -------
    list of RunSummary
        What is no run is passed over.

    Raises
    ------
    CheckpointError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise CheckpointError(str(folder), expected="a folder of runs", found="no such folder")
    found = []
    for config in (*folder.glob("config.json"), *folder.glob("*/config.json")):
        try:
            found.append((config.stat().st_mtime, summarise_run(config.parent)))
        except CheckpointError:
            continue
    return [summary for _, summary in sorted(found, key=lambda run: run[0], reverse=True)]


def compare_runs(
    runs: Sequence[RunSummary],
) -> tuple[dict[str, list[object]], dict[str, list[float | None]]]:
    """Put runs beside each other.

    Parameters
    ----------
    runs : sequence of RunSummary

    Returns
    -------
    settings : dict of str to list
        Those that differ, a value for each run; empty where a run has no such setting.
    metrics : dict of str to list of float or None
        The last value of each, in each run.
    """
    names = sorted({name for run in runs for name in run.settings})
    by_name = {name: [run.settings.get(name, "") for run in runs] for name in names}
    differing = {
        name: values
        for name, values in by_name.items()
        if any(value != values[0] for value in values)
    }
    measured = sorted({name for run in runs for name in run.metrics})
    return differing, {name: [run.metrics.get(name) for run in runs] for name in measured}


def delete_run(path: Path) -> None:
    """Delete a run folder.

    Parameters
    ----------
    path : Path

    Raises
    ------
    CheckpointError
        If it is not the folder of a run, or a process works at it.
    PhysioclrError
        If it cannot be deleted.
    """
    if summarise_run(path).status == "running":
        raise CheckpointError(
            str(path), expected="a run that no process works at", found="one that is"
        )
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise PhysioclrError(
            str(path), expected="a folder that can be deleted", found=str(error.strerror)
        ) from error


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
