"""How much of a probe's score is left with a share of the labels.

In each outer fold of `cross_validate_probe` a probe is fitted on the patients of the training part
that are drawn, and scores the whole fold. Shares are nested: the patients of 1 % are among those of
5 %. The strength of the penalty is chosen by log-loss within the patients drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.probe.cross_validation import (
    DEFAULT_STRENGTHS,
    checked,
    checked_grid,
)
from physioclr.probe.fitted_scores import fitted_scores
from physioclr.probe.folds import measured_labels, patient_codes, patient_folds
from physioclr.probe.scores import auroc, interval, patient_resamples

__all__ = ["FRACTIONS", "label_efficiency"]

FRACTIONS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)


def label_efficiency(
    features_by_model: Mapping[str, NDArray[Any]],
    targets: NDArray[Any],
    groups: Sequence[object] | NDArray[Any],
    *,
    label_names: Sequence[str],
    fractions: Sequence[float] = FRACTIONS,
    seeds: Sequence[int] = (0, 1, 2),
    n_folds: int = 5,
    n_bootstrap: int = 1000,
    regularisation_grid: Sequence[float] = DEFAULT_STRENGTHS,
    on_progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Score each model's features with a growing share of the labelled patients.

    Parameters
    ----------
    features_by_model : mapping of str to (n_records, d) array
    targets : (n_records, n_labels) array of numbers
        1, 0 or NaN = unknown.
    groups : (n_records,) sequence
        Patient identifiers.
    label_names : sequence of str
    fractions : sequence of float
        Shares of the training part's patients, in (0, 1].
    seeds : sequence of int
        One draw of the patients each; the folds stay those of seed 0.
    n_folds, n_bootstrap, regularisation_grid
        As in `cross_validate_probe`.
    on_progress : callable, optional
        Called with the fits done and the fits in all.

    Returns
    -------
    DataFrame
        One row a fraction and model: ``fraction``, ``model``, ``n_records`` (mean drawn),
        ``auroc`` (macro, mean over labels, folds and seeds), ``auroc_low``, ``auroc_high``
        (95 %, bootstrap of the patients scored), ``seed_sd`` (over the draws), ``difference``,
        ``difference_low``, ``difference_high`` (the first model less this one, paired).

    Raises
    ------
    DatasetError
        If no label can be measured.
    ValueError
        If a fraction is out of range, or the arrays are not as documented.

    Notes
    -----
    AUROC is taken within each fold, since probes of few labels differ in level from fold to fold.
    A label of which one class is not drawn at all is predicted by a constant: AUROC 0.5. So a
    curve that begins at 0.5 says that there was nothing to learn from, not that it was not learnt.
    """
    if not fractions or not all(0 < fraction <= 1 for fraction in fractions):
        raise ValueError(f"fractions must lie in (0, 1], got {tuple(fractions)}")
    grid = checked_grid(regularisation_grid)
    data = {
        model: checked(features, targets, groups, label_names, n_folds)
        for model, features in features_by_model.items()
    }
    _, labels, names = next(iter(data.values()))
    folds = patient_folds(labels, groups, n_folds=n_folds, seed=0)
    measured, _ = measured_labels(labels, groups, names, n_folds=n_folds)
    labels, codes = labels[:, measured], patient_codes(groups)
    weights = patient_resamples(codes, n_bootstrap, 0)[:, codes]
    total = len(fractions) * len(seeds) * n_folds * len(data)
    rows: list[dict[str, Any]] = []
    done = 0
    for fraction in fractions:
        points: dict[str, list[float]] = {model: [] for model in data}
        draws: dict[str, list[NDArray[np.float64]]] = {model: [] for model in data}
        drawn_records = []
        for seed in seeds:
            training = [
                _drawn(codes, folds != fold, fraction, (seed, fold)) for fold in range(n_folds)
            ]
            drawn_records += [int(part.sum()) for part in training]
            for model, (values, _, _) in data.items():
                scores = np.empty_like(labels)
                for fold, part in enumerate(training):
                    asked = folds == fold
                    scores[asked] = fitted_scores(values, labels, codes, part, asked, grid)
                    done += 1
                    if on_progress is not None:
                        on_progress(done, total)
                ones = np.ones((1, len(labels)), dtype=np.int32)
                points[model].append(float(_macro_within_folds(scores, labels, folds, ones)[0]))
                draws[model].append(_macro_within_folds(scores, labels, folds, weights))
        n_records = float(np.mean(drawn_records))
        drawn_share = {"fraction": fraction, "n_records": n_records}
        rows += [{**drawn_share, **row} for row in _compared(points, draws)]
    return pd.DataFrame(rows)


def _compared(
    points: Mapping[str, list[float]], draws: Mapping[str, list[NDArray[np.float64]]]
) -> Iterator[dict[str, Any]]:
    """Yield a row a model: its AUROC over the seeds, and the first model's less it."""
    first = next(iter(points))
    for model, areas in points.items():
        own, reference = (np.mean(draws[name], axis=0) for name in (model, first))
        yield {
            "model": model,
            "auroc": float(np.mean(areas)),
            **_limits("auroc", own),
            "seed_sd": float(np.std(areas, ddof=1)) if len(areas) > 1 else np.nan,
            "difference": float(np.mean(points[first]) - np.mean(areas)),
            **_limits("difference", reference - own),
        }


def _drawn(
    codes: NDArray[np.intp], training: NDArray[np.bool_], fraction: float, seed: tuple[int, int]
) -> NDArray[np.bool_]:
    """Mark the records of the first patients of a shuffled training part, at least two."""
    patients = np.unique(codes[training])
    shuffled = np.random.default_rng(seed).permutation(patients)
    kept = shuffled[: max(2, round(fraction * len(patients)))]
    return np.isin(codes, kept)


def _macro_within_folds(
    scores: NDArray[np.float64],
    labels: NDArray[np.float64],
    folds: NDArray[np.intp],
    weights: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Return the mean over labels of the mean over folds of the AUROC, (n_weights,)."""
    areas = [
        [
            auroc(scores[folds == fold, i], labels[folds == fold, i], weights[:, folds == fold])
            for fold in range(int(folds.max()) + 1)
        ]
        for i in range(labels.shape[1])
    ]
    # A resample may leave a fold without a class of a rare label; the other folds stand for it.
    counted = np.isfinite(areas)
    by_label = np.where(counted, areas, 0.0).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)
    return np.asarray(by_label.mean(axis=0), dtype=np.float64)


def _limits(name: str, draws: NDArray[np.float64]) -> dict[str, float]:
    low, high = interval(draws)
    return {f"{name}_low": low, f"{name}_high": high}
