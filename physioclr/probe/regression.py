"""The cross-validated ridge regression: how much of a number can be read off frozen features.

The protocol is that of the linear probe (`physioclr.probe.cross_validation`): patients are never
split; each fold is predicted by a model fitted on the others, its strength chosen on predictions
of each of these by models fitted on the rest. Scores are pooled over the folds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.errors import DatasetError
from physioclr.probe.folds import patient_codes, patient_folds
from physioclr.probe.logistic import Standardiser
from physioclr.probe.scores import interval, patient_resamples

__all__ = ["RegressionResult", "cross_validate_regression"]

_FEWEST_RECORDS = 30
"""Known values below which a regression is not measured."""

_STRENGTHS = np.logspace(-5, 2, 15)
_COLUMNS = {
    "n_known": int,
    "r2": float,
    "r2_low": float,
    "r2_high": float,
    "mae": float,
    "sd": float,
    "reason": str,
}


@dataclass(frozen=True, eq=False)
class RegressionResult:
    """Out-of-fold predictions of a cross-validated ridge regression, and their scores.

    Parameters
    ----------
    names : tuple of str
    table : DataFrame
        One row a name: ``n_known`` (records whose value is known; the others are left out),
        ``r2`` with ``r2_low`` and ``r2_high`` (percentile bootstrap of the patients, 95 %),
        ``mae`` (mean absolute error, in the value's unit), ``sd`` (standard deviation of the
        values) and ``reason``: empty, or why it was not measured (its scores are NaN then).
    predictions : (n_records, n_names) float64
        Out of fold; NaN where the value is not known or was not measured.
    values : (n_records, n_names) float64
    groups : (n_records,) str
        Patients.
    folds : (n_records,) int
        The fold in which each record was held out.
    strengths : (n_folds, n_names) float64
        What each fold's training part chose.
    seed, n_bootstrap : int
    """

    names: tuple[str, ...]
    table: pd.DataFrame
    predictions: NDArray[np.float64]
    values: NDArray[np.float64]
    groups: NDArray[np.str_]
    folds: NDArray[np.intp]
    strengths: NDArray[np.float64]
    seed: int
    n_bootstrap: int


def cross_validate_regression(
    features: NDArray[Any],
    values: NDArray[Any],
    groups: Sequence[object] | NDArray[Any],
    *,
    names: Sequence[str],
    n_folds: int = 5,
    seed: int = 0,
    n_bootstrap: int = 1000,
) -> RegressionResult:
    """Cross-validate a ridge regression by patient; see this module for the protocol.

    Parameters
    ----------
    features : (n_records, d) array of numbers
        Frozen embeddings, or measurements. A NaN is filled with the training median, and a
        column that says "missing" is added.
    values : (n_records, n_names) array of numbers
        What is predicted; NaN = unknown, left out.
    groups : (n_records,) sequence
        Patient identifiers.
    names : sequence of str
        One a column of `values`.
    n_folds : int
        At least 3: one held out, one for validation, one to fit on.
    seed : int
        Of the folds and the bootstrap.
    n_bootstrap : int
        Resamples of the patients for the 95 % intervals.

    Returns
    -------
    RegressionResult
        A name with fewer than `_FEWEST_RECORDS` known values, none in some fold, or the same value
        in all has a row of NaN and a reason.

    Raises
    ------
    DatasetError
        If there are fewer patients than folds.
    ValueError
        If shapes or values are not as documented.

    Notes
    -----
    Minimised is the mean squared error plus ``strength`` times the squared norm of the weights,
    features standardised. R² is 1 less the mean squared error over the variance of all known
    values: a model that says the mean everywhere has about 0, one that is worse has less.
    """
    x, y = _checked(features, values, groups, names, n_folds, n_bootstrap)
    # Folds that share the high and the low values of each name evenly.
    middle = np.array([np.median(v[~np.isnan(v)]) if (~np.isnan(v)).any() else 0.0 for v in y.T])
    high = np.where(np.isnan(y), np.nan, (y > middle).astype(np.float64))
    folds = patient_folds(high, groups, n_folds=n_folds, seed=seed)
    reasons = [_reason(column, folds, n_folds) for column in y.T]
    predictions = np.full(y.shape, np.nan)
    strengths = np.full((n_folds, len(names)), np.nan)
    for columns in _known_together(y, reasons):
        known = ~np.isnan(y[:, columns[0]])
        found, chosen = _out_of_fold(x[known], y[np.ix_(known, columns)], folds[known], n_folds)
        predictions[np.ix_(known, columns)] = found
        strengths[:, columns] = chosen
    weights = patient_resamples(patient_codes(groups), n_bootstrap, seed)[:, patient_codes(groups)]
    rows = [
        _scores(y[:, i], predictions[:, i], weights, reason) for i, reason in enumerate(reasons)
    ]
    table = pd.DataFrame(rows, index=pd.Index(names, name="name"), columns=list(_COLUMNS))
    return RegressionResult(
        names=tuple(names),
        table=table.astype(_COLUMNS),
        predictions=predictions,
        values=y,
        groups=np.array([str(group) for group in groups], dtype=np.str_),
        folds=folds,
        strengths=strengths,
        seed=seed,
        n_bootstrap=n_bootstrap,
    )


def _checked(
    features: NDArray[Any],
    values: NDArray[Any],
    groups: Sequence[object] | NDArray[Any],
    names: Sequence[str],
    n_folds: int,
    n_bootstrap: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(features, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] == 0 or y.ndim != 2 or not len(x) == len(y) == len(groups):
        raise ValueError(
            "features, values and groups must have one row a record, "
            f"got {x.shape}, {y.shape} and {len(groups)} groups"
        )
    if len(names) != y.shape[1] or len(set(names)) != len(names):
        raise ValueError(f"names must name {y.shape[1]} columns, each once, got {tuple(names)}")
    for what, array in (("features", x), ("values", y)):
        if np.isinf(array).any():
            raise ValueError(f"{what} must not be infinite")
    if n_folds < 3:
        raise ValueError(f"n_folds must be at least 3, got {n_folds}")
    if n_bootstrap < 1:
        raise ValueError(f"n_bootstrap must be at least 1, got {n_bootstrap}")
    if not len(x):
        raise DatasetError("the cohort", expected="at least one ECG", found="none")
    return x, y


def _reason(column: NDArray[np.float64], folds: NDArray[np.intp], n_folds: int) -> str:
    known = ~np.isnan(column)
    if known.sum() < _FEWEST_RECORDS:
        return f"needs {_FEWEST_RECORDS} ECGs in which it is known, has {known.sum()}"
    n_held = len(np.unique(folds[known]))
    if n_held < n_folds:
        return f"needs known values in each of {n_folds} folds, has them in {n_held}"
    return "is the same in all ECGs" if np.ptp(column[known]) == 0 else ""


def _known_together(y: NDArray[np.float64], reasons: list[str]) -> list[NDArray[np.intp]]:
    """Group the columns to measure by the records that have them: these share all fits."""
    measured = np.array([i for i, reason in enumerate(reasons) if not reason], dtype=np.intp)
    if not measured.size:
        return []
    _, pattern = np.unique(np.isnan(y[:, measured]), axis=1, return_inverse=True)
    return [measured[pattern == i] for i in range(pattern.max() + 1)]


def _out_of_fold(
    x: NDArray[np.float64], y: NDArray[np.float64], folds: NDArray[np.intp], n_folds: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Predict each fold: (n, k), and the strengths chosen for it: (n_folds, k)."""
    squared = np.zeros((n_folds, len(_STRENGTHS), y.shape[1]))
    for a, b in combinations(range(n_folds), 2):
        # One model validates b in the training part of a, and a in that of b.
        predict = _fit((folds != a) & (folds != b), x, y)
        for outer, validation in ((a, b), (b, a)):
            held = folds == validation
            squared[outer] += np.square(predict(held) - y[held]).sum(axis=1)
    best = squared.argmin(axis=1)
    predictions = np.empty(y.shape)
    for outer in range(n_folds):
        held = folds == outer
        every = _fit(~held, x, y)(held)
        predictions[held] = np.take_along_axis(every, best[outer][None, None], axis=0)[0]
    return predictions, _STRENGTHS[best]


