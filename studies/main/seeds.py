"""Several seeds as one number: the mean, the interval of the patients, the spread of the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.probe import MACRO, ProbeResult
from physioclr.probe.folds import patient_codes
from physioclr.probe.scores import bootstrap_auroc, interval

__all__ = ["SeedMean", "seed_difference", "seed_mean"]


@dataclass(frozen=True)
class SeedMean:
    """A mean over seeds.

    Parameters
    ----------
    value, low, high : float
        Mean and 95 % interval: patients are resampled, the same for all seeds.
    seed_sd : float
        Standard deviation over the seeds; NaN of one.
    """

    value: float
    low: float
    high: float
    seed_sd: float

    def __str__(self) -> str:
        if not np.isfinite(self.value):
            return "not measured"
        spread = "" if np.isnan(self.seed_sd) else f" ± {self.seed_sd:.3f}"
        return f"{_short(self.value)}{spread} [{_short(self.low)}, {_short(self.high)}]"


def seed_mean(results: Sequence[ProbeResult], label: str = MACRO) -> SeedMean:
    """Average the AUROC of a label over the seeds of one row.

    Parameters
    ----------
    results : sequence of ProbeResult
        Of the same records, one a seed.
    label : str

    Returns
    -------
    SeedMean
    """
    points = [float(result.table["auroc"].to_dict()[label]) for result in results]
    if not np.isfinite(points).all():
        return SeedMean(*[float("nan")] * 4)
    draws = np.mean([_draws(result, label) for result in results], axis=0)
    return SeedMean(float(np.mean(points)), *interval(draws), _spread(points))


def seed_difference(
    row: Sequence[ProbeResult], other: Sequence[ProbeResult], label: str = MACRO
) -> SeedMean:
    """Return the AUROC of one row less that of another, in pairs.

    Parameters
    ----------
    row, other : sequence of ProbeResult
        Of the same records; as many seeds each, or one for a control.
    label : str

    Returns
    -------
    SeedMean
    """
    own, reference = (
        np.mean([_draws(result, label) for result in results], axis=0) for results in (row, other)
    )
    first, second = (
        [float(result.table["auroc"].to_dict()[label]) for result in results]
        for results in (row, other)
    )
    spread = _spread([a - b for a, b in zip(first, second, strict=False)])
    value = float(np.mean(first) - np.mean(second))
    return SeedMean(value, *interval(own - reference), spread)


def _draws(result: ProbeResult, label: str) -> NDArray[np.float64]:
    labels = result.measured if label == MACRO else (label,)
    columns = [result.label_names.index(name) for name in labels]
    drawn = bootstrap_auroc(
        result.probabilities[:, columns],
        result.targets[:, columns],
        patient_codes(result.groups),
        n_bootstrap=result.n_bootstrap,
        seed=0,
    )
    return np.asarray(drawn.mean(axis=1), dtype=np.float64)


def _spread(points: Sequence[float]) -> float:
    return float(np.std(points, ddof=1)) if len(points) > 1 else float("nan")


def _short(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1)
