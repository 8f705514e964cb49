"""Fits the coefficients of `physioclr.interpretation.fusion` from labelled ECGs.

Most findings are rare, so their weights are drawn together: one set of weights is fitted to all
statements, each with its intercept, and each statement's own weights are then fitted with a normal
prior around it (standard deviation 1 on the scale of a logit; 5 for the intercept). With few ECGs a
statement stays close to what holds for all; with many it finds its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from physioclr.interpretation.fusion import WEIGHTS, FusionWeights, fusion_inputs
from physioclr.interpretation.statement import State

__all__ = ["MIN_POSITIVE", "LabelledFinding", "expected_f1_limit", "fit_fusion"]

MIN_POSITIVE = 8
"""ECGs with a finding, and without it, below which no certainty is estimated."""

_PRIOR_PRECISION = 1.0
_INTERCEPT_PRECISION = 1 / 25
_N_ALONE = 2
"""Of the inputs, those that are of the criterion alone."""

_Loss = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]


@dataclass(frozen=True, eq=False)
class LabelledFinding:
    """One finding in labelled ECGs.

    Parameters
    ----------
    states : (n,) sequence of str
        The criterion's.
    head : (n,) float64
        The head's probability, of a head that was not fitted on the ECG; NaN where there is none.
    targets : (n,) float64
        1, 0 or NaN = unknown.

    Raises
    ------
    ValueError
        If the lengths differ.
    """

    states: Sequence[State]
    head: NDArray[np.float64]
    targets: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not len(self.states) == len(self.head) == len(self.targets):
            raise ValueError(
                "states, head and targets must be of one length, "
                f"got {len(self.states)}, {len(self.head)} and {len(self.targets)}"
            )

    def inputs(self, *, with_head: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return inputs (m, 4 or 2) and targets (m,) of the ECGs that can be used."""
        assessed = np.array([state != "not assessable" for state in self.states], dtype=bool)
        usable = assessed & ~np.isnan(self.targets)
        if with_head:
            usable &= ~np.isnan(self.head)
        rows = [
            fusion_inputs(self.states[i], float(self.head[i]) if with_head else 0.5)
            for i in np.flatnonzero(usable).tolist()
        ]
        columns = len(WEIGHTS) if with_head else _N_ALONE
        table = np.array(rows, dtype=np.float64).reshape(len(rows), len(WEIGHTS))[:, :columns]
        return table, self.targets[usable]


def fit_fusion(findings: Mapping[str, LabelledFinding]) -> dict[str, FusionWeights]:
    """Fit the coefficients of each finding.

    Parameters
    ----------
    findings : mapping of str to LabelledFinding
        By statement code.

    Returns
    -------
    dict of str to FusionWeights
        Without the findings that too few ECGs have, or lack. One without a head has the weights
        of its criterion alone, and weight 0 for a head.
    """
    alone = _fit_all(findings, with_head=False)
    fused = _fit_all(findings, with_head=True)
    return {
        code: _weights(findings[code], of_criterion, fused.get(code))
        for code, of_criterion in alone.items()
    }


def _weights(
    finding: LabelledFinding, alone: NDArray[np.float64], fused: NDArray[np.float64] | None
) -> FusionWeights:
    inputs, targets = finding.inputs(with_head=fused is not None)
    both = np.append(alone, [0.0, 0.0]) if fused is None else fused
    intercept, borderline, present, head, agreement = both.tolist()
    return FusionWeights(
        intercept=intercept,
        borderline=borderline,
        present=present,
        head=head,
        agreement=agreement,
        alone_intercept=float(alone[0]),
        alone_borderline=float(alone[1]),
        alone_present=float(alone[2]),
        call_at=expected_f1_limit(expit(intercept + inputs @ both[1 : 1 + inputs.shape[1]])),
        n_ecgs=len(targets),
        n_positive=int(targets.sum()),
    )


def expected_f1_limit(probabilities: NDArray[np.float64]) -> float:
    """Return the limit at which calling has the best F1 that calibrated probabilities expect.

    Parameters
    ----------
    probabilities : (n,) float64

    Returns
    -------
    float
        Midway between two neighbouring probabilities.

    Notes
    -----
    The labels themselves are not used: with a dozen positives, the limit of their best F1 hangs on
    single ECGs. Lipton et al. 2014, arXiv:1402.1892.
    """
    ranked = np.sort(probabilities)[::-1]
    hits = np.cumsum(ranked)
    f1 = 2 * hits / (np.arange(1, len(ranked) + 1) + hits[-1])
    below = np.append(ranked[1:], 0.0)
    f1[below == ranked] = -1.0  # a tie cannot be cut through
    best = int(np.argmax(f1))
    return float((ranked[best] + below[best]) / 2)


def _fit_all(
    findings: Mapping[str, LabelledFinding], *, with_head: bool
) -> dict[str, NDArray[np.float64]]:
    """Return (intercept, weights...) of each finding that enough ECGs have."""
    data = {code: each.inputs(with_head=with_head) for code, each in findings.items()}
    data = {
        code: (inputs, targets)
        for code, (inputs, targets) in data.items()
        if min(targets.sum(), (1 - targets).sum()) >= MIN_POSITIVE
    }
    if not data:
        return {}
    pooled = _fit_pooled(list(data.values()))
    found = {}
    for i, (code, (inputs, targets)) in enumerate(data.items()):
        centre = np.concatenate([[pooled[i]], pooled[len(data) :]])
        found[code] = _minimised(_around(centre, inputs, targets), centre, n_free=1)
    return found


def _fit_pooled(
    data: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> NDArray[np.float64]:
    """Return the intercept of each finding, then the weights they share."""
    n, width = len(data), data[0][0].shape[1]

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        # A weak prior, so that a sum that separates the classes has an end.
        total = 0.5 * _INTERCEPT_PRECISION * float(point @ point)
        gradient = _INTERCEPT_PRECISION * point
        for i, (inputs, targets) in enumerate(data):
            own, slope = _log_loss(point[i] + inputs @ point[n:], targets)
            total += own
            gradient[i] += slope.sum()
            gradient[n:] += inputs.T @ slope
        return total, gradient

    rates = np.array([targets.mean() for _, targets in data])
    start = np.concatenate([np.log(rates / (1 - rates)), np.full(width, 0.5)])
    return _minimised(loss, start, n_free=n)


def _around(
    centre: NDArray[np.float64], inputs: NDArray[np.float64], targets: NDArray[np.float64]
) -> _Loss:
    precision = np.full(len(centre), _PRIOR_PRECISION)
    precision[0] = _INTERCEPT_PRECISION

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        own, slope = _log_loss(point[0] + inputs @ point[1:], targets)
        away = point - centre
        gradient = precision * away
        gradient[0] += slope.sum()
        gradient[1:] += inputs.T @ slope
        return own + 0.5 * float(precision @ away**2), gradient

    return loss


def _log_loss(
    logits: NDArray[np.float64], targets: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    return float(np.sum(np.logaddexp(0.0, logits) - targets * logits)), expit(logits) - targets


def _minimised(loss: _Loss, start: NDArray[np.float64], *, n_free: int) -> NDArray[np.float64]:
    """Minimise; all but the first `n_free` numbers stay at or above 0."""
    bounds = [(None, None)] * n_free + [(0.0, None)] * (len(start) - n_free)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x, dtype=np.float64)
