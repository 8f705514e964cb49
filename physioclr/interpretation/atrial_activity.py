"""Regular atrial activity between the beats: the flutter waves behind QRS and T."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLUTTER_LEADS", "AtrialActivity", "find_atrial_activity"]

Floats = NDArray[np.float64]

FLUTTER_LEADS = ("II", "III", "aVF", "V1")
_RATES_PER_MIN = (200.0, 350.0)
_HZ = 100.0
_BAND_HZ = (3.0, 15.0)
_BEFORE_S, _AFTER_S, _AFTER_SHARE = 0.12, 0.48, 0.8
_CLIP = 4.5
_SEARCHED, _STEPS = 0.06, 49
_MAX_S = 60.0


@dataclass(frozen=True)
class AtrialActivity:
    """The rate at which the signal between the beats repeats itself.

    Parameters
    ----------
    rate_per_min : float
        Median over leads of the lag at which the autocorrelation is highest, between 200 and
        350/min; NaN where nothing repeats or it was not looked for.
    regularity : float
        Mean over leads of that autocorrelation, 0 to 1.
    spread_per_min : float
        Difference of the leads' rates.
    locked : float
        How well RR intervals are whole multiples of the atrial cycle, 0 to 1: length of the mean
        of exp(2πi RR / cycle), the largest over cycles up to 6 % away.
    leads : tuple of str
        The leads looked at.
    """

    rate_per_min: float = math.nan
    regularity: float = math.nan
    spread_per_min: float = math.nan
    locked: float = math.nan
    leads: tuple[str, ...] = ()


def find_atrial_activity(
    signal_mv: Floats,
    fs_hz: float,
    leads: tuple[str, ...],
    r_peaks_samples: NDArray[np.int64],
    dominant: NDArray[np.bool_],
) -> AtrialActivity:
    """Look for regular atrial waves in what is left without QRS and T.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        Leads among `FLUTTER_LEADS`, in the band amplitudes are measured in.
    fs_hz : float
    leads : tuple of str
        Rows of `signal_mv`.
    r_peaks_samples : (n_beats,) int64
    dominant : (n_beats,) bool
        The beats whose median is taken off.

    Returns
    -------
    AtrialActivity
        Nothing with fewer than four beats or without a lead.

    Notes
    -----
    The median beat is subtracted from each beat, the rest band-passed (3 to 15 Hz) and clipped at
    4.5 times its median size, then autocorrelated lead by lead: average beat subtraction, see
    Bollmann A et al. Europace 2006;8:911, doi:10.1093/europace/eul113. Where all RR intervals are
    alike the atrial waves are part of the median beat and nothing is left: flutter with a fixed
    ratio is not found like this.
    """
    keep = r_peaks_samples < _MAX_S * fs_hz
    peaks, dominant = r_peaks_samples[keep], dominant[keep]
    if peaks.size < 4 or not leads or dominant.sum() < 3:
        return AtrialActivity()
    signal = signal_mv[:, : round(_MAX_S * fs_hz)]
    if not np.isfinite(signal).all():
        return AtrialActivity()
    rest = _without_beats(signal, fs_hz, peaks, dominant)
    found = _repeats(rest, fs_hz)
    rates = np.array([rate for rate, _ in found])
    rate = float(np.median(rates))
    rr_s = np.diff(peaks) / fs_hz
    return AtrialActivity(
        rate_per_min=rate,
        regularity=float(np.mean([height for _, height in found])),
        spread_per_min=float(np.ptp(rates)),
        locked=_locked(rr_s, 60.0 / rate) if math.isfinite(rate) else math.nan,
        leads=leads,
    )


def _without_beats(
    signal: Floats, fs_hz: float, peaks: NDArray[np.int64], dominant: NDArray[np.bool_]
) -> Floats:
    """Subtract the median beat, its ends brought to 0, from every beat."""
    rr = np.median(np.diff(peaks))
    before = round(_BEFORE_S * fs_hz)
    after = int(min(_AFTER_S * fs_hz, _AFTER_SHARE * rr))
    reach = np.arange(-before, after + 1)
    inside = peaks[(peaks >= before) & (peaks + after < signal.shape[1]) & dominant]
    if inside.size < 3:
        return signal
    windows = signal[:, inside[:, None] + reach]
    beat = np.median(windows, axis=1)
    beat -= beat[:, :1] + np.linspace(0, 1, reach.size) * (beat[:, -1:] - beat[:, :1])
    rest = signal.copy()
    for peak in peaks:
        at = peak + reach
        known = (at >= 0) & (at < signal.shape[1])
        rest[:, at[known]] -= beat[:, known]
    return rest


def _repeats(rest: Floats, fs_hz: float) -> list[tuple[float, float]]:
    """Return of each lead the rate of the highest inner maximum of its autocorrelation."""
    step = max(1, round(fs_hz / _HZ))
    slow = rest[:, ::step]
    rate_hz = fs_hz / step
    n = slow.shape[1]
    spectrum = np.fft.rfft(slow, axis=1)
    hz = np.fft.rfftfreq(n, 1 / rate_hz)
    spectrum[:, (hz < _BAND_HZ[0]) | (hz > _BAND_HZ[1])] = 0
    band = np.fft.irfft(spectrum, n=n, axis=1)
    limit = _CLIP * np.median(np.abs(band), axis=1, keepdims=True)
    band = np.clip(band, -limit, limit)
    energy = np.abs(np.fft.rfft(band, 2 * n, axis=1)) ** 2
    correlation = np.fft.irfft(energy, axis=1)[:, :n]
    correlation = correlation / np.maximum(correlation[:, :1], 1e-12) * n / (n - np.arange(n))
    first = math.floor(60.0 / _RATES_PER_MIN[1] * rate_hz)
    last = math.ceil(60.0 / _RATES_PER_MIN[0] * rate_hz)
    return [_highest(row, first, last, rate_hz) for row in correlation]


def _highest(row: Floats, first: int, last: int, rate_hz: float) -> tuple[float, float]:
    """Return rate and height of the highest maximum between two lags; NaN and 0 without one."""
    lags = np.arange(first, min(last, row.size - 2) + 1)
    tops = lags[(row[lags] > row[lags - 1]) & (row[lags] >= row[lags + 1])]
    if not tops.size:
        return math.nan, 0.0
    best = int(tops[np.argmax(row[tops])])
    return 60.0 * rate_hz / best, float(row[best])


def _locked(rr_s: Floats, cycle_s: float) -> float:
    cycles = cycle_s * np.linspace(1 - _SEARCHED, 1 + _SEARCHED, _STEPS)
    return float(np.abs(np.exp(2j * np.pi * rr_s[:, None] / cycles).mean(axis=0)).max())
