"""From scores to probabilities, and from probabilities to decisions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

__all__ = ["Calibration", "best_f1_threshold", "fit_calibration", "platt_scaling"]

_SMALLEST_SLOPE = 1e-3


@dataclass(frozen=True, eq=False)
class Calibration:
    """How logits become probabilities and decisions, label by label.

    Parameters
    ----------
    slope, intercept : (k,) float64
        ``probability = expit(slope * logit + intercept)``; every slope is above 0.
    thresholds : (k,) float64
        Of the probability, at or above which the label is called.
    """

    slope: NDArray[np.float64]
    intercept: NDArray[np.float64]
    thresholds: NDArray[np.float64]

    def probabilities(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrate (…, k) logits."""
        return np.asarray(expit(self.slope * logits + self.intercept), dtype=np.float64)


def fit_calibration(logits: NDArray[np.float64], targets: NDArray[np.float64]) -> Calibration:
    """Fit Platt's slope and intercept, then the threshold of the best F1.

    Parameters
    ----------
    logits : (n, k) float64
        Of records that the model of their row was not fitted on.
    targets : (n, k) float64
        1, 0 or NaN = unknown.

    Returns
    -------
    Calibration
    """
    slopes, intercepts, thresholds = [], [], []
    for scores, labels in zip(logits.T, targets.T, strict=True):
        known = ~np.isnan(labels)
        slope, intercept = platt_scaling(scores[known], labels[known])
        probabilities = expit(slope * scores[known] + intercept)
        slopes.append(slope)
        intercepts.append(intercept)
        thresholds.append(best_f1_threshold(probabilities, labels[known]))
    return Calibration(np.array(slopes), np.array(intercepts), np.array(thresholds))


def platt_scaling(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> tuple[float, float]:
    """Fit a sigmoid from scores to probabilities (Platt 1999), never a falling one.

    Parameters
    ----------
    scores : (n,) float64
    labels : (n,) float64
        1 or 0.

    Returns
    -------
    slope : float
        At least 0.001 / (standard deviation of the scores), so that the order of two records
        never turns.
    intercept : float

    Notes
    -----
    The targets are Platt's smoothed ones, ``(n_positive + 1) / (n_positive + 2)`` and
    ``1 / (n_negative + 2)``.
    """
    n_positive = labels.sum()
    n_negative = len(labels) - n_positive
    smoothed = np.where(labels == 1, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    spread = float(scores.std()) or 1.0
    centre = float(scores.mean())
    standard = (scores - centre) / spread

    def objective(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = parameters[0] * standard + parameters[1]
        residual = expit(logits) - smoothed
        loss = np.mean(np.logaddexp(0.0, logits) - smoothed * logits)
        return float(loss), np.array([np.mean(residual * standard), np.mean(residual)])

    prevalence = (n_positive + 1) / (len(labels) + 2)
    found = minimize(
        objective,
        np.array([1.0, np.log(prevalence / (1 - prevalence))]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(_SMALLEST_SLOPE, None), (None, None)],
    )
    slope = float(found.x[0]) / spread
    return slope, float(found.x[1]) - slope * centre


def best_f1_threshold(probabilities: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """Return the threshold that gives the best F1.

    Parameters
    ----------
    probabilities : (n,) float64
    labels : (n,) float64
        1 or 0, at least one 1.

    Returns
    -------
    float
        Midway between two neighbouring probabilities, so that it does not hang on one record.
    """
    order = np.argsort(-probabilities, kind="stable")
    sorted_probabilities = probabilities[order]
    hits = np.cumsum(labels[order])
    f1 = 2 * hits / (np.arange(1, len(labels) + 1) + hits[-1])
    below = np.append(sorted_probabilities[1:], 0.0)
    f1[below == sorted_probabilities] = -1.0  # a tie cannot be cut through
    best = int(np.argmax(f1))
    return float((sorted_probabilities[best] + below[best]) / 2)
