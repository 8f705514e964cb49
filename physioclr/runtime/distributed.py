"""The processes of a run: what each knows alone, and how they put it together.

Every process holds an equal share of the batch, in the order of their ranks. A loss that compares
ECGs gathers the shares of all, gradients included, and every process then computes the loss of
the whole batch. The mean of the processes' parameter gradients, which distributed data parallel
takes, is then the gradient that one process would find on the whole batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed

__all__ = ["ONE_PROCESS", "Processes"]


@dataclass(frozen=True)
class Processes:
    """The processes a batch is shared out to.

    Parameters
    ----------
    rank : int
        Of this process, from 0.
    count : int
    """

    rank: int = 0
    count: int = 1

    def gather(self, share: Tensor) -> Tensor:
        """Return the rows of every process, in the order of their ranks.

        Parameters
        ----------
        share : (n, …) tensor
            The same shape in every process. Gradients flow back to the process a row is from.

        Returns
        -------
        (count · n, …) tensor
        """
        if self.count == 1:
            return share
        gathered: Tensor = _Gathered.apply(share, self)  # type: ignore[no-untyped-call]
        return gathered

    def mean(self, total: Tensor, number: Tensor | float) -> Tensor:
        """Return a sum over the whole batch divided by a count over the whole batch.

        Parameters
        ----------
        total : () tensor
            This process's sum. Gradients flow through it.
        number : () tensor or float
            How much this process's sum is over.

        Returns
        -------
        () tensor
            The mean over the processes of what each returns is the quotient; so is that of the
            gradients. 0 where the count is 0.
        """
        counted = torch.as_tensor(number, dtype=total.dtype, device=total.device)
        return total * self.count / self.sum(counted).clamp(min=torch.finfo(total.dtype).tiny)

    def sum(self, share: Tensor) -> Tensor:
        """Add up a tensor over the processes, without gradients.

        Parameters
        ----------
        share : tensor

        Returns
        -------
        tensor of the same shape
        """
        if self.count == 1:
            return share.detach()
        added = share.detach().clone()
        distributed.all_reduce(added)
        return added


ONE_PROCESS = Processes()


class _Gathered(torch.autograd.Function):
    """Gather forward; backward, each process takes the sum of all gradients for its rows."""

    @staticmethod
    def forward(ctx: Any, share: Tensor, processes: Processes) -> Tensor:
        ctx.processes = processes
        parts = [torch.empty_like(share) for _ in range(processes.count)]
        distributed.all_gather(parts, share.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        added = gradients[0].contiguous().clone()
        distributed.all_reduce(added)
        return added.chunk(ctx.processes.count)[ctx.processes.rank], None
