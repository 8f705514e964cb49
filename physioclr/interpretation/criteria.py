"""What a criterion is: a rule in words, its source, and the function that applies it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from physioclr.interpretation.statement import Evidence, State, Statement

if TYPE_CHECKING:
    from physioclr.interpretation.findings import Findings

__all__ = [
    "ABSENT",
    "Criterion",
    "Verdict",
    "absent",
    "borderline",
    "graded",
    "not_assessable",
    "present",
    "state_of",
]


@dataclass(frozen=True)
class Verdict:
    """What a criterion finds.

    Parameters
    ----------
    state : {"present", "borderline", "absent", "not assessable"}
    evidence : tuple of Evidence
    reason : str
        Why it is not assessable or borderline, or what restricts it.
    """

    state: State
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Criterion:
    """A published rule for one finding.

    Parameters
    ----------
    code : str
        The finding, one of `VOCABULARY`.
    rule : str
        The rule with its limits, as a reader checks it on paper.
    source : str
        Authors, year, where.
    judge : callable
        `Findings` → `Verdict`.
    """

    code: str
    rule: str
    source: str
    judge: Callable[[Findings], Verdict]

    def statement(self, found: Findings) -> Statement:
        """Apply the rule to one ECG."""
        verdict = self.judge(found)
        return Statement(
            self.code, verdict.state, self.rule, self.source, verdict.evidence, verdict.reason
        )


def present(*evidence: Evidence, reason: str = "") -> Verdict:
    """Say that the finding is there."""
    return Verdict("present", evidence, reason)


def borderline(*evidence: Evidence, reason: str = "") -> Verdict:
    """Say that the finding is nearly there, or that one of two limits is passed."""
    return Verdict("borderline", evidence, reason)


def absent(*evidence: Evidence, reason: str = "") -> Verdict:
    """Say that the finding is not there."""
    return Verdict("absent", evidence, reason)


def not_assessable(reason: str, *evidence: Evidence) -> Verdict:
    """Say that the finding cannot be judged, and why."""
    return Verdict("not assessable", evidence, reason)


ABSENT = Verdict("absent")


def state_of(found: bool, nearly: bool = False) -> State:
    """Return the state of a finding that is there, nearly there, or not."""
    if found:
        return "present"
    return "borderline" if nearly else "absent"


def graded(evidence: Evidence, nearly: float = math.nan, reason: str = "") -> Verdict:
    """Compare one value with its limit.

    Parameters
    ----------
    evidence : Evidence
        With relation and limit.
    nearly : float
        A second limit, short of the first: a value between the two is borderline.
    reason : str
        Why there is no value, should it be NaN.

    Returns
    -------
    Verdict
    """
    if math.isnan(evidence.value):
        return not_assessable(reason or f"{evidence.name} is not measurable", evidence)
    upward = evidence.relation in ("≥", ">")
    close = evidence.value >= nearly if upward else evidence.value <= nearly
    return Verdict(state_of(bool(evidence.met), bool(close)), (evidence,))
