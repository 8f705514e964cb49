"""From parameters to the waves of every beat: their times, vectors and fiducials."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from physioclr.leads import STANDARD_LEADS
from physioclr.signal.delineation import FIDUCIALS
from physioclr.simulate.dipole import (
    DOWER,
    FRONTAL_PLANE,
    TO_TWELVE_LEADS,
    Placed,
    Wave,
    place,
)
from physioclr.simulate.morphology import MORPHOLOGIES, P_WAVE, PVC_MORPHOLOGIES, Morphology
from physioclr.simulate.parameters import HeartParameters
from physioclr.simulate.rhythm import Beats

__all__ = ["Heart", "Ventricle", "WaveTimes", "shape_heart", "time_waves"]

Floats = NDArray[np.float64]

_PERSONAL = 0.10  # how far one heart's vectors stray from the morphology's, relative
_QT_MEMORY = 0.7  # weight of the past in the RR that QT follows (it lags the rate)
_BEFORE_NEXT_QRS_S = 0.04
_SHORTEST_JT_S = 0.12
_GRID = np.linspace(0, 1, 200)


@dataclass(frozen=True)
class Ventricle:
    """QRS, T and ST of one kind of beat, ready to be stretched over a beat.

    Parameters
    ----------
    qrs, t : Placed
    st_mv : (3,) float64
        Dipole of the ST segment.
    """

    qrs: Placed
    t: Placed
    st_mv: Floats


@dataclass(frozen=True)
class Heart:
    """One person's waves and how they reach the leads.

    Parameters
    ----------
    p : Placed or None
    normal : Ventricle
    premature : Ventricle or None
    lead_weights : (8, 3) float64
        Dower's matrix with this chest's precordial gains.
    """

    p: Placed | None
    normal: Ventricle
    premature: Ventricle | None
    lead_weights: Floats


@dataclass(frozen=True)
class WaveTimes:
    """When the waves of each beat begin, peak and end, in seconds of the strip.

    Parameters
    ----------
    seconds : (n_beats, 9) float64
        Columns in the order of `FIDUCIALS`; NaN where a beat has no such wave.

    lone_p : (n_waves, 3) float64
        Onset, peak and end of the P waves that no beat follows.
    """

    seconds: Floats
    lone_p: Floats

    def __getitem__(self, fiducial: str) -> Floats:
        return self.seconds[:, FIDUCIALS.index(fiducial)]


def shape_heart(parameters: HeartParameters, morphology: str, rng: np.random.Generator) -> Heart:
    """Give one person's heart its vectors: the morphology, varied, turned and scaled.

    Parameters
    ----------
    parameters : HeartParameters
    morphology : str
        Key of `MORPHOLOGIES`.
    rng : numpy.random.Generator

    Returns
    -------
    Heart
    """
    lead_weights = DOWER.copy()
    lead_weights[2:] *= np.exp(0.07 * rng.standard_normal((6, 1)))
    shape = MORPHOLOGIES[morphology]
    p = _vary(P_WAVE, parameters.p_gain, rng)
    qrs = turn_to_axis(_vary(shape.qrs, 1.0, rng), parameters.axis_deg)
    gain = parameters.qrs_gain
    if np.isfinite(parameters.sokolow_lyon_mv):
        gain = parameters.sokolow_lyon_mv / sokolow_lyon_mv(qrs, lead_weights)
    qrs = replace(qrs, vectors_mv=gain * qrs.vectors_mv)
    t = _vary(shape.t, parameters.t_gain * np.sqrt(gain), rng)
    return Heart(
        p=place(p, lead_weights) if np.isfinite(parameters.p_ms) else None,
        normal=Ventricle(
            place(qrs, lead_weights),
            place(t, lead_weights),
            _st_vector(shape, parameters, gain, lead_weights),
        ),
        premature=_premature(parameters, lead_weights, rng),
        lead_weights=lead_weights,
    )


def _premature(
    parameters: HeartParameters, lead_weights: Floats, rng: np.random.Generator
) -> Ventricle | None:
    if not np.isfinite(parameters.coupling):
        return None
    shape = PVC_MORPHOLOGIES[int(rng.integers(len(PVC_MORPHOLOGIES)))]
    return Ventricle(
        place(_vary(shape.qrs, 1.0, rng), lead_weights),
        place(_vary(shape.t, parameters.t_gain, rng), lead_weights),
        np.array(shape.st_mv),
    )


def turn_to_axis(qrs: Wave, axis_deg: float) -> Wave:
    """Tilt a QRS until the net areas of I and aVF give an axis.

    Every vector that points left gains a share of it downward (a shear of Y by X), so the
    horizontal plane, and with it the precordial leads, keeps its shape.
    """
    x, y, z = qrs.sigmas @ qrs.vectors_mv
    across = np.deg2rad(axis_deg + 90.0)
    by_x, by_y, by_z = np.array([np.cos(across), np.sin(across)]) @ FRONTAL_PLANE
    leftward = np.maximum(qrs.vectors_mv[:, 0], 0.0)
    missing = -(by_x * x + by_z * z) / by_y - y
    tilted = qrs.vectors_mv.copy()
    tilted[:, 1] += missing / (qrs.sigmas @ leftward) * leftward
    return replace(qrs, vectors_mv=tilted)


def sokolow_lyon_mv(qrs: Wave, lead_weights: Floats) -> float:
    """Return SV1 + the larger of RV5 and RV6 of one QRS, in mV."""
    leads = lead_weights @ place(qrs, lead_weights).wave.at(_GRID)
    return float(-leads[2].min() + leads[6:].max())


def _vary(wave: Wave, gain: float, rng: np.random.Generator) -> Wave:
    size = np.linalg.norm(wave.vectors_mv, axis=1, keepdims=True)
    scaled = wave.vectors_mv * np.exp(_PERSONAL * rng.standard_normal(size.shape))
    strayed = scaled + 0.6 * _PERSONAL * size * rng.standard_normal(scaled.shape)
    return replace(wave, vectors_mv=gain * strayed)


def _st_vector(
    shape: Morphology, parameters: HeartParameters, gain: float, lead_weights: Floats
) -> Floats:
    direction = np.array(shape.st_mv)
    if not shape.st_leads:
        return gain * direction
    rows = [STANDARD_LEADS.index(lead) for lead in shape.st_leads]
    least = (TO_TWELVE_LEADS[rows] @ lead_weights @ direction).min()
    return parameters.st_mv / float(least) * direction


def time_waves(
    parameters: HeartParameters, heart: Heart, beats: Beats, duration_s: float
) -> WaveTimes:
    """Place every wave of every beat.

    PR lengthens a little with RR; QT follows the cube root (Fridericia) of an RR that remembers
    the beats before, since QT lags the rate. No T ends later than 40 ms before the next QRS.

    Parameters
    ----------
    parameters : HeartParameters
    heart : Heart
    beats : Beats
    duration_s : float
        QT averages `parameters.qt_ms` over the normal beats within it.

    Returns
    -------
    WaveTimes
    """
    early = beats.premature
    qrs_s = np.full(beats.r_s.size, parameters.qrs_ms / 1000)
    r_share = np.full(beats.r_s.size, heart.normal.qrs.peak)
    t_share = np.full(beats.r_s.size, heart.normal.t.peak)
    if heart.premature is not None:
        qrs_s[early] = parameters.premature_qrs_ms / 1000
        r_share[early] = heart.premature.qrs.peak
        t_share[early] = heart.premature.t.peak
    qrs_on = beats.r_s - r_share * qrs_s
    t_off = qrs_on + _qt_s(parameters, beats, qrs_s, duration_s)
    next_qrs_on = np.append(qrs_on[1:], np.inf)
    t_off = np.minimum(t_off, next_qrs_on - _BEFORE_NEXT_QRS_S)
    t_off = np.maximum(t_off, qrs_on + qrs_s + _SHORTEST_JT_S)
    qrs_off = qrs_on + qrs_s
    t_on = qrs_off + parameters.st_fraction * (t_off - qrs_off)
    t_peak = t_on + t_share * (t_off - t_on)
    p_columns = _p_times(parameters, heart, beats, qrs_on)
    seconds = np.column_stack([*p_columns, qrs_on, beats.r_s, qrs_off, t_on, t_peak, t_off])
    lone_s = beats.lone_p_on_s[:, None]
    if heart.p is None:
        return WaveTimes(seconds, np.empty((0, 3)))
    shares = np.array([0.0, heart.p.peak, 1.0])
    return WaveTimes(seconds, lone_s + shares * parameters.p_ms / 1000)


def _qt_s(parameters: HeartParameters, beats: Beats, qrs_s: Floats, duration_s: float) -> Floats:
    rr_s = beats.rr_before_s
    followed = np.empty_like(rr_s)
    followed[0] = rr_s.mean()
    for beat in range(1, rr_s.size):
        followed[beat] = _QT_MEMORY * followed[beat - 1] + (1 - _QT_MEMORY) * rr_s[beat]
    adapted = np.cbrt(followed)
    counted = ~beats.premature & (beats.r_s >= 0) & (beats.r_s < duration_s)
    if counted.any():
        adapted /= adapted[counted].mean()
    else:
        adapted /= adapted.mean()
    qt_s = parameters.qt_ms / 1000 * adapted
    return qt_s + 0.8 * (qrs_s - parameters.qrs_ms / 1000)


def _p_times(
    parameters: HeartParameters, heart: Heart, beats: Beats, qrs_on: Floats
) -> tuple[Floats, Floats, Floats]:
    if heart.p is None:
        absent = np.full(qrs_on.size, np.nan)
        return absent, absent, absent
    p_s = parameters.p_ms / 1000
    if beats.p_on_s is not None:
        return beats.p_on_s, beats.p_on_s + heart.p.peak * p_s, beats.p_on_s + p_s
    rr_s = beats.rr_before_s
    lengthened = np.clip(0.04 * (rr_s - rr_s.mean()), -0.008, 0.008)
    p_on = np.where(beats.premature, np.nan, qrs_on - parameters.pr_ms / 1000 - lengthened)
    return p_on, p_on + heart.p.peak * p_s, p_on + p_s
