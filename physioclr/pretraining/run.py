"""One pretraining run in one of its processes: step by step, or to its end.

Lightning Fabric places the run: on a CPU, a GPU, or the processes of ``torchrun``. A batch is then
shared out to the processes, whose loss and gradient are those of one process on the whole batch.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from tensorboardX import SummaryWriter
from torch import Tensor, nn

from physioclr.encoders.card import CheckpointCard, CohortCard, TrainingCard
from physioclr.encoders.checkpoint import read_card, save_checkpoint
from physioclr.errors import DatasetError
from physioclr.models.encoder import EcgEncoder
from physioclr.models.exponential_average import ExponentialAverage
from physioclr.objectives import OBJECTIVES, Objective, Step, objective_name
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.pretraining.batch_rows import (
    check_batch,
    mixed_seed,
    rows_of_batch,
    split_patients,
)
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.monitoring import MONITORED, monitor
from physioclr.pretraining.run_folder import RunFolder, RunState
from physioclr.runtime.distributed import Processes
from physioclr.training_data.batch import TrainingBatch
from physioclr.training_data.cohort import TrainingCohort

__all__ = ["PretrainRun", "StepReport", "placed"]


@dataclass(frozen=True)
class StepReport:
    """What a step reports.

    Parameters
    ----------
    step : int
        From 1.
    loss : float
    terms : dict of str to float
        What the objective's loss is made of.
    records_per_s : float
    monitored : dict of str to float
        As `physioclr.pretraining.monitoring.monitor` gives it; empty in the steps between.
    """

    step: int
    loss: float
    terms: dict[str, float]
    records_per_s: float
    monitored: dict[str, float]

    def to_dict(self) -> dict[str, float]:
        """Return all of it in one flat line."""
        line = {"step": self.step, "loss": self.loss, **self.terms}
        return {**line, "records_per_s": self.records_per_s, **self.monitored}


class PretrainRun:
    """One run, in one of its processes.

    Parameters
    ----------
    fabric : Fabric
        Launched.
    cohort : TrainingCohort
        On the device of `fabric`.
    config : PretrainConfig
    folder : RunFolder

    Raises
    ------
    DatasetError
        As `physioclr.pretraining.pretrain.pretrain` does.
    """

    def __init__(
        self, fabric: Fabric, cohort: TrainingCohort, config: PretrainConfig, folder: RunFolder
    ) -> None:
        self.fabric = fabric
        self.cohort = cohort
        self.folder = folder
        self.processes = Processes(fabric.global_rank, fabric.world_size)
        kind = OBJECTIVES[objective_name(config.objective)]
        self.asked = config
        needs = kind.needs(config.objective)
        if "levels" in needs:
            self.cohort = cohort = cohort.with_levels()
        cohort.check_for(needs, objective_name(config.objective))
        fitted = kind.fitted(
            config.objective, n_labels=len(cohort.label_names), n_levels=len(cohort.levels)
        )
        self.config = config = replace(config, objective=fitted)
        self.train_rows, self.held_out_rows = split_patients(cohort, config)
        check_batch(cohort, config, len(self.train_rows), self.processes.count)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            objective = kind(config.encoder, config.objective)
        self.objective: Objective = objective.to(fabric.device)
        self.average = (
            None if config.ema_decay is None else ExponentialAverage(self.objective.encoder)
        )
        if config.compile_encoder:
            self.objective.encoder.compile()
        trained = [p for p in self.objective.parameters() if p.requires_grad]
        optimiser = torch.optim.AdamW(
            trained,
            lr=config.learning_rate,
            betas=(0.9, config.beta_2),
            eps=config.epsilon,
            weight_decay=config.weight_decay,
        )
        self.wrapped, self.optimiser = fabric.setup(_Sealed(self.objective), optimiser)
        average = None if self.average is None else self.average.module
        self.state = RunState(self.objective, optimiser, average)
        self.best: float | None = None

    @classmethod
    def begin(cls, cohort: TrainingCohort, out: Path, config: PretrainConfig) -> PretrainRun:
        """Begin a run in this process, to take its steps one by one.

        Parameters
        ----------
        cohort : TrainingCohort
        out : Path
            The run folder; nothing is written by a step.
        config : PretrainConfig

        Returns
        -------
        PretrainRun
        """
        fabric = placed(config, cohort.device)
        fabric.launch()
        return cls(fabric, cohort, config, RunFolder(out))

    @property
    def encoder(self) -> EcgEncoder:
        """What a checkpoint holds: the readout of the encoder, or of its average."""
        trained = self.objective.encoder if self.average is None else self.average.module
        return self.objective.readout(trained, self.cohort, self.train_rows)

    @property
    def space(self) -> PhysiologySpace | None:
        """What ECGs are compared in; None where the cohort has no physiology."""
        return self.cohort.space if self.cohort.space.names else None

    @property
    def _space_file(self) -> Path:
        return self.folder.path / "physiology_space.json"

    def finish(
        self, *, resume: bool, on_step: Callable[[StepReport], None] | None
    ) -> CheckpointCard:
        """Go through all steps that are left and leave the checkpoint."""
        identity = _identity(self.asked, self.cohort)
        writes = self.fabric.global_rank == 0
        with ExitStack() as held:
            if writes:
                self.folder.check(identity, resume=resume)
                held.enter_context(self.folder.opened(identity))
                if self.space is not None and not self.folder.begun:
                    self.space.save(self._space_file)
            self.fabric.barrier()
            if self.space is not None:
                # Fitted anew on another number of cores, the last bits of a basis may differ.
                self.cohort = replace(self.cohort, space=PhysiologySpace.load(self._space_file))
            first, self.best = self.folder.restore(self.state) if resume else (0, None)
            events = None
            if writes:
                self.folder.forget_after(first)
                events = held.enter_context(_events(self.folder, first))
            for step in range(first, self.config.steps):
                report = self._report(step)
                if writes:
                    self._record(report, events)
                    if on_step is not None:
                        on_step(report)
            if writes:
                self._checkpoint(self.folder.checkpoint)
                for spilled in self.folder.path.glob("signals-*.i16"):
                    spilled.unlink()
            self.fabric.barrier()
        return read_card(self.folder.checkpoint)

    def _report(self, step: int) -> StepReport:
        started = time.perf_counter()
        terms = self.step(step)
        seconds = time.perf_counter() - started
        speed = self.config.records_per_batch * self.config.accumulate / seconds
        monitored: dict[str, float] = {}
        due = self.config.monitor_every and (step + 1) % self.config.monitor_every == 0
        if due and len(self.held_out_rows) > 1 and self.fabric.global_rank == 0:
            monitored = self._monitored()
        return StepReport(step + 1, terms.pop("loss"), terms, speed, monitored)

    def _monitored(self) -> dict[str, float]:
        most = 4 * len(self.held_out_rows)
        found = monitor(self.encoder, self.cohort, self.train_rows[:most], self.held_out_rows)
        known = [r2 for n in MONITORED.values() if math.isfinite(r2 := found[f"r2_{n}"])]
        if known:
            # What a model that is worse than the mean is worse by says nothing more.
            found["score"] = sum(max(r2, 0.0) for r2 in known) / len(known)
            if self.best is None or found["score"] > self.best:
                self.best = found["score"]
                self._checkpoint(self.folder.best)
        return found

    def _record(self, report: StepReport, events: SummaryWriter | None) -> None:
        line = report.to_dict()
        self.folder.log(line)
        if events is not None:
            for name, value in line.items():
                if name != "step" and math.isfinite(value):
                    events.add_scalar(name, value, report.step)
        if report.step % self.config.save_every == 0 or report.step == self.config.steps:
            self.folder.save(self.state, report.step, best=self.best)

    def step(self, step: int) -> dict[str, float]:
        """Do one step; all its randomness comes from the seed and the step's number.

        Parameters
        ----------
        step : int
            From 0.

        Returns
        -------
        dict of str to float
            The loss and its terms, means over processes and batches.
        """
        config = self.config
        for group in self.optimiser.param_groups:
            group["lr"] = config.learning_rate_at(step)
        totals: list[Tensor] = []
        names: list[str] = []
        self.optimiser.zero_grad(set_to_none=True)
        for part in range(config.accumulate):
            number = step * config.accumulate + part
            rows = self._rows(number)
            batch = self.cohort.batch(rows)
            if number + 1 < config.steps * config.accumulate:
                self.cohort.prefetch(self._rows(number + 1))
            seed = mixed_seed(config.seed, number)
            torch.manual_seed(seed)  # dropout
            circumstances = Step.seeded(
                seed,
                progress=step / config.steps,
                device=self.cohort.device,
                processes=self.processes,
            )
            last = part + 1 == config.accumulate
            with self.fabric.no_backward_sync(self.wrapped, enabled=not last):
                terms = self.wrapped(_Given(batch, circumstances))
                if not bool(torch.isfinite(terms["loss"])):
                    self._stop(step, rows, batch, "loss")
                self.fabric.backward(terms["loss"] / config.accumulate)
            names = list(terms)
            totals.append(torch.stack([value.detach().float() for value in terms.values()]))
        norm = nn.utils.clip_grad_norm_(self.objective.parameters(), config.gradient_clip)
        if not bool(torch.isfinite(norm)):
            self._stop(step, rows, batch, "gradient")
        self.optimiser.step()
        progress = (step + 1) / config.steps
        self.objective.after_step(progress)
        if self.average is not None and config.ema_decay is not None:
            self.average.update(self.objective.encoder, config.ema_decay)
        mean = self.processes.sum(torch.stack(totals).mean(0)) / self.processes.count
        return dict(zip(names, mean.tolist(), strict=True))

    def _rows(self, number: int) -> Tensor:
        """Return this process's share of a batch."""
        rows = rows_of_batch(len(self.train_rows), self.config, number)
        share = len(rows) // self.processes.count
        first = self.processes.rank * share
        return self.train_rows[rows[first : first + share]]

    def _stop(self, step: int, rows: Tensor, batch: TrainingBatch, what: str) -> None:
        kept = self.folder.keep(
            f"not-finite-step-{step + 1:06d}",
            {
                "signal": batch.windows.signal,
                "rows": rows,
                **{f"model.{k}": v for k, v in self.objective.state_dict().items()},
            },
            note={
                "record_ids": "\n".join(self.cohort.record_ids[rows.numpy()]),
                "step": str(step + 1),
                "seed": str(self.config.seed),
            },
        )
        raise DatasetError(
            self.cohort.name,
            expected=f"a finite {what} at step {step + 1}",
            found=f"one that is not; the batch and the weights are in {kept.name} of the run",
        )

    def _checkpoint(self, folder: Path) -> CheckpointCard:
        return save_checkpoint(
            folder,
            self.encoder,
            name=self.folder.path.resolve().name,
            preprocessing=self.cohort.preprocessing,
            physiology_space=self.space,
            training=self._training_card(),
        )

    def _training_card(self) -> TrainingCard:
        return TrainingCard(
            objective=objective_name(self.config.objective),
            settings=asdict(self.config.objective),
            cohorts=tuple(
                CohortCard(
                    source=store.source,
                    n_records=n_records,
                    simulated=store.simulated,
                    store_fingerprint=store.fingerprint,
                )
                for store, n_records in self.cohort.sources
            ),
            steps=self.config.steps,
            seed=self.config.seed,
        )


