"""Random numbers for the rows of a batch: the same however the batch is shared out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from physioclr.runtime.distributed import ONE_PROCESS, Processes

__all__ = ["Draws"]


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws random numbers, a row for each ECG.

    The numbers for the whole batch are drawn in every process and each keeps those of its rows, so
    that an ECG is augmented alike in one process or in many.

    Parameters
    ----------
    generator : torch.Generator
        In the same state in every process; its device is that of what is drawn.
    processes : Processes
    """

    generator: torch.Generator
    processes: Processes = ONE_PROCESS

    @classmethod
    def seeded(
        cls,
        seed: int,
        *,
        device: str | torch.device = "cpu",
        processes: Processes = ONE_PROCESS,
    ) -> Self:
        """Start from a seed.

        Parameters
        ----------
        seed : int
        device : str or torch.device
        processes : Processes

        Returns
        -------
        Draws
        """
        return cls(torch.Generator(device=device).manual_seed(seed), processes)

    def uniform(self, n_rows: int, *shape: int) -> Tensor:
        """Draw from [0, 1).

        Parameters
        ----------
        n_rows : int
            Rows of this process.
        *shape : int

        Returns
        -------
        (n_rows, *shape) float32 tensor
        """
        size = (self.processes.count * n_rows, *shape)
        drawn = torch.rand(size, generator=self.generator, device=self.generator.device)
        return self._own(drawn, n_rows)

    def normal(self, n_rows: int, *shape: int) -> Tensor:
        """Draw from the standard normal distribution.

        Parameters
        ----------
        n_rows : int
            Rows of this process.
        *shape : int

        Returns
        -------
        (n_rows, *shape) float32 tensor
        """
        size = (self.processes.count * n_rows, *shape)
        drawn = torch.randn(size, generator=self.generator, device=self.generator.device)
        return self._own(drawn, n_rows)

    def _own(self, drawn: Tensor, n_rows: int) -> Tensor:
        first = self.processes.rank * n_rows
        return drawn[first : first + n_rows]
