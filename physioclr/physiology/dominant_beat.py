"""The median beat of every lead, with the onsets and ends that intervals are measured between."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import SignalError
from physioclr.physiology.beat_features import BeatFeatures
from physioclr.physiology.global_fiducials import MIN_BEATS, GlobalFiducials
from physioclr.physiology.measuring_band import measuring_band
from physioclr.records import EcgRecord
from physioclr.signal.median_beat import median_beats

__all__ = ["DominantBeat", "dominant_beat"]

_BEFORE_MS, _AFTER_MS = 300.0, 600.0
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
        From the beats' mark, as the fiducials are.
    leads : tuple of str
    fiducials : GlobalFiducials
        Over all leads; what PR, QRS and QT are the distances of.
    """

    signal_mv: NDArray[np.float32]
    time_ms: NDArray[np.float64]
    leads: tuple[str, ...]
    fiducials: GlobalFiducials


def dominant_beat(record: EcgRecord, features: BeatFeatures) -> DominantBeat:
    """Take the median of the dominant beats, in the band amplitudes are measured in.

    Parameters
    ----------
    record : EcgRecord
    features : BeatFeatures
        Of this record.

    Returns
    -------
    DominantBeat

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
    signal_mv = measuring_band(record.signal_mv, record.fs_hz)
    signal_mv[[record.leads.index(lead) for lead in features.reasons]] = np.nan
    beats_mv = median_beats(
        signal_mv,
        record.fs_hz,
        features.r_peaks_samples[dominant],
        before_ms=_BEFORE_MS,
        after_ms=_AFTER_MS,
    )
    first = -round(_BEFORE_MS * record.fs_hz / 1000)
    time_ms = 1000 * (first + np.arange(beats_mv.shape[1])) / record.fs_hz
    onset_ms = features.median_beat.qrs_on
    onset_ms = -_LEVEL_BEFORE_R_MS if math.isnan(onset_ms) else onset_ms
    level = (time_ms >= onset_ms - _LEVEL_MS) & (time_ms <= onset_ms)
    levels_mv = np.mean(beats_mv[:, level], axis=1, keepdims=True)
    return DominantBeat(beats_mv - levels_mv, time_ms, features.leads, features.median_beat)
