"""Logistic regression with an L2 penalty: all labels at once, along a path of strengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

__all__ = ["Standardiser", "fit_path", "log_loss"]

_CONVERGED = 1e-6
_MAX_ITERATIONS = 1000


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
        fill[known_somewhere] = np.nanmedian(features[:, known_somewhere], axis=0)
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


def _filled(
    features: NDArray[np.float64], fill: NDArray[np.float64], indicators: NDArray[np.intp]
) -> NDArray[np.float64]:
    missing = np.isnan(features)
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
    """Fit every label at every strength of regularisation.

    Minimises, label by label, the mean log-loss over the records whose label is known plus
    ``strength / 2`` times the squared norm of the weights; the bias is not penalised.

    Parameters
    ----------
    features : (n, d) float64
        Standardised, finite.
    targets : (n, k) float64
        1, 0 or NaN = unknown.
    strengths : (g,) or (g, k) float64
        Above 0. Each fit starts from the one before, so from strong to weak is quickest.
    gradient_tolerance : float
        Largest entry of the gradient, in the basis described below, at which a fit ends.

    Returns
    -------
    weights : (g, d, k) float64
    bias : (g, k) float64

    Notes
    -----
    The penalty does not change under a rotation, so the fit is made in the basis of the right
    singular vectors: at most ``min(n, d)`` dimensions, in which the curvature is nearly diagonal
    and L-BFGS, scaled by it, needs few steps whatever the strength.
    """
    n_labels = targets.shape[1]
    left, singular, right = np.linalg.svd(features, full_matrices=False)
    kept = singular > 1e-10 * max(singular.max(initial=0.0), 1e-300)
    rotated, singular, right = left[:, kept] * singular[kept], singular[kept], right[kept]
    known = ~np.isnan(targets)
    count = np.maximum(known.sum(axis=0), 1)
    share = known / count
    positive = np.where(known, targets, 0.0)
    prevalence = (positive.sum(axis=0) + 0.5) / (count + 1)
    curvature = prevalence * (1 - prevalence)
    solution = np.zeros((len(singular) + 1, n_labels))
    solution[-1] = np.log(prevalence / (1 - prevalence))
    weights = np.empty((len(strengths), features.shape[1], n_labels))
    bias = np.empty((len(strengths), n_labels))
    for i, strength in enumerate(strengths):
        penalty = np.broadcast_to(np.asarray(strength, dtype=np.float64), (n_labels,))
        scale = np.ones_like(solution)
        scale[:-1] = np.outer(singular**2 / len(features), curvature) + penalty
        scale[-1] = curvature
        solution = _minimise(
            rotated, positive, share, penalty, solution, scale**-0.5, gradient_tolerance
        )
        weights[i], bias[i] = right.T @ solution[:-1], solution[-1]
    return weights, bias


def _minimise(
    rotated: NDArray[np.float64],
    positive: NDArray[np.float64],
    share: NDArray[np.float64],
    penalty: NDArray[np.float64],
    start: NDArray[np.float64],
    scale: NDArray[np.float64],
    gradient_tolerance: float,
) -> NDArray[np.float64]:
    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        solution = flat.reshape(start.shape) * scale
        weights = solution[:-1]
        logits = rotated @ weights + solution[-1]
        loss = np.sum(share * (np.logaddexp(0.0, logits) - positive * logits))
        residual = share * (expit(logits) - positive)
        gradient = np.empty_like(solution)
        gradient[:-1] = rotated.T @ residual + penalty * weights
        gradient[-1] = residual.sum(axis=0)
        loss += 0.5 * np.sum(penalty * weights**2)
        return float(loss), (gradient * scale).ravel()

    found = minimize(
        objective,
        (start / scale).ravel(),
        jac=True,
        method="L-BFGS-B",
        options={
            "gtol": gradient_tolerance,
            "ftol": gradient_tolerance**2,
            "maxiter": _MAX_ITERATIONS,
        },
    )
    return np.asarray(found.x, dtype=np.float64).reshape(start.shape) * scale


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
