"""How an embedding fares while it is learned, without labels.

Alignment and uniformity are those of Wang and Isola 2020, arXiv 2005.10242; the effective rank is
RankMe, Garrido et al. 2023, arXiv 2210.02885. What the embedding knows of physiology is the R² of
a ridge regression from it to a measurement, fitted on ECGs that are trained on and scored on ECGs
that are held out.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from physioclr.training_data.cohort import TrainingCohort

__all__ = [
    "MONITORED",
    "alignment",
    "effective_rank",
    "embed_rows",
    "monitor",
    "physiology_r2",
    "uniformity",
]

MONITORED = {
    "heart_rate_bpm": "heart_rate",
    "qrs_ms": "qrs",
    "qtc_fridericia_ms": "qtc",
    "pr_ms": "pr",
}
"""Measurements whose R² is followed, and what each is called in the metrics."""

_FEWEST = 10
_ALPHAS = np.logspace(-2, 4, 13)
_BATCH = 64


def alignment(first: Tensor, second: Tensor) -> float:
    """Return the mean squared distance of two views of the same ECG, on the unit sphere.

    Parameters
    ----------
    first, second : (n, d) float tensor
        Row i of each is of the same ECG.

    Returns
    -------
    float
        From 0, all pairs coincide, to 4.
    """
    first, second = (nn.functional.normalize(view.float(), dim=-1) for view in (first, second))
    return float((first - second).square().sum(1).mean())


def uniformity(embeddings: Tensor) -> float:
    """Return the log of the mean Gaussian potential of all pairs, on the unit sphere.

    Parameters
    ----------
    embeddings : (n, d) float tensor
        Of at least two ECGs.

    Returns
    -------
    float
        0 where all coincide; the lower, the more evenly they are spread.
    """
    unit = nn.functional.normalize(embeddings.float(), dim=-1)
    return float(torch.pdist(unit).square().mul(-2).exp().mean().log())


def effective_rank(embeddings: Tensor) -> float:
    """Return how many directions the embeddings use.

    Parameters
    ----------
    embeddings : (n, d) float tensor

    Returns
    -------
    float
        The exponential of the entropy of the singular values, from 1 to min(n, d). The mean is
        not taken away, as in RankMe.
    """
    singular = torch.linalg.svdvals(embeddings.double())
    share = singular / singular.sum().clamp(min=1e-12) + 1e-7
    return float(torch.exp(-(share * share.log()).sum()))


def physiology_r2(
    train: NDArray[np.float32],
    train_values: NDArray[np.float64],
    held_out: NDArray[np.float32],
    held_out_values: NDArray[np.float64],
) -> float:
    """Return how well a linear map of the embedding gives a measurement of ECGs not trained on.

    Parameters
    ----------
    train : (n, d) float32
        Embeddings of ECGs to fit on.
    train_values : (n,) float64
        The measurement; NaN where not measurable, and such ECGs are left out.
    held_out : (m, d) float32
    held_out_values : (m,) float64

    Returns
    -------
    float
        R² on the held-out ECGs, of which the mean of the training ECGs would score about 0. NaN
        where fewer than ten ECGs of either have the measurement, or all the same.
    """
    known, known_out = np.isfinite(train_values), np.isfinite(held_out_values)
    if min(known.sum(), known_out.sum()) < _FEWEST or np.ptp(held_out_values[known_out]) == 0:
        return float("nan")
    scaler = StandardScaler().fit(train[known])
    ridge = RidgeCV(_ALPHAS).fit(scaler.transform(train[known]), train_values[known])
    return float(ridge.score(scaler.transform(held_out[known_out]), held_out_values[known_out]))


@torch.no_grad()
def embed_rows(encoder: nn.Module, cohort: TrainingCohort, rows: Tensor) -> Tensor:
    """Embed the windows of some recordings, in evaluation mode.

    Parameters
    ----------
    encoder : nn.Module
        An `EcgEncoder`.
    cohort : TrainingCohort
    rows : (n,) int64 tensor

    Returns
    -------
    (n, n_windows, width) float32 tensor
        On the CPU.
    """
    was_training = encoder.training
    encoder.eval()
    parts = [
        encoder(cohort.batch(rows[first : first + _BATCH]).windows.signal)[0].float().cpu()
        for first in range(0, len(rows), _BATCH)
    ]
    encoder.train(was_training)
    embedded = torch.cat(parts)
    return embedded.view(len(rows), -1, embedded.shape[1])


def monitor(
    encoder: nn.Module, cohort: TrainingCohort, train_rows: Tensor, held_out_rows: Tensor
) -> dict[str, float]:
    """Return everything that is followed beside the loss.

    Parameters
    ----------
    encoder : nn.Module
    cohort : TrainingCohort
    train_rows, held_out_rows : (n,) int64 tensor
        ECGs to fit the ridge on, and to score all else on.

    Returns
    -------
    dict of str to float
        ``alignment`` (of the first two windows; absent where there is one), ``uniformity``,
        ``effective_rank``, and ``r2_<measurement>`` of each in `MONITORED`; NaN where not
        measurable.
    """
    held_out = embed_rows(encoder, cohort, held_out_rows)
    summary = held_out.mean(1)
    found = {"uniformity": uniformity(summary), "effective_rank": effective_rank(summary)}
    if cohort.n_windows > 1:
        found["alignment"] = alignment(held_out[:, 0], held_out[:, 1])
    train = embed_rows(encoder, cohort, train_rows).mean(1).numpy()
    for measurement, name in MONITORED.items():
        values = cohort.measured(measurement)
        found[f"r2_{name}"] = physiology_r2(
            train, values[train_rows], summary.numpy(), values[held_out_rows]
        )
    return found
