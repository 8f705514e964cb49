"""The parameters of one record: drawn from its condition, or fixed by the caller."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from physioclr.simulate.conditions import Condition, Range

__all__ = ["HeartParameters", "draw_parameters", "fix_parameters"]

_GAP_AFTER_P_MS = 12.0  # the PR segment is never shorter
_PREMATURE_PER_10_S = (1, 4)


@dataclass(frozen=True)
class HeartParameters:
    """What one record is built from. NaN: the condition has no such thing.

    Parameters
    ----------
    age_years : float
    sex : {"female", "male"}
    heart_rate_bpm, rr_cv, respiration_hz : float
    p_ms, pr_ms, qrs_ms : float
    qtc_fridericia_ms, qt_ms : float
        `qt_ms` is the QT at the mean RR: it follows from the QTc unless it is fixed itself.
    axis_deg : float
        Frontal QRS axis from the net areas of I and aVF.
    sokolow_lyon_mv, st_mv : float
        See `physioclr.simulate.conditions.Condition`.
    p_gain, qrs_gain, t_gain : float
        Amplitude over the morphology's own; `qrs_gain` is NaN where Sokolow–Lyon sets it.
    st_fraction : float
        Length of the ST segment over that of J point to T end.
    premature_per_10_s, coupling, premature_qrs_ms : float
        Premature ventricular beats: how many, how early, how wide.
    f_wave_mv, f_wave_hz : float
        Fibrillatory or flutter waves: root mean square in V1, and their rate.
    p_per_cycle : float
        P waves from one dropped beat to the next, or flutter waves a beat.
    atrial_rate_bpm : float
        Where it is not that of the ventricles.
    spike_mv : float
        Height of a pacemaker's pulse in a record of 500 Hz.
    """

    age_years: float
    sex: str
    heart_rate_bpm: float
    rr_cv: float
    respiration_hz: float
    p_ms: float
    pr_ms: float
    qrs_ms: float
    qtc_fridericia_ms: float
    qt_ms: float
    axis_deg: float
    sokolow_lyon_mv: float
    st_mv: float
    p_gain: float
    qrs_gain: float
    t_gain: float
    st_fraction: float
    premature_per_10_s: float
    coupling: float
    premature_qrs_ms: float
    f_wave_mv: float
    f_wave_hz: float
    p_per_cycle: float = math.nan
    atrial_rate_bpm: float = math.nan
    spike_mv: float = math.nan


_NAMES = tuple(field.name for field in fields(HeartParameters))
_MAY_BE_NEGATIVE = {"axis_deg"}
_MAY_BE_ZERO = {"rr_cv", "axis_deg", "premature_per_10_s"}


def draw_parameters(condition: Condition, rng: np.random.Generator) -> HeartParameters:
    """Draw one record's parameters; the number of draws is the same for every condition.

    Parameters
    ----------
    condition : Condition
    rng : numpy.random.Generator

    Returns
    -------
    HeartParameters
    """
    age = _draw(condition.age_years, rng)
    female = bool(rng.uniform() < 0.5)
    fibrillating = condition.key == "atrial_fibrillation"
    fluttering = condition.conduction == "flutter"
    premature = condition.key == "pvc"
    drawn = HeartParameters(
        age_years=round(age),
        sex="female" if female else "male",
        heart_rate_bpm=_draw(condition.heart_rate_bpm, rng),
        rr_cv=_draw(condition.rr_cv, rng) * (1.0 if fibrillating else _young(age)),
        respiration_hz=_draw(Range(0.16, 0.24, 0.34), rng),
        p_ms=_draw(condition.p_ms, rng),
        pr_ms=_draw(condition.pr_ms, rng),
        qrs_ms=_draw(condition.qrs_ms, rng) + female * condition.female_qrs_shift_ms,
        qtc_fridericia_ms=_draw(condition.qtc_ms, rng) + female * condition.female_qtc_shift_ms,
        qt_ms=math.nan,
        axis_deg=_draw(condition.axis_deg, rng),
        sokolow_lyon_mv=_draw(condition.sokolow_lyon_mv, rng),
        st_mv=_draw(condition.st_mv, rng),
        p_gain=_draw(Range(0.75, 1.0, 1.4), rng),
        qrs_gain=_draw(Range(0.75, 1.0, 1.35), rng),
        t_gain=_draw(Range(0.65, 1.0, 1.45), rng),
        st_fraction=_draw(Range(0.12, 0.22, 0.32), rng),
        premature_per_10_s=_or_nan(float(rng.integers(*_PREMATURE_PER_10_S)), premature),
        coupling=_or_nan(_draw(Range(0.58, 0.66, 0.75), rng), premature),
        premature_qrs_ms=_or_nan(_draw(Range(128.0, 146.0, 172.0), rng), premature),
        f_wave_mv=_or_nan(_draw(Range(0.025, 0.045, 0.10), rng), fibrillating or fluttering),
        f_wave_hz=_or_nan(_draw(Range(4.5, 6.2, 8.5), rng), fibrillating),
        atrial_rate_bpm=_draw(condition.atrial_rate_bpm, rng),
        spike_mv=_draw(condition.spike_mv, rng),
    )
    if condition.p_per_cycle is not None:
        low, high = condition.p_per_cycle
        drawn = replace(drawn, p_per_cycle=float(rng.integers(low, high + 1)))
    if fluttering:
        flutter_hz = _draw(Range(4.0, 4.8, 5.4), rng)
        drawn = replace(drawn, heart_rate_bpm=60 * flutter_hz / drawn.p_per_cycle)
    if condition.sokolow_lyon_mv is not None:
        drawn = replace(drawn, qrs_gain=math.nan)
    return drawn


def fix_parameters(
    drawn: HeartParameters, condition: Condition, overrides: Mapping[str, Any]
) -> HeartParameters:
    """Put the caller's values in the place of drawn ones, and let QT and P follow.

    Parameters
    ----------
    drawn : HeartParameters
    condition : Condition
    overrides : mapping of str to float or str

    Returns
    -------
    HeartParameters

    Raises
    ------
    TypeError
        If a value is not a number.
    ValueError
        If a name is unknown, the condition has no such parameter, or values contradict each other.
    """
    for name, value in overrides.items():
        _check_override(drawn, condition, name, value)
    values: dict[str, Any] = {k: v if k == "sex" else float(v) for k, v in overrides.items()}
    fixed = replace(drawn, **values)
    rr_ms = 60_000.0 / fixed.heart_rate_bpm
    if condition.conduction == "flutter":
        fixed = replace(fixed, f_wave_hz=fixed.heart_rate_bpm * fixed.p_per_cycle / 60)
    if "qt_ms" in overrides:
        fixed = replace(fixed, qtc_fridericia_ms=fixed.qt_ms / (rr_ms / 1000) ** (1 / 3))
    else:
        fixed = replace(fixed, qt_ms=fixed.qtc_fridericia_ms * (rr_ms / 1000) ** (1 / 3))
    if "p_ms" not in overrides:
        fixed = replace(fixed, p_ms=min(fixed.p_ms, fixed.pr_ms - _GAP_AFTER_P_MS))
    _check_together(fixed, rr_ms)
    return fixed


def _check_override(drawn: HeartParameters, condition: Condition, name: str, value: Any) -> None:
    if name not in _NAMES:
        raise ValueError(f"parameter must be one of {', '.join(_NAMES)}, got {name!r}")
    if name == "sex":
        if value not in ("female", "male"):
            raise ValueError(f"sex must be 'female' or 'male', got {value!r}")
        return
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if name != "qt_ms" and math.isnan(getattr(drawn, name)):
        raise ValueError(f"{name} does not apply to {condition.key}, got {value!r}")
    at_least_zero = name in _MAY_BE_NEGATIVE or value > 0 or (name in _MAY_BE_ZERO and value == 0)
    if not math.isfinite(value) or not at_least_zero:
        raise ValueError(f"{name} must be finite and positive, got {value!r}")


def _check_together(fixed: HeartParameters, rr_ms: float) -> None:
    if not 20.0 <= fixed.heart_rate_bpm <= 220.0:
        raise ValueError(f"heart_rate_bpm must lie in 20–220, got {fixed.heart_rate_bpm:g}")
    if fixed.pr_ms < fixed.p_ms:
        raise ValueError(f"pr_ms must be at least p_ms, got {fixed.pr_ms:g} < {fixed.p_ms:g}")
    if not fixed.qrs_ms + 100 <= fixed.qt_ms <= rr_ms:
        raise ValueError(
            f"qt_ms must lie from qrs_ms + 100 to the mean RR, {fixed.qrs_ms + 100:.0f}–{rr_ms:.0f}"
            f" ms, got {fixed.qt_ms:.0f}"
        )
    if fixed.pr_ms + fixed.qrs_ms >= rr_ms:
        raise ValueError(
            f"pr_ms + qrs_ms must be below the mean RR {rr_ms:.0f} ms, got "
            f"{fixed.pr_ms + fixed.qrs_ms:.0f}"
        )
    if not 0.45 <= (fixed.coupling if math.isfinite(fixed.coupling) else 0.6) <= 0.95:
        raise ValueError(f"coupling must lie in 0.45–0.95, got {fixed.coupling:g}")
    if not -60.0 <= fixed.axis_deg <= 80.0:
        raise ValueError(f"axis_deg must lie in −60–80, got {fixed.axis_deg:g}")
    if not 0.05 <= fixed.st_fraction <= 0.6:
        raise ValueError(f"st_fraction must lie in 0.05–0.6, got {fixed.st_fraction:g}")


def _draw(bounds: Range | None, rng: np.random.Generator) -> float:
    """Draw once whether or not the condition has the parameter: the stream stays in step."""
    if bounds is None:
        rng.uniform()
        return math.nan
    return float(rng.triangular(bounds.low, bounds.mode, bounds.high))


def _or_nan(value: float, applies: bool) -> float:
    return float(value) if applies else math.nan


def _young(age_years: float) -> float:
    """Sinus arrhythmia fades with age: a factor from 1.3 at 18 to 0.6 at 90 years."""
    return 1.3 - 0.7 * (age_years - 18.0) / 72.0
