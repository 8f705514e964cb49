"""Statistics of each lead that tell disturbance from ECG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.filtering import bandpass
from physioclr.signal.median_beat import cut_beats

__all__ = ["LeadStatistics", "lead_statistics"]

_FLAT_WINDOW_S = 0.2
_POWERLINE_HZ = (50.0, 60.0)
_CLIP_SHARE = 0.02
_MIN_BEATS = 3


@dataclass(frozen=True)
class LeadStatistics:
    """What `assess_quality` judges one lead by.

    Parameters
    ----------
    missing_share, flat_share, clipped_share : float
        Share of the samples that are absent; that belong to a stretch of at least 0.2 s without
        any change; that sit on the lead's highest or lowest value.
    amplitude_mv : float
        Peak to peak between 0.5 and 40 Hz, the 0.1st to the 99.9th percentile.
    wander_mv : float
        Peak to peak below 0.5 Hz.
    powerline_mv : float
        Amplitude of the larger of 50 and 60 Hz.
    noise_mv : float
        Standard deviation above 40 Hz, without powerline, outside QRS.
    beat_correlation : float
        Median correlation of its beats with its median beat; NaN below three beats.
    """

    missing_share: float
    flat_share: float
    clipped_share: float
    amplitude_mv: float
    wander_mv: float
    powerline_mv: float
    noise_mv: float
    beat_correlation: float


def lead_statistics(
    filled_mv: NDArray[np.float64],
    missing: NDArray[np.bool_],
    fs_hz: float,
    r_peaks_samples: NDArray[np.int64],
) -> list[LeadStatistics]:
    """Compute the statistics of every lead.

    Parameters
    ----------
    filled_mv : (n_leads, n_samples) float64
        Finite.
    missing : (n_leads, n_samples) bool
        Where `filled_mv` is not a sample of the record.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64

    Returns
    -------
    list of LeadStatistics
        One a lead.
    """
    ecg = bandpass(filled_mv, fs_hz, 0.5, 40.0)
    wander = np.ptp(bandpass(filled_mv, fs_hz, None, 0.5), axis=1)
    low, high = np.percentile(ecg, [0.1, 99.9], axis=1)
    powerline = _powerline_mv(filled_mv, fs_hz)
    noise = _noise_mv(filled_mv, fs_hz, r_peaks_samples)
    correlation = _beat_correlation(ecg, fs_hz, r_peaks_samples)
    return [
        LeadStatistics(
            float(missing[row].mean()),
            _flat_share(filled_mv[row], fs_hz),
            _clipped_share(filled_mv[row]),
            float(high[row] - low[row]),
            float(wander[row]),
            float(powerline[row]),
            float(noise[row]),
            float(correlation[row]),
        )
        for row in range(len(filled_mv))
    ]


def _flat_share(lead_mv: NDArray[np.float64], fs_hz: float) -> float:
    changes = np.flatnonzero(np.diff(lead_mv) != 0)
    edges = np.concatenate([[-1], changes, [lead_mv.size - 1]])
    runs = np.diff(edges)
    return float(runs[runs >= _FLAT_WINDOW_S * fs_hz].sum() / lead_mv.size)


def _clipped_share(lead_mv: NDArray[np.float64]) -> float:
    """Return the share of samples on the extreme values, in runs of at least three."""
    share = 0.0
    for extreme in (lead_mv.min(), lead_mv.max()):
        on = np.concatenate([[False], lead_mv == extreme, [False]])
        edges = np.flatnonzero(np.diff(on.astype(np.int8)))
        runs = edges[1::2] - edges[::2]
        share += float(runs[runs >= 3].sum()) / lead_mv.size
    return share


def _powerline_mv(filled_mv: NDArray[np.float64], fs_hz: float) -> NDArray[np.float64]:
    """Return the amplitude of the stronger powerline sine, its neighbours' level subtracted."""
    n_samples = filled_mv.shape[1]
    amplitude = np.zeros(len(filled_mv))
    centred = filled_mv - filled_mv.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred * np.hanning(n_samples), axis=1)) / (n_samples / 4)
    frequencies = np.fft.rfftfreq(n_samples, 1 / fs_hz)
    for hz in _POWERLINE_HZ:
        near = np.abs(frequencies - hz) <= 0.5
        around = (np.abs(frequencies - hz) <= 4) & ~(np.abs(frequencies - hz) <= 1)
        if hz + 4 < fs_hz / 2:
            peak = spectrum[:, near].max(axis=1) - np.median(spectrum[:, around], axis=1)
            amplitude = np.maximum(amplitude, peak)
    return amplitude


def _noise_mv(
    filled_mv: NDArray[np.float64], fs_hz: float, peaks: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return 1.48 times the median absolute value above 25 Hz, outside QRS."""
    fast = bandpass(filled_mv, fs_hz, 25.0, None)
    outside = np.ones(filled_mv.shape[1], dtype=bool)
    reach = round(0.08 * fs_hz)
    for peak in peaks:
        outside[max(0, peak - reach) : peak + reach + 1] = False
    if not outside.any():
        return np.full(len(filled_mv), np.nan)
    return np.asarray(1.4826 * np.median(np.abs(fast[:, outside]), axis=1))


def _beat_correlation(
    ecg_mv: NDArray[np.float64], fs_hz: float, peaks: NDArray[np.int64]
) -> NDArray[np.float64]:
    n_leads = len(ecg_mv)
    if peaks.size < _MIN_BEATS:
        return np.full(n_leads, np.nan)
    reach = {"before_ms": 200.0, "after_ms": 400.0}
    beats = cut_beats(ecg_mv, fs_hz, peaks, **reach)
    beats = beats[np.isfinite(beats).all(axis=(1, 2))]
    if len(beats) < _MIN_BEATS:
        return np.full(n_leads, np.nan)
    typical = np.median(beats, axis=0)
    typical = typical - typical.mean(axis=-1, keepdims=True)
    beats = beats - beats.mean(axis=-1, keepdims=True)
    dot = np.einsum("bls,ls->bl", beats, typical)
    norm = np.linalg.norm(beats, axis=-1) * np.linalg.norm(typical, axis=-1)
    return np.asarray(np.median(dot / np.where(norm > 0, norm, np.inf), axis=0))
