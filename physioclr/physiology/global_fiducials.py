"""Where the waves of the median beat begin and end, over all leads together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.quantiles import known_quantile
from physioclr.signal.delineation import FIDUCIALS, Delineation
from physioclr.signal.median_beat import cut_beats

__all__ = ["MIN_BEATS", "GlobalFiducials", "global_fiducials"]

Floats = NDArray[np.float64]

MIN_BEATS = 3
# The quantile over leads that stands for the earliest onset or the latest end in any lead.
_QUANTILES = {
    "p_on": 0.5,
    "p_off": 0.75,
    "qrs_on": 0.5,
    "qrs_off": 0.5,
    "t_peak": 0.5,
    "t_off": 0.9,
}
# Leads that none of the others contains; the velocity of the heart's vector is theirs.
_INDEPENDENT_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
_MIN_LEADS = 3
_VELOCITY_HZ = 500.0
_BEFORE_MS, _AFTER_MS = 300.0, 700.0
_N_VELOCITY = round((_BEFORE_MS + _AFTER_MS) * _VELOCITY_HZ / 1000) + 1
_SMOOTH_SAMPLES = 3
_SHARE_OF_PEAK = 0.03
_QUIET_SAMPLES = 5
_REACH_BEFORE_MS, _REACH_AFTER_MS = 40.0, 70.0
_INSIDE_MS = 20.0
_STEEP_ST_MS = 45.0
_ST_MS, _ST_QUANTILE = (10.0, 90.0), 0.2
_MAX_LEADS_SPREAD_MS, _MAX_APART_MS = 20.0, 25.0
_NOISE_MS = (120.0, 10.0)
_T_SMOOTH_SAMPLES = 17
_T_SHARE_OF_PEAK = 0.1
_T_REACH_MS = 60.0
_BEFORE_NEXT_BEAT_MS = 250.0
_LONGEST_QRS_MS = 180.0


@dataclass(frozen=True)
class GlobalFiducials:
    """Onsets and ends of the median beat, in ms from its mark; NaN where unknown.

    Parameters
    ----------
    p_on, p_off, qrs_on, qrs_off, t_peak, t_off : float
    n_beats : int
        How many beats the median beat is made of.
    doubts : mapping of str to str
        ``"pr_ms"``, ``"p_ms"``, ``"qrs_ms"`` or ``"qt_ms"`` → why that interval may be wrong.
    """

    p_on: float
    p_off: float
    qrs_on: float
    qrs_off: float
    t_peak: float
    t_off: float
    n_beats: int
    doubts: Mapping[str, str] = field(default_factory=dict)


def global_fiducials(
    signal_mv: Floats, delineation: Delineation, beats: NDArray[np.bool_] | None = None
) -> GlobalFiducials:
    """Delineate the median beat over all leads together.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        The record in the band amplitudes are measured in; NaN where unknown.
    delineation : Delineation
        Of this record.
    beats : (n_beats,) bool, optional
        Those of the dominant rhythm; all by default.

    Returns
    -------
    GlobalFiducials
        All NaN with fewer than three beats.

    Notes
    -----
    The AHA/ACC/HRS recommendations (Kligfield et al. 2007, Circulation 115:1306) measure global
    intervals on a representative beat, from the earliest onset to the latest end in any lead.

    P and T: each lead's mark on its median beat is the median over beats of its marks. Extremes
    over twelve leads would be the errors of the leads, so a quantile stands for them: the median
    for the onset of P, the upper quarter for its end, the upper tenth for the end of T.

    QRS: where the spatial velocity of the median beat, the root of the summed squared slopes of
    I, II and V1 to V6, sinks to that of the PR segment plus 3 % of its peak for 10 ms, going
    outwards from within the leads' QRS, at most 40 ms before and 70 ms after it. Where it stays
    above that for 45 ms though the leads agree on an end (within 20 ms, the middle 60 % of
    them), as over the steep ST segment of bundle-branch block, the end is where it
    sinks to that segment's own velocity (the lower fifth from 10 ms before to 90 ms after the
    leads' end) plus 3 % of the peak.

    The end of T: where that velocity, over 34 ms, has sunk from its greatest on the way down to a
    tenth, if that is later than the leads' end; at most 60 ms later and not within 250 ms of the
    next beat. So QT comes nearer to that of electrocardiographs, which experts' marks in single
    leads fall short of (docs/physiology.md).

    With fewer than three of these leads the quantiles of the leads' marks stand.
    """
    chosen = np.ones(delineation.n_beats, dtype=bool) if beats is None else np.asarray(beats)
    if chosen.shape != (delineation.n_beats,):
        raise ValueError(f"beats must have {delineation.n_beats} entries, got {chosen.shape}")
    n_beats = int(chosen.sum())
    if n_beats < MIN_BEATS:
        return GlobalFiducials(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, n_beats)
    to_ms = 1000.0 / delineation.fs_hz
    marks = delineation.samples[:, chosen] - delineation.r_peaks_samples[chosen, None]
    columns = [FIDUCIALS.index(name) for name in _QUANTILES]
    by_beat = np.moveaxis(marks[:, :, columns], 1, 0)
    of_leads = known_quantile(by_beat, 0.5, min_known=MIN_BEATS)
    values = known_quantile(of_leads, np.array(list(_QUANTILES.values()))) * to_ms
    found = dict(zip(_QUANTILES, values.tolist(), strict=True))
    qrs_of_leads = of_leads[:, 2:4] * to_ms
    velocity = _spatial_velocity(signal_mv, delineation, chosen)
    if velocity is not None and np.isfinite([found["qrs_on"], found["qrs_off"]]).all():
        agree = _spread_of_ends_ms(qrs_of_leads) <= _MAX_LEADS_SPREAD_MS
        found["qrs_on"], found["qrs_off"] = _qrs(
            velocity, found["qrs_on"], found["qrs_off"], leads_agree=agree
        )
    if velocity is not None and np.isfinite([found["t_peak"], found["t_off"]]).all():
        rr_ms = float(np.median(np.diff(delineation.r_peaks_samples))) * to_ms
        found["t_off"] = _t_end(velocity, found["t_peak"], found["t_off"], rr_ms)
    return GlobalFiducials(**found, n_beats=n_beats, doubts=_doubts(found, qrs_of_leads))


def _doubts(found: Mapping[str, float], qrs_of_leads: Floats) -> dict[str, str]:
    """Say which intervals of the median beat may be wrong, and why.

    QRS is in doubt beyond 180 ms, if the middle 60 % of the leads end it more than 20 ms apart, or
    if it differs by more than 25 ms from the time between the leads' first quarter of onsets and
    last quarter of ends.
    """
    qrs_ms = found["qrs_off"] - found["qrs_on"]
    if not np.isfinite(qrs_ms):
        return {}
    doubt = _doubt_of_qrs(qrs_ms, qrs_of_leads)
    return {} if doubt is None else {"qrs_ms": doubt}


def _spread_of_ends_ms(qrs_of_leads: Floats) -> float:
    """Return how far apart the middle 60 % of the leads end QRS; 0 with fewer than three leads."""
    ends = qrs_of_leads[:, 1][np.isfinite(qrs_of_leads).all(axis=1)]
    if ends.size < _MIN_LEADS:
        return 0.0
    first, last = np.quantile(ends, (0.2, 0.8))
    return float(last - first)


def _doubt_of_qrs(qrs_ms: float, qrs_of_leads: Floats) -> str | None:
    if qrs_ms > _LONGEST_QRS_MS:
        return f"a QRS of more than {_LONGEST_QRS_MS:.0f} ms is rare"
    known = qrs_of_leads[np.isfinite(qrs_of_leads).all(axis=1)]
    if len(known) < _MIN_LEADS:
        return None
    spread_ms = _spread_of_ends_ms(qrs_of_leads)
    if spread_ms > _MAX_LEADS_SPREAD_MS:
        return f"leads disagree on the end of QRS by {spread_ms:.0f} ms"
    span_ms = float(np.quantile(known[:, 1], 0.75) - np.quantile(known[:, 0], 0.25))
    if abs(qrs_ms - span_ms) > _MAX_APART_MS:
        return f"the leads' own marks give {span_ms:.0f} ms"
    return None


def _spatial_velocity(
    signal_mv: Floats, delineation: Delineation, chosen: NDArray[np.bool_]
) -> Floats | None:
    """Return the speed of the heart's vector in the median beat, at 500 Hz."""
    measured = delineation.measured_leads
    rows = [
        row
        for row, lead in enumerate(delineation.leads)
        if lead in _INDEPENDENT_LEADS and lead in measured
    ]
    if len(rows) < _MIN_LEADS:
        return None
    windows = cut_beats(
        signal_mv[rows],
        delineation.fs_hz,
        delineation.r_peaks_samples[chosen],
        before_ms=_BEFORE_MS,
        after_ms=_AFTER_MS,
    )
    beat = known_quantile(windows, 0.5)
    beat = beat[np.isfinite(beat).all(axis=1)]
    if len(beat) < _MIN_LEADS:
        return None
    at = np.linspace(0, beat.shape[1] - 1, _N_VELOCITY)
    beat = np.array([np.interp(at, np.arange(beat.shape[1]), lead) for lead in beat])
    speed = np.sqrt((np.gradient(beat, axis=1) ** 2).sum(axis=0))
    return _smooth(speed, _SMOOTH_SAMPLES)


