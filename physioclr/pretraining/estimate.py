"""How long a pretraining run will take, and how much memory: measured before it begins.

Some ECGs of the cohort are made ready and a few real steps are taken, of batches that double in
size until the run's own is reached or the time for measuring is up. What was measured is then
carried on: time and activations in proportion to the batch, preparation to the cohort's ECGs.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from physioclr.datasets.store_view import StoreView
from physioclr.errors import DatasetError
from physioclr.objectives import OBJECTIVES, objective_name
from physioclr.pretraining.monitoring import embed_rows
from physioclr.pretraining.run import PretrainRun
from physioclr.runtime.device_use import peak_memory_bytes
from physioclr.training_data.cohort import TrainingCohort

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.pretraining.plan import PretrainPlan

__all__ = ["PretrainEstimate", "estimate_pretraining"]

_SAMPLE = 256
_FIRST_BATCH = 4
_TIMED_STEPS = 3
_MOST_MONITORED = 256
_EMBEDDINGS_A_LOOK = 5
"""Of each patient held out: one to score on, four to fit on."""


@dataclass(frozen=True)
class PretrainEstimate:
    """What a run is expected to take.

    Parameters
    ----------
    steps : int
        As asked for, or as many as fit into the minutes asked for.
    seconds : float
        Of the whole run: `prepare_s`, the steps, and looks at the embedding.
    prepare_s : float
        To filter the cohort.
    step_s : float
        Of one step, all accumulated batches.
    look_s : float
        Of one look at the embedding.
    memory_bytes : int
        The most the process will hold, on the GPU where it computes there.
    n_parameters : int
        That are trained.
    training_bytes : int
        Of weights, gradients and the optimiser's two moments, each in float32.
    activation_bytes : int
        What a batch keeps for its backward pass.
    signal_bytes : int
        Of the cohort at the encoder's rate.
    device : str
    measured_batch : int
        ECGs in the batch that was timed; `records_per_batch` where time allowed.
    measured_ecgs : int
        How many ECGs were made ready.
    """

    steps: int
    seconds: float
    prepare_s: float
    step_s: float
    look_s: float
    memory_bytes: int
    n_parameters: int
    training_bytes: int
    activation_bytes: int
    signal_bytes: int
    device: str
    measured_batch: int
    measured_ecgs: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def estimate_pretraining(
    plan: PretrainPlan,
    *,
    patience_s: float = 5.0,
    on_progress: Callable[[str, float], None] | None = None,
) -> PretrainEstimate:
    """Measure a few steps of a run and say what the whole will take.

    Parameters
    ----------
    plan : PretrainPlan
    patience_s : float
        For the steps. A batch twice as large is tried while it should still fit.
    on_progress : callable, optional
        Called with what is being done and the share done.

    Returns
    -------
    PretrainEstimate
        Of a machine as busy as it is now.

    Raises
    ------
    DatasetError
        If the cohort is smaller than a batch, or lacks what the objective needs.
    PhysioclrError
        If the plan's settings do not go together.
    """
    _say(on_progress, "Making some ECGs ready", 0.1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    stores = plan.stores()
    config = plan.config()
    n_ecgs = sum(map(len, stores))
    _check_size(plan, stores)
    began = time.perf_counter()
    views = _sampled(stores, max(_SAMPLE, plan.records_per_batch))
    cohort = TrainingCohort.from_stores(views, plan.preprocessing, device=device)
    if "levels" in OBJECTIVES[objective_name(config.objective)].needs(config.objective):
        cohort = cohort.with_levels()
    prepare_s = (time.perf_counter() - began) * n_ecgs / max(len(cohort), 1)
    with tempfile.TemporaryDirectory() as nowhere:
        config = replace(config, held_out=0.0, monitor_every=0, accumulate=1)
        config = replace(config, records_per_batch=min(plan.records_per_batch, len(cohort)))
        run = PretrainRun.begin(cohort, Path(nowhere), config)
        _say(on_progress, "Taking a few steps", 0.5)
        batch, batch_s = _timed(run, patience_s)
        _say(on_progress, "Weighing a step", 0.9)
        activations = _activation_bytes(run)
    scale = plan.records_per_batch / batch
    n_parameters = sum(p.numel() for p in run.objective.parameters() if p.requires_grad)
    signal_bytes = n_ecgs * len(plan.preprocessing.leads) * 2
    signal_bytes *= cohort.n_windows * plan.preprocessing.window_samples
    step_s = plan.accumulate * batch_s * scale
    look_s = _look_s(run, n_ecgs, plan)
    n_looks = 1 / plan.monitor_every if plan.monitor_every else 0.0
    steps = plan.steps
    if plan.minutes is not None:
        steps = max(1, int((60 * plan.minutes - prepare_s) / (step_s + n_looks * look_s)))
    return PretrainEstimate(
        steps=steps,
        seconds=prepare_s + steps * step_s + int(steps * n_looks) * look_s,
        prepare_s=prepare_s,
        step_s=step_s,
        look_s=look_s,
        memory_bytes=round(
            peak_memory_bytes(device)
            + (scale - 1) * activations
            + signal_bytes * (1 - len(cohort) / n_ecgs)
        ),
        n_parameters=n_parameters,
        training_bytes=16 * n_parameters,
        activation_bytes=round(activations * scale),
        signal_bytes=signal_bytes,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        measured_batch=batch,
        measured_ecgs=len(cohort),
    )


def _check_size(plan: PretrainPlan, stores: Sequence[Store]) -> None:
    n_ecgs = sum(map(len, stores))
    n_train = n_ecgs - int(plan.held_out * n_ecgs)
    if n_train < plan.records_per_batch:
        raise DatasetError(
            " + ".join(store.path.name for store in stores),
            expected=f"at least {plan.records_per_batch} ECGs to train on, one batch",
            found=str(n_train),
        )


def _say(on_progress: Callable[[str, float], None] | None, what: str, share: float) -> None:
    if on_progress is not None:
        on_progress(what, share)


def _sampled(stores: Sequence[Store], n: int) -> list[Store]:
    """Return evenly spaced ECGs of each store, about `n` in all."""
    share = min(1.0, n / sum(map(len, stores)))
    views: list[Store] = []
    for store in stores:
        n_rows = min(len(store), max(2, round(share * len(store))))
        rows = np.linspace(0, len(store) - 1, n_rows).astype(np.intp)
        views.append(StoreView([(store, rows)]))
    return views


def _timed(run: PretrainRun, patience_s: float) -> tuple[int, float]:
    """Return the largest batch there was time for, and the seconds of its step."""
    asked = run.config.records_per_batch
    batch, began = min(_FIRST_BATCH, asked), time.perf_counter()
    while True:
        run.config = replace(run.config, records_per_batch=batch)
        seconds = [_step_s(run, number) for number in range(2)]
        left_s = patience_s - (time.perf_counter() - began)
        larger = min(2 * batch, asked)
        if larger > batch and left_s > 2 * seconds[-1] * larger / batch:
            batch = larger
            continue
        while len(seconds) <= _TIMED_STEPS and left_s > seconds[-1]:
            seconds.append(_step_s(run, len(seconds)))
            left_s = patience_s - (time.perf_counter() - began)
        return batch, float(np.median(seconds[1:]))  # the first one warms up


def _step_s(run: PretrainRun, number: int) -> float:
    began = time.perf_counter()
    run.step(number)
    if run.cohort.device.type == "cuda":
        torch.cuda.synchronize(run.cohort.device)
    return time.perf_counter() - began


def _activation_bytes(run: PretrainRun) -> int:
    """Return what a step keeps between its forward and its backward pass."""
    weights = {p.untyped_storage().data_ptr() for p in run.objective.parameters()}
    kept: dict[int, int] = {}

    def weigh(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(weigh, lambda tensor: tensor):
        run.step(0)
    return sum(kept.values())


def _look_s(run: PretrainRun, n_ecgs: int, plan: PretrainPlan) -> float:
    """Return the seconds of one look at the embedding, without the ridge regressions."""
    n_held_out = min(int(plan.held_out * n_ecgs), _MOST_MONITORED)
    if not plan.monitor_every or not n_held_out:
        return 0.0
    rows = run.train_rows[:64]
    encoder: nn.Module = run.encoder
    began = time.perf_counter()
    embed_rows(encoder, run.cohort, rows)
    return (time.perf_counter() - began) / len(rows) * _EMBEDDINGS_A_LOOK * n_held_out
