"""Pretraining as a job, and the measurement that says beforehand what it will take."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from physioclr.errors import CheckpointError
from physioclr.jobs.task import Report, Task
from physioclr.pretraining.plan import PretrainPlan

if TYPE_CHECKING:
    from physioclr.pretraining.run import StepReport

__all__ = ["EstimateTask", "PretrainTask", "last_use", "plan_of_run"]

_PLAN, _USE = "plan.json", "device_use.json"
_LOOKS_EVERY_S = 1.0


def _as_plan(task: PretrainTask | EstimateTask) -> None:
    if not isinstance(task.plan, PretrainPlan):  # a dict, from JSON
        object.__setattr__(task, "plan", PretrainPlan(**task.plan))


@dataclass(frozen=True)
class PretrainTask(Task):
    """Pretrain into a folder of `physioclr.encoders.installed.runs_folder`, or go on there.

    A run that was stopped goes on from its last saved state when its task is submitted again.

    Parameters
    ----------
    name : str
        Of the run, and of its folder.
    plan : PretrainPlan
    """

    kind: ClassVar[str] = "pretrain"

    name: str
    plan: PretrainPlan = field(default_factory=PretrainPlan)

    def __post_init__(self) -> None:
        """Take the dict that JSON has for a plan."""
        _as_plan(self)

    @property
    def title(self) -> str:
        """Which run, and what it learns."""
        return f"Pretraining of {self.name}, {self.plan.objective}"

    @property
    def uses_accelerator(self) -> bool:
        """It trains."""
        return True

    def run(self, folder: Path, report: Report) -> dict[str, Any]:  # noqa: ARG002
        """Pretrain; see `physioclr.pretraining.pretrain.pretrain`."""
        report("Opening the cohort", 0.0)
        # Loaded here, so that who stops the job while it loads is heard.
        import torch

        from physioclr.encoders.installed import runs_folder
        from physioclr.pretraining.pretrain import pretrain
        from physioclr.runtime.atomic_files import make_folder, replace_file
        from physioclr.runtime.device_use import DeviceMeter

        out = runs_folder() / self.name
        stores = self.plan.stores()
        config = self.plan.config(steps=_steps(self.plan, out, report))
        make_folder(out)
        replace_file(out / _PLAN, json.dumps(asdict(self.plan), indent=2).encode())
        report("Filtering the cohort", 0.0)
        meter = DeviceMeter(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
        looked_s = 0.0

        def said(step: StepReport) -> None:
            nonlocal looked_s
            if time.monotonic() - looked_s > _LOOKS_EVERY_S:
                looked_s = time.monotonic()
                replace_file(out / _USE, json.dumps(meter.look()).encode())
            what = f"step {step.step:,} of {config.steps:,} · loss {step.loss:.3f}"
            report(f"{what} · {step.records_per_s:.0f} ECGs/s", step.step / config.steps)

        card = pretrain(
            stores,
            out,
            config,
            preprocessing=self.plan.preprocessing,
            resume=True,
            on_step=said,
        )
        return {"name": self.name, "steps": config.steps, "fingerprint": card.fingerprint}


@dataclass(frozen=True)
class EstimateTask(Task):
    """Measure what a run will take: its result is a `PretrainEstimate` as a dict.

    Parameters
    ----------
    plan : PretrainPlan
    """

    kind: ClassVar[str] = "estimate"

    plan: PretrainPlan = field(default_factory=PretrainPlan)

    def __post_init__(self) -> None:
        """Take the dict that JSON has for a plan."""
        _as_plan(self)

    @property
    def title(self) -> str:
        """What is measured."""
        return f"Estimate of a pretraining, {self.plan.objective} on {self.plan.encoder}"

    @property
    def uses_accelerator(self) -> bool:
        """Measured beside another that trains, both would seem slow."""
        return True

    def run(self, folder: Path, report: Report) -> dict[str, Any]:  # noqa: ARG002
        """Measure; see `physioclr.pretraining.estimate.estimate_pretraining`."""
        report("Opening the cohort", 0.0)
        from physioclr.pretraining.estimate import estimate_pretraining

        return estimate_pretraining(self.plan, on_progress=report).to_dict()


def plan_of_run(path: Path) -> PretrainPlan | None:
    """Return the plan that a run was begun with, by which it can go on.

    Parameters
    ----------
    path : Path
        A run folder.

    Returns
    -------
    PretrainPlan or None
        None of a run that was begun on the command line.

    Raises
    ------
    CheckpointError
        If the plan is damaged.
    """
    try:
        return PretrainPlan(**json.loads((path / _PLAN).read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise CheckpointError(
            str(path / _PLAN), expected="the plan of a run", found="a damaged file"
        ) from error


def last_use(path: Path) -> dict[str, Any]:
    """Return what a run last used of the machine, as `DeviceMeter.look` gives it.

    Parameters
    ----------
    path : Path
        A run folder.

    Returns
    -------
    dict
        Empty where it is not known.
    """
    try:
        found: dict[str, Any] = json.loads((path / _USE).read_bytes())
    except FileNotFoundError:
        return {}
    return found


def _steps(plan: PretrainPlan, out: Path, report: Report) -> int:
    """Return the steps of a run: once they were measured, they stay."""
    if plan.minutes is None:
        return plan.steps
    from physioclr.pretraining.estimate import estimate_pretraining
    from physioclr.pretraining.run_folder import RunFolder

    folder = RunFolder(out)
    if folder.begun:
        return int(folder.config()["steps"])
    return estimate_pretraining(plan, on_progress=lambda what, _: report(what, 0.0)).steps
