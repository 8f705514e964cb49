"""What an interpretation is made of: statements, their states and their evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any, Literal, get_args

from physioclr.interpretation.vocabulary import VOCABULARY, Term

__all__ = ["STATES", "Evidence", "Interpretation", "State", "Statement"]

State = Literal["present", "borderline", "absent", "not assessable"]
STATES: tuple[State, ...] = get_args(State)
"""What a statement says: the finding is there, nearly there, not there, or cannot be judged."""

_DECIMALS = {"mV": 2, "ms": 0, "bpm": 0, "°": 0, "%": 0, "": 0, "/min": 0, "mV·ms": 0}


@dataclass(frozen=True)
class Evidence:
    """One measured value and the limit it is compared with.

    Parameters
    ----------
    name : str
        Such as ``"QRS duration"`` or ``"ST elevation at J"``.
    value : float
        NaN where not measurable.
    unit : str
    relation : {"≥", ">", "<", "≤", ""}
        How the value would have to compare with `limit`; empty where no limit is stated.
    limit : float
        In `unit`; NaN where no limit is stated.
    leads : tuple of str
        The leads it was read in; empty where it holds for all of them together.
    beats : tuple of int
        Rows of `Measurements.beats`; empty where it holds for the median beat.
    """

    name: str
    value: float
    unit: str = ""
    relation: str = ""
    limit: float = math.nan
    leads: tuple[str, ...] = ()
    beats: tuple[int, ...] = ()

    @property
    def met(self) -> bool | None:
        """Whether the value is on the limit's side; None without a limit or a value."""
        if not self.relation or math.isnan(self.limit) or math.isnan(self.value):
            return None
        return {
            "≥": self.value >= self.limit,
            ">": self.value > self.limit,
            "≤": self.value <= self.limit,
            "<": self.value < self.limit,
        }[self.relation]

    @property
    def text(self) -> str:
        """Value, leads and limit in one line: ``"QRS duration 184 ms (limit ≥ 120 ms)"``."""
        leads = f" in {', '.join(self.leads)}" if self.leads else ""
        if math.isnan(self.value):
            return f"{self.name}{leads} not measurable"
        said = f"{self.name}{leads} {self._written(self.value)}"
        if math.isnan(self.limit):
            return said
        return f"{said} (limit {self.relation} {self._written(self.limit)})"

    def _written(self, value: float) -> str:
        return f"{self._number(value)}{self._unit}"

    def _number(self, value: float) -> str:
        return f"{value:.{_DECIMALS.get(self.unit, 2)}f}".replace("-", "−")

    @property
    def _unit(self) -> str:
        return self.unit if self.unit in ("", "°") else f" {self.unit}"

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: what is unknown is None."""
        return {
            "name": self.name,
            "value": _known(self.value),
            "unit": self.unit,
            "relation": self.relation or None,
            "limit": _known(self.limit),
            "met": self.met,
            "leads": list(self.leads),
            "beats": list(self.beats),
            "text": self.text,
        }


def _together(alike: Sequence[Evidence]) -> str:
    """Write values of one kind in several leads as one: ``"R in V1 0.52, V2 0.61 mV"``."""
    first = alike[0]
    if len(alike) == 1:
        return first.text
    values = ", ".join(f"{each.leads[0]} {each._number(each.value)}" for each in alike)
    limit = (
        ""
        if math.isnan(first.limit)
        else f" (limit {first.relation} {first._written(first.limit)})"
    )
    return f"{first.name} in {values}{first._unit}{limit}"


def _kind(evidence: Evidence) -> tuple[object, ...]:
    """Return what evidence must share to be written as one."""
    apart = len(evidence.leads) != 1 or math.isnan(evidence.value)
    limit = None if math.isnan(evidence.limit) else evidence.limit
    own = evidence if apart else None
    return evidence.name, evidence.unit, evidence.relation, limit, own


@dataclass(frozen=True)
class Statement:
    """What the criteria say of one finding, and on what grounds.

    Parameters
    ----------
    code : str
        One of `VOCABULARY`.
    state : {"present", "borderline", "absent", "not assessable"}
    criterion : str
        The rule that decided, with its limits.
    source : str
        Where the rule is published.
    evidence : tuple of Evidence
        The values compared, those that decided first.
    reason : str
        Why it is not assessable, or what restricts the call; empty otherwise.
    certainty : float
        Probability from 0 to 1 that the state is right; NaN where none was estimated.
    certainty_basis : str
        How `certainty` was estimated; empty where it was not.

    Raises
    ------
    ValueError
        If the code or state is unknown, or a statement that is not assessable gives no reason.
    """

    code: str
    state: State
    criterion: str
    source: str
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    certainty: float = math.nan
    certainty_basis: str = ""

    def __post_init__(self) -> None:
        if self.code not in VOCABULARY:
            raise ValueError(f"code must be one of {', '.join(VOCABULARY)}, got {self.code!r}")
        if self.state not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES)}, got {self.state!r}")
        if self.state == "not assessable" and not self.reason:
            raise ValueError(f"{self.code} is not assessable: reason must say why")

    @property
    def term(self) -> Term:
        """The code's entry in the vocabulary."""
        return VOCABULARY[self.code]

    @property
    def text(self) -> str:
        """The finding in the words of AHA/ACC/HRS."""
        return self.term.text

    @property
    def evidence_texts(self) -> tuple[str, ...]:
        """The evidence in words, values of one kind in several leads together."""
        return tuple(_together(tuple(alike)) for _, alike in groupby(self.evidence, key=_kind))

    @property
    def leads(self) -> tuple[str, ...]:
        """The leads of the evidence, each once, in the order they are named."""
        return tuple(dict.fromkeys(lead for each in self.evidence for lead in each.leads))

    @property
    def is_critical(self) -> bool:
        """Whether it is present and demands to be seen at once."""
        return self.term.critical and self.state == "present"

    @property
    def is_abnormal(self) -> bool:
        """Whether it is present or borderline and no part of a normal ECG."""
        return self.term.abnormal and self.state in ("present", "borderline")

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: what is unknown is None."""
        return {
            "code": self.code,
            "text": self.text,
            "snomed_ct": self.term.snomed_ct or None,
            "family": self.term.family,
            "state": self.state,
            "critical": self.is_critical,
            "certainty": _known(self.certainty),
            "certainty_basis": self.certainty_basis or None,
            "criterion": self.criterion,
            "source": self.source,
            "reason": self.reason or None,
            "evidence": [each.to_dict() for each in self.evidence],
        }


@dataclass(frozen=True, eq=False)
class Interpretation(Mapping[str, Statement]):
    """All statements on one ECG: a mapping from code to statement.

    Every code of `VOCABULARY` has one statement, so a finding without a word does not exist: it is
    absent, or not assessable with a reason.

    Parameters
    ----------
    record_id : str
    statements : tuple of Statement
    notes : tuple of str
        What restricts the whole: unknown age or sex, missing or poor leads.

    Raises
    ------
    ValueError
        If a code occurs twice.
    """

    record_id: str
    statements: tuple[Statement, ...]
    notes: tuple[str, ...] = ()
    _by_code: Mapping[str, Statement] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_code = {statement.code: statement for statement in self.statements}
        if len(by_code) != len(self.statements):
            raise ValueError("statements must have one code each, got one twice")
        object.__setattr__(self, "_by_code", MappingProxyType(by_code))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy has no pickle of its own."""
        return Interpretation, (self.record_id, self.statements, self.notes)

    def __getitem__(self, code: str) -> Statement:
        return self._by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def state(self, code: str) -> State:
        """Return the state of one finding.

        Parameters
        ----------
        code : str
            One of `VOCABULARY`.

        Returns
        -------
        {"present", "borderline", "absent", "not assessable"}
        """
        return self[code].state

    def in_state(self, *states: State) -> tuple[Statement, ...]:
        """Return the statements in one of these states, critical ones first."""
        chosen = [each for each in self.statements if each.state in states]
        return tuple(sorted(chosen, key=lambda each: not each.is_critical))

    @property
    def critical(self) -> tuple[Statement, ...]:
        """The critical values that are present."""
        return tuple(each for each in self.statements if each.is_critical)

    @property
    def findings(self) -> tuple[Statement, ...]:
        """What is present or borderline, critical values first."""
        return self.in_state("present", "borderline")

    @property
    def abnormal(self) -> tuple[Statement, ...]:
        """The findings that are no part of a normal ECG."""
        return tuple(each for each in self.findings if each.is_abnormal)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: what is unknown is None."""
        return {
            "record_id": self.record_id,
            "notes": list(self.notes),
            "critical": [each.code for each in self.critical],
            "statements": [each.to_dict() for each in self.statements],
        }


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
