"""A pretraining run as it is asked for: what JSON can hold, and the configuration it stands for.

A plan goes into a job's folder and a run's folder, so that a run can be gone on with by whoever
finds it. Nothing heavy is loaded until a plan is turned into a `PretrainConfig`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physioclr.errors import PhysioclrError

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.encoders.preprocessing import Preprocessing
    from physioclr.pretraining.config import PretrainConfig

__all__ = ["PRESETS", "Preset", "PretrainPlan"]


@dataclass(frozen=True)
class PretrainPlan:
    """What is learned, by what encoder, on what, and for how long.

    Parameters
    ----------
    cohorts : tuple of str
        Folders of stores, or saved selections; the demo cohort where one is empty.
    objective : str
        One of `physioclr.objectives.OBJECTIVES`.
    settings : mapping of str to object
        Fields of its `Config`; its defaults where absent.
    encoder : str
        One of `physioclr.models.sizes.ENCODER_NAMES`.
    fs_hz, window_s : float
        As in `Preprocessing`.
    steps : int
    minutes : float or None
        Where given, as many steps as fit are taken in place of `steps`: their time is measured
        first (`physioclr.pretraining.estimate`).
    records_per_batch, accumulate, seed, save_every, monitor_every : int
    learning_rate, weight_decay, held_out : float
        As in `PretrainConfig`.
    """

    cohorts: tuple[str, ...] = ("",)
    objective: str = "physioclr"
    settings: Mapping[str, Any] = field(default_factory=dict)
    encoder: str = "resnet1d-tiny"
    fs_hz: float = 100.0
    window_s: float = 5.0
    steps: int = 400
    minutes: float | None = None
    records_per_batch: int = 32
    accumulate: int = 1
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    seed: int = 0
    held_out: float = 0.1
    save_every: int = 25
    monitor_every: int = 25

    def __post_init__(self) -> None:
        """Take the lists that JSON has for tuples."""
        object.__setattr__(self, "cohorts", tuple(self.cohorts))

    @property
    def ecgs_a_step(self) -> int:
        """How many ECGs a step sees: all its accumulated batches."""
        return self.records_per_batch * self.accumulate

    @property
    def preprocessing(self) -> Preprocessing:
        """From an ECG to the encoder's input."""
        from physioclr.encoders.preprocessing import Preprocessing

        return Preprocessing(fs_hz=self.fs_hz, window_s=self.window_s)

    def stores(self) -> list[Store]:
        """Open the cohorts.

        Returns
        -------
        list of Store

        Raises
        ------
        DatasetError
            If one is not there, or damaged.
        """
        from physioclr.datasets.demo import open_demo_store
        from physioclr.datasets.selection import open_cohort

        return [open_cohort(Path(path)) if path else open_demo_store() for path in self.cohorts]

    def config(self, *, steps: int | None = None) -> PretrainConfig:
        """Return the configuration of the run.

        Parameters
        ----------
        steps : int, optional
            In place of the plan's own.

        Returns
        -------
        PretrainConfig

        Raises
        ------
        PhysioclrError
            If a setting is out of its range, unknown, or does not go with another.
        """
        from physioclr.models.sizes import encoder_config
        from physioclr.objectives import OBJECTIVES
        from physioclr.pretraining.config import PretrainConfig

        try:
            return PretrainConfig(
                objective=OBJECTIVES[self.objective].Config(**self.settings),
                encoder=encoder_config(
                    self.encoder, fs_hz=self.fs_hz, n_leads=len(self.preprocessing.leads)
                ),
                steps=self.steps if steps is None else steps,
                records_per_batch=self.records_per_batch,
                accumulate=self.accumulate,
                learning_rate=self.learning_rate,
                weight_decay=self.weight_decay,
                seed=self.seed,
                held_out=self.held_out,
                save_every=self.save_every,
                monitor_every=self.monitor_every,
            )
        except (ValueError, TypeError, KeyError) as error:
            raise PhysioclrError(
                "This run", expected="settings that go together", found=str(error)
            ) from error


@dataclass(frozen=True)
class Preset:
    """A known recipe.

    Parameters
    ----------
    title : str
    said : str
        What it is, and how it differs from its source.
    plan : PretrainPlan
        But for the cohorts.
    epochs : float or None
        Where given, the steps of the plan are to follow from the cohort's size.
    """

    title: str
    said: str
    plan: PretrainPlan
    epochs: float | None = None

    def steps_for(self, n_ecgs: int, *, a_step: int | None = None) -> int:
        """Return the steps of the recipe on a cohort.

        Parameters
        ----------
        n_ecgs : int
        a_step : int, optional
            ECGs that a step sees, where the plan was changed; else as the recipe has it.

        Returns
        -------
        int
        """
        if self.epochs is None:
            return self.plan.steps
        return max(1, round(self.epochs * n_ecgs / (a_step or self.plan.ecgs_a_step)))


PRESETS: dict[str, Preset] = {
    "shipped": Preset(
        title="The shipped recipe",
        said="What the shipped checkpoint was pretrained with: levels of measured physiology, "
        "masked leads, shifts and noise; at half its learning rate, which its warm-up of 300 steps "
        "in place of 50 allowed.",
        plan=PretrainPlan(
            settings={
                "levels_weight": 1.0,
                "contrast_weight": 0.0,
                "global_weight": 0.0,
                "peak_weight": 0.0,
                "lead_mask_fraction": 0.15,
                "shift_ms": 300.0,
                "lowest_snr_db": 12.0,
            },
            steps=3000,
            records_per_batch=48,
            weight_decay=0.05,
        ),
    ),
    "paper": Preset(
        title="The paper’s",
        said="Objective, encoder of 90 M parameters, 500 Hz, learning rate and 200 epochs of "
        "arXiv 2509.08116; its batches of 4 × 64 ECGs and 4 accumulated steps are one after the "
        "other here, ECGs compared within 64. It wants a GPU.",
        plan=PretrainPlan(
            encoder="transformer-base",
            fs_hz=500.0,
            records_per_batch=64,
            accumulate=16,
            learning_rate=5e-5,
        ),
        epochs=200,
    ),
}
"""Recipes that are known, by the name they have in a session's state."""
