"""From timed waves to the eight independent leads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from physioclr.simulate.dipole import Placed, add_gaussians
from physioclr.simulate.heartbeats import Heart, Ventricle, WaveTimes
from physioclr.simulate.parameters import HeartParameters
from physioclr.simulate.rhythm import Beats

__all__ = ["render_fibrillation", "render_flutter", "render_leads"]

Floats = NDArray[np.float64]

_ST_RISE_S = 0.010  # the J point is reached this fast (one sigma)
_ST_BEFORE_J_S = 0.015
_ST_FALL_SHARE = 0.4  # of T peak to T end: the ST shift is gone where T ends
_BREATHING_GAIN = 0.04  # the heart turns and moves a little with each breath
_ATRIAL_LEADS = np.array(
    [
        [0.15, 0.25, 1.0, 0.55, 0.30, 0.15, 0.10, 0.08],  # the right atrium, under V1
        [-0.10, 0.70, 0.15, 0.15, 0.15, 0.15, 0.18, 0.18],  # the atria seen from below
    ]
)


def render_leads(
    parameters: HeartParameters,
    heart: Heart,
    beats: Beats,
    times: WaveTimes,
    n_samples: int,
    fs_hz: float,
) -> Floats:
    """Draw every wave of every beat, and project.

    Parameters
    ----------
    parameters : HeartParameters
    heart : Heart
    beats : Beats
    times : WaveTimes
    n_samples : int
    fs_hz : float

    Returns
    -------
    (8, n_samples) float64
        mV in I, II, V1–V6; the isoelectric line is 0.
    """
    dipole_mv = np.zeros((3, n_samples))
    gain = 1 + _BREATHING_GAIN * np.sin(2 * np.pi * parameters.respiration_hz * beats.r_s)
    near = (beats.r_s > -2.0) & (beats.r_s < n_samples / fs_hz + 1.0)
    if heart.p is not None:
        _add_wave(dipole_mv, fs_hz, heart.p, times["p_on"], times["p_off"], gain, near)
        lone = times.lone_p
        every = np.ones(len(lone), dtype=np.bool_)
        _add_wave(dipole_mv, fs_hz, heart.p, lone[:, 0], lone[:, 2], np.ones(len(lone)), every)
    kinds: list[tuple[Ventricle, NDArray[np.bool_]]] = [(heart.normal, near & ~beats.premature)]
    if heart.premature is not None:
        kinds.append((heart.premature, near & beats.premature))
    for ventricle, chosen in kinds:
        qrs = times["qrs_on"], times["qrs_off"]
        _add_wave(dipole_mv, fs_hz, ventricle.qrs, *qrs, gain, chosen)
        _add_wave(dipole_mv, fs_hz, ventricle.t, times["t_on"], times["t_off"], gain, chosen)
        _add_st(dipole_mv, fs_hz, ventricle.st_mv, times, chosen)
    return heart.lead_weights @ dipole_mv


def _add_wave(
    dipole_mv: Floats,
    fs_hz: float,
    placed: Placed,
    begins_s: Floats,
    ends_s: Floats,
    gain: Floats,
    chosen: NDArray[np.bool_],
) -> None:
    chosen = chosen & np.isfinite(begins_s)
    length_s = (ends_s - begins_s)[chosen, None]
    wave = placed.wave
    centres_s = begins_s[chosen, None] + wave.centres * length_s
    vectors_mv = gain[chosen, None, None] * wave.vectors_mv
    add_gaussians(
        dipole_mv,
        fs_hz,
        centres_s.ravel(),
        (wave.sigmas * length_s).ravel(),
        vectors_mv.reshape(-1, 3),
    )


def _add_st(
    dipole_mv: Floats,
    fs_hz: float,
    st_mv: Floats,
    times: WaveTimes,
    chosen: NDArray[np.bool_],
) -> None:
    """Add a step from the J point to the T peak, each edge the integral of a Gaussian."""
    n_samples = dipole_mv.shape[1]
    for beat in np.flatnonzero(chosen):
        rise_s = times["qrs_off"][beat] - _ST_BEFORE_J_S
        fall_s, end_s = times["t_peak"][beat], times["t_off"][beat]
        fall_sigma_s = _ST_FALL_SHARE * (end_s - fall_s)
        first = max(int((rise_s - 5 * _ST_RISE_S) * fs_hz), 0)
        last = min(int((fall_s + 5 * fall_sigma_s) * fs_hz) + 1, n_samples)
        if first >= last:
            continue
        seconds = np.arange(first, last) / fs_hz
        step = ndtr((seconds - rise_s) / _ST_RISE_S) * ndtr((fall_s - seconds) / fall_sigma_s)
        dipole_mv[:, first:last] += st_mv[:, None] * step


def render_flutter(
    parameters: HeartParameters, beats: Beats, n_samples: int, fs_hz: float
) -> Floats:
    """Draw the sawtooth of typical atrial flutter, in step with the beats.

    Parameters
    ----------
    parameters : HeartParameters
    beats : Beats
    n_samples : int
    fs_hz : float

    Returns
    -------
    (8, n_samples) float64
        mV in I, II, V1–V6: negative in II with a steep upstroke, positive in V1.
    """
    seconds = np.arange(n_samples) / fs_hz
    # The waves keep pace with the beats: `p_per_cycle` of them from one R to the next.
    phase = (
        2
        * np.pi
        * parameters.p_per_cycle
        * np.interp(seconds, beats.r_s, np.arange(beats.r_s.size))
    )
    sources = np.stack([np.sin(phase + lag) for lag in (0.4, 0.0)])
    sources += np.stack([0.45 * np.sin(2 * (phase + lag)) for lag in (0.4, 0.0)])
    turn = np.array([[1.5], [-2.2]])  # up in V1, down and larger than in fibrillation in II
    return np.asarray(parameters.f_wave_mv * _ATRIAL_LEADS.T @ (turn * sources))


def render_fibrillation(
    parameters: HeartParameters, n_samples: int, fs_hz: float, rng: np.random.Generator
) -> Floats:
    """Draw the fibrillatory waves: two sawtooth-like sources of wandering rate and height.

    The sawtooth with harmonics and slow modulation follows Stridh M, Sörnmo L: Spatiotemporal QRST
    cancellation techniques for analysis of atrial fibrillation. IEEE Trans Biomed Eng
    2001;48:105–111. The atria lie too near V1 for the heart-centred dipole, so the sources
    reach the leads by weights of their own, largest in V1.

    Parameters
    ----------
    parameters : HeartParameters
    n_samples : int
    fs_hz : float
    rng : numpy.random.Generator
        The number of draws does not depend on the sampling rate.

    Returns
    -------
    (8, n_samples) float64
        mV in I, II, V1–V6.
    """
    seconds = np.arange(n_samples) / fs_hz
    sources = np.zeros((2, n_samples))
    for source in range(2):
        rate_hz = parameters.f_wave_hz * (1 + 0.06 * rng.standard_normal())
        wobble_hz = rng.uniform([0.15, 0.5], [0.4, 1.1])
        starts = rng.uniform(0, 2 * np.pi, 5)
        phase = 2 * np.pi * rate_hz * seconds + starts[0]
        for index, depth_hz in enumerate((0.5, 0.6)):
            angle = 2 * np.pi * wobble_hz[index] * seconds + starts[1 + index]
            phase += depth_hz / wobble_hz[index] * np.sin(angle)
        height = 1 + 0.35 * np.sin(2 * np.pi * wobble_hz[0] * 0.7 * seconds + starts[3])
        height += 0.20 * np.sin(2 * np.pi * wobble_hz[1] * 1.3 * seconds + starts[4])
        saw = np.sin(phase) + 0.45 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)
        sources[source] = height * saw / 0.85  # to a root mean square near 1
    return parameters.f_wave_mv * _ATRIAL_LEADS.T @ sources
