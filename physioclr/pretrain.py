"""Pretraining: a store in, a run folder with a checkpoint out.

A run folder (`physioclr.run_folder`) holds ``config.json``, ``metrics.jsonl`` (one line a step),
``physiology_space.json`` (what ECGs are compared in), ``last.safetensors`` (weights, optimiser
state, step) and, at the end, ``checkpoint/``. What happens in a step is drawn from the seed and
the step's number alone, so a resumed run repeats an uninterrupted one exactly.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from physioclr.checkpoint import CheckpointCard, CohortCard, TrainingCard, save_checkpoint
from physioclr.datasets.store import Store
from physioclr.errors import DatasetError
from physioclr.models.transformer import TransformerConfig
from physioclr.objectives.physioclr import Physioclr, PhysioclrConfig
from physioclr.preprocessing import Preprocessing
from physioclr.run_folder import RunFolder
from physioclr.training_cohort import TrainingCohort

__all__ = ["PretrainConfig", "StepReport", "pretrain"]


@dataclass(frozen=True)
class PretrainConfig:
    """Budget and optimiser of a run.

    Parameters
    ----------
    steps : int
    records_per_batch : int
        Recordings in a batch; each gives two windows.
    learning_rate, weight_decay, beta_2, epsilon : float
        Of AdamW. The paper's, but for the learning rate: its 5e-5 is for 90 M parameters.
    warmup_steps : int
        Linear; a cosine to zero follows.
    gradient_clip : float
    projection_dim : int
        Length of the vectors the contrastive loss compares.
    seed : int
    save_every : int
        In steps.
    objective : PhysioclrConfig
    encoder : TransformerConfig
    """

    steps: int = 500
    records_per_batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    beta_2: float = 0.98
    epsilon: float = 1e-6
    warmup_steps: int = 50
    gradient_clip: float = 1.0
    projection_dim: int = 256
    seed: int = 0
    save_every: int = 50
    objective: PhysioclrConfig = field(default_factory=PhysioclrConfig)
    encoder: TransformerConfig = field(default_factory=TransformerConfig)

    def __post_init__(self) -> None:
        for name in ("steps", "records_per_batch", "save_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")

    def learning_rate_at(self, step: int) -> float:
        """Return the learning rate of a step."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(self.steps - self.warmup_steps, 1)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


@dataclass(frozen=True)
class StepReport:
    """What a step reports: its number (from 1), the loss and its terms, and the speed."""

    step: int
    loss: float
    contrastive: float
    reconstruction: float
    peaks: float
    positives_per_anchor: float
    records_per_s: float


