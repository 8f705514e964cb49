"""Pretraining: a store in, a run folder with checkpoints out.

A run folder (`physioclr.pretraining.run_folder`) holds ``config.json``, ``metrics.jsonl`` (one line
a step), ``events/`` (the same for TensorBoard), ``physiology_space.json`` (what ECGs are compared
in), ``last.safetensors`` (weights, optimiser state, step), ``best/`` and, at the end,
``checkpoint/``.
What happens in a step is drawn from the seed and the step's number alone, so a resumed run repeats
an uninterrupted one exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import torch

from physioclr.datasets.store import Store
from physioclr.encoders.card import CheckpointCard
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.run import PretrainRun, StepReport, placed
from physioclr.pretraining.run_folder import RunFolder
from physioclr.training_data.cohort import TrainingCohort

__all__ = ["pretrain", "pretrain_cohort"]


def pretrain(
    stores: Store | Sequence[Store],
    out: Path | str,
    config: PretrainConfig | None = None,
    *,
    preprocessing: Preprocessing | None = None,
    physiology: Sequence[pd.DataFrame] | None = None,
    resume: bool = False,
    device: str | torch.device | None = None,
    on_step: Callable[[StepReport], None] | None = None,
) -> CheckpointCard:
    """Pretrain an encoder on the ECGs of one store or several.

    Parameters
    ----------
    stores : Store or sequence of Store
    out : Path or str
        The run folder.
    config : PretrainConfig, optional
    preprocessing : Preprocessing, optional
    physiology : sequence of DataFrame, optional
        As for `TrainingCohort.from_stores`.
    resume : bool
        Resume from ``last.safetensors`` in `out` if it exists.
    device : str or torch.device, optional
        The GPU if there is one, else the CPU.
    on_step : callable, optional
        Called after each step, in the first process.

    Returns
    -------
    CheckpointCard
        Of ``out/checkpoint``.

    Raises
    ------
    DatasetError
        If the cohort is smaller than the batch, too short, or lacks what the objective compares;
        or the loss is not finite, and then the batch is kept in `out`.
    CheckpointError
        If `out` holds a run already and `resume` is false, a run of another configuration, or one
        that another process works at.

    Examples
    --------
    >>> import physioclr
    >>> report = physioclr.prepare("simulated:60", "store", workers=1)
    >>> store = physioclr.open_store("store")
    >>> config = physioclr.PretrainConfig(steps=2, records_per_batch=4)
    >>> card = physioclr.pretrain(store, "run", config)
    >>> encoder = physioclr.load_encoder("run/checkpoint")
    """
    config = config or PretrainConfig()
    run = RunFolder(Path(out))
    fabric = placed(config, device)
    fabric.launch()
    if not resume:
        run.check({}, resume=False)  # before minutes of filtering
    with fabric.rank_zero_first(local=True):
        cohort = TrainingCohort.from_stores(
            [stores] if isinstance(stores, Store) else list(stores),
            preprocessing or Preprocessing(),
            device=fabric.device,
            physiology=physiology,
            spill_to=run.path,
        )
    return PretrainRun(fabric, cohort, config, run).finish(resume=resume, on_step=on_step)


def pretrain_cohort(
    cohort: TrainingCohort,
    out: Path | str,
    config: PretrainConfig | None = None,
    *,
    resume: bool = False,
    on_step: Callable[[StepReport], None] | None = None,
) -> CheckpointCard:
    """Pretrain an encoder on a cohort that lies on its device already, as several runs share it.

    Parameters
    ----------
    cohort : TrainingCohort
        Its preprocessing and its device are those of the run.
    out, config, resume, on_step
        As for `pretrain`.

    Returns
    -------
    CheckpointCard
        Of ``out/checkpoint``.

    Raises
    ------
    DatasetError, CheckpointError
        As `pretrain` does.
    """
    run = PretrainRun.begin(cohort, Path(out), config or PretrainConfig())
    return run.finish(resume=resume, on_step=on_step)
