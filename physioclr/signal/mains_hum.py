"""Hum of the mains: found as a line near 50 or 60 Hz, followed in time and subtracted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

__all__ = ["MainsHum", "find_mains_hum", "subtract_mains_hum"]

Floats = NDArray[np.float64]

_MAINS_HZ = (50.0, 60.0)
_OFF_HZ = 1.0
_BESIDE_HZ = (1.5, 6.0)
# A line has this many times the power of the strongest of its neighbours and this amplitude.
# Of 353 records of PTB-XL 9 have one, the strongest 0.03 mV.
_STANDS_OUT = 4.0
_LEAST_MV = 0.008
_N_HARMONICS = 5
# Below this a line mirrored by a low sampling rate cannot be told from the ECG.
_LOWEST_HZ = 35.0
_FOLLOW_S = 0.25
_N_BOXES = 3
_N_ROUNDS = 4
_QUIET_S = 0.06
_OUTLYING = 2.5
_NORMAL_MEDIAN = 0.6745
_TINY_MV = 1e-6


@dataclass(frozen=True, eq=False)
class MainsHum:
    """The hum of a signal.

    Parameters
    ----------
    frequency_hz : float
        Of the fundamental, to about 0.05 Hz.
    harmonics : tuple of int
        The multiples of it that stand out; 1 is the fundamental.
    amplitude_mv : (n_leads,) float64
        Of the fundamental: the usual amplitude of its sine; 0 in a lead without hum.
    """

    frequency_hz: float
    harmonics: tuple[int, ...]
    amplitude_mv: Floats


def subtract_mains_hum(
    filled_mv: NDArray[np.floating], missing: NDArray[np.bool_], fs_hz: float
) -> tuple[NDArray[np.floating], MainsHum | None]:
    """Subtract the hum of the mains, if there is any.

    Parameters
    ----------
    filled_mv : (n_leads, n_samples) float array
        Finite, of a minute or less.
    missing : (n_leads, n_samples) bool
        Where `filled_mv` is not a sample of the record.
    fs_hz : float

    Returns
    -------
    signal_mv : (n_leads, n_samples) float array
        The input itself if no hum was found.
    hum : MainsHum or None

    Notes
    -----
    Each harmonic is a sine whose amplitude and phase change over about a quarter of a second: the
    signal without its moving average over one period is demodulated at the frequency of the line
    and averaged with weights. Where more than the sine is left (QRS, spikes) the weight of all
    leads is small; average and weights are computed four times in turn. So the sine is estimated
    between the QRS complexes. A notch would cut into them and ring.
    """
    hum = find_mains_hum(filled_mv, fs_hz)
    if hum is None:
        return filled_mv, None
    return filled_mv - _sines(filled_mv, missing, fs_hz, hum), hum


def find_mains_hum(filled_mv: NDArray[np.floating], fs_hz: float) -> MainsHum | None:
    """Look for a line within 1 Hz of 50 or 60 Hz.

    Parameters
    ----------
    filled_mv : (n_leads, n_samples) float array
        Finite.
    fs_hz : float
        Where it is too low for the line, the frequency that the line is mirrored to is looked at.

    Returns
    -------
    MainsHum or None
    """
    hz, power = _line_spectrum(filled_mv, fs_hz)
    found: tuple[float, float, float] | None = None
    for mains_hz in _MAINS_HZ:
        if _folded(mains_hz, fs_hz) < _LOWEST_HZ:
            continue
        ratio, at_hz = _line(hz, power, mains_hz, _OFF_HZ, fs_hz)
        if ratio > _STANDS_OUT and (found is None or ratio > found[0]):
            found = ratio, at_hz, mains_hz
    if found is None:
        return None
    _, seen_hz, mains_hz = found
    near = np.abs(hz - seen_hz) <= _OFF_HZ
    amplitude_mv = np.sqrt(power[:, near].max(axis=1))
    if amplitude_mv.max() < _LEAST_MV:
        return None
    fundamental_hz = _unfolded(seen_hz, mains_hz, fs_hz)
    harmonics = [1]
    for harmonic in range(2, _N_HARMONICS + 1):
        if _folded(harmonic * fundamental_hz, fs_hz) < _LOWEST_HZ:
            continue
        ratio, at_hz = _line(hz, power, harmonic * fundamental_hz, 0.3 * harmonic, fs_hz)
        strongest = power[:, np.abs(hz - at_hz) < 0.2].max(initial=0.0)
        if ratio > _STANDS_OUT and strongest > (_LEAST_MV / 4) ** 2:
            harmonics.append(harmonic)
    return MainsHum(fundamental_hz, tuple(harmonics), amplitude_mv)


def _line_spectrum(signal_mv: NDArray[np.floating], fs_hz: float) -> tuple[Floats, Floats]:
    """Return frequencies and, of each lead, the squared amplitude a sine at each would have."""
    n_samples = signal_mv.shape[1]
    window = np.hanning(n_samples).astype(np.float32)
    n_fft = scipy.fft.next_fast_len(n_samples, real=True)
    level = np.median(signal_mv[:, :: max(1, n_samples // 500)], axis=1, keepdims=True)
    windowed = (signal_mv - level).astype(np.float32) * window
    spectrum = scipy.fft.rfft(windowed, n_fft, axis=1)
    first = int(_LOWEST_HZ * n_fft / fs_hz) - 8 * n_fft // round(fs_hz)
    spectrum = spectrum[:, max(first, 0) :].astype(np.complex128)
    power = (spectrum.real**2 + spectrum.imag**2) * (2 / float(window.sum())) ** 2
    return (max(first, 0) + np.arange(power.shape[1])) * (fs_hz / n_fft), power


def _line(
    hz: Floats, power: Floats, wanted_hz: float, off_hz: float, fs_hz: float
) -> tuple[float, float]:
    """Return how far a line stands out near a frequency, and where; 0 where it cannot be seen."""
    centre_hz = _folded(wanted_hz, fs_hz)
    away = np.abs(hz - centre_hz)
    near = np.flatnonzero(away <= off_hz)
    beside = (away >= off_hz + _BESIDE_HZ[0] - _OFF_HZ) & (away <= _BESIDE_HZ[1])
    if not near.size or not beside.any():
        return 0.0, centre_hz
    together = np.vstack([power, power.sum(axis=0)])
    level = np.maximum(together[:, beside].max(axis=1), _TINY_MV**2)
    ratios = together[:, near].max(axis=1) / level
    row = int(ratios.argmax())
    return float(ratios[row]), float(hz[near[together[row, near].argmax()]])


def _folded(wanted_hz: float, fs_hz: float) -> float:
    """Return where a frequency is seen at this sampling rate."""
    rest_hz = wanted_hz % fs_hz
    return min(rest_hz, fs_hz - rest_hz)


def _unfolded(seen_hz: float, mains_hz: float, fs_hz: float) -> float:
    """Return the frequency next to `mains_hz` that is seen at `seen_hz`."""
    around = np.round(mains_hz / fs_hz) + np.arange(-1, 2)
    may_be = np.concatenate([around * fs_hz + seen_hz, around * fs_hz - seen_hz])
    return float(may_be[np.abs(may_be - mains_hz).argmin()])


def _sines(
    filled_mv: NDArray[np.floating], missing: NDArray[np.bool_], fs_hz: float, hum: MainsHum
) -> Floats:
    """Return the sum of the sines that are to be subtracted, in every lead that has hum."""
    total = np.zeros(filled_mv.shape)
    rows = np.flatnonzero(hum.amplitude_mv >= _LEAST_MV / 4)
    if not rows.size:
        return total
    known = ~missing[rows]
    left = np.asarray(filled_mv[rows], dtype=np.float64)
    for harmonic in hum.harmonics:
        seen_hz = _folded(harmonic * hum.frequency_hz, fs_hz)
        sine = _follow(left, known, fs_hz, seen_hz)
        total[rows] += sine
        left = left - sine
    return total


def _follow(signal_mv: Floats, known: NDArray[np.bool_], fs_hz: float, line_hz: float) -> Floats:
    """Return the sine at `line_hz` of each lead, its amplitude and phase followed in time."""
    period = max(2, round(fs_hz / line_hz))
    gain = _box_gain(period, line_hz, fs_hz) ** 2
    fast = (signal_mv - _boxed(_boxed(signal_mv, period, 0), period, 1)) / (1.0 - gain)
    time_s = np.arange(signal_mv.shape[1]) / fs_hz
    turn = np.exp(-2j * np.pi * line_hz * time_s)
    real = np.isclose(2 * line_hz, fs_hz)
    turned = fast * (turn if real else 2 * turn)
    weight = known.astype(np.float64)
    width = max(3, round(_FOLLOW_S * fs_hz))
    quiet = max(3, round(_QUIET_S * fs_hz))
    sine = np.zeros_like(signal_mv)
    for _ in range(_N_ROUNDS):
        phasor = _phasor(turned, weight, None if real else turn * turn, width)
        sine = np.real(phasor * np.conj(turn))
        rest = np.where(known, np.abs(fast - sine), 0.0)
        usual = np.maximum(np.median(rest, axis=1, keepdims=True) / _NORMAL_MEDIAN, _TINY_MV)
        burst = uniform_filter1d(np.minimum(rest / usual, 1e3), quiet, axis=1).max(axis=0)
        weight = known / (1.0 + (burst / _OUTLYING) ** 4)
    return sine


def _phasor(
    turned: NDArray[np.complex128],
    weight: Floats,
    turned_twice: NDArray[np.complex128] | None,
    width: int,
) -> NDArray[np.complex128]:
    """Fit the sine by weighted least squares around each moment.

    Demodulated, a sine is its phasor and, turned twice, its conjugate. The second averages out
    only far from the ends, under even weights and far from half the sampling rate.
    """
    total = _averaged(turned * weight, width)
    share = _averaged(weight, width)
    if turned_twice is None:
        return np.asarray(total / np.maximum(share, 1e-9), dtype=np.complex128)
    image = _averaged(weight * turned_twice, width)
    square = share * share
    determinant = np.maximum(square - np.abs(image) ** 2, 0.1 * square + 1e-12)
    solved = (share * total - image * np.conj(total)) / determinant
    return np.asarray(solved, dtype=np.complex128)


def _averaged(signal: NDArray[Any], width: int) -> NDArray[Any]:
    for _ in range(_N_BOXES):
        if np.iscomplexobj(signal):
            real = uniform_filter1d(signal.real, width, axis=1, mode="constant")
            signal = real + 1j * uniform_filter1d(signal.imag, width, axis=1, mode="constant")
        else:
            signal = uniform_filter1d(signal, width, axis=1, mode="constant")
    return signal


def _boxed(signal: Floats, width: int, shift: int) -> Floats:
    """Average over `width` samples; an even width leans to one side, `shift` says to which."""
    origin = -shift if width % 2 == 0 else 0
    return np.asarray(uniform_filter1d(signal, width, axis=1, origin=origin, mode="nearest"))


def _box_gain(width: int, line_hz: float, fs_hz: float) -> float:
    angle = np.pi * line_hz / fs_hz
    return float(np.sin(width * angle) / (width * np.sin(angle)))