def _smooth(velocity: Floats, width: int) -> Floats:
    return np.convolve(velocity, np.full(width, 1 / width), mode="same")


def _qrs(
    velocity: Floats, on_ms: float, off_ms: float, *, leads_agree: bool
) -> tuple[float, float]:
    """Refine onset and end of QRS (ms from the mark) on the spatial velocity."""
    begin, stop = _sample(on_ms), _sample(off_ms)
    if stop <= begin:
        return on_ms, off_ms
    peak = begin + int(np.argmax(velocity[begin:stop]))
    rest = velocity[_sample(on_ms - _NOISE_MS[0]) : _sample(on_ms - _NOISE_MS[1])]
    level = float(np.median(rest)) if rest.size else 0.0
    busy = _busy(velocity > level + _SHARE_OF_PEAK * velocity[peak])
    onset = min(peak, _sample(on_ms + _INSIDE_MS))
    lowest = _sample(on_ms - _REACH_BEFORE_MS)
    while onset > lowest and busy[max(onset - _QUIET_SAMPLES, 0)]:
        onset -= 1
    end = max(peak, _sample(off_ms - _INSIDE_MS))
    highest = _sample(off_ms + _REACH_AFTER_MS)
    while end < highest and busy[end]:
        end += 1
    if leads_agree and end > _sample(off_ms + _STEEP_ST_MS):
        end = _end_over_steep_st(velocity, max(peak, _sample(off_ms - _INSIDE_MS)), peak, off_ms)
    return _time_ms(onset), _time_ms(end)


