"""What the criteria are applied to: everything measured on one ECG, gathered once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from physioclr.interpretation.atrial_activity import (
    FLUTTER_LEADS,
    AtrialActivity,
    find_atrial_activity,
)
from physioclr.interpretation.blocked_p import find_blocked_p
from physioclr.interpretation.lead_waves import LeadWaves, measure_lead
from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.beat_features import BeatFeatures
from physioclr.physiology.global_fiducials import MIN_BEATS, GlobalFiducials
from physioclr.physiology.measurements import Measurements
from physioclr.physiology.measuring_band import measuring_band
from physioclr.physiology.quantiles import known_quantile
from physioclr.records import EcgRecord
from physioclr.signal.median_beat import cut_beats
from physioclr.signal.quality import Quality

__all__ = ["ADULT_YEARS", "Findings", "gather"]

Floats = NDArray[np.float64]

ADULT_YEARS = 16.0
_OLDEST_YEARS = 120.0
_POOR_LEAD = 0.5
_LEVEL_MS = 20.0
_BEFORE_MS, _AFTER_MS = 300.0, 600.0
_MOST_BEATS = 200
_P_IN_DOUBT_PCT = 60.0
_PACED_SHARE = 0.5
_SPIKE_REACH_S, _SPIKE_LATE_S = 0.45, 0.04
_SLOW_BPM, _PAUSE_SHARE, _LONGEST_S = 65.0, 1.25, 60.0


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything the criteria look at.

    Parameters
    ----------
    measured : Measurements
    leads : mapping of str to LeadWaves
        The standard leads that can be judged, measured on the median beat.
    age_years : float
        NaN where unknown.
    sex : {"female", "male", None}
    poor_leads : mapping of str to str
        Standard lead → why it is not judged, though it was recorded.
    missing_leads : tuple of str
        Standard leads that were not recorded.
    acceptable : bool
        Whether the record's quality is; see `Quality.acceptable`.
    quality_reason : str
        What lowers it most.
    reversed_electrodes : str or None
        See `Quality`.
    atrial : AtrialActivity
    blocked_p : tuple of int
        Beats after which a P wave without QRS was found; see `find_blocked_p`.
    paced : (tuple of int, tuple of int) or None
        Beats with a pacing spike before P, and before QRS; None where spikes cannot be found.
    why_no_spikes : str
        Why they cannot.
    duration_s : float
    """

    measured: Measurements
    leads: Mapping[str, LeadWaves]
    age_years: float = math.nan
    sex: str | None = None
    poor_leads: Mapping[str, str] = field(default_factory=dict)
    missing_leads: tuple[str, ...] = ()
    acceptable: bool = True
    quality_reason: str = ""
    reversed_electrodes: str | None = None
    atrial: AtrialActivity = field(default_factory=AtrialActivity)
    blocked_p: tuple[int, ...] = ()
    paced: tuple[tuple[int, ...], tuple[int, ...]] | None = ((), ())
    why_no_spikes: str = ""
    duration_s: float = 10.0

    def __post_init__(self) -> None:
        for name in ("leads", "poor_leads"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def is_child(self) -> bool:
        """Whether the age is known to be below 16 years."""
        return 0 <= self.age_years < ADULT_YEARS

    @cached_property
    def beats(self) -> Mapping[str, NDArray[np.generic]]:
        """Column of `Measurements.beats` → its values."""
        return {str(name): column.to_numpy() for name, column in self.measured.beats.items()}

    @property
    def n_beats(self) -> int:
        """How many beats were found."""
        return len(self.measured.beats)

    @property
    def has_paced_qrs(self) -> bool:
        """Whether half of the beats or more follow a ventricular pacing spike."""
        if self.paced is None or not self.n_beats:
            return False
        return len(self.paced[1]) >= _PACED_SHARE * self.n_beats

    def why_not(self, *needed: str) -> str:
        """Say which of these leads cannot be judged; empty where all can."""
        lacking = [lead for lead in needed if lead not in self.leads]
        if not lacking:
            return ""
        missing = [lead for lead in lacking if lead in self.missing_leads]
        poor = [lead for lead in lacking if lead not in self.missing_leads]
        said = []
        if missing:
            said.append(f"{_named(missing)} {_verb(missing, 'was', 'were')} not recorded")
        if poor:
            said.append(f"{_named(poor)} {_verb(poor, 'is', 'are')} too poor to judge")
        return " and ".join(said)

    def why_missing(self, name: str) -> str:
        """Say why a measurement has no value."""
        reason = self.measured.reasons.get(name, "it is not measurable")
        return reason.removeprefix("not measurable: ")


def _named(leads: list[str]) -> str:
    return f"lead{'s' * (len(leads) > 1)} {', '.join(leads)}"


def _verb(leads: list[str], one: str, many: str) -> str:
    return one if len(leads) == 1 else many


def gather(
    record: EcgRecord, quality: Quality, features: BeatFeatures, measured: Measurements
) -> Findings:
    """Gather what the criteria need.

    Parameters
    ----------
    record : EcgRecord
    quality : Quality
    features : BeatFeatures
    measured : Measurements
        All of this record.

    Returns
    -------
    Findings
    """
    poor = _poor_leads(record, quality, features)
    signal_mv = measuring_band(record.signal_mv, record.fs_hz)
    age = record.meta.get("age_years")
    age_years = math.nan if age is None else float(age)
    sex = record.meta.get("sex")
    return Findings(
        measured=measured,
        leads=_leads(signal_mv, record, features, poor),
        age_years=age_years if 0 <= age_years <= _OLDEST_YEARS else math.nan,
        sex=sex if sex in ("female", "male") else None,
        poor_leads=poor,
        missing_leads=record.missing_leads,
        acceptable=quality.acceptable,
        quality_reason=quality.reasons[0] if quality.reasons else "",
        reversed_electrodes=quality.suspected_reversal,
        atrial=_atrial(signal_mv, record, features, measured, poor),
        blocked_p=_blocked_p(signal_mv, record, features, measured, poor),
        paced=None if features.pacing.reason else _paced(record, features),
        why_no_spikes=features.pacing.reason,
        duration_s=record.duration_s,
    )


def _poor_leads(record: EcgRecord, quality: Quality, features: BeatFeatures) -> dict[str, str]:
    poor = {
        lead: quality.leads[lead].reason or "poor quality"
        for lead in record.leads
        if lead in STANDARD_LEADS and quality.leads[lead].score < _POOR_LEAD
    }
    return {**poor, **{k: v for k, v in features.reasons.items() if k in STANDARD_LEADS}}


def _leads(
    signal_mv: Floats, record: EcgRecord, features: BeatFeatures, poor: Mapping[str, str]
) -> dict[str, LeadWaves]:
    """Measure the median beat of every lead that can be judged."""
    at = features.median_beat
    rows = {
        lead: row
        for row, lead in enumerate(record.leads)
        if lead in STANDARD_LEADS and lead not in poor
    }
    dominant = features.r_peaks_samples[features.kinds.dominant]
    known = math.isfinite(at.qrs_on + at.qrs_off) and at.qrs_off - at.qrs_on > _LEVEL_MS
    if dominant.size < MIN_BEATS or not rows or not known:
        return {}
    if dominant.size > _MOST_BEATS:
        dominant = dominant[np.linspace(0, dominant.size - 1, _MOST_BEATS).astype(np.intp)]
    windows = cut_beats(
        signal_mv[list(rows.values())],
        record.fs_hz,
        dominant,
        before_ms=_BEFORE_MS,
        after_ms=_AFTER_MS,
    )
    beats_mv = known_quantile(windows, 0.5)
    first = -round(_BEFORE_MS * record.fs_hz / 1000)
    time_ms = 1000 * (first + np.arange(beats_mv.shape[1])) / record.fs_hz
    at = _inside(at, time_ms)
    level = (time_ms >= at.qrs_on - _LEVEL_MS) & (time_ms <= at.qrs_on)
    found = {}
    for lead, beat_mv in zip(rows, beats_mv, strict=True):
        if np.isfinite(beat_mv).all():
            found[lead] = measure_lead(beat_mv - beat_mv[level].mean(), time_ms, at)
    return found


def _inside(at: GlobalFiducials, time_ms: Floats) -> GlobalFiducials:
    """Leave out what lies outside the window of the median beat."""
    first, last = float(time_ms[0]), float(time_ms[-1])

    def kept(at_ms: float) -> float:
        return at_ms if first <= at_ms <= last else math.nan

    return replace(
        at,
        p_on=kept(at.p_on),
        p_off=kept(at.p_off),
        t_peak=kept(at.t_peak),
        t_off=kept(at.t_off),
    )


def _atrial(
    signal_mv: Floats,
    record: EcgRecord,
    features: BeatFeatures,
    measured: Measurements,
    poor: Mapping[str, str],
) -> AtrialActivity:
    """Look for flutter waves where P waves are in doubt."""
    if measured.p_wave_presence_pct >= _P_IN_DOUBT_PCT:
        return AtrialActivity()
    leads = tuple(lead for lead in FLUTTER_LEADS if lead in record.leads and lead not in poor)
    rows = [record.leads.index(lead) for lead in leads]
    return find_atrial_activity(
        signal_mv[rows],
        record.fs_hz,
        leads,
        features.r_peaks_samples,
        features.kinds.dominant,
    )


def _blocked_p(
    signal_mv: Floats,
    record: EcgRecord,
    features: BeatFeatures,
    measured: Measurements,
    poor: Mapping[str, str],
) -> tuple[int, ...]:
    """Look for P waves without QRS where the rhythm is slow or pauses."""
    rr_ms = features.by_beat["rr_ms"]
    known = rr_ms[np.isfinite(rr_ms)]
    if not known.size or record.duration_s > _LONGEST_S:
        return ()
    pauses = known.max() > _PAUSE_SHARE * float(np.median(known))
    if not (measured.heart_rate_bpm < _SLOW_BPM or pauses):
        return ()
    rows = [
        row
        for row, lead in enumerate(record.leads)
        if lead in STANDARD_LEADS and lead not in poor and np.isfinite(signal_mv[row]).all()
    ]
    with_p = (features.by_beat["p_lead_share"] >= 0.5) & features.kinds.dominant
    return find_blocked_p(
        signal_mv[rows],
        record.fs_hz,
        features.r_peaks_samples,
        with_p,
        features.by_beat["pr_ms"],
        features.median_beat,
    )


def _paced(record: EcgRecord, features: BeatFeatures) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the beats with a spike before P, and before QRS."""
    peaks, spikes = features.r_peaks_samples, features.pacing
    reach = _SPIKE_REACH_S * record.fs_hz

    def beats(samples: NDArray[np.int64]) -> tuple[int, ...]:
        # A spike may fall behind the mark of its beat by some samples: QRS follows it slowly.
        late = round(_SPIKE_LATE_S * record.fs_hz)
        rows = np.searchsorted(peaks, samples - late)
        near = [
            int(row)
            for row, sample in zip(rows, samples, strict=True)
            if row < peaks.size and peaks[row] - sample <= reach
        ]
        return tuple(dict.fromkeys(near))

    return beats(spikes.samples[~spikes.ventricular]), beats(spikes.samples[spikes.ventricular])
