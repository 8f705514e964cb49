"""How far a record can be trusted, lead by lead, and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from physioclr.records import EcgRecord
from physioclr.signal.gaps import require_duration
from physioclr.signal.lead_faults import find_dead_leads
from physioclr.signal.lead_statistics import LeadStatistics
from physioclr.signal.limb_lead_identities import LimbLeadMisfit
from physioclr.signal.mains_hum import MainsHum
from physioclr.signal.quality_model import FAULT_KINDS, RAMPS, QualityModel, quality_model
from physioclr.signal.quality_sentences import describe_fault, describe_hum
from physioclr.signal.quality_windows import WindowEvidence, quality_windows

__all__ = ["LeadFault", "LeadQuality", "Quality", "assess_quality"]

Floats = NDArray[np.float64]
Found = TypeVar("Found")

_ACCEPTABLE = 0.5
_BAD_LEAD = 0.5
# A disturbance that takes less than this (7 % of the score) is not worth a sentence.
_NAMED_LOSS = 0.1
# A second disturbance joins the sentence if it takes this share of all that is lost.
_JOINED_SHARE = 0.25
# Unsteady beats follow from other disturbances, and in a lead that is far too large noise and
# wander are too: what comes first is named first, unless it takes much less.
_PROMINENCE = {"unsteady_beats": 0.4, "too_large": 1.5}
_SHARES = ("missing", "flat", "saturated", "clipped")
_USUAL_LARGEST_MV, _USUAL_LEAST_MV = 20.0, 0.01
_ALIKE = 0.5
_OF_KIND = np.array([[ramp.kind == kind for kind in FAULT_KINDS] for ramp in RAMPS], dtype=float)


@dataclass(frozen=True)
class LeadFault:
    """One thing that is wrong with a lead.

    Parameters
    ----------
    kind : str
        ``"missing"``, ``"flat"``, ``"saturated"``, ``"clipped"``, ``"too_small"``,
        ``"too_large"``, ``"jumps"``, ``"baseline_wander"``, ``"powerline"``, ``"muscle_noise"``,
        ``"unsteady_beats"`` or ``"disconnected"`` (no heartbeat, though it is not flat).
    factor : float
        What it multiplies the lead's score by, 0 to 1.
    words : str
        What follows after "lead V6".
    """

    kind: str
    factor: float
    words: str


@dataclass(frozen=True)
class LeadQuality:
    """The quality of one lead.

    Parameters
    ----------
    score : float
        0 (nothing can be measured) to 1 (clean); below 0.5 more likely bad than good.
    reason : str or None
        What lowers it most, as a sentence; None where nothing lowers it by more than 7 % and no
        sample is missing.
    faults : tuple of LeadFault
        All that lowers it by more than 7 %, and missing samples, in the order of the sentence.
    """

    score: float
    reason: str | None
    faults: tuple[LeadFault, ...] = ()


@dataclass(frozen=True, eq=False)
class Quality:
    """The quality of a record.

    Parameters
    ----------
    leads : mapping of str to LeadQuality
    score : float
        0 to 1, as one model over all leads has it; not the mean of the leads' scores.
    acceptable : bool
        Whether `score` is at least 0.5.
    reasons : list of str
        One sentence for each lead, or for the record, that is not clean; the worst first.
    suspected_reversal : str or None
        Limb electrodes that may have been exchanged, such as ``"left arm and right arm"``. It
        does not lower the score: the signal may be clean.
    limb_lead_misfit : LimbLeadMisfit or None
        Limb leads that break Einthoven's or Goldberger's identities, and what explains it
        (`check_limb_leads`). It does not lower the score either.
    mains_hum : MainsHum or None
        The hum that is subtracted before anything is measured: no fault of the ECG.
    """

    leads: Mapping[str, LeadQuality]
    score: float
    acceptable: bool
    reasons: list[str]
    suspected_reversal: str | None = None
    limb_lead_misfit: LimbLeadMisfit | None = None
    mains_hum: MainsHum | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "leads", MappingProxyType(dict(self.leads)))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy has no pickle of its own."""
        return Quality, (
            dict(self.leads),
            self.score,
            self.acceptable,
            list(self.reasons),
            self.suspected_reversal,
            self.limb_lead_misfit,
            self.mains_hum,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        misfit = self.limb_lead_misfit
        return {
            "acceptable": self.acceptable,
            "score": round(self.score, 3),
            "suspected_reversal": self.suspected_reversal,
            "limb_lead_misfit": None if misfit is None else asdict(misfit),
            "mains_hum": None if self.mains_hum is None else self._hum_to_dict(self.mains_hum),
            "reasons": list(self.reasons),
            "leads": {
                lead: {
                    "score": round(quality.score, 3),
                    "reason": quality.reason,
                    "faults": [fault.kind for fault in quality.faults],
                }
                for lead, quality in self.leads.items()
            },
        }

    def _hum_to_dict(self, hum: MainsHum) -> dict[str, Any]:
        amplitudes = zip(self.leads, hum.amplitude_mv.tolist(), strict=True)
        return {
            "frequency_hz": round(hum.frequency_hz, 2),
            "harmonics": list(hum.harmonics),
            "amplitude_mv": {lead: round(value, 3) for lead, value in amplitudes},
        }


def assess_quality(record: EcgRecord, *, model: QualityModel | None = None) -> Quality:
    """Judge a record and each of its leads.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s, any leads, 100 to 2000 Hz.
    model : QualityModel, optional
        By default the shipped one.

    Returns
    -------
    Quality

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.

    Notes
    -----
    Each statistic of a lead (`LeadStatistics`) takes from its score between two limits
    (`quality_model.RAMPS`): ``score = 2 ** -sum(weight * position)``, so that every disturbance
    multiplies the score by a factor of its own. A record is judged in the same way by its worst
    lead and the mean of its leads on each ramp. Weights: fitted on CinC 2011, see
    ``docs/quality.md``. A lead that is flat or empty scores 0, as does a record without
    heartbeats. Records from 20 s on are judged in windows of 10 to 20 s and averaged.

    Examples
    --------
    >>> from physioclr import assess_quality
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> assess_quality(record).acceptable
    True
    """
    require_duration(record)
    windows = list(quality_windows(record))
    model = quality_model() if model is None else model
    positions = np.stack([window.positions for window in windows])
    dead = find_dead_leads(record)
    losses = model.lead_loss(positions) @ _OF_KIND
    values = {
        field.name: np.stack([getattr(window.statistics, field.name) for window in windows])
        for field in fields(LeadStatistics)
    }
    leads = {
        lead: _judge_dead(lead, *dead[lead])
        if lead in dead
        else _judge(lead, losses[:, row], {name: of[:, row] for name, of in values.items()})
        for row, lead in enumerate(record.leads)
    }
    with_beats = np.array([window.n_beats > 0 for window in windows])
    scores = 2.0 ** -model.record_loss(positions).sum(axis=1) * with_beats
    score = float(scores.mean())
    reversal = _of_most_windows([window.reversal for window in windows], attrgetter("electrodes"))
    misfit = _of_most_windows([window.misfit for window in windows], attrgetter("cause", "leads"))
    hum = _strongest_hum(windows)
    reasons = [found.reason for found in (reversal, misfit) if found is not None]
    reasons += _of_the_record(leads, score, windows, values)
    worst_first = sorted(leads.values(), key=lambda quality: quality.score)
    reasons += [quality.reason for quality in worst_first if quality.reason is not None]
    if hum is not None:
        reasons.append(describe_hum(hum, record.leads))
    return Quality(
        leads,
        score,
        score >= _ACCEPTABLE,
        reasons,
        None if reversal is None else reversal.electrodes,
        misfit,
        hum,
    )


def _judge_dead(lead: str, kind: str, words: str) -> LeadQuality:
    return LeadQuality(0.0, f"lead {lead} {words}", (LeadFault(kind, 0.0, words),))


def _judge(lead: str, losses: Floats, values: Mapping[str, Floats]) -> LeadQuality:
    """Judge one lead by its losses, (n_windows, n_kinds)."""
    score = float(np.mean(2.0 ** -losses.sum(axis=1)))
    faults = []
    for index, kind in enumerate(FAULT_KINDS):
        of_kind = losses[:, index]
        # Missing samples are a fact, not a judgement: they are named however few.
        least = 1e-9 if kind == "missing" else _NAMED_LOSS
        if of_kind.max() < least:
            continue
        worst = int(np.argmax(of_kind))
        at_worst = {name: float(of[worst]) for name, of in values.items()}
        if kind in _SHARES:
            at_worst[f"{kind}_share"] = float(values[f"{kind}_share"].mean())
        named, words = describe_fault(kind, at_worst)
        if len(losses) > 1 and kind not in _SHARES:
            words += f" during {_percent(of_kind >= _NAMED_LOSS)} of the record"
        fault = LeadFault(named, float(np.mean(2.0**-of_kind)), words)
        if fault.factor <= 2.0**-least:
            faults.append(fault)
    faults.sort(key=lambda fault: -_prominence(fault))
    return LeadQuality(score, _sentence(lead, faults), tuple(faults))


def _percent(flags: NDArray[np.bool_]) -> str:
    return f"{100 * float(flags.mean()):.0f} %"


def _prominence(fault: LeadFault) -> float:
    lost = -float(np.log2(max(fault.factor, 1e-9)))
    return lost * _PROMINENCE.get(fault.kind, 1.0)


def _sentence(lead: str, faults: Sequence[LeadFault]) -> str | None:
    if not faults:
        return None
    first, *others = faults
    total = sum(_prominence(fault) for fault in faults)
    if others and _prominence(others[0]) >= _JOINED_SHARE * total:
        return f"lead {lead} {first.words} and {others[0].words}"
    return f"lead {lead} {first.words}"


def _of_most_windows(
    found: Sequence[Found | None], kind: Callable[[Found], Hashable]
) -> Found | None:
    """Return what more than half of the windows find, as the first of them says it."""
    votes = Counter(kind(one) for one in found if one is not None)
    if not votes:
        return None
    most, n_votes = votes.most_common(1)[0]
    if n_votes <= len(found) / 2:
        return None
    return next(one for one in found if one is not None and kind(one) == most)


def _strongest_hum(windows: Sequence[WindowEvidence]) -> MainsHum | None:
    hums = [window.hum for window in windows if window.hum is not None]
    return max(hums, key=lambda hum: float(hum.amplitude_mv.max()), default=None)


def _of_the_record(
    leads: Mapping[str, LeadQuality],
    score: float,
    windows: Sequence[WindowEvidence],
    values: Mapping[str, Floats],
) -> list[str]:
    """Say what no lead tells by itself."""
    n_beats = sum(window.n_beats for window in windows)
    usual_mv = float(np.median(values["amplitude_mv"]))
    said = []
    if n_beats == 0:
        said.append("no heartbeat was found")
        if 0 < usual_mv < _USUAL_LEAST_MV:
            said.append(
                f"most leads hardly move (median {1000 * usual_mv:.1f} µV peak to peak): the unit "
                "or the gain of the file may be wrong"
            )
        return said
    if n_beats == 1:
        said.append("only one heartbeat was found")
    if usual_mv > _USUAL_LARGEST_MV:
        said.append(
            f"most leads are implausibly large (median {usual_mv:.0f} mV peak to peak): the unit "
            "or the gain of the file may be wrong"
        )
    alike = _median(values["beat_correlation"])
    if alike < _ALIKE:
        said.append(
            f"no two beats are alike in most leads (mean correlation {alike:.2f}): a disturbance, "
            "or a chaotic rhythm such as ventricular fibrillation"
        )
    n_bad = sum(quality.score < _BAD_LEAD for quality in leads.values())
    n_named = sum(quality.reason is not None for quality in leads.values())
    if score < _ACCEPTABLE and n_bad == 0:
        said.append(
            f"no lead alone is unreadable, but {n_named} of {len(leads)} are disturbed at once"
        )
    return said


def _median(values: Floats) -> float:
    """Return the median of the known values, NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan
