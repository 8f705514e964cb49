"""Where a beat is marked, and where the R wave of each lead peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["mark_beats", "place_r_peaks"]

Floats = NDArray[np.float64]

_MARGIN = 3
_TINY = 1e-12
_MIN_R_SHARE = 0.2
_MIN_R_PROBABILITY = 0.02


def mark_beats(
    lead: NDArray[np.float32], starts: NDArray[np.intp], stops: NDArray[np.intp]
) -> Floats:
    """Mark each beat once: in the middle of its QRS, as its energy and its slopes have it.

    Parameters
    ----------
    lead : (n_samples,) float32
        The lead the rhythm is read in.
    starts, stops : (n_beats,) int
        First sample of each QRS, and the one after its last.

    Returns
    -------
    (n_beats,) float64
        Samples of `lead`.

    Notes
    -----
    Halfway between the sample by which half of the energy of QRS (above the line from its onset
    to its end) has passed, and the one by which half of the energy of its slope has. In a narrow
    QRS both are the R peak. In a wide one the first is drawn to the late slurred part, the second
    to the early steep one; a person marks between them (MIT-BIH, see docs/physiology.md).
    """
    if not starts.size:
        return np.empty(0)
    first = np.maximum(starts - _MARGIN, 0)
    length = np.minimum(stops + _MARGIN, lead.size) - first
    offsets = np.arange(int(length.max()))
    inside = offsets < length[:, None]
    at = np.minimum(first[:, None] + offsets, lead.size - 1)
    qrs = lead[at].astype(np.float64)
    each = np.arange(starts.size)
    qrs -= (qrs[:, :1] + qrs[each, length - 1][:, None]) / 2
    slope = np.gradient(lead.astype(np.float64))[at]
    return first + (_half_passed(qrs**2, inside) + _half_passed(slope**2, inside)) / 2


def _half_passed(energy: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return where half of each row's sum has passed, between samples."""
    energy = np.where(inside, energy + _TINY, 0.0)
    # A sample's energy has half passed at the sample itself.
    passed = np.cumsum(energy, axis=1) - energy / 2
    half = energy.sum(axis=1, keepdims=True) / 2
    after = np.clip((passed < half).sum(axis=1), 1, energy.shape[1] - 1)
    each = np.arange(len(energy))
    low, high = passed[each, after - 1], passed[each, after]
    part = (half[:, 0] - low) / np.where(high > low, high - low, 1.0)
    return np.asarray(after - 1 + np.clip(part, 0.0, 1.0))


def place_r_peaks(qrs: Floats, leads: NDArray[np.float32], peak: NDArray[np.float32]) -> None:
    """Move the peak of QRS in each lead to its R wave, where there is one.

    Parameters
    ----------
    qrs : (n_leads, n_beats, 3) float64
        Onset, peak and end; the peaks are changed in place.
    leads : (n_leads, n_samples) float32
    peak : (n_leads, n_samples) float32
        The network's probability of the peak.

    Notes
    -----
    The network was trained on leads turned over as well and cannot tell R from S. An R wave is
    positive by definition: the highest apex between onset and end of QRS is the R peak, if it
    rises above the onset by a fifth of what QRS falls below it; else the network's peak stands.
    """
    known = np.isfinite(qrs).all(axis=2)
    if not known.any():
        return
    rows, _ = np.nonzero(known)
    onset, _, end = qrs[known].T
    width = int(np.max(end - onset)) + 4
    at = onset.astype(np.intp)[:, None] + np.arange(-1, width)
    in_qrs = (at[:, 1:-1] >= onset[:, None]) & (at[:, 1:-1] <= end[:, None])
    at = np.clip(at, 0, leads.shape[1] - 1)
    height = leads[rows[:, None], at] - leads[rows, at[:, 1]][:, None]
    left, here, right = height[:, :-2], height[:, 1:-1], height[:, 2:]
    apex = np.where(in_qrs & (here >= left) & (here > right), here, -np.inf)
    best = np.argmax(apex, axis=1)
    each = np.arange(len(best))
    depth = -np.where(in_qrs, here, 0.0).min(axis=1)
    likely = peak[rows, at[each, best + 1]] >= _MIN_R_PROBABILITY
    there = (apex[each, best] > _MIN_R_SHARE * np.maximum(depth, 1e-9)) & likely
    curve = left[each, best] - 2 * here[each, best] + right[each, best]
    tilt = left[each, best] - right[each, best]
    shift = np.divide(0.5 * tilt, curve, out=np.zeros_like(curve), where=curve < 0)
    moved = at[each, best + 1] + np.clip(shift, -0.5, 0.5)
    peaks = qrs[:, :, 1]
    peaks[known] = np.where(there, moved, peaks[known])
