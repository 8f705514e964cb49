"""How far a record can be trusted, lead by lead, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from physioclr.records import EcgRecord
from physioclr.signal.beats import detect_heartbeats
from physioclr.signal.gaps import fill_gaps, require_duration
from physioclr.signal.lead_faults import find_lead_faults
from physioclr.signal.lead_statistics import LeadStatistics, lead_statistics

__all__ = ["LeadQuality", "Quality", "assess_quality"]

# A lead below this score counts as bad; a record is acceptable with at most one bad lead.
_BAD_LEAD = 0.5
_MAX_BAD_SHARE = 0.1
# For each statistic: its value at which the score is still 1, at which it is 0, and the sentence.
_LIMITS: tuple[tuple[str, float, float, str], ...] = (
    ("missing_share", 0.0, 0.2, "has no samples in {percent:.0f} % of the record"),
    ("flat_share", 0.1, 0.5, "does not change in {percent:.0f} % of the record"),
    ("clipped_share", 0.01, 0.1, "is clipped in {percent:.0f} % of the record"),
    ("amplitude_mv", 5.0, 12.0, "is implausibly large ({value:.1f} mV peak to peak)"),
    ("amplitude_mv", 0.1, 0.03, "is implausibly small ({value:.2f} mV peak to peak)"),
    ("wander_mv", 1.0, 4.0, "has baseline wander ({value:.1f} mV peak to peak)"),
    ("powerline_mv", 0.05, 0.3, "has powerline interference ({value:.2f} mV)"),
    ("noise_mv", 0.03, 0.15, "has high-frequency noise ({value:.2f} mV)"),
    ("beat_correlation", 0.8, 0.3, "has beats unlike one another (median correlation {value:.2f})"),
)


@dataclass(frozen=True)
class LeadQuality:
    """The quality of one lead.

    Parameters
    ----------
    score : float
        0 (nothing can be measured) to 1 (clean).
    reason : str or None
        The worst that is wrong with it, as a sentence; None where the score is 1.
    """

    score: float
    reason: str | None


@dataclass(frozen=True, eq=False)
class Quality:
    """The quality of a record.

    Parameters
    ----------
    leads : mapping of str to LeadQuality
    score : float
        0 to 1: the mean over leads.
    acceptable : bool
        Whether at most a tenth of the leads (one of twelve) score below 0.5, and beats were found.
    reasons : list of str
        One sentence for each lead, or for the record, that is not clean; the worst first.
    """

    leads: Mapping[str, LeadQuality]
    score: float
    acceptable: bool
    reasons: list[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "leads", MappingProxyType(dict(self.leads)))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy has no pickle of its own."""
        return Quality, (dict(self.leads), self.score, self.acceptable, list(self.reasons))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return {
            "acceptable": self.acceptable,
            "score": round(self.score, 3),
            "reasons": list(self.reasons),
            "leads": {
                lead: {"score": round(quality.score, 3), "reason": quality.reason}
                for lead, quality in self.leads.items()
            },
        }


def assess_quality(record: EcgRecord) -> Quality:
    """Judge a record lead by lead.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s.

    Returns
    -------
    Quality

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.

    Notes
    -----
    A lead that is flat or empty scores 0. Otherwise the score is the least of its scores for
    missing samples, flat stretches, clipping, amplitude, baseline wander, powerline, noise and
    agreement of its beats with one another; each falls from 1 to 0 between two limits on a
    statistic of the lead (`lead_statistics`).
    """
    require_duration(record)
    faults = find_lead_faults(record)
    peaks = detect_heartbeats(record)
    filled, missing = fill_gaps(record.signal_mv)
    statistics = lead_statistics(filled, missing, record.fs_hz, peaks)
    leads = {}
    for lead, of_lead in zip(record.leads, statistics, strict=True):
        if lead in faults:
            leads[lead] = LeadQuality(0.0, faults[lead])
        else:
            leads[lead] = _judge(lead, of_lead)
    return _summarise(leads, n_beats=int(peaks.size))


def _judge(lead: str, statistics: LeadStatistics) -> LeadQuality:
    worst = LeadQuality(1.0, None)
    for name, good, bad, sentence in _LIMITS:
        value = float(getattr(statistics, name))
        if not np.isfinite(value):
            continue
        score = float(np.clip((value - bad) / (good - bad), 0.0, 1.0))
        if score < worst.score:
            said = sentence.format(value=value, percent=100 * value)
            worst = LeadQuality(score, f"lead {lead} {said}")
    return worst


def _summarise(leads: Mapping[str, LeadQuality], *, n_beats: int) -> Quality:
    n_bad = sum(quality.score < _BAD_LEAD for quality in leads.values())
    worst_first = sorted(leads.values(), key=lambda quality: quality.score)
    reasons = [quality.reason for quality in worst_first if quality.reason is not None]
    if n_beats == 0:
        reasons.insert(0, "no heartbeat was found")
    score = float(np.mean([quality.score for quality in leads.values()])) if n_beats else 0.0
    acceptable = n_beats > 0 and n_bad <= max(_MAX_BAD_SHARE * len(leads), 0)
    return Quality(leads, score, acceptable, reasons)
