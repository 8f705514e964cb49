"""Calls with a chosen error rate: present, absent, or no call in between.

Class-conditional (Mondrian) conformal prediction (Vovk 2012, arXiv:1209.2673) on the probability
of one label. The ECGs known to have the label say how low its probability gets where it is there:
below the limit `absent_at` lie at most a share `alpha` of them, and a new ECG below it is called
absent. The ECGs known not to have it give `present_at` in the same way. What lies between is no
call. The share is that of the corrected rank, with the new ECG counted among the known ones, so
that with fewer than ``1 / alpha - 1`` patients there is no limit and the call is never made.

Several ECGs of one patient are not independent. Each patient counts once, its ECGs in equal parts
(Lee, Barber, Willett 2023, arXiv:2306.06342); with one ECG a patient these are the usual ranks.

What is promised, and on which assumption: of the ECGs of new patients of the same cohort that have
the label at most a share `alpha` is called absent, and of those that do not, at most `alpha` is
called present, on average over cohorts of this size. The probabilities are out of fold, the head
that meets new ECGs is fitted on all folds: its probabilities are taken to be distributed as theirs
are. This is the assumption under which cross-conformal prediction is valid in practice (Vovk 2015,
doi:10.1007/s10472-013-9368-4); it is approximate, and no limit holds for another hospital. Nothing
is promised of the ECGs *called* present: of a rare label most of them may lack it, which is why
`CallRates` says how many were right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEFAULT_ALPHA", "Call", "CallLimits", "CallRates", "fit_call_limits", "measure_calls"]

Call = Literal["present", "absent", "no call"]

DEFAULT_ALPHA = 0.1
_ROUNDING = 1e-12
"""Sums of equal parts of a patient miss a whole rank by less."""


@dataclass(frozen=True)
class CallLimits:
    """Where the calls of one label begin.

    Parameters
    ----------
    alpha : float
        The share of wrong calls allowed in each class, in (0, 1).
    present_at : float
        Present is called above this probability; inf where it never is.
    absent_at : float
        Absent is called below this probability; -inf where it never is. At most `present_at`.

    Raises
    ------
    ValueError
        If a value is not as documented.
    """

    alpha: float
    present_at: float
    absent_at: float

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must be in (0, 1), got {self.alpha}")
        if not self.absent_at <= self.present_at:
            raise ValueError(
                f"absent_at must be at most present_at, got {self.absent_at} and {self.present_at}"
            )

    def call(self, probability: float) -> Call:
        """Call one ECG.

        Parameters
        ----------
        probability : float
            NaN where unknown, which is no call.

        Returns
        -------
        {"present", "absent", "no call"}
        """
        if probability > self.present_at:
            return "present"
        return "absent" if probability < self.absent_at else "no call"


@dataclass(frozen=True)
class CallRates:
    """What became of the calls on ECGs whose label is known; NaN where there is none to count.

    Parameters
    ----------
    no_call : float
        Share of the ECGs that got no call.
    missed : float
        Share of those with the label that were called absent.
    falsely_present : float
        Share of those without the label that were called present.
    ppv, npv : float
        Share of those called present that have the label, and of those called absent that do not.
    """

    no_call: float
    missed: float
    falsely_present: float
    ppv: float
    npv: float


def fit_call_limits(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    patients: Sequence[object] | NDArray[Any],
    *,
    alpha: float = DEFAULT_ALPHA,
) -> CallLimits:
    """Set the limits of one label from probabilities of ECGs that their models never saw.

    Parameters
    ----------
    probabilities : (n_records,) array of numbers
    labels : (n_records,) array of numbers
        1, 0 or NaN = unknown; the unknown are not used.
    patients : (n_records,) sequence
    alpha : float
        In (0, 1).

    Returns
    -------
    CallLimits
        Where the classes are apart so well that the limits cross, both move to the middle between
        them: every ECG is called, and each share of wrong calls is still at most `alpha`.

    Raises
    ------
    ValueError
        If shapes or values are not as documented.
    """
    scores, known, groups = _checked(probabilities, labels, patients)
    absent_at = _lower_limit(scores[known == 1], groups[known == 1], alpha)
    present_at = -_lower_limit(-scores[known == 0], groups[known == 0], alpha)
    if present_at < absent_at:
        present_at = absent_at = (present_at + absent_at) / 2
    return CallLimits(alpha=alpha, present_at=present_at, absent_at=absent_at)


def measure_calls(
    probabilities: NDArray[Any],
    labels: NDArray[Any],
    patients: Sequence[object] | NDArray[Any],
    folds: NDArray[np.integer],
    *,
    alpha: float = DEFAULT_ALPHA,
) -> CallRates:
    """Call the ECGs of each fold by limits set on the other folds, and count.

    Parameters
    ----------
    probabilities : (n_records,) array of numbers
    labels : (n_records,) array of numbers
        1, 0 or NaN = unknown; the unknown are not counted.
    patients : (n_records,) sequence
    folds : (n_records,) int
        No patient is in two.
    alpha : float
        In (0, 1).

    Returns
    -------
    CallRates

    Raises
    ------
    ValueError
        If shapes or values are not as documented.
    """
    scores, known, groups = _checked(probabilities, labels, patients)
    calls = np.full(len(scores), "no call", dtype="<U7")
    for fold in np.unique(folds):
        held_out = np.asarray(folds) == fold
        limits = fit_call_limits(
            scores[~held_out], known[~held_out], groups[~held_out], alpha=alpha
        )
        calls[held_out] = [limits.call(score) for score in scores[held_out]]
    calls, known = calls[~np.isnan(known)], known[~np.isnan(known)]
    return CallRates(
        no_call=_share(calls == "no call"),
        missed=_share(calls[known == 1] == "absent"),
        falsely_present=_share(calls[known == 0] == "present"),
        ppv=_share(known[calls == "present"] == 1),
        npv=_share(known[calls == "absent"] == 0),
    )


def _lower_limit(scores: NDArray[np.float64], groups: NDArray[np.str_], alpha: float) -> float:
    """Return the least score not too low for its class; below it lies a share of at most alpha."""
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    share_of_new = 1 / (len(sizes) + 1)
    if share_of_new > alpha + _ROUNDING:
        return -np.inf
    order = np.argsort(scores, kind="stable")
    shares = share_of_new + np.cumsum(share_of_new / sizes[group[order]])
    return float(scores[order][np.argmax(shares > alpha + _ROUNDING)])


def _share(of: NDArray[np.bool_]) -> float:
    return float(of.mean()) if of.size else float("nan")


def _checked(
    probabilities: NDArray[Any], labels: NDArray[Any], patients: Sequence[object] | NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.str_]]:
    scores = np.asarray(probabilities, dtype=np.float64)
    known = np.asarray(labels, dtype=np.float64)
    groups = np.array([str(patient) for patient in patients], dtype=np.str_)
    if scores.ndim != 1 or not scores.shape == known.shape == groups.shape:
        raise ValueError(
            "probabilities, labels and patients must be of one length, "
            f"got {scores.shape}, {known.shape} and {groups.shape}"
        )
    if not np.isin(known[~np.isnan(known)], (0, 1)).all():
        raise ValueError("labels must be 1, 0 or NaN")
    if not np.isfinite(scores[~np.isnan(known)]).all():
        raise ValueError("probabilities must be finite where the label is known")
    return scores, known, groups
