"""How well probabilities match labels, and how sure of it one can be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

__all__ = [
    "auroc",
    "bootstrap_auroc",
    "calibration_error",
    "interval",
    "label_scores",
    "patient_resamples",
]

_BINS = 10

_RESAMPLES_AT_ONCE = 100


def auroc(
    scores: NDArray[np.float64],
    labels: NDArray[np.float64],
    weights: NDArray[Any] | None = None,
) -> NDArray[np.float64]:
    """Area under the ROC curve, for many weightings of the records at once.

    Parameters
    ----------
    scores : (n,) float64
    labels : (n,) float64
        1, 0 or NaN = unknown, left out.
    weights : (b, n) array, optional
        How often each record counts in each of `b` resamples; one resample of ones if absent.

    Returns
    -------
    (b,) float64
        The probability that a positive scores above a negative, a tie counting half (Hanley,
        McNeil 1982, doi:10.1148/radiology.143.1.7063747). NaN where either class is absent.
    """
    if weights is None:
        weights = np.ones((1, len(scores)))
    # A resample a column, so that what is added up lies side by side.
    drawn = np.ascontiguousarray(np.asarray(weights).T)
    positive, negative = (np.flatnonzero(labels == value) for value in (1, 0))
    negative = negative[np.argsort(scores[negative], kind="stable")]
    n_below = np.searchsorted(scores[negative], scores[positive], side="left")
    n_up_to = np.searchsorted(scores[negative], scores[positive], side="right")
    beaten = np.zeros((len(negative) + 1, drawn.shape[1]))
    np.cumsum(drawn[negative], axis=0, out=beaten[1:])
    counted = drawn[positive].astype(np.float64)
    won = sum(np.einsum("pb,pb->b", counted, beaten[n]) for n in (n_below, n_up_to)) / 2
    pairs = counted.sum(axis=0) * beaten[-1]
    area = np.full(drawn.shape[1], np.nan)
    np.divide(won, pairs, out=area, where=pairs > 0)
    return area


def patient_resamples(codes: NDArray[np.intp], n_bootstrap: int, seed: int) -> NDArray[np.int32]:
    """Draw patients with replacement.

    Parameters
    ----------
    codes : (n_records,) int
        Patient of each record, 0 to ``n_patients - 1``.
    n_bootstrap : int
    seed : int

    Returns
    -------
    (n_bootstrap, n_patients) int32
        How often each patient is drawn; all records of a patient come along.
    """
    n_patients = int(codes.max()) + 1
    rng = np.random.default_rng(seed)
    equal = np.full(n_patients, 1 / n_patients)
    return rng.multinomial(n_patients, equal, size=n_bootstrap).astype(np.int32)


def bootstrap_auroc(
    probabilities: NDArray[np.float64],
    targets: NDArray[np.float64],
    codes: NDArray[np.intp],
    *,
    n_bootstrap: int,
    seed: int,
) -> NDArray[np.float64]:
    """AUROC of every label in resamples of the patients.

    Parameters
    ----------
    probabilities, targets : (n, k) float64
    codes : (n,) int
        Patient of each record.
    n_bootstrap : int
    seed : int
        The same seed and patients give the same resamples, so two models can be paired.

    Returns
    -------
    (n_bootstrap, k) float64
        NaN where a resample has one class only.
    """
    drawn = np.ascontiguousarray(patient_resamples(codes, n_bootstrap, seed).T)
    areas = np.full((n_bootstrap, targets.shape[1]), np.nan)
    for start in range(0, n_bootstrap, _RESAMPLES_AT_ONCE):
        rows = slice(start, start + _RESAMPLES_AT_ONCE)
        weights = np.take(drawn[:, rows], codes, axis=0).T
        for label in range(targets.shape[1]):
            areas[rows, label] = auroc(probabilities[:, label], targets[:, label], weights)
    return areas


def interval(draws: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 2.5th and 97.5th percentile of the draws that are numbers."""
    finite = draws[np.isfinite(draws)]
    if not finite.size:
        return float("nan"), float("nan")
    low, high = np.percentile(finite, [2.5, 97.5])
    return float(low), float(high)


def label_scores(
    probabilities: NDArray[np.float64],
    called: NDArray[np.bool_],
    labels: NDArray[np.float64],
) -> dict[str, float]:
    """Score one label.

    Parameters
    ----------
    probabilities : (n,) float64
    called : (n,) bool
        Whether the label is called at its threshold.
    labels : (n,) float64
        1, 0 or NaN = unknown, left out; both classes present.

    Returns
    -------
    dict of str to float
        ``auroc``, ``auprc`` (average precision), ``f1``, ``precision`` (NaN where the label is
        never called), ``recall``, ``brier``, ``ece`` (`calibration_error`).
    """
    known = ~np.isnan(labels)
    positive, called, probabilities = labels[known] == 1, called[known], probabilities[known]
    hits = int(np.sum(positive & called))
    n_called, n_positive = int(called.sum()), int(positive.sum())
    return {
        "auroc": float(auroc(probabilities, positive.astype(np.float64))[0]),
        "auprc": float(average_precision_score(positive, probabilities)),
        "f1": 2 * hits / (n_called + n_positive),
        "precision": hits / n_called if n_called else float("nan"),
        "recall": hits / n_positive,
        "brier": float(np.mean((probabilities - positive) ** 2)),
        "ece": calibration_error(probabilities, positive),
    }


def calibration_error(probabilities: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over ten bins of as many records each.

    Parameters
    ----------
    probabilities : (n,) float64
    positive : (n,) bool

    Returns
    -------
    float
        The mean over the records of |share of positives - mean probability| of the bin (Naeini
        et al. 2015, doi:10.1609/aaai.v29i1.9602; equal counts, since most probabilities are
        small). Of a perfectly calibrated probability it is above 0 too: chance leaves some
        of it.
    """
    order = np.argsort(probabilities, kind="stable")
    bins = np.array_split(order, min(_BINS, len(order)))
    gaps = [abs(positive[b].mean() - probabilities[b].mean()) * len(b) for b in bins]
    return float(np.sum(gaps) / len(order))
