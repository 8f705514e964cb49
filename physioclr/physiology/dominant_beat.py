"""The median beat of every lead, with the onsets and ends that intervals are measured between."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import SignalError
from physioclr.physiology.beat_features import BeatFeatures
from physioclr.physiology.global_fiducials import MIN_BEATS, GlobalFiducials
from physioclr.physiology.measuring_band import measuring_band
from physioclr.records import EcgRecord
from physioclr.signal.median_beat import median_beats
from physioclr.signal.resampling import resample

__all__ = ["DominantBeat", "aligned_beats", "dominant_beat"]

_BEFORE_MS, _AFTER_MS = 300.0, 600.0
_BEFORE_P_MS, _LONGEST_BEFORE_MS = 60.0, 700.0
_LEVEL_MS = 20.0
_LEVEL_BEFORE_R_MS = 60.0


@dataclass(frozen=True, eq=False)
class DominantBeat:
    """One beat that stands for those of the dominant rhythm. It is no rhythm strip.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float32
        Median over the beats at each moment, 0 at the level before QRS; NaN where a lead was not
        measured.
    time_ms : (n_samples,) float64
        From the beats' mark, or from the onset of QRS (`aligned_beats`).
    leads : tuple of str
    fiducials : GlobalFiducials
        Over all leads, on the same time axis; what PR, QRS and QT are the distances of.
    """

    signal_mv: NDArray[np.float32]
    time_ms: NDArray[np.float64]
    leads: tuple[str, ...]
    fiducials: GlobalFiducials


def dominant_beat(
    record: EcgRecord,
    features: BeatFeatures,
    *,
    zero_ms: float = 0.0,
    fs_hz: float | None = None,
    before_ms: float | None = None,
) -> DominantBeat:
    """Take the median of the dominant beats, in the band amplitudes are measured in.

    Parameters
    ----------
    record : EcgRecord
    features : BeatFeatures
        Of this record.
    zero_ms : float
        What of the beat becomes 0 of its time axis, from the beats' mark.
    fs_hz : float, optional
        Sampling rate of the beat; the record's by default.
    before_ms : float, optional
        How long before 0 the beat begins: by default 300 ms, or 60 ms before the onset of P where
        that is earlier.

    Returns
    -------
    DominantBeat
        To 600 ms after 0.

    Raises
    ------
    SignalError
        If fewer than three beats were found.
    """
    dominant = features.kinds.dominant
    if dominant.sum() < MIN_BEATS:
        raise SignalError(
            record.record_id, expected=f"{MIN_BEATS} beats or more", found=str(dominant.sum())
        )
    rate_hz = fs_hz or record.fs_hz
    if before_ms is None:
        before_ms = _before_ms(features, zero_ms)
    signal_mv = measuring_band(record.signal_mv, record.fs_hz)
    signal_mv[[record.leads.index(lead) for lead in features.reasons]] = np.nan
    if rate_hz != record.fs_hz:
        signal_mv = resample(signal_mv, record.fs_hz, rate_hz)
    zeros_s = features.r_peaks_samples[dominant] / record.fs_hz + zero_ms / 1000
    zeros = np.round(zeros_s * rate_hz).astype(np.int64)
    beats_mv = median_beats(
        signal_mv,
        rate_hz,
        zeros[(zeros >= 0) & (zeros < signal_mv.shape[1])],
        before_ms=before_ms,
        after_ms=_AFTER_MS,
    )
    first = -round(before_ms * rate_hz / 1000)
    time_ms = 1000 * (first + np.arange(beats_mv.shape[1])) / rate_hz
    at = features.median_beat
    onset_ms = (-_LEVEL_BEFORE_R_MS if math.isnan(at.qrs_on) else at.qrs_on) - zero_ms
    level = (time_ms >= onset_ms - _LEVEL_MS) & (time_ms <= onset_ms)
    levels_mv = np.mean(beats_mv[:, level], axis=1, keepdims=True)
    moved = {
        each.name: getattr(at, each.name) - zero_ms
        for each in fields(at)
        if each.name not in ("n_beats", "doubts")
    }
    return DominantBeat(beats_mv - levels_mv, time_ms, features.leads, replace(at, **moved))


def _before_ms(features: BeatFeatures, zero_ms: float) -> float:
    """Return where to begin, so that a P wave of a long PR interval is not cut off."""
    p_on_ms = features.median_beat.p_on
    if math.isnan(p_on_ms):
        return _BEFORE_MS
    return min(max(_BEFORE_MS, zero_ms - p_on_ms + _BEFORE_P_MS), _LONGEST_BEFORE_MS)


def aligned_beats(
    before: EcgRecord, after: EcgRecord, features: tuple[BeatFeatures, BeatFeatures]
) -> tuple[DominantBeat, DominantBeat]:
    """Put the median beats of two ECGs on one time axis.

    Parameters
    ----------
    before, after : EcgRecord
    features : (BeatFeatures, BeatFeatures)
        Of these records.

    Returns
    -------
    (DominantBeat, DominantBeat)
        At the higher of their sampling rates, both with 0 at the onset of QRS; at the beats' mark
        where either has no known onset. Each has its own leads.

    Raises
    ------
    SignalError
        If a record has fewer than three beats.
    """
    fs_hz = max(before.fs_hz, after.fs_hz)
    onsets_ms = [each.median_beat.qrs_on for each in features]
    zeros_ms = onsets_ms if np.isfinite(onsets_ms).all() else [0.0, 0.0]
    before_ms = max(
        _before_ms(of_record, zero_ms)
        for of_record, zero_ms in zip(features, zeros_ms, strict=True)
    )
    earlier, later = (
        dominant_beat(record, of_record, zero_ms=zero_ms, fs_hz=fs_hz, before_ms=before_ms)
        for record, of_record, zero_ms in zip((before, after), features, zeros_ms, strict=True)
    )
    return earlier, later