def _end_over_steep_st(velocity: Floats, start: int, peak: int, off_ms: float) -> int:
    """Find where the velocity of QRS has sunk to that of an ST segment which is not level."""
    segment = velocity[_sample(off_ms - _ST_MS[0]) : _sample(off_ms + _ST_MS[1]) + 1]
    level = float(np.quantile(segment, _ST_QUANTILE))
    busy = _busy(velocity > level + _SHARE_OF_PEAK * velocity[peak])
    end, highest = start, _sample(off_ms + _REACH_AFTER_MS)
    while end < highest and busy[end]:
        end += 1
    return end


def _t_end(velocity: Floats, peak_ms: float, off_ms: float, rr_ms: float) -> float:
    """Find where the T wave's velocity has sunk (ms from the mark), not before `off_ms`."""
    highest = min(_sample(off_ms + _T_REACH_MS), _sample(rr_ms - _BEFORE_NEXT_BEAT_MS))
    begin, stop = _sample(peak_ms), _sample(off_ms)
    if not begin < stop < highest:
        return off_ms
    smooth = _smooth(velocity, _T_SMOOTH_SAMPLES)
    steepest = begin + int(np.argmax(smooth[begin : stop + 1]))
    level = float(np.quantile(smooth[stop : highest + 1], 0.1))
    limit = level + _T_SHARE_OF_PEAK * (smooth[steepest] - level)
    busy = _busy(smooth > limit)
    end = steepest
    while end < highest and busy[end]:
        end += 1
    return max(off_ms, _time_ms(end))


def _busy(fast: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell at each sample whether any of the 10 ms from there on is fast."""
    padded = np.concatenate([fast, np.zeros(_QUIET_SAMPLES - 1, dtype=bool)])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, _QUIET_SAMPLES).any(axis=1))


def _sample(time_ms: float) -> int:
    at = round((time_ms + _BEFORE_MS) * _VELOCITY_HZ / 1000)
    return min(max(at, 0), _N_VELOCITY - 1)


def _time_ms(sample: int) -> float:
    return sample * 1000 / _VELOCITY_HZ - _BEFORE_MS
