"""From an ECG to all statements on it."""

from __future__ import annotations

import math
from dataclasses import replace

from physioclr.interpretation import (
    acute_infarction,
    av_block,
    conduction,
    critical,
    ectopy,
    ischaemia,
    pacing,
    q_waves,
    repolarisation,
    rhythm,
    st_mimics,
    technical,
    voltage,
)
from physioclr.interpretation.criteria import Criterion
from physioclr.interpretation.findings import Findings, gather
from physioclr.interpretation.sources import MASON
from physioclr.interpretation.statement import Interpretation, Statement
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.physiology.beat_features import BeatFeatures, compute_beat_features
from physioclr.physiology.measurements import Measurements, summarise
from physioclr.records import EcgRecord
from physioclr.signal.delineation import delineate
from physioclr.signal.gaps import require_duration
from physioclr.signal.quality import Quality, assess_quality

__all__ = ["CRITERIA", "interpret", "interpret_findings"]

CRITERIA: tuple[Criterion, ...] = (
    *rhythm.CRITERIA,
    *pacing.CRITERIA,
    *ectopy.CRITERIA,
    *av_block.CRITERIA,
    *conduction.CRITERIA,
    *voltage.CRITERIA,
    *ischaemia.CRITERIA,
    *q_waves.CRITERIA,
    *acute_infarction.CRITERIA,
    *st_mimics.CRITERIA,
    *repolarisation.CRITERIA,
    *technical.CRITERIA,
    *critical.CRITERIA,
)
"""Every criterion, one a finding of `VOCABULARY`."""

_NORMAL = "Sinus rhythm, every finding assessed, none of an abnormal ECG"
_ABNORMAL = "At least one finding that is no part of a normal ECG"
# What need not be known of an ECG to call it normal: they follow from another finding, or cannot
# be told of a healthy heart.
_NEED_NOT_BE_KNOWN = frozenset(
    {"SGARB", "MISSLEAD", "BADLEAD", "AFLT", "PACE", "APACE", "VPACE", "DPACE"}
)


def interpret(
    record: EcgRecord,
    *,
    quality: Quality | None = None,
    features: BeatFeatures | None = None,
    measured: Measurements | None = None,
) -> Interpretation:
    """Say of every finding whether it is present, with its criterion and the evidence.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s. Age and sex are read from its `meta`.
    quality : Quality, optional
    features : BeatFeatures, optional
    measured : Measurements, optional
        Of this record, where they are already at hand; else they are made.

    Returns
    -------
    Interpretation
        One statement for each code of `VOCABULARY`.

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.

    Notes
    -----
    Research use only. Each criterion is that of the source it names, ``docs/interpretation.md``
    says how often it is right.

    Examples
    --------
    >>> from physioclr import interpret
    >>> from physioclr.simulate import simulate_record
    >>> said = interpret(simulate_record("stemi_inferior", seed=1))
    >>> [statement.code for statement in said.critical]
    ['STEMI']
    >>> said.state("AFIB")
    'absent'
    """
    require_duration(record)
    quality = assess_quality(record) if quality is None else quality
    if features is None:
        features = compute_beat_features(record, delineate(record))
    measured = summarise(features) if measured is None else measured
    return interpret_findings(gather(record, quality, features, measured), record.record_id)


def interpret_findings(found: Findings, record_id: str) -> Interpretation:
    """Apply every criterion to what was measured.

    Parameters
    ----------
    found : Findings
    record_id : str

    Returns
    -------
    Interpretation
    """
    made = {criterion.code: criterion.statement(found) for criterion in CRITERIA}
    if not found.acceptable:
        made = {code: _in_poor_record(each, found) for code, each in made.items()}
    made = {**_overall(list(made.values())), **made}
    ordered = tuple(made[code] for code in VOCABULARY)
    return Interpretation(record_id, ordered, _notes(found))


def _in_poor_record(statement: Statement, found: Findings) -> Statement:
    """Nothing is absent in a record of poor quality; what is present stays, and says so."""
    if statement.term.family == "technical":
        return statement
    why = found.quality_reason or "the quality of the record is not acceptable"
    if statement.state == "absent":
        return replace(statement, state="not assessable", reason=f"poor record: {why}")
    if statement.state == "not assessable":
        return statement
    reason = f"{statement.reason}; poor record" if statement.reason else f"poor record: {why}"
    return replace(statement, reason=reason)


def _overall(statements: list[Statement]) -> dict[str, Statement]:
    """Say whether the ECG is normal: never without everything having been assessed."""
    surely = [each for each in statements if each.term.abnormal and each.state == "present"]
    perhaps = [each for each in statements if each.term.abnormal and each.state == "borderline"]
    unknown = [
        each
        for each in statements
        if each.state == "not assessable" and each.code not in _NEED_NOT_BE_KNOWN
    ]
    sinus = next(each for each in statements if each.code == "SR")
    named = ", ".join(each.term.in_a_sentence for each in (surely or perhaps)[:4])
    if surely:
        normal = Statement("NORM", "absent", _NORMAL, MASON, reason=named)
        abnormal = Statement("ABNORM", "present", _ABNORMAL, MASON, reason=named)
    elif unknown or sinus.state != "present":
        lacking = ", ".join(each.term.in_a_sentence for each in unknown[:4]) or "the rhythm"
        more = f" and {len(unknown) - 4} more" if len(unknown) > 4 else ""
        reason = f"not assessed: {lacking}{more}"
        normal = Statement("NORM", "not assessable", _NORMAL, MASON, reason=reason)
        abnormal = Statement("ABNORM", "not assessable", _ABNORMAL, MASON, reason=reason)
    elif perhaps:
        normal = Statement("NORM", "borderline", _NORMAL, MASON, reason=named)
        abnormal = Statement("ABNORM", "borderline", _ABNORMAL, MASON, reason=named)
    else:
        normal = Statement("NORM", "present", _NORMAL, MASON)
        abnormal = Statement("ABNORM", "absent", _ABNORMAL, MASON)
    return {"NORM": normal, "ABNORM": abnormal}


def _notes(found: Findings) -> tuple[str, ...]:
    """Say what restricts the whole interpretation."""
    notes = []
    if math.isnan(found.age_years):
        notes.append("The age is unknown: limits of adults, the stricter where they change.")
    if found.sex is None:
        notes.append("The sex is unknown: limits of both, the stricter are shown.")
    if found.is_child:
        notes.append("A child: limits by age where they were verified, else not assessable.")
    if found.missing_leads:
        notes.append(f"Not recorded: {', '.join(found.missing_leads)}.")
    if found.poor_leads:
        notes.append(f"Too poor to judge: {', '.join(found.poor_leads)}.")
    if not found.acceptable:
        notes.append("The quality of the record is poor: nothing is called absent or normal.")
    return tuple(notes)
