"""L-BFGS for many minimisations at once: each column is a problem of its own.

Liu and Nocedal 1989, doi:10.1007/BF01589116. All columns share one evaluation of the objective,
which for linear models is one matrix product, while each keeps its own curvature pairs and step
length. A column that has converged leaves.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["minimise_columns"]

_MEMORY = 10
_SUFFICIENT_DECREASE = 1e-4
_MOST_HALVINGS = 30

Objective = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def minimise_columns(
    objective: Objective, start: Tensor, *, gradient_tolerance: float, max_iterations: int
) -> Tensor:
    """Minimise a function of each column.

    Parameters
    ----------
    objective : callable
        Given (d, c) points and the (c,) int64 indices of their columns, it returns the (c,) values
        and the (d, c) gradients.
    start : (d, n_columns) float tensor
    gradient_tolerance : float
        Largest entry of a column's gradient at which the column has converged.
    max_iterations : int

    Returns
    -------
    (d, n_columns) float tensor
        The points reached. A column also ends where rounding lets it fall no further.
    """
    found = start.clone()
    active = torch.arange(start.shape[1], device=start.device)
    point, (value, gradient) = start, objective(start, active)
    memory = _Memory()
    for _ in range(max_iterations):
        open_ = gradient.abs().amax(0) > gradient_tolerance
        if not bool(open_.all()):
            found[:, active[~open_]] = point[:, ~open_]
            active, point, value, gradient = (
                part[..., open_] for part in (active, point, value, gradient)
            )
            memory.keep(open_)
        if not len(active):
            return found
        direction = memory.direction(gradient)
        moved, new_value, new_gradient, fell = _search(
            objective, active, point, value, gradient, direction
        )
        memory.add(moved - point, new_gradient - gradient)
        # Rounding: no step along this direction is lower, so the gradient counts as zero.
        point, value = moved, new_value
        gradient = torch.where(fell, new_gradient, torch.zeros_like(new_gradient))
    found[:, active] = point
    return found


class _Memory:
    """The last steps and changes of the gradient, (d, c) each."""

    def __init__(self) -> None:
        self._pairs: list[tuple[Tensor, Tensor, Tensor]] = []

    def keep(self, kept: Tensor) -> None:
        """Drop the columns that have left."""
        self._pairs = [(s[:, kept], y[:, kept], rho[kept]) for s, y, rho in self._pairs]

    def add(self, step: Tensor, change: Tensor) -> None:
        """Store a pair; in a column without positive curvature it has no effect."""
        product = (step * change).sum(0)
        curved = product > 1e-12 * (change * change).sum(0)
        rho = torch.where(curved, 1 / product.where(curved, torch.ones_like(product)), 0.0)
        self._pairs = [*self._pairs[1 - _MEMORY :], (step, change, rho)]

    def direction(self, gradient: Tensor) -> Tensor:
        """Return minus the inverse Hessian's estimate times the gradient (two-loop recursion)."""
        q, alphas = gradient.clone(), []
        for step, change, rho in reversed(self._pairs):
            alpha = rho * (step * q).sum(0)
            q -= alpha * change
            alphas.append(alpha)
        if self._pairs:
            _, change, rho = self._pairs[-1]
            squared = (change * change).sum(0) * rho
            q *= torch.where(squared > 0, 1 / squared.where(squared > 0, 1.0), 1.0)
        for (step, change, rho), alpha in zip(self._pairs, reversed(alphas), strict=True):
            q += (alpha - rho * (change * q).sum(0)) * step
        return -q


def _search(
    objective: Objective,
    active: Tensor,
    point: Tensor,
    value: Tensor,
    gradient: Tensor,
    direction: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Halve each column's step until it falls enough; return points, values, gradients, success."""
    slope = (gradient * direction).sum(0)
    downhill = slope < 0
    direction = torch.where(downhill, direction, -gradient)
    slope = torch.where(downhill, slope, -(gradient * gradient).sum(0))
    length = torch.ones_like(value)
    rounding = 4 * torch.finfo(value.dtype).eps * value.abs()
    for _ in range(_MOST_HALVINGS):
        moved = point + length * direction
        new_value, new_gradient = objective(moved, active)
        fell = new_value <= value + _SUFFICIENT_DECREASE * length * slope + rounding
        if bool(fell.all()):
            return moved, new_value, new_gradient, fell
        length = torch.where(fell, length, length / 2)
    moved = torch.where(fell, moved, point)
    return moved, torch.where(fell, new_value, value), new_gradient, fell
