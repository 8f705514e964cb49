"""Where the waves of the median beat begin and end, over all leads together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from physioclr.physiology.quantiles import known_quantile
from physioclr.signal.delineation import FIDUCIALS, Delineation
from physioclr.signal.median_beat import cut_beats

__all__ = ["MIN_BEATS", "GlobalFiducials", "global_fiducials"]

Floats = NDArray[np.float64]

MIN_BEATS = 3
# The quantile over leads that stands for the earliest onset or the latest end in any lead.
_QUANTILES = {"p_on": 0.25, "p_off": 0.75, "qrs_on": 0.5, "qrs_off": 0.5, "t_off": 0.9}
# Leads that none of the others contains; the velocity of the heart's vector is theirs.
_INDEPENDENT_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
_MIN_LEADS = 3
_VELOCITY_HZ = 500.0
_BEFORE_MS, _AFTER_MS = 300.0, 400.0
_SMOOTH_SAMPLES = 3
_SHARE_OF_PEAK = 0.03
_QUIET_MS = 10.0
_REACH_BEFORE_MS, _REACH_AFTER_MS = 40.0, 70.0
_INSIDE_MS = 20.0
_NOISE_MS = (120.0, 10.0)


@dataclass(frozen=True)
class GlobalFiducials:
    """Onsets and ends of the median beat, in ms from its mark; NaN where unknown.

    Parameters
    ----------
    p_on, p_off, qrs_on, qrs_off, t_off : float
    n_beats : int
        How many beats the median beat is made of.
    """

    p_on: float
    p_off: float
    qrs_on: float
    qrs_off: float
    t_off: float
    n_beats: int


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
    over twelve leads would be the errors of the leads, so a quantile near them is taken (a quarter
    from the end for P, a tenth for T).

    QRS: where the spatial velocity of the median beat, the root of the summed squared slopes of
    I, II and V1 to V6, sinks to that of the PR segment plus 3 % of its peak for 10 ms, going
    outwards from within the leads' QRS, at most 40 ms before and 70 ms after it. With fewer than
    three of these leads the median over leads of their marks stands.
    """
    chosen = np.ones(delineation.n_beats, dtype=bool) if beats is None else np.asarray(beats)
    if chosen.shape != (delineation.n_beats,):
        raise ValueError(f"beats must have {delineation.n_beats} entries, got {chosen.shape}")
    n_beats = int(chosen.sum())
    if n_beats < MIN_BEATS:
        return GlobalFiducials(np.nan, np.nan, np.nan, np.nan, np.nan, n_beats)
    to_ms = 1000.0 / delineation.fs_hz
    marks = delineation.samples[:, chosen] - delineation.r_peaks_samples[chosen, None]
    columns = [FIDUCIALS.index(name) for name in _QUANTILES]
    by_beat = np.moveaxis(marks[:, :, columns], 1, 0)
    of_leads = known_quantile(by_beat, 0.5, min_known=MIN_BEATS)
    values = known_quantile(of_leads, np.array(list(_QUANTILES.values()))) * to_ms
    found = dict(zip(_QUANTILES, values.tolist(), strict=True))
    velocity = _spatial_velocity(signal_mv, delineation, chosen)
    if velocity is not None and np.isfinite([found["qrs_on"], found["qrs_off"]]).all():
        found["qrs_on"], found["qrs_off"] = _qrs(velocity, found["qrs_on"], found["qrs_off"])
    return GlobalFiducials(**found, n_beats=n_beats)


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
    n_out = round((_BEFORE_MS + _AFTER_MS) * _VELOCITY_HZ / 1000) + 1
    at = np.linspace(0, beat.shape[1] - 1, n_out)
    beat = np.array([np.interp(at, np.arange(beat.shape[1]), lead) for lead in beat])
    speed = np.sqrt((np.gradient(beat, axis=1) ** 2).sum(axis=0))
    return np.asarray(scipy.signal.convolve(speed, np.full(_SMOOTH_SAMPLES, 1 / 3), mode="same"))


def _qrs(velocity: Floats, on_ms: float, off_ms: float) -> tuple[float, float]:
    """Refine onset and end of QRS (ms from the mark) on the spatial velocity."""

    def sample(time_ms: float) -> int:
        at = round((time_ms + _BEFORE_MS) * _VELOCITY_HZ / 1000)
        return min(max(at, 0), velocity.size - 1)

    begin, stop = sample(on_ms), sample(off_ms)
    if stop <= begin:
        return on_ms, off_ms
    peak = begin + int(np.argmax(velocity[begin:stop]))
    rest = velocity[sample(on_ms - _NOISE_MS[0]) : sample(on_ms - _NOISE_MS[1])]
    level = float(np.median(rest)) if rest.size else 0.0
    fast = velocity > level + _SHARE_OF_PEAK * velocity[peak]
    quiet = round(_QUIET_MS * _VELOCITY_HZ / 1000)
    # Whether any of the `quiet` samples from here on is fast.
    busy = np.convolve(fast, np.ones(quiet), mode="full")[quiet - 1 :] > 0
    onset = min(peak, sample(on_ms + _INSIDE_MS))
    lowest = sample(on_ms - _REACH_BEFORE_MS)
    while onset > lowest and busy[max(onset - quiet, 0)]:
        onset -= 1
    end = max(peak, sample(off_ms - _INSIDE_MS))
    highest = sample(off_ms + _REACH_AFTER_MS)
    while end < highest and busy[end]:
        end += 1
    to_ms = 1000 / _VELOCITY_HZ
    return onset * to_ms - _BEFORE_MS, end * to_ms - _BEFORE_MS