class _Sealed(nn.Module):
    """An objective whose arguments Fabric does not see.

    It would cast the tensors among them to the run's precision, and intervals in ms do not survive
    bfloat16.
    """

    def __init__(self, objective: Objective) -> None:
        super().__init__()
        self.objective = objective

    def forward(self, given: _Given) -> dict[str, Tensor]:
        return self.objective(given.batch, given.step)  # type: ignore[no-any-return]


class _Given:
    def __init__(self, batch: TrainingBatch, step: Step) -> None:
        self.batch = batch
        self.step = step


def placed(config: PretrainConfig, device: str | torch.device | None) -> Fabric:
    """Place a run: on one device, or on those ``torchrun`` has started processes for."""
    chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    n_processes = int(os.environ.get("WORLD_SIZE", "1"))
    if n_processes == 1:
        devices = 1 if chosen.index is None else [chosen.index]
        return Fabric(accelerator=chosen.type, devices=devices, precision=config.precision)
    per_node = int(os.environ["LOCAL_WORLD_SIZE"])
    return Fabric(
        accelerator=chosen.type,
        devices=per_node,
        num_nodes=n_processes // per_node,
        strategy=DDPStrategy(find_unused_parameters=True),
        precision=config.precision,
    )


def _identity(config: PretrainConfig, cohort: TrainingCohort) -> dict[str, Any]:
    """Return everything that decides what a run computes."""
    return {
        **config.to_dict(),
        "preprocessing": cohort.preprocessing.model_dump(mode="json"),
        "stores": [store.fingerprint for store, _ in cohort.sources],
        "physiology": hashlib.sha256(cohort.physiology.cpu().numpy().tobytes()).hexdigest()[:16],
    }


@contextmanager
def _events(folder: RunFolder, first: int) -> Iterator[SummaryWriter]:
    """Write TensorBoard events; those of steps that are done again are marked as void."""
    writer = SummaryWriter(str(folder.events), purge_step=first + 1 if first else None)
    try:
        yield writer
    finally:
        writer.close()
