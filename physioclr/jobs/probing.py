"""A run of linear probes as a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from physioclr.encoders.installed import SHIPPED
from physioclr.jobs.task import Report, Task

if TYPE_CHECKING:
    from physioclr.datasets.store import Store

__all__ = ["ProbeTask"]

_AREA = ["auroc", "auroc_low", "auroc_high"]


@dataclass(frozen=True)
class ProbeTask(Task):
    """Probe checkpoints and their controls on a cohort; the job's folder keeps the `ProbeRun`.

    Parameters
    ----------
    cohort : str
        The folder of a store, or a saved selection of one; the demo cohort if empty.
    label_set : str
    checkpoints : mapping of str to str
        Name → folder; the shipped one if empty.
    fractions : sequence of float
        Of the labelled patients, in (0, 1]; no label-efficiency curve where there are none.
    seeds : sequence of int
    n_bootstrap : int
    """

    kind: ClassVar[str] = "probe"

    cohort: str
    label_set: str
    checkpoints: Mapping[str, str] = field(default_factory=lambda: {SHIPPED: ""})
    fractions: tuple[float, ...] = ()
    seeds: tuple[int, ...] = (0,)
    n_bootstrap: int = 1000

    def __post_init__(self) -> None:
        """Take the lists that JSON has for tuples."""
        object.__setattr__(self, "fractions", tuple(self.fractions))
        object.__setattr__(self, "seeds", tuple(self.seeds))

    @property
    def cohort_name(self) -> str:
        """How the cohort is called on screen."""
        return Path(self.cohort).stem if self.cohort else "demo cohort"

    @property
    def title(self) -> str:
        """What is probed, on which cohort and labels."""
        return f"Probe of {', '.join(self.checkpoints)} on {self.cohort_name}, {self.label_set}"

    def run(self, folder: Path, report: Report) -> dict[str, Any]:
        """Probe and write all that was found; see `physioclr.evaluation.probe_run.probe_store`.

        Parameters
        ----------
        folder : Path
        report : callable

        Returns
        -------
        dict
            ``n_records``, and ``auroc``: features → macro AUROC with its interval, first seed.
        """
        report("Opening the cohort", 0.0)
        # Loaded here, so that who stops the job while it loads is heard.
        from physioclr.encoders.checkpoint import load_encoder
        from physioclr.evaluation.probe_run import probe_store
        from physioclr.evaluation.probe_run_files import save_probe_run
        from physioclr.probe import MACRO

        store = _opened(self.cohort)
        encoders = {
            name: load_encoder(Path(at)) if at else load_encoder()
            for name, at in self.checkpoints.items()
        }
        run = probe_store(
            store,
            encoders,
            self.label_set,
            fractions=self.fractions,
            seeds=self.seeds,
            n_bootstrap=self.n_bootstrap,
            on_progress=report,
        )
        save_probe_run(run, folder)
        report("Done", 1.0)
        results = run.results[run.seeds[0]]
        found = {
            name: [float(area) for area in result.table.loc[[MACRO], _AREA].to_numpy()[0]]
            for name, result in results.items()
        }
        return {"n_records": run.cohort.n_records, "auroc": found}


def _opened(cohort: str) -> Store:
    from physioclr.datasets.demo import open_demo_store
    from physioclr.datasets.selection import open_cohort

    return open_cohort(Path(cohort)) if cohort else open_demo_store()
