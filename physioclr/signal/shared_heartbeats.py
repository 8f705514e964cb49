"""Where the leads together show heartbeats, and how far each lead goes along with the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

__all__ = ["ENVELOPE_HZ", "SharedHeartbeats", "find_shared_heartbeats"]

ENVELOPE_HZ = 125.0
_SMOOTH_S = 0.1
_REFRACTORY_S = 0.25
_USUAL_PERCENTILE = 95
_LEAST_SHARE = 0.45
_LARGEST = 1.5
_TINY_MV = 1e-6


@dataclass(frozen=True, eq=False)
class SharedHeartbeats:
    """Heartbeats seen by most leads.

    Parameters
    ----------
    peaks_samples : (n_beats,) int64
        Samples of the envelope, at `ENVELOPE_HZ`.
    agreement : (n_leads,) float64
        Correlation of each lead's envelope with that of the others; NaN where there are none.
    """

    peaks_samples: NDArray[np.int64]
    agreement: NDArray[np.float64]


def find_shared_heartbeats(
    qrs_mv: NDArray[np.float32], alive: NDArray[np.bool_]
) -> SharedHeartbeats:
    """Find the heartbeats by the mean over leads of the size of QRS.

    Parameters
    ----------
    qrs_mv : (n_leads, n) float32
        The QRS band of each lead, at `ENVELOPE_HZ`.
    alive : (n_leads,) bool
        Leads that may have a say.

    Returns
    -------
    SharedHeartbeats

    Notes
    -----
    A lead's envelope is its absolute value smoothed over 100 ms, its 95th percentile set to 1.
    Leads count by the square of their correlation with the median envelope, so that a few leads of
    noise do not spoil it. A beat is a maximum of at least 45 % of the usual size. It is coarser
    than `delineate` and cheaper: a rhythm is not read from it.
    """
    envelope = uniform_filter1d(np.abs(qrs_mv), round(_SMOOTH_S * ENVELOPE_HZ), axis=1)
    usual = np.percentile(envelope, _USUAL_PERCENTILE, axis=1, keepdims=True)
    envelope = np.minimum(envelope / np.maximum(usual, _TINY_MV), _LARGEST)
    n_leads, n = envelope.shape
    none = np.full(n_leads, np.nan)
    if not alive.any():
        return SharedHeartbeats(np.empty(0, dtype=np.int64), none)
    typical = np.median(envelope[alive], axis=0)
    weight = np.clip(_correlation(envelope, typical), 0.0, 1.0) ** 2 * alive
    if not weight.sum() > 0:
        return SharedHeartbeats(np.empty(0, dtype=np.int64), none)
    total = weight @ envelope
    others = weight.sum() - weight
    known = others > 1e-6
    without = (total - weight[:, None] * envelope) / np.where(known, others, 1.0)[:, None]
    agreement = np.where(known, _correlation(envelope, without), np.nan)
    shared = total / weight.sum()
    least = _LEAST_SHARE * np.percentile(shared, 97)
    peaks, _ = find_peaks(
        np.pad(shared, 1), height=least, distance=round(_REFRACTORY_S * ENVELOPE_HZ)
    )
    return SharedHeartbeats(np.clip(peaks - 1, 0, n - 1).astype(np.int64), agreement)


def _correlation(rows: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    rows = rows - rows.mean(axis=-1, keepdims=True)
    other = other - other.mean(axis=-1, keepdims=True)
    dot = (rows * other).sum(axis=-1)
    norm = np.sqrt((rows**2).sum(axis=-1) * (other**2).sum(axis=-1))
    return np.asarray(np.divide(dot, norm, out=np.zeros_like(dot), where=norm > 0), dtype=float)
