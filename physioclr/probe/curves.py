"""The curves of one label of a probe, with no more points than a screen can show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from physioclr.probe.reliability import ReliabilityBin, reliability_bins
from physioclr.probe.result import ProbeResult

__all__ = ["calibration_bins", "precision_recall_points", "prevalence", "roc_points"]

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]

_POINTS = 600
_BINS, _FEWEST_PER_BIN = 10, 20


def roc_points(result: ProbeResult, label: str) -> Curve:
    """Return a label's ROC curve.

    Parameters
    ----------
    result : ProbeResult
    label : str
        One that was measured.

    Returns
    -------
    fpr, tpr : (n_points,) float64
        As `ProbeResult.roc_curve`, thinned to at most 600 points evenly along the curve.
    """
    return _thinned(*result.roc_curve(label))


def precision_recall_points(result: ProbeResult, label: str) -> Curve:
    """Return a label's precision-recall curve.

    Parameters
    ----------
    result : ProbeResult
    label : str
        One that was measured.

    Returns
    -------
    recall, precision : (n_points,) float64
        From a recall of 0 to 1, thinned as `roc_points`. The area under it, the average precision,
        is the ``auprc`` of the result's table.

    Raises
    ------
    ValueError
        If the label was not measured.
    """
    targets, probabilities = _known(result, label)
    precision, recall, _ = precision_recall_curve(targets, probabilities)
    return _thinned(recall[::-1], precision[::-1])


def prevalence(result: ProbeResult, label: str) -> float:
    """Return the share of the records with a label: the precision of calling it at random."""
    return float(_known(result, label)[0].mean())


def calibration_bins(result: ProbeResult, label: str) -> tuple[ReliabilityBin, ...]:
    """Return how often a label is there where a probability is given.

    Parameters
    ----------
    result : ProbeResult
    label : str
        One that was measured.

    Returns
    -------
    tuple of ReliabilityBin
        Ten bins of about as many records each, as those of the ``ece``; fewer where a bin would
        hold less than 20.

    Raises
    ------
    ValueError
        If the label was not measured.
    """
    targets, probabilities = _known(result, label)
    per_bin = max(_FEWEST_PER_BIN, len(targets) // _BINS)
    return reliability_bins(probabilities, targets, per_bin=per_bin)


def _known(result: ProbeResult, label: str) -> Curve:
    """Return the targets of the records whose label is known, and their probabilities."""
    if label not in result.measured:
        raise ValueError(f"label must be one of {', '.join(result.measured)}, got {label!r}")
    column = result.label_names.index(label)
    known = ~np.isnan(result.targets[:, column])
    return result.targets[known, column], result.probabilities[known, column]


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> Curve:
    if len(x) <= _POINTS:
        return x, y
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.searchsorted(along, np.linspace(0, along[-1], _POINTS))
    kept = np.unique(np.minimum(wanted, len(x) - 1))
    return x[kept], y[kept]
