"""Heartbeats: one R-peak sample a beat, agreed on by the leads."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks
from sleepecg.heartbeats import detect_heartbeats as detect_in_lead

from physioclr.records import EcgRecord
from physioclr.signal.filtering import bandpass
from physioclr.signal.gaps import fill_gaps, require_duration
from physioclr.signal.lead_faults import usable_leads
from physioclr.signal.resampling import resample

__all__ = ["detect_heartbeats"]

_DETECTION_HZ = 250.0
_VOTE_WINDOW_S = 0.1
_REFRACTORY_S = 0.2
_MIN_SHARE_OF_LEADS = 0.4
_REFINE_S = 0.06
_QRS_BAND_HZ = (5.0, 30.0)


def detect_heartbeats(record: EcgRecord) -> NDArray[np.int64]:
    """Find the R peaks that enough of the leads agree on.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s, at any sampling rate from about 70 Hz. Flat and empty leads do not vote.

    Returns
    -------
    (n_beats,) int64
        R-peak samples of the record, increasing. Empty where no lead can be used.

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.

    Notes
    -----
    Each lead, resampled to 250 Hz, is searched by sleepecg (Pan & Tompkins 1985, IEEE Trans Biomed
    Eng 32:230, as modified there). A beat is kept where at least 40 % of the usable leads (and at
    least one) mark it within 100 ms; two beats are at least 200 ms apart. Its position is the
    median of the marks, moved by at most 60 ms to where the energy between 5 and 30 Hz, each lead
    scaled to its own QRS and summed over leads, has its peak.
    """
    require_duration(record)
    rows = [record.leads.index(lead) for lead in usable_leads(record)]
    if not rows:
        return np.empty(0, dtype=np.int64)
    signal_mv, _ = fill_gaps(record.signal_mv[rows])
    marks = _marks_of_leads(signal_mv, record.fs_hz)
    agreed_s = _vote(marks, record.duration_s)
    return _refine(agreed_s, signal_mv, record.fs_hz)


def _marks_of_leads(signal_mv: NDArray[np.float64], fs_hz: float) -> list[NDArray[np.float64]]:
    """Return for each lead the seconds at which sleepecg marks a beat."""
    at_250_hz = resample(signal_mv, fs_hz, _DETECTION_HZ)
    # A lead may begin with exactly constant samples: sleepecg counts them as not yet connected.
    return [
        np.asarray(detect_in_lead(lead, _DETECTION_HZ), dtype=np.float64) / _DETECTION_HZ
        for lead in at_250_hz
        if np.ptp(lead) > 0
    ]


def _vote(marks_s: list[NDArray[np.float64]], duration_s: float) -> NDArray[np.float64]:
    """Return the median second of each cluster of marks that enough leads share."""
    n_bins = math.ceil(duration_s * _DETECTION_HZ) + 1
    window = round(_VOTE_WINDOW_S * _DETECTION_HZ)
    votes = np.zeros(n_bins)
    for marks in marks_s:
        voted = np.zeros(n_bins)
        voted[np.minimum(np.round(marks * _DETECTION_HZ).astype(np.intp), n_bins - 1)] = 1.0
        votes += np.minimum(uniform_filter1d(voted, window, mode="constant") * window, 1.0)
    needed = max(1, math.ceil(_MIN_SHARE_OF_LEADS * len(marks_s)))
    # The tie-break rises towards the middle of a plateau of equal votes.
    ranked = votes + 1e-3 * uniform_filter1d(votes, window, mode="constant")
    padded = np.concatenate([[0.0], ranked, [0.0]])
    peaks, _ = find_peaks(
        padded, height=needed - 0.5, distance=round(_REFRACTORY_S * _DETECTION_HZ)
    )
    pooled = np.sort(np.concatenate(marks_s)) if marks_s else np.empty(0)
    agreed = []
    for peak_s in (peaks - 1) / _DETECTION_HZ:
        near = pooled[np.abs(pooled - peak_s) <= _VOTE_WINDOW_S]
        agreed.append(float(np.median(near)))
    return np.array(agreed)


def _refine(
    agreed_s: NDArray[np.float64], signal_mv: NDArray[np.float64], fs_hz: float
) -> NDArray[np.int64]:
    if not agreed_s.size:
        return np.empty(0, dtype=np.int64)
    qrs = bandpass(signal_mv, fs_hz, *_QRS_BAND_HZ)
    scale = np.percentile(np.abs(qrs), 99, axis=1, keepdims=True)
    energy = np.sum((qrs / np.where(scale > 0, scale, 1.0)) ** 2, axis=0)
    n_samples = energy.size
    reach = round(_REFINE_S * fs_hz)
    refined = []
    for centre in np.round(agreed_s * fs_hz).astype(int):
        start, stop = max(0, centre - reach), min(n_samples, centre + reach + 1)
        refined.append(start + int(np.argmax(energy[start:stop])))
    return np.unique(np.array(refined, dtype=np.int64))
