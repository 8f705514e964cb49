"""Logistic regression with an L2 penalty: all labels at once, along a path of strengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from physioclr.probe.lbfgs import minimise_columns

__all__ = ["Standardiser", "fit_path", "log_loss"]

_CONVERGED = 1e-6
_MAX_ITERATIONS = 1000
_LARGE = 2_000_000
"""Features from which on single precision is used."""


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Centre and scale, after filling what is missing; fitted on a training part only.

    Parameters
    ----------
    fill : (d,) float64
        Median of the known values of each column.
    indicators : (m,) int
        Columns whose being missing is a feature of its own; columns that are missing in the
        same records share one.
    mean, scale : (d + m,) float64
    """

    fill: NDArray[np.float64]
    indicators: NDArray[np.intp]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, features: NDArray[np.float64]) -> Standardiser:
        """Learn the medians, means and scales.

        Parameters
        ----------
        features : (n, d) float64
            NaN = missing.

        Returns
        -------
        Standardiser
        """
        missing = np.isnan(features)
        fill = np.zeros(features.shape[1])
        known_somewhere = ~missing.all(axis=0)
        fill[known_somewhere] = _medians(features[:, known_somewhere])
        gappy = np.flatnonzero(missing.any(axis=0) & known_somewhere)
        _, first = np.unique(missing[:, gappy], axis=1, return_index=True)
        indicators = gappy[np.sort(first)] if gappy.size else gappy
        columns = _filled(features, fill, indicators)
        mean, spread = columns.mean(axis=0), columns.std(axis=0)
        constant = spread <= 1e-7 * (np.abs(mean) + np.finfo(float).tiny)
        return cls(fill, indicators, mean, np.where(constant, 1.0, spread))

    def apply(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardise.

        Parameters
        ----------
        features : (m, d) float64

        Returns
        -------
        (m, d + n_indicators) float64
            Finite.
        """
        return (_filled(features, self.fill, self.indicators) - self.mean) / self.scale


def _medians(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each column's known values; of an even number the lower one."""
    columns = torch.from_numpy(np.ascontiguousarray(features.T))
    return np.asarray(columns.nanmedian(dim=1).values.numpy())


def _filled(
    features: NDArray[np.float64], fill: NDArray[np.float64], indicators: NDArray[np.intp]
) -> NDArray[np.float64]:
    missing = np.isnan(features)
    if not missing.any() and not indicators.size:
        return features
    return np.concatenate(
        [np.where(missing, fill, features), missing[:, indicators].astype(np.float64)], axis=1
    )


def fit_path(
    features: NDArray[np.float64],
    targets: NDArray[np.float64],
    strengths: NDArray[np.float64],
    *,
    gradient_tolerance: float = _CONVERGED,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit every label at every strength of regularisation, all of them together.

    Minimises, label by label, the mean log-loss over the records whose label is known plus
    ``strength / 2`` times the squared norm of the weights; the bias is not penalised.

    Parameters
    ----------
    features : (n, d) float64
        Standardised, finite.
    targets : (n, k) float64
        1, 0 or NaN = unknown.
    strengths : (g,) or (g, k) float64
        Above 0.
    gradient_tolerance : float
        Largest entry of the gradient, in the basis described below, at which a fit ends.

    Returns
    -------
    weights : (g, d, k) float64
    bias : (g, k) float64

    Notes
    -----
    The penalty does not change under a rotation, so the fit is made in the basis of the principal
    axes: at most ``min(n, d)`` dimensions, in which the curvature is nearly diagonal and L-BFGS,
    scaled by it, needs few steps whatever the strength. Large problems are fitted in float32.
    """
    n_labels = targets.shape[1]
    dtype = torch.float32 if features.size > _LARGE else torch.float64
    rotated, variance, axes = _principal_axes(torch.from_numpy(features).to(dtype))
    known = ~np.isnan(targets)
    count = np.maximum(known.sum(axis=0), 1)
    positive = np.where(known, targets, 0.0)
    prevalence = (positive.sum(axis=0) + 0.5) / (count + 1)
    curvature = prevalence * (1 - prevalence)
    strengths = np.asarray(strengths, dtype=np.float64)
    penalty = np.broadcast_to(strengths.reshape(len(strengths), -1), (len(strengths), n_labels))
    n_fits = penalty.size

    def columns(values: NDArray[np.float64]) -> Tensor:
        """Repeat what a label has for each strength: (…, k) to (…, g * k)."""
        repeated = np.tile(values, len(strengths))
        return torch.from_numpy(np.ascontiguousarray(repeated)).to(dtype)

    weight = columns(known / count)
    target = columns(positive * known / count)
    of_penalty = torch.from_numpy(penalty.reshape(-1).copy()).to(dtype)
    scale = torch.empty(len(variance) + 1, n_fits, dtype=dtype)
    scale[:-1] = (variance[:, None] * columns(curvature) + of_penalty).rsqrt()
    scale[-1] = columns(curvature).rsqrt()
    start = torch.zeros_like(scale)
    start[-1] = columns(np.log(prevalence / (1 - prevalence))) / scale[-1]

    def objective(point: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        solution = point * scale[:, at]
        coefficients = solution[:-1]
        logits = torch.addmm(solution[-1], rotated, coefficients)
        share = weight[:, at]
        loss = (share * functional.softplus(logits) - target[:, at] * logits).sum(0)
        residual = share * torch.sigmoid(logits) - target[:, at]
        gradient = torch.empty_like(solution)
        torch.addmm(coefficients * of_penalty[at], rotated.T, residual, out=gradient[:-1])
        gradient[-1] = residual.sum(0)
        loss += 0.5 * of_penalty[at] * coefficients.square().sum(0)
        return loss, gradient * scale[:, at]

    found = scale * minimise_columns(
        objective, start, gradient_tolerance=gradient_tolerance, max_iterations=_MAX_ITERATIONS
    )
    weights = (axes @ found[:-1]).to(torch.float64).numpy()
    shape = (features.shape[1], len(strengths), n_labels)
    bias = found[-1].to(torch.float64).numpy().reshape(len(strengths), n_labels)
    return weights.reshape(shape).transpose(1, 0, 2), bias


def _principal_axes(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rotate to the principal axes that carry anything: (n, r), their variances (r,), (d, r)."""
    n, d = features.shape
    if n >= d:
        variance, axes = torch.linalg.eigh(features.T @ features / n)
    else:
        variance, left = torch.linalg.eigh(features @ features.T / n)
        axes = features.T @ left / (variance * n).clamp(min=torch.finfo(variance.dtype).tiny).sqrt()
    kept = variance > d * torch.finfo(variance.dtype).eps * variance.max().clamp(min=0.0)
    axes = axes[:, kept]
    return features @ axes, variance[kept], axes


def log_loss(logits: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean log-loss of each label over the records whose label is known.

    Parameters
    ----------
    logits : (…, n, k) float64
    targets : (n, k) float64
        1, 0 or NaN = unknown.

    Returns
    -------
    (…, k) float64
        In nats.
    """
    known = ~np.isnan(targets)
    positive = np.where(known, targets, 0.0)
    losses = known * (np.logaddexp(0.0, logits) - positive * logits)
    return np.asarray(losses.sum(axis=-2) / known.sum(axis=0))