def _fit(
    training: NDArray[np.bool_], x: NDArray[np.float64], y: NDArray[np.float64]
) -> Callable[[NDArray[np.bool_]], NDArray[np.float64]]:
    """Fit every strength at once; the returned function predicts rows of `x`: (g, n_rows, k)."""
    standard = Standardiser.fit(x[training])
    left, singular, axes = np.linalg.svd(standard.apply(x[training]), full_matrices=False)
    mean = y[training].mean(axis=0)
    along = left.T @ (y[training] - mean)
    penalty = _STRENGTHS[:, None] * training.sum()
    weights = (singular / (singular**2 + penalty))[:, :, None] * along

    def predict(rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.asarray(mean + (standard.apply(x[rows]) @ axes.T) @ weights)

    return predict


def _scores(
    values: NDArray[np.float64],
    predictions: NDArray[np.float64],
    weights: NDArray[np.int32],
    reason: str,
) -> dict[str, object]:
    known = ~np.isnan(values)
    row: dict[str, object] = {"n_known": int(known.sum()), "reason": reason}
    if reason:
        return row
    centred = values[known] - values[known].mean()
    squared = np.square(predictions[known] - values[known])
    drawn = weights[:, known].astype(np.float64)
    n_drawn = drawn.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample in which all are the same
        spread = drawn @ centred**2 - (drawn @ centred) ** 2 / n_drawn
        draws = 1 - (drawn @ squared) / spread
    row["r2"] = 1 - squared.sum() / np.square(centred).sum()
    row["r2_low"], row["r2_high"] = interval(draws)
    row["mae"] = float(np.mean(np.abs(predictions[known] - values[known])))
    row["sd"] = float(values[known].std())
    return row
