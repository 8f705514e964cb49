"""Preparing a cohort as a job."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from physioclr.jobs.task import Report, Task

__all__ = ["ImportTask"]


@dataclass(frozen=True)
class ImportTask(Task):
    """Prepare a cohort into a store; one that was stopped goes on where it was.

    Parameters
    ----------
    source : str
        As `physioclr.datasets.prepare.prepare` takes it.
    out : str
        The store's folder.
    """

    kind: ClassVar[str] = "import"

    source: str
    out: str

    @property
    def title(self) -> str:
        """What is prepared, and where to."""
        return f"Import of {self.source} into {self.out}"

    def run(self, folder: Path, report: Report) -> dict[str, Any]:  # noqa: ARG002
        """Prepare the cohort; see `physioclr.datasets.prepare.prepare`."""
        # Loaded here, so that who stops the job while it loads is heard.
        from physioclr.datasets.prepare import prepare

        report("Listing the ECGs", 0.0)
        began = time.monotonic()

        def said(done: int, total: int) -> None:
            per_s = done / max(time.monotonic() - began, 1e-3)
            report(f"{done:,} of {total:,} ECGs · {per_s:.0f} ECGs/s", done / total)

        made = prepare(self.source, Path(self.out), on_progress=said)
        counts = {"n_prepared": made.n_prepared, "n_left_out": len(made.left_out)}
        return {"source": self.source, "out": self.out, **counts}
