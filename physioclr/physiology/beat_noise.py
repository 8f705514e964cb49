"""How noisy the median beat is, and whether onsets and ends can be told on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.delineation import Delineation

__all__ = ["BeatNoise", "beat_noise"]

Floats = NDArray[np.float64]

# Leads that none of the others contains, as in `global_fiducials`.
_INDEPENDENT_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
_MIN_BEATS, _MIN_SAMPLES = 3, 20
_RATE_HZ = 500.0
# Around the beats' mark: where QRS is, and where the heart is slow.
_QRS_MS = (-100.0, 150.0)
_QUIET_MS = ((-260.0, -50.0), (160.0, 300.0))
_NORMAL_MEDIAN, _MEDIAN_ERROR = 0.6745, 1.2533
_MAINS_HZ, _WIDTH_HZ = (50.0, 60.0), 6.0
# A sine moves an onset more surely than noise of the same slope, which has pauses.
_MAX_SHARE = {True: 0.02, False: 0.04}


@dataclass(frozen=True)
class BeatNoise:
    """The noise of the median beat.

    Parameters
    ----------
    share : float
        Standard error of its spatial velocity between the waves, over the greatest velocity of
        QRS; NaN with fewer than three beats.
    powerline : bool
        Whether most of it lies at 50 or 60 Hz.
    """

    share: float
    powerline: bool

    @property
    def reason(self) -> str | None:
        """Why no interval is measurable; None if the noise is low enough, or not known."""
        most = _MAX_SHARE[self.powerline]
        if not self.share > most:
            return None
        kind = "powerline interference that could not be subtracted" if self.powerline else "noise"
        return (
            f"not measurable: {kind}, {100 * self.share:.1f} % of the steepest QRS slope in the "
            f"average beat (at most {100 * most:.0f} %)"
        )


def beat_noise(signal_mv: Floats, delineation: Delineation, beats: NDArray[np.bool_]) -> BeatNoise:
    """Compare the beats a median beat is made of with it.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        The record in the band amplitudes are measured in; NaN where unknown.
    delineation : Delineation
        Of this record.
    beats : (n_beats,) bool
        Those the median beat is made of.

    Returns
    -------
    BeatNoise

    Notes
    -----
    QRS begins and ends where the velocity of the median beat passes 3 % of its peak
    (`global_fiducials`), so noise of that size moves it. The noise is the usual slope of what a
    beat differs by from the median beat, from 260 to 50 ms before and 160 to 300 ms after the
    beats' mark, 1.25/√n of it remaining in a median of n beats; over the leads it adds as
    velocities do. ``docs/quality.md`` says how far intervals are off at which noise.
    """
    marks = delineation.r_peaks_samples[beats]
    rows = [
        row
        for row, lead in enumerate(delineation.leads)
        if lead in _INDEPENDENT_LEADS or delineation.leads == (lead,)
    ] or list(range(len(delineation.leads)))
    windows, inside_qrs = _windows(signal_mv[rows], marks, delineation.fs_hz)
    if len(windows) < _MIN_BEATS or windows.shape[1] == 0:
        return BeatNoise(math.nan, powerline=False)
    median = np.sort(windows, axis=0)[len(windows) // 2]
    peak = float(np.sqrt((_slopes(median[:, inside_qrs]) ** 2).sum(axis=0)).max(initial=0.0))
    rest = _slopes((windows - median)[:, :, ~inside_qrs])
    n_samples = rest.shape[0] * rest.shape[2]
    if not peak > 0 or n_samples < _MIN_SAMPLES:
        return BeatNoise(math.nan, powerline=False)
    by_lead = np.abs(np.moveaxis(rest, 1, 0)).reshape(rest.shape[1], n_samples)
    usual = np.partition(by_lead, n_samples // 2, axis=1)[:, n_samples // 2] / _NORMAL_MEDIAN
    noise = float(np.sqrt((usual**2).sum()))
    share = _MEDIAN_ERROR * noise / np.sqrt(len(windows)) / peak
    return BeatNoise(share, powerline=_is_powerline(rest, delineation.fs_hz))


def _windows(
    signal_mv: Floats, marks: NDArray[np.int64], fs_hz: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cut (n_beats, n_leads, n) around the marks, of leads known throughout; QRS comes last."""
    step = max(1, round(fs_hz / _RATE_HZ))
    spans = [
        np.arange(round(first * fs_hz / 1000), round(last * fs_hz / 1000) + 1, step)
        for first, last in (*_QUIET_MS, _QRS_MS)
    ]
    reach = np.concatenate(spans)
    inside_qrs = np.arange(reach.size) >= reach.size - spans[-1].size
    whole = (marks + reach.min() >= 0) & (marks + reach.max() < signal_mv.shape[1])
    windows = signal_mv.astype(np.float32)[:, marks[whole, None] + reach].swapaxes(0, 1)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(windows).all(axis=2))
    if not len(windows):
        return windows, inside_qrs
    leads: NDArray[np.bool_] = np.asarray(known.mean(axis=0) > 0.5)
    return np.asarray(windows[known[:, leads].all(axis=1)][:, leads]), inside_qrs


def _slopes(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((signal[..., 2:] - signal[..., :-2]) / 2)


def _is_powerline(rest: NDArray[np.float32], fs_hz: float) -> bool:
    """Tell whether most of the noise's slope lies within 6 Hz of 50 or 60 Hz."""
    rate_hz = fs_hz / max(1, round(fs_hz / _RATE_HZ))
    power = (np.abs(np.fft.rfft(rest, axis=2)) ** 2).sum(axis=(0, 1))
    hz = np.fft.rfftfreq(rest.shape[2], 1 / rate_hz)
    near = np.zeros(hz.size, dtype=bool)
    for mains_hz in _MAINS_HZ:
        near |= np.abs(hz - mains_hz) <= _WIDTH_HZ
    return bool(power[near].sum() > 0.5 * power.sum())
