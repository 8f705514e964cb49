"""What a job does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

__all__ = ["Report", "Task"]

Report = Callable[[str, float], None]
"""Called with what is being done and the share done, in [0, 1]."""


class Task(ABC):
    """One piece of long work: a frozen dataclass whose fields JSON can hold.

    A new kind is a subclass in a module of its own, which imports nothing heavy until it runs,
    and a line in `physioclr.jobs.tasks`.

    Attributes
    ----------
    kind : str
        What the kind is called in a job's folder.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def title(self) -> str:
        """What is shown of it in a list of jobs."""

    @property
    def uses_accelerator(self) -> bool:
        """Whether it wants the GPU, or all of the processor: one such job runs at a time."""
        return False

    @abstractmethod
    def run(self, folder: Path, report: Report) -> dict[str, Any]:
        """Do the work, in the job's process.

        Parameters
        ----------
        folder : Path
            The job's own; what is too large to return is kept there.
        report : callable

        Returns
        -------
        dict
            What JSON can hold, and small.

        Raises
        ------
        PhysioclrError
            If it cannot be done; the job then shows the message.
        """
