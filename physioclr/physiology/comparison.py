"""Two ECGs of one patient: how each measurement differs, and their median beats on one axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import SignalError
from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.beat_features import BeatFeatures, compute_beat_features
from physioclr.physiology.global_fiducials import MIN_BEATS
from physioclr.physiology.measurements import MEASUREMENTS, Measurements
from physioclr.physiology.measuring_band import measuring_band
from physioclr.physiology.quantiles import known_quantile
from physioclr.physiology.repeatability import (
    Repeatability,
    difference,
    repeatability,
    repeatability_of,
)
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, delineate
from physioclr.signal.median_beat import median_beats
from physioclr.signal.resampling import resample

__all__ = [
    "AlignedBeats",
    "MeasurementDifference",
    "aligned_median_beats",
    "compare_measurements",
]

_BEFORE_MS, _AFTER_MS = 350.0, 600.0
_LEVEL_MS = 20.0


@dataclass(frozen=True)
class MeasurementDifference:
    """How one measurement differs between two ECGs.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.
    before, after : float
        NaN where not measurable.
    difference : float
        After minus before, of an axis the shorter way round; NaN where either is.
    repeatability : Repeatability or None
        What the difference is held against, its kind in it; None where none was measured.
    measured : mapping of str to Repeatability
        All kinds, also those on too few pairs to be used.
    """

    name: str
    before: float
    after: float
    difference: float
    repeatability: Repeatability | None
    measured: Mapping[str, Repeatability]

    @property
    def exceeds(self) -> bool | None:
        """Whether the difference is more than the limit; None where it cannot be told."""
        if self.repeatability is None or math.isnan(self.difference):
            return None
        return abs(self.difference) > self.repeatability.limit

    @property
    def not_measurable_in(self) -> tuple[str, ...]:
        """Which of ``"before"`` and ``"after"`` could not be measured."""
        sides = (("before", self.before), ("after", self.after))
        return tuple(side for side, value in sides if math.isnan(value))


def compare_measurements(
    before: Measurements, after: Measurements
) -> tuple[MeasurementDifference, ...]:
    """Take the difference of every measurement, its repeatability beside it.

    Parameters
    ----------
    before, after : Measurements
        Of two ECGs of one patient, the earlier first.

    Returns
    -------
    tuple of MeasurementDifference
        In the order of `MEASUREMENTS`.

    Notes
    -----
    With too few pairs of recordings the limit is that of the two halves of one recording. It knows
    nothing of the day, the posture and the electrodes: a difference within it is no more than
    noise, one beyond it is more than the noise of one recording and not for that a change of the
    heart. Above all the heart rate, and QT with it, differ from hour to hour.
    """
    values_before, values_after = before.scalars(), after.scalars()
    return tuple(
        MeasurementDifference(
            name,
            values_before[name],
            values_after[name],
            difference(name, values_before[name], values_after[name]),
            repeatability(name),
            repeatability_of(name),
        )
        for name in MEASUREMENTS
    )


@dataclass(frozen=True, eq=False)
class AlignedBeats:
    """The median beats of two ECGs on one time axis.

    Parameters
    ----------
    leads : tuple of str
        Those both ECGs have, the standard ones first and in their order.
    time_ms : (n_samples,) float64
        0 where both are aligned.
    fs_hz : float
        The higher of the two rates.
    before_mv, after_mv : (n_leads, n_samples) float32
        Less the level before QRS; NaN where there is no beat or the lead could not be read.
    aligned_on : {"QRS onset", "R peak"}
        What lies at 0: the beats' mark where a QRS onset is unknown.
    n_beats : tuple of int
        How many beats each median is taken over.
    reasons : mapping of str to str
        ``"before"`` or ``"after"`` → why it has no beat at all.
    """

    leads: tuple[str, ...]
    time_ms: NDArray[np.float64]
    fs_hz: float
    before_mv: NDArray[np.float32]
    after_mv: NDArray[np.float32]
    aligned_on: str
    n_beats: tuple[int, int]
    reasons: Mapping[str, str]


def aligned_median_beats(
    before: EcgRecord,
    after: EcgRecord,
    delineations: tuple[Delineation, Delineation] | None = None,
) -> AlignedBeats:
    """Put the median beats of two ECGs over each other.

    Parameters
    ----------
    before, after : EcgRecord
        Of one patient, the earlier first. At least 5 s each.
    delineations : (Delineation, Delineation), optional
        Of these records, where they are at hand; else they are made.

    Returns
    -------
    AlignedBeats
        From 350 ms before the onset of QRS to 600 ms after it.

    Raises
    ------
    SignalError
        If a record is shorter than 5 s, or they have no lead in common.
    ValueError
        If a delineation is of another record.

    Notes
    -----
    Medians over the dominant beats (`BeatKinds.dominant`), between 0.5 and 100 Hz
    (`measuring_band`). The level is the median of the 20 ms before the onset of QRS; where that is
    unknown, of the whole window.
    """
    shared = [lead for lead in before.leads if lead in after.leads]
    if not shared:
        raise SignalError(
            before.record_id,
            expected=f"a lead that {after.record_id} has too",
            found=", ".join(before.leads),
        )
    leads = (
        *(lead for lead in STANDARD_LEADS if lead in shared),
        *(lead for lead in shared if lead not in STANDARD_LEADS),
    )
    found = delineations or (delineate(before), delineate(after))
    features = [
        compute_beat_features(record, delineation)
        for record, delineation in zip((before, after), found, strict=True)
    ]
    onsets_ms = [each.median_beat.qrs_on for each in features]
    on_qrs = bool(np.isfinite(onsets_ms).all())
    fs_hz = max(before.fs_hz, after.fs_hz)
    beats = [
        _beat(record, of_record, leads, fs_hz, onset_ms if on_qrs else 0.0, has_level=on_qrs)
        for record, of_record, onset_ms in zip((before, after), features, onsets_ms, strict=True)
    ]
    return AlignedBeats(
        leads=leads,
        time_ms=(np.arange(beats[0].shape[1]) - round(_BEFORE_MS * fs_hz / 1000)) * 1000 / fs_hz,
        fs_hz=fs_hz,
        before_mv=beats[0],
        after_mv=beats[1],
        aligned_on="QRS onset" if on_qrs else "R peak",
        n_beats=(_n_beats(features[0]), _n_beats(features[1])),
        reasons={
            side: f"not measurable: {each.n_beats} beats found, at least {MIN_BEATS} are needed"
            for side, each in zip(("before", "after"), features, strict=True)
            if not _n_beats(each)
        },
    )


def _n_beats(features: BeatFeatures) -> int:
    n_dominant = int(features.kinds.dominant.sum())
    return n_dominant if n_dominant >= MIN_BEATS else 0


def _beat(
    record: EcgRecord,
    features: BeatFeatures,
    leads: tuple[str, ...],
    fs_hz: float,
    zero_ms: float,
    *,
    has_level: bool,
) -> NDArray[np.float32]:
    """Return the median beat (n_leads, n_samples) about `zero_ms` from the beats' marks."""
    rows = [record.leads.index(lead) for lead in leads]
    signal_mv = measuring_band(record.signal_mv[rows], record.fs_hz)
    signal_mv[[lead in features.reasons for lead in leads]] = np.nan
    signal_mv = resample(signal_mv, record.fs_hz, fs_hz)
    used = features.kinds.dominant & (_n_beats(features) > 0)
    marks = features.r_peaks_samples[used] * fs_hz / record.fs_hz
    zeros = np.round(marks + zero_ms * fs_hz / 1000)
    zeros = zeros[(zeros >= 0) & (zeros < signal_mv.shape[1])].astype(np.int64)
    beat = median_beats(signal_mv, fs_hz, zeros, before_ms=_BEFORE_MS, after_ms=_AFTER_MS)
    at = round(_BEFORE_MS * fs_hz / 1000)
    level = beat[:, max(at - round(_LEVEL_MS * fs_hz / 1000), 0) : at] if has_level else beat
    return np.asarray(beat - known_quantile(level.T, 0.5)[:, None], dtype=np.float32)