def pretrain(
    stores: Store | Sequence[Store],
    out: Path,
    config: PretrainConfig | None = None,
    *,
    preprocessing: Preprocessing | None = None,
    resume: bool = False,
    device: str | torch.device | None = None,
    on_step: Callable[[StepReport], None] | None = None,
) -> CheckpointCard:
    """Pretrain an encoder.

    Parameters
    ----------
    stores : Store or sequence of Store
    out : Path
        The run folder.
    config : PretrainConfig, optional
    preprocessing : Preprocessing, optional
    resume : bool
        Go on from ``last.safetensors`` in `out` where there is one.
    device : str or torch.device, optional
        The GPU if there is one, else the CPU.
    on_step : callable, optional
        Called after each step.

    Returns
    -------
    CheckpointCard
        Of ``out/checkpoint``.

    Raises
    ------
    DatasetError
        If the cohort is smaller than the batch or too short, or the loss is not finite.
    CheckpointError
        If `out` holds a run already and `resume` is false, or a run of another configuration.
    """
    stores = [stores] if isinstance(stores, Store) else list(stores)
    subject = " + ".join(store.path.name for store in stores)
    config = config or PretrainConfig()
    preprocessing = preprocessing or Preprocessing()
    chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    cohort = TrainingCohort.from_stores(
        stores,
        preprocessing,
        peak_halfwidth_ms=config.objective.peak_halfwidth_ms,
        device=chosen,
    )
    if len(cohort) < config.records_per_batch:
        raise DatasetError(
            subject,
            expected=f"at least {config.records_per_batch} usable ECGs, one batch",
            found=str(len(cohort)),
        )
    run = RunFolder.open(
        out,
        {
            **asdict(config),
            "preprocessing": preprocessing.model_dump(),
            "stores": [store.fingerprint for store in stores],
        },
        resume=resume,
    )
    cohort.space.save(run.path / "physiology_space.json")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        objective = Physioclr(
            config.encoder, config.objective, projection_dim=config.projection_dim
        ).to(chosen)
    optimiser = torch.optim.AdamW(
        objective.parameters(),
        lr=config.learning_rate,
        betas=(0.9, config.beta_2),
        eps=config.epsilon,
        weight_decay=config.weight_decay,
    )
    first = run.restore(objective, optimiser) if resume else 0
    for step in range(first, config.steps):
        started = time.perf_counter()
        terms = _step(objective, optimiser, cohort, config, step, fs_hz=preprocessing.fs_hz)
        if not math.isfinite(terms["loss"]):
            raise DatasetError(subject, expected=f"a finite loss at step {step + 1}", found="NaN")
        speed = config.records_per_batch / (time.perf_counter() - started)
        report = StepReport(step=step + 1, records_per_s=speed, **terms)
        run.log(asdict(report))
        if (step + 1) % config.save_every == 0 or step + 1 == config.steps:
            run.save(objective, optimiser, step + 1)
        if on_step is not None:
            on_step(report)
    return save_checkpoint(
        out / "checkpoint",
        objective.encoder,
        name=out.resolve().name,
        preprocessing=preprocessing,
        physiology_space=cohort.space,
        training=TrainingCard(
            objective="physioclr",
            settings=asdict(config.objective),
            cohorts=tuple(
                CohortCard(
                    source=store.source,
                    n_records=n_records,
                    simulated=store.simulated,
                    store_fingerprint=store.fingerprint,
                )
                for store, n_records in zip(stores, cohort.n_records, strict=True)
            ),
            steps=config.steps,
            seed=config.seed,
        ),
    )


def _step(
    objective: Physioclr,
    optimiser: torch.optim.Optimizer,
    cohort: TrainingCohort,
    config: PretrainConfig,
    step: int,
    *,
    fs_hz: float,
) -> dict[str, float]:
    """Do one step; all its randomness comes from the seed and the step's number."""
    device = cohort.windows.device
    seed = _mixed(config.seed, step)
    torch.manual_seed(seed)  # dropout
    rows = _rows_of_step(len(cohort), config, step)
    batch = cohort.batch(rows)
    for group in optimiser.param_groups:
        group["lr"] = config.learning_rate_at(step)
    generator = torch.Generator(device=device).manual_seed(seed)
    terms: dict[str, Tensor] = objective(batch, fs_hz=fs_hz, generator=generator)
    optimiser.zero_grad(set_to_none=True)
    terms["loss"].backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(objective.parameters(), config.gradient_clip)
    optimiser.step()
    return {name: value.item() for name, value in terms.items()}


def _rows_of_step(n_records: int, config: PretrainConfig, step: int) -> Tensor:
    """Return a step's recordings: a fresh permutation each epoch, the rest of it dropped."""
    per_epoch = n_records // config.records_per_batch
    epoch, place = divmod(step, per_epoch)
    generator = torch.Generator().manual_seed(_mixed(config.seed, -1 - epoch))
    order = torch.randperm(n_records, generator=generator)
    return order[place * config.records_per_batch : (place + 1) * config.records_per_batch]


def _mixed(seed: int, number: int) -> int:
    """Mix two integers into a 63-bit seed (the finaliser of SplitMix64)."""
    value = (seed * 0x9E3779B97F4A7C15 + number) & (2**64 - 1)
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return (value ^ (value >> 31)) >> 1
