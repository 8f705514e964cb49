"""Noise as it reaches the skin: breathing and drift, mains hum, muscle, electrode.

Each source acts on the nine electrodes (RA, LA, LL, V1–V6) and reaches the leads as differences
of potentials, the precordial ones against Wilson's central terminal. So noise is shared between
leads as it is in a recording, and Einthoven's and Goldberger's identities survive it.

Kinds and bands after Friesen GM et al. A comparison of the noise sensitivity of nine QRS detection
algorithms. IEEE Trans Biomed Eng 1990;37:85–98 (doi:10.1109/10.43620): respiratory wander at
0.15–0.3 Hz, mains with a harmonic, muscle as band-limited noise. The levels are ours, set by eye
against real resting ECGs: a cooperative patient, not a stress test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

__all__ = ["NOISE_RANGES_MV", "NoiseLevels", "draw_noise_levels", "simulate_noise"]

NOISE_RANGES_MV = {
    "wander": (0.008, 0.030, 0.140),
    "drift": (0.006, 0.025, 0.120),
    "hum": (0.0004, 0.0015, 0.010),
    "muscle": (0.0015, 0.0045, 0.020),
    "electrode": (0.0010, 0.0020, 0.0045),
}
"""Lowest, most likely and highest root mean square at one electrode, in mV; log-triangular."""

_MUSCLE_BAND_HZ = (20.0, 150.0)
_DRIFT_HZ = (0.03, 0.15)
_N_DRIFTS = 4

_TO_LEADS = np.zeros((8, 9), dtype=np.float32)
_TO_LEADS[0, :3] = (-1, 1, 0)
_TO_LEADS[1, :3] = (-1, 0, 1)
_TO_LEADS[2:, :3] = -1 / 3
_TO_LEADS[2:, 3:] = np.eye(6)


@dataclass(frozen=True)
class NoiseLevels:
    """Root mean square of each kind of noise at a typical electrode, in mV.

    Parameters
    ----------
    wander_mv, drift_mv, hum_mv, muscle_mv, electrode_mv : float
    mains_hz : float
        50 or 60.
    """

    wander_mv: float
    drift_mv: float
    hum_mv: float
    muscle_mv: float
    electrode_mv: float
    mains_hz: float


def draw_noise_levels(rng: np.random.Generator) -> NoiseLevels:
    """Draw the levels of one record from `NOISE_RANGES_MV`."""
    drawn = {
        f"{kind}_mv": float(np.exp(rng.triangular(*np.log(bounds))))
        for kind, bounds in NOISE_RANGES_MV.items()
    }
    return NoiseLevels(**drawn, mains_hz=float(rng.choice([50.0, 60.0])))


def simulate_noise(
    levels: NoiseLevels,
    n_samples: int,
    fs_hz: float,
    respiration_hz: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Simulate the noise of one strip.

    Parameters
    ----------
    levels : NoiseLevels
    n_samples : int
    fs_hz : float
        Hum at or above half of it is left out, as an anti-aliasing filter would.
    respiration_hz : float
    rng : numpy.random.Generator

    Returns
    -------
    (8, n_samples) float32
        mV in I, II, V1–V6.
    """
    times_s = np.arange(n_samples) / fs_hz
    at_electrodes = _slow(levels, times_s, respiration_hz, rng)
    at_electrodes += _hum(levels, times_s, fs_hz, rng)
    at_electrodes += _muscle(levels, times_s, fs_hz, rng)
    white = rng.standard_normal((9, n_samples), dtype=np.float32)
    white *= np.float32(levels.electrode_mv)
    at_electrodes += white
    return _TO_LEADS @ at_electrodes


def _per_electrode(
    level_mv: float, spread: float, shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.float64]:
    return level_mv * np.exp(spread * rng.standard_normal(shape))


def _sines(
    times_s: NDArray[np.float64],
    frequencies_hz: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
    phases: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Sum sines (n_electrodes, n_frequencies) through one product with a shared basis."""
    # Whole turns are dropped in double precision, so that single precision serves the sines.
    turns = frequencies_hz[:, None] * times_s
    angles = (2 * np.pi * (turns - np.floor(turns))).astype(np.float32)
    basis = np.concatenate([np.sin(angles), np.cos(angles)])
    weights = np.concatenate([amplitudes * np.cos(phases), amplitudes * np.sin(phases)], axis=1)
    strips: NDArray[np.float32] = weights.astype(np.float32) @ basis
    return strips


def _slow(
    levels: NoiseLevels,
    times_s: NDArray[np.float64],
    respiration_hz: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    drifts_hz = rng.uniform(*_DRIFT_HZ, _N_DRIFTS)
    frequencies = np.concatenate([[respiration_hz], drifts_hz])
    phases = rng.uniform(0, 2 * np.pi, (9, 1 + _N_DRIFTS))
    phases[:, 0] = phases[0, 0] + 0.5 * rng.standard_normal(9)  # all electrodes breathe together
    amplitudes = np.concatenate(
        [
            _per_electrode(np.sqrt(2) * levels.wander_mv, 0.5, (9, 1), rng),
            _per_electrode(np.sqrt(2 / _N_DRIFTS) * levels.drift_mv, 0.5, (9, _N_DRIFTS), rng),
        ],
        axis=1,
    )
    return _sines(times_s, frequencies, amplitudes, phases)


def _hum(
    levels: NoiseLevels, times_s: NDArray[np.float64], fs_hz: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    frequencies = levels.mains_hz * np.array([1.0, 3.0])
    amplitudes = _per_electrode(np.sqrt(2) * levels.hum_mv, 0.6, (9, 2), rng) * [1.0, 0.2]
    amplitudes *= frequencies < fs_hz / 2
    phases = rng.uniform(0, 2 * np.pi, 2) + 0.4 * rng.standard_normal((9, 2))
    return _sines(times_s, frequencies, amplitudes, phases)


def _muscle(
    levels: NoiseLevels, times_s: NDArray[np.float64], fs_hz: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    n_samples = times_s.size
    frequencies = scipy.fft.rfftfreq(n_samples, 1 / fs_hz)
    low, high = _MUSCLE_BAND_HZ
    band = np.flatnonzero((frequencies > low) & (frequencies < high))
    if band.size == 0:
        return np.zeros((9, n_samples), dtype=np.float32)
    # Strongest from 30 to 60 Hz, as the surface electromyogram is, then falling.
    shape = 1 / (1 + (frequencies[band] / 60.0) ** 2)
    shape *= n_samples / np.sqrt(4 * (shape**2).sum())
    draws = rng.standard_normal((9, band.size, 2), dtype=np.float32)
    spectrum = np.zeros((9, frequencies.size), dtype=np.complex64)
    spectrum[:, band] = (draws[..., 0] + 1j * draws[..., 1]) * shape
    waves = scipy.fft.irfft(spectrum, n_samples, axis=1)
    tension = 1 + 0.6 * np.sin(2 * np.pi * rng.uniform(0.05, 0.4) * times_s + rng.uniform(0, 6.28))
    levels_mv = _per_electrode(levels.muscle_mv, 0.4, (9, 1), rng).astype(np.float32)
    strips: NDArray[np.float32] = waves * levels_mv
    strips *= tension.astype(np.float32)
    return strips
