"""Cohorts and runs of the study, each made once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from physioclr.datasets.prepare import prepare
from physioclr.datasets.store import Store
from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.encoder import Encoder
from physioclr.pretraining.pretrain import pretrain_cohort
from physioclr.runtime.atomic_files import make_folder
from physioclr.training_data.cohort import TrainingCohort
from studies.main.rows import REAL, SIMULATED, Row, budget

__all__ = ["Study"]

_SIMULATED_ECGS = "simulated:2000"


class Study:
    """A folder with the stores, runs and results of a study.

    Parameters
    ----------
    data : Path
        The folder of the cohorts' folders.
    out : Path
    seeds : sequence of int
    scale : float
        Of the budget of each run.
    """

    def __init__(self, data: Path, out: Path, *, seeds: Sequence[int], scale: float) -> None:
        self.data, self.out, self.scale = data, out, scale
        self.seeds = tuple(seeds)
        self._cohorts: dict[tuple[str, ...], TrainingCohort] = {}
        self._console = Console(stderr=True)

    def say(self, line: str) -> None:
        """Report what is being done."""
        self._console.print(line, highlight=False, markup=False)

    def prepare_stores(self) -> None:
        """Prepare every cohort that is not there yet."""
        make_folder(self.out / "stores")
        for name in (*REAL, *SIMULATED):
            out = self.out / "stores" / name
            if not out.exists():
                source = _SIMULATED_ECGS if name in SIMULATED else str(self.data / name)
                report = prepare(source, out)
                self.say(f"{name}: {report.n_prepared} ECGs, {len(report.left_out)} left out")

    def store(self, name: str) -> Store:
        """Open one of the cohorts."""
        return Store(self.out / "stores" / name)

    def encoder(self, row: Row, seed: int) -> Encoder:
        """Return the encoder of a run, which is made if it is not there."""
        run = self.out / "runs" / f"{row.key}-{seed}"
        if not (run / "checkpoint").exists():
            self.say(f"pretraining {row.name}, seed {seed}")
            pretrain_cohort(
                self.cohort(row), run, budget(row, seed=seed, scale=self.scale), resume=True
            )
            (run / "last.safetensors").unlink(missing_ok=True)
        return load_encoder(run / "checkpoint")

    def cohort(self, row: Row) -> TrainingCohort:
        """Return what a row is pretrained on, filtered once for all rows that share it."""
        if row.stores not in self._cohorts:
            stores = [self.store(name) for name in row.stores]
            self._cohorts[row.stores] = TrainingCohort.from_stores(stores).with_levels()
        return self._cohorts[row.stores]
