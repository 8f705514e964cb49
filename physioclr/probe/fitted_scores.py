"""A probe that is fitted on some records and scores others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.probe.cross_validation import path_logits
from physioclr.probe.folds import patient_folds, unmeasurable_labels
from physioclr.probe.logistic import log_loss

__all__ = ["fitted_scores"]

_INNER_FOLDS = 3
_TOO_FEW = 1.0


def fitted_scores(
    features: NDArray[np.float64],
    labels: NDArray[np.float64],
    codes: NDArray[np.intp],
    training: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    grid: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Fit on some records, with strengths chosen within them, and score others.

    Parameters
    ----------
    features : (n, d) float64
        NaN = missing.
    labels : (n, k) float64
        1, 0 or NaN = unknown; only those of `training` are looked at.
    codes : (n,) int
        Patient of each record.
    training, asked : (n,) bool
    grid : (g,) float64
        Strengths to choose from, by log-loss over three patient-grouped folds; where a class of a
        label has fewer than three patients there is nothing to choose by, and it is 1.

    Returns
    -------
    (n_asked, k) float64
        Logits; 0 throughout for a label of which `training` holds one class only.
    """
    own, patients = labels[training], codes[training]
    learnable = np.array([{0.0, 1.0} <= set(column) for column in own.T])
    scores = np.zeros((int(asked.sum()), labels.shape[1]))
    if not learnable.any():
        return scores
    own = own[:, learnable]
    values = features[training]
    strengths = np.full(own.shape[1], _TOO_FEW)
    names = [str(i) for i in range(own.shape[1])]
    if len(np.unique(patients)) >= _INNER_FOLDS:
        rare = unmeasurable_labels(own, patients, names, n_folds=_INNER_FOLDS)
        chosen = [i for i, name in enumerate(names) if name not in rare]
        if chosen:
            inner = patient_folds(own[:, chosen], patients, n_folds=_INNER_FOLDS, seed=0)
            out_of_fold = np.empty((len(grid), len(own), len(chosen)))
            for fold in range(_INNER_FOLDS):
                held_out = inner == fold
                part = (values[~held_out], own[~held_out][:, chosen])
                out_of_fold[:, held_out] = path_logits(*part, values[held_out], grid)
            best = np.argmin(log_loss(out_of_fold, own[:, chosen]), axis=0)
            strengths[chosen] = grid[best]
    scores[:, learnable] = path_logits(values, own, features[asked], strengths[None, :])[0]
    return scores
