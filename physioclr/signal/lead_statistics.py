"""Statistics of each lead that tell disturbance from ECG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.frequency_bands import LeadSpectrum, raised_cosine
from physioclr.signal.shared_heartbeats import ENVELOPE_HZ, find_shared_heartbeats

__all__ = ["ECG_HZ", "LeadStatistics", "WindowBeats", "lead_statistics"]

ECG_HZ = 250.0
_DRIFT_HZ = 25.0
_BLOCK_S = 1.0
_NOISE_BLOCK_S = 0.5
_FLAT_MV = 0.01
_AT_EXTREME = 1e-4
_CLIPPED_S, _SATURATED_S = 0.008, 0.2
_POWERLINE_HZ = (50.0, 60.0)
_LINE_REACH_HZ = 3.5
_BEFORE_S, _AFTER_S = 0.2, 0.4
_QRS_REACH_S = 0.1
_MIN_BEATS = 2
_NORMAL_MEDIAN = 0.6745
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class LeadStatistics:
    """What `assess_quality` judges the leads of one window by; each (n_leads,) float64.

    Parameters
    ----------
    missing_share : array
        Share of the samples that are absent.
    flat_share : array
        Share of the seconds in which the lead changes by less than 10 µV.
    clipped_share, saturated_share : array
        Share of the samples that stay on the lead's highest or lowest value, for 8 to 200 ms and
        for longer.
    amplitude_mv, peak_mv : array
        Peak to peak between 0.5 and 40 Hz within 2 s: the median, and the largest.
    jump_ratio : array
        `peak_mv` over `amplitude_mv`.
    wander_mv : array
        Peak to peak below 0.5 Hz.
    powerline_mv : array
        Amplitude of the larger of 50 and 60 Hz, of what could not be subtracted.
    noise_mv, noise_burst_mv : array
        Standard deviation from 25 to 43 Hz outside QRS: of the usual moment, of the worst 0.5 s.
    peakedness : array
        Kurtosis of the QRS band, about 8 to 20 Hz, where neither T waves nor ST segments are: 3
        for noise, 1.5 for a sine, above 6 for nearly every ECG.
    agreement : array
        Correlation of the size of its QRS band with that of the other leads; NaN for a single one.
    beat_correlation : array
        Mean correlation of its beats with its median beat; NaN below two beats.
    """

    missing_share: NDArray[np.float64]
    flat_share: NDArray[np.float64]
    clipped_share: NDArray[np.float64]
    saturated_share: NDArray[np.float64]
    amplitude_mv: NDArray[np.float64]
    peak_mv: NDArray[np.float64]
    jump_ratio: NDArray[np.float64]
    wander_mv: NDArray[np.float64]
    powerline_mv: NDArray[np.float64]
    noise_mv: NDArray[np.float64]
    noise_burst_mv: NDArray[np.float64]
    peakedness: NDArray[np.float64]
    agreement: NDArray[np.float64]
    beat_correlation: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WindowBeats:
    """The beats of a window, for those who want more of them.

    Parameters
    ----------
    n_beats : int
    typical_mv : (n_leads, n) float64
        The median beat of each lead between 0.5 and 40 Hz at `ECG_HZ`, from 200 ms before to
        400 ms after the beat; NaN below two beats.
    ecg_mv : (n_leads, n_samples) float32
        All of the window in that band and at that rate.
    """

    n_beats: int
    typical_mv: NDArray[np.float64]
    ecg_mv: NDArray[np.float32]


def lead_statistics(
    filled_mv: NDArray[np.floating],
    missing: NDArray[np.bool_],
    fs_hz: float,
    without_hum_mv: NDArray[np.floating] | None = None,
) -> tuple[LeadStatistics, WindowBeats]:
    """Compute the statistics of every lead.

    Parameters
    ----------
    filled_mv : (n_leads, n_samples) float array
        Finite.
    missing : (n_leads, n_samples) bool
        Where `filled_mv` is not a sample of the record.
    fs_hz : float
    without_hum_mv : (n_leads, n_samples) float array, optional
        The same once hum is subtracted; flat and clipped stretches are looked for in `filled_mv`.

    Returns
    -------
    statistics : LeadStatistics
    beats : WindowBeats
    """
    spectrum = LeadSpectrum(filled_mv if without_hum_mv is None else without_hum_mv, fs_hz)
    hz = spectrum.frequency_hz
    fall = raised_cosine(hz, 47.0, 36.0)
    with np.errstate(divide="ignore"):
        slow = 1.0 / (1.0 + (0.5 / hz) ** 4)
    ecg = spectrum.band(slow * fall, ECG_HZ)
    qrs = spectrum.band(raised_cosine(hz, 4.0, 10.0) * raised_cosine(hz, 28.0, 18.0), ENVELOPE_HZ)
    fast = spectrum.band(raised_cosine(hz, 22.0, 28.0) * raised_cosine(hz, 47.0, 40.0), ENVELOPE_HZ)
    drift = spectrum.band((1.0 - slow) * raised_cosine(hz, 6.0, 3.0), _DRIFT_HZ)
    flat = _flat_share(filled_mv, fs_hz)
    shared = find_shared_heartbeats(qrs, flat < 1.0)
    amplitude, peak = _amplitudes(ecg)
    clipped, saturated = _shares_at_extremes(filled_mv, fs_hz)
    noise, burst = _noise(fast, shared.peaks_samples)
    steadiness, typical = _beat_correlations(ecg, shared.peaks_samples)
    statistics = LeadStatistics(
        missing.mean(axis=1),
        flat,
        clipped,
        saturated,
        amplitude,
        peak,
        np.divide(peak, amplitude, out=np.ones_like(peak), where=amplitude > 0),
        np.ptp(drift, axis=1).astype(np.float64),
        _powerline_mv(spectrum),
        noise,
        burst,
        _kurtosis(qrs),
        shared.agreement,
        steadiness,
    )
    return statistics, WindowBeats(int(shared.peaks_samples.size), typical, ecg)


def _blocks(signal: NDArray[np.floating], length: int) -> NDArray[np.floating]:
    """Cut into whole blocks; what is left over at the end goes, a short signal is one block."""
    length = min(length, signal.shape[1])
    n_blocks = signal.shape[1] // length
    return signal[:, : n_blocks * length].reshape(len(signal), n_blocks, length)


def _flat_share(signal: NDArray[np.floating], fs_hz: float) -> NDArray[np.float64]:
    blocks = _blocks(signal, round(_BLOCK_S * fs_hz))
    return np.asarray((np.ptp(blocks, axis=2) < _FLAT_MV).mean(axis=1), dtype=np.float64)


def _amplitudes(ecg: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    blocks = _blocks(ecg, round(_BLOCK_S * ECG_HZ))
    highest, lowest = blocks.max(axis=2), blocks.min(axis=2)
    if highest.shape[1] > 1:
        highest = np.maximum(highest[:, 1:], highest[:, :-1])
        lowest = np.minimum(lowest[:, 1:], lowest[:, :-1])
    spans = (highest - lowest).astype(np.float64)
    return np.median(spans, axis=1), spans.max(axis=1)


def _shares_at_extremes(
    signal: NDArray[np.floating], fs_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n_leads, n_samples = signal.shape
    lowest, highest = signal.min(axis=1, keepdims=True), signal.max(axis=1, keepdims=True)
    margin = _AT_EXTREME * (highest - lowest)
    at = np.zeros((n_leads, n_samples + 2), dtype=np.int8)
    at[:, 1:-1] = (signal >= highest - margin) | (signal <= lowest + margin)
    edges = np.diff(at, axis=1).ravel()
    starts, stops = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    runs, lead = stops - starts, starts // (n_samples + 1)
    long = runs >= _SATURATED_S * fs_hz
    short = (runs >= max(3, _CLIPPED_S * fs_hz)) & ~long
    clipped, saturated = (
        np.bincount(lead[kind], runs[kind], n_leads) / n_samples for kind in (short, long)
    )
    return clipped, saturated


def _noise(
    fast: NDArray[np.float32], peaks: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    outside = np.ones(fast.shape[1], dtype=bool)
    reach = round(_QRS_REACH_S * ENVELOPE_HZ)
    for peak in peaks:
        outside[max(0, peak - reach) : peak + reach + 1] = False
    if outside.mean() < 0.1:
        outside[:] = True
    usual = np.median(np.abs(fast[:, outside]), axis=1) / _NORMAL_MEDIAN
    length = round(_NOISE_BLOCK_S * ENVELOPE_HZ)
    square = _blocks(fast**2 * outside, length).sum(axis=2)
    n_outside = _blocks(outside[None].astype(np.float32), length).sum(axis=2)
    enough = (n_outside >= length / 4)[0]
    burst = np.sqrt(square[:, enough] / n_outside[:, enough]).max(axis=1, initial=0.0)
    return usual.astype(np.float64), burst.astype(np.float64)


def _powerline_mv(spectrum: LeadSpectrum) -> NDArray[np.float64]:
    """Return the amplitude of the stronger powerline, its neighbours' level subtracted.

    What could be subtracted is gone, so what is left changes in time and is some Hz wide.
    """
    amplitude = spectrum.power_mv2(0.0, 0.0)
    for hz in _POWERLINE_HZ:
        if hz + 2 * _LINE_REACH_HZ < spectrum.fs_hz / 2:
            line = spectrum.power_mv2(hz - _LINE_REACH_HZ, hz + _LINE_REACH_HZ)
            beside = spectrum.power_mv2(hz - 2 * _LINE_REACH_HZ, hz + 2 * _LINE_REACH_HZ) - line
            amplitude = np.maximum(amplitude, np.sqrt(2 * np.maximum(line - beside, 0.0)))
    return amplitude


def _kurtosis(qrs: NDArray[np.float32]) -> NDArray[np.float64]:
    square = (qrs - qrs.mean(axis=1, keepdims=True)) ** 2
    variance = square.mean(axis=1, dtype=np.float64)
    fourth = (square**2).mean(axis=1, dtype=np.float64)
    return np.asarray(fourth / np.maximum(variance**2, _TINY))


def _beat_correlations(
    ecg: NDArray[np.float32], peaks: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    before, after = round(_BEFORE_S * ECG_HZ), round(_AFTER_S * ECG_HZ)
    at = np.round(peaks * (ECG_HZ / ENVELOPE_HZ)).astype(np.intp)
    at = at[(at >= before) & (at + after < ecg.shape[1])]
    if at.size < _MIN_BEATS:
        return np.full(len(ecg), np.nan), np.full((len(ecg), before + after), np.nan)
    beats = ecg[:, at[:, None] + np.arange(-before, after)]
    typical = np.median(beats, axis=1)
    beats = beats - beats.mean(axis=2, keepdims=True)
    centred = typical - typical.mean(axis=1, keepdims=True)
    dot = np.einsum("lbs,ls->lb", beats, centred, dtype=np.float64)
    norm = np.sqrt(np.einsum("lbs,lbs->lb", beats, beats, dtype=np.float64))
    norm *= np.sqrt(np.einsum("ls,ls->l", centred, centred, dtype=np.float64))[:, None]
    correlation = np.divide(dot, norm, out=np.zeros_like(dot), where=norm > _TINY)
    return correlation.mean(axis=1), typical.astype(np.float64)
