"""Which beats come early or look different from the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.physiology.beat_shapes import dominant_shape, shape_correlation
from physioclr.physiology.global_fiducials import MIN_BEATS
from physioclr.physiology.hrv import rmssd_ms
from physioclr.physiology.quantiles import known_quantile
from physioclr.physiology.rhythm import IRREGULAR_PCT, irregularity_pct, normal_rr_ms

__all__ = ["ORIGINS", "BeatKinds", "find_ectopic_beats"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ORIGINS = ("", "ventricular", "supraventricular", "not told")
"""Where an ectopic beat comes from; empty for all other beats."""

_PREMATURE = 0.8
_REACH_BEATS = 5
_MIN_NEIGHBOURS = 3
_SAME_SHAPE = 0.8
_WIDE_MS = 120.0
_WIDER_MS = 20.0
_BEYOND_CHANGE = 3.0


@dataclass(frozen=True, eq=False)
class BeatKinds:
    """What sets each beat apart from the dominant ones.

    Parameters
    ----------
    premature : (n_beats,) bool
        Its RR interval is below 80 % of the median of the five before and the five after it.
    shape_correlation : (n_beats,) float64
        With the dominant shape of QRS; NaN where no three beats share one.
    different_shape : (n_beats,) bool
        That correlation is below 0.8.
    ectopic : (n_beats,) bool
    origin : (n_beats,) object
        One of `ORIGINS`.
    timing_judged : bool
        Whether early beats of the usual shape could be told from the rhythm: not in an irregular
        one.
    """

    premature: Flags
    shape_correlation: Floats
    different_shape: Flags
    ectopic: Flags
    origin: NDArray[np.object_]
    timing_judged: bool

    @property
    def dominant(self) -> Flags:
        """The beats that intervals and amplitudes are taken from, (n_beats,) bool.

        All that are neither ectopic nor of another shape, as global measurements are those of the
        dominant beat (Kligfield et al. 2007, AHA/ACC/HRS recommendations part I, Circulation
        115:1306); every beat where these are fewer than three.
        """
        dominant = ~(self.ectopic | self.different_shape)
        return dominant if dominant.sum() >= MIN_BEATS else np.ones(dominant.size, dtype=bool)


def find_ectopic_beats(
    signal_mv: Floats,
    fs_hz: float,
    r_peaks_samples: NDArray[np.int64],
    rr_ms: Floats,
    qrs_ms: Floats,
) -> BeatKinds:
    """Tell ectopic beats from the dominant rhythm by their timing and their shape.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        NaN where unknown.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64
    rr_ms : (n_beats,) float64
        To the beat before; NaN where unknown.
    qrs_ms : (n_beats,) float64

    Returns
    -------
    BeatKinds

    Notes
    -----
    A beat of different shape is ectopic where it is premature, followed by a pause (its RR is below
    80 % of the next) or wide (QRS of 120 ms or more, and 20 ms or more over the dominant beats'). A
    premature beat of the same shape is ectopic where the intervals without such beats are regular
    (`irregularity_pct` below 10) and it is earlier than the median around it by three times their
    RMSSD: in atrial fibrillation and in sinus arrhythmia early beats are the rhythm itself. Wide
    beats of another shape are called ventricular and narrow ones of the same shape
    supraventricular; of the rest (aberration, fusion, a narrow ventricular beat) the origin is not
    told. The limits are ours, but for the 120 ms of a wide QRS (Surawicz et al.
    2009, AHA/ACCF/HRS part III, Circulation 119:e235); ``benchmarks/ectopic_beats.py`` says how
    far they carry.
    """
    usual_rr_ms = _usual_rr_ms(rr_ms)
    premature = rr_ms < _PREMATURE * usual_rr_ms
    shape = dominant_shape(signal_mv, fs_hz, r_peaks_samples[~premature])
    correlation = (
        np.full(rr_ms.size, np.nan)
        if shape is None
        else shape_correlation(signal_mv, fs_hz, r_peaks_samples, shape)
    )
    different = correlation < _SAME_SHAPE
    wide = _wide(qrs_ms, correlation >= _SAME_SHAPE)
    before_a_pause = np.zeros(rr_ms.size, dtype=bool)
    before_a_pause[:-1] = rr_ms[:-1] < _PREMATURE * rr_ms[1:]
    ectopic = different & (premature | before_a_pause | wide)
    early_alike = premature & (correlation >= _SAME_SHAPE)
    rest_ms = normal_rr_ms(rr_ms, ectopic | early_alike)
    early_alike &= usual_rr_ms - rr_ms >= _BEYOND_CHANGE * rmssd_ms(rest_ms)
    regular = irregularity_pct(rest_ms) < IRREGULAR_PCT
    early_alike &= regular
    ectopic |= early_alike
    origin = np.where(ectopic, "not told", "").astype(object)
    origin[ectopic & different & wide] = "ventricular"
    origin[ectopic & early_alike & ~wide] = "supraventricular"
    return BeatKinds(premature, correlation, different, ectopic, origin, regular)


def _usual_rr_ms(rr_ms: Floats) -> Floats:
    """Return the median of the intervals around each, itself left out."""
    padded = np.pad(rr_ms, _REACH_BEATS, constant_values=np.nan)
    places = [place for place in range(2 * _REACH_BEATS + 1) if place != _REACH_BEATS]
    around = np.stack([padded[place : place + rr_ms.size] for place in places])
    return known_quantile(around, 0.5, min_known=_MIN_NEIGHBOURS)


def _wide(qrs_ms: Floats, dominant: Flags) -> Flags:
    known = qrs_ms[dominant & np.isfinite(qrs_ms)]
    usual_ms = float(np.median(known)) if known.size else np.nan
    return np.asarray((qrs_ms >= _WIDE_MS) & (qrs_ms >= usual_ms + _WIDER_MS))
