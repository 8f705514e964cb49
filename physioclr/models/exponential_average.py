"""The exponential moving average of a module's weights."""

from __future__ import annotations

from copy import deepcopy
from typing import Generic, Self, TypeVar

import torch
from torch import nn

__all__ = ["ExponentialAverage"]

_Module = TypeVar("_Module", bound=nn.Module)


class ExponentialAverage(nn.Module, Generic[_Module]):
    """A copy of a module that follows it slowly.

    It is a module itself, so that what owns one saves and restores it. Its weights are not
    trained, and it evaluates, without dropout, whatever the mode of what owns it.

    Parameters
    ----------
    module : nn.Module
        What is copied; the average begins at its weights.
    """

    module: _Module

    def __init__(self, module: _Module) -> None:
        super().__init__()
        self.module = deepcopy(module).requires_grad_(requires_grad=False).eval()

    def train(self, mode: bool = True) -> Self:  # noqa: ARG002
        """Leave the average as it is: it always evaluates.

        Parameters
        ----------
        mode : bool
            Ignored.

        Returns
        -------
        ExponentialAverage
        """
        return self

    @torch.no_grad()
    def update(self, module: nn.Module, decay: float) -> None:
        """Move towards a module: average ← decay · average + (1 − decay) · module.

        Parameters
        ----------
        module : nn.Module
            Of the shape of the one copied.
        decay : float
            In [0, 1]. What is no float, such as a counter, is copied.
        """
        own = self.module.state_dict()
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                own[name].lerp_(value, 1 - decay)
            else:
                own[name].copy_(value)
