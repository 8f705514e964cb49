"""The waves of the median beat in one lead: Q, R, S, R′, the ST segment, T and P."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.global_fiducials import GlobalFiducials

__all__ = ["ST_DELAYS_MS", "LeadWaves", "measure_lead"]

Floats = NDArray[np.float64]

ST_DELAYS_MS = (0, 20, 40, 60, 80)
"""Where ST is read, in ms after the J point."""

_LEAST_WAVE_MV = 0.03
_LEAST_WAVE_MS = 8.0
_NOTCH_MV = 0.05
_NOTCH_SHARE = 0.03
_TERMINAL_MS = 40.0
_DELTA_MS = 40.0
_T_AFTER_J_MS = 80.0


@dataclass(frozen=True)
class LeadWaves:
    """What one lead of the median beat shows; amplitudes over the level before QRS.

    Parameters
    ----------
    q_mv, q_ms : float
        First negative wave before R; depth at most 0. Where there is no R it is the QS complex.
    r_mv, r_ms : float
        First positive wave; 0 where there is none.
    s_mv, s_ms : float
        First negative wave after R; 0 where there is none.
    r2_mv, r2_ms : float
        Second positive wave, R′; 0 where there is none.
    s2_mv : float
        Negative wave after R′.
    r_peak_ms : float
        From the onset of QRS to the peak of R, of R′ where it is the taller (R peak time); NaN
        without R.
    notched : bool
        Whether the largest wave has two peaks with a dip of 0.05 mV or more between them.
    terminal_mv : float
        Mean of the last 40 ms of QRS.
    delta_mv : float
        Height at 40 ms after the onset of QRS, along its main direction, as a share of the peak.
    st_mv : (5,) tuple of float
        Level at `ST_DELAYS_MS` after the J point.
    t_mv : float
        Peak of T, the larger of both directions, signed.
    t_max_mv, t_min_mv : float
        Highest and lowest point of T.
    p_mv, p_min_mv : float
        Highest and lowest point of P over the line from its onset to its end; NaN without P.
    p_terminal_mv_ms : float
        Depth times duration of the terminal negative part of P, at most 0; NaN without P.
    """

    q_mv: float = 0.0
    q_ms: float = 0.0
    r_mv: float = 0.0
    r_ms: float = 0.0
    s_mv: float = 0.0
    s_ms: float = 0.0
    r2_mv: float = 0.0
    r2_ms: float = 0.0
    s2_mv: float = 0.0
    r_peak_ms: float = math.nan
    notched: bool = False
    terminal_mv: float = 0.0
    delta_mv: float = math.nan
    st_mv: tuple[float, ...] = (0.0,) * len(ST_DELAYS_MS)
    t_mv: float = math.nan
    t_max_mv: float = math.nan
    t_min_mv: float = math.nan
    p_mv: float = math.nan
    p_min_mv: float = math.nan
    p_terminal_mv_ms: float = math.nan

    @property
    def tallest_r_mv(self) -> float:
        """The taller of R and R′."""
        return max(self.r_mv, self.r2_mv)

    @property
    def deepest_s_mv(self) -> float:
        """Depth of the deepest negative wave after R, or of QS, as a positive number."""
        after_r = min(self.s_mv, self.s2_mv)
        return -min(after_r, self.q_mv) if self.r_mv == 0 else -after_r

    @property
    def deepest_mv(self) -> float:
        """Depth of the deepest negative wave of QRS, Q included, as a positive number."""
        return -min(self.q_mv, self.s_mv, self.s2_mv)

    @property
    def peak_to_peak_mv(self) -> float:
        """From the lowest to the highest point of QRS."""
        return self.tallest_r_mv + self.deepest_mv

    @property
    def is_qs(self) -> bool:
        """Whether QRS is one negative wave."""
        return self.r_mv == 0 and self.q_mv < 0

    @property
    def net_mv(self) -> float:
        """Tallest R less the deepest negative wave: the main direction of QRS by its sign."""
        return self.tallest_r_mv - self.deepest_mv

    def st_at(self, delay_ms: int) -> float:
        """Return the ST level so long after the J point."""
        return self.st_mv[ST_DELAYS_MS.index(delay_ms)]


def measure_lead(beat_mv: Floats, time_ms: Floats, at: GlobalFiducials) -> LeadWaves:
    """Measure the waves of one lead.

    Parameters
    ----------
    beat_mv : (n_samples,) float64
        The median beat over the level before QRS.
    time_ms : (n_samples,) float64
        On the time axis of `at`.
    at : GlobalFiducials
        Onset and end of QRS must be known.

    Returns
    -------
    LeadWaves

    Notes
    -----
    A wave of QRS is what lies between two crossings of the level; it counts from 0.03 mV and 8 ms
    on. Q waves of the Minnesota code begin at 0.1 mV; criteria that need more say so.
    """
    qrs = (time_ms >= at.qrs_on) & (time_ms <= at.qrs_off)
    values, times = beat_mv[qrs], time_ms[qrs] - at.qrs_on
    waves = _waves(values, times)
    named = _named(waves)
    terminal = values[times >= times[-1] - _TERMINAL_MS]
    t_values = _t_part(beat_mv, time_ms, at)
    largest = max(waves, key=lambda wave: abs(wave.peak_mv), default=None)
    peak = named.pop("r_peak_ms")
    return LeadWaves(
        **named,
        r_peak_ms=peak,
        notched=largest is not None and _is_notched(values[largest.part]),
        terminal_mv=float(terminal.mean()),
        delta_mv=_delta(values, times, largest),
        st_mv=tuple(
            float(np.interp(at.qrs_off + delay, time_ms, beat_mv)) for delay in ST_DELAYS_MS
        ),
        **_t(t_values),
        **_p(beat_mv, time_ms, at),
    )


@dataclass(frozen=True)
class _Wave:
    peak_mv: float
    peak_ms: float
    length_ms: float
    part: slice


def _waves(values: Floats, times: Floats) -> list[_Wave]:
    """Split QRS at the crossings of the level and keep what is large enough."""
    signs = np.sign(values)
    edges = np.flatnonzero(np.diff(signs)) + 1
    bounds = [0, *edges.tolist(), values.size]
    step_ms = float(times[1] - times[0])
    found: list[_Wave] = []
    for start, stop in itertools.pairwise(bounds):
        part = values[start:stop]
        top = int(np.abs(part).argmax())
        length_ms = step_ms * (stop - start)
        if abs(part[top]) < _LEAST_WAVE_MV or length_ms < _LEAST_WAVE_MS:
            continue
        wave = _Wave(float(part[top]), float(times[start + top]), length_ms, slice(start, stop))
        if found and np.sign(found[-1].peak_mv) == np.sign(wave.peak_mv):
            wave = _joined(found.pop(), wave)
        found.append(wave)
    return found


def _joined(one: _Wave, other: _Wave) -> _Wave:
    """Join two waves of one direction that nothing large enough parts."""
    larger = one if abs(one.peak_mv) >= abs(other.peak_mv) else other
    part = slice(one.part.start, other.part.stop)
    return _Wave(larger.peak_mv, larger.peak_ms, one.length_ms + other.length_ms, part)


def _named(waves: list[_Wave]) -> dict[str, float]:
    """Name the waves of QRS: Q, R, S, R′, S′."""
    positive = [index for index, wave in enumerate(waves) if wave.peak_mv > 0]
    out: dict[str, float] = {"r_peak_ms": math.nan}
    names = ("q", "r", "s", "r2", "s2")
    first = 0 if not positive or positive[0] > 0 else 1
    for name, wave in zip(names[first:], waves, strict=False):
        out[f"{name}_mv"] = wave.peak_mv
        if name != "s2":
            out[f"{name}_ms"] = wave.length_ms
    tops = [waves[index] for index in positive[:2]]
    if tops:
        out["r_peak_ms"] = max(tops, key=lambda wave: wave.peak_mv).peak_ms
    return out


def _is_notched(values: Floats) -> bool:
    """Tell whether a wave has two peaks with a clear dip between them."""
    size = np.abs(values)
    inner = size[1:-1]
    peaks = np.flatnonzero((inner > size[:-2]) & (inner >= size[2:])) + 1
    least = max(_NOTCH_MV, _NOTCH_SHARE * float(size.max()))
    for one, other in itertools.pairwise(peaks):
        dip = float(size[one : other + 1].min())
        if min(size[one], size[other]) - dip >= least and dip > 0:
            return True
    return False


def _delta(values: Floats, times: Floats, largest: _Wave | None) -> float:
    """Return how far QRS has risen at 40 ms, as a share of its peak along the same direction."""
    if largest is None or times[-1] < _DELTA_MS:
        return math.nan
    return float(np.interp(_DELTA_MS, times, values)) / largest.peak_mv


def _t_part(beat_mv: Floats, time_ms: Floats, at: GlobalFiducials) -> Floats:
    if not math.isfinite(at.t_off):
        return np.empty(0)
    begin = min(at.qrs_off + _T_AFTER_J_MS, at.t_off - _T_AFTER_J_MS)
    return beat_mv[(time_ms >= begin) & (time_ms <= at.t_off)]


def _t(values: Floats) -> dict[str, float]:
    if not values.size:
        return {}
    high, low = float(values.max()), float(values.min())
    return {"t_mv": high if high >= -low else low, "t_max_mv": high, "t_min_mv": low}


def _p(beat_mv: Floats, time_ms: Floats, at: GlobalFiducials) -> dict[str, float]:
    inside = (time_ms >= at.p_on) & (time_ms <= at.p_off)
    if not math.isfinite(at.p_on + at.p_off) or inside.sum() < 3:
        return {}
    values = beat_mv[inside]
    wave = values - np.linspace(values[0], values[-1], values.size)
    top = int(wave.argmax())
    tail = wave[top:]
    negative = tail < 0
    step_ms = float(time_ms[1] - time_ms[0])
    low = float(min(tail.min(), 0.0))
    return {
        "p_mv": float(max(wave.max(), 0.0)),
        "p_min_mv": float(min(wave.min(), 0.0)),
        "p_terminal_mv_ms": low * step_ms * int(negative.sum()),
    }
