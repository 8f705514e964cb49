"""How often a label was there when a probability was given: the reliability of a head, in bins.

It is the head's calibration curve (Van Calster et al. 2019, doi:10.1186/s12916-019-1466-7) with
its uncertainty. A bin says of its ECGs together how often they had the label. One probability of
them may lie far from their mean, above all in the last bin, which holds all that is rare: what is
said of it is carried over from the mean, see `ReliabilityBin.interval_at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import binomtest

__all__ = ["ReliabilityBin", "bin_of", "reliability_bins"]

_PER_BIN = 35
_CERTAIN = 1e-7
"""Probabilities nearer to 0 or 1 than this are taken to be this near."""


@dataclass(frozen=True)
class ReliabilityBin:
    """The labelled ECGs whose probability, given without having seen them, lay in a range.

    Parameters
    ----------
    low, high : float
        Of the probability; `low` belongs to the bin, `high` to the next. The first begins at 0,
        the last ends at 1, which is its own.
    n : int
        How many ECGs.
    n_positive : int
        How many of them have the label.
    mean_probability : float
        Of the ECGs: the share of them that was expected to have it.
    """

    low: float
    high: float
    n: int
    n_positive: int
    mean_probability: float

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the range the share of the label lies in.

        Parameters
        ----------
        confidence : float
            In (0, 1).

        Returns
        -------
        (float, float)
            Score interval of Wilson (1927, J Am Stat Assoc 22:209), which Brown, Cai and DasGupta
            (2001, Stat Sci 16:101) recommend for small n.
        """
        found = binomtest(self.n_positive, self.n).proportion_ci(confidence, method="wilson")
        return float(found.low), float(found.high)

    def interval_at(self, probability: float, confidence: float = 0.95) -> tuple[float, float]:
        """Return the range the share of the label lies in where a probability is given.

        Parameters
        ----------
        probability : float
            In the bin. NaN gives NaN.
        confidence : float
            In (0, 1).

        Returns
        -------
        (float, float)
            `interval`, moved in log-odds by as much as `probability` is from the bin's mean: the
            head may be off in the bin, but by one change of log-odds (Cox 1958, Biometrika 45:562).
            It leaves `probability` out where the head is off by more than chance. It is about how
            many of such ECGs have the label, of the cohort the bins are of; not about one ECG.
        """
        off = _log_odds(probability) - _log_odds(self.mean_probability)
        low, high = (float(expit(logit(end) + off)) for end in self.interval(confidence))
        return low, high


def reliability_bins(
    probabilities: NDArray[np.floating], targets: NDArray[np.floating], *, per_bin: int = _PER_BIN
) -> tuple[ReliabilityBin, ...]:
    """Sort ECGs by their probability into bins of about equal number.

    Parameters
    ----------
    probabilities : (n,) float64
        Calibrated, of ECGs the model did not see.
    targets : (n,) float64
        1, 0 or NaN = unknown, which is left out.
    per_bin : int
        How many ECGs a bin has at least, at least 1.

    Returns
    -------
    tuple of ReliabilityBin
        In ascending order, without gaps; one for fewer than twice `per_bin` ECGs, none for none.

    Raises
    ------
    ValueError
        If the shapes differ or `per_bin` is below 1.
    """
    if np.shape(probabilities) != np.shape(targets):
        raise ValueError(
            f"probabilities and targets must have one shape, got {np.shape(probabilities)} and "
            f"{np.shape(targets)}"
        )
    if per_bin < 1:
        raise ValueError(f"per_bin must be at least 1, got {per_bin}")
    known = np.isfinite(targets) & np.isfinite(probabilities)
    if not known.any():
        return ()
    order = np.argsort(probabilities[known], kind="stable")
    sorted_p, sorted_y = probabilities[known][order], targets[known][order]
    n_bins = max(1, len(sorted_p) // per_bin)
    cuts = [round(len(sorted_p) * k / n_bins) for k in range(1, n_bins)]
    edges = np.unique([(sorted_p[cut - 1] + sorted_p[cut]) / 2 for cut in cuts])
    of_bin = np.searchsorted(edges, sorted_p, side="right")
    lows, highs = [0.0, *edges.tolist()], [*edges.tolist(), 1.0]
    return tuple(
        ReliabilityBin(
            low,
            high,
            int(inside.sum()),
            int(sorted_y[inside].sum()),
            float(sorted_p[inside].mean()),
        )
        for k, (low, high) in enumerate(zip(lows, highs, strict=True))
        if (inside := of_bin == k).any()
    )


def bin_of(probability: float, bins: Sequence[ReliabilityBin]) -> ReliabilityBin | None:
    """Return the bin a probability lies in; None where there are none."""
    holding = [one for one in bins if probability >= one.low]
    return holding[-1] if holding else None


def _log_odds(probability: float) -> float:
    return float(logit(np.clip(probability, _CERTAIN, 1 - _CERTAIN)))
