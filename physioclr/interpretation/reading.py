"""One reading of an ECG: criteria and model side by side, without contradictions.

The rules are data, `RULES`; ``docs/interpretation.md`` lists them. The page, the report, FHIR and
the command line show the rows of one `Reading`, so that none says what another denies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

from physioclr.interpretation.statement import Interpretation, Statement

__all__ = [
    "CALLS",
    "RULES",
    "STATEMENTS_OF_LABEL",
    "ModelCall",
    "Reading",
    "Row",
    "Shown",
    "reconcile",
]

Shown = Literal["present", "possible", "borderline", "undecided", "absent", "not assessable"]
CALLS: tuple[Shown, ...] = get_args(Shown)
"""What a row says.

Possible: called at a probability below one half. Undecided: criterion and model contradict each
other, or the model makes no call.
"""

RULES: Mapping[str, str] = MappingProxyType(
    {
        "critical first": "Critical values stand first, and no model changes them.",
        "criterion over absence": (
            "A model's absent is undecided if a criterion finds one of the label's statements."
        ),
        "normal alone": (
            "Normal ECG stands beside no other finding. By criteria it is absent with a finding "
            "of theirs, undecided with one of the model; the model's is undecided with a finding "
            "of the criteria."
        ),
        "incomplete is not normal": (
            "A model's normal is undecided if not every criterion could be assessed."
        ),
        "possible": "A present below a probability of one half is possible.",
        "withheld": "Calls withheld for quality name the leads.",
        "model alone": "A model's present without a criterion says so.",
    }
)
"""Name of a rule → the rule."""

_NORMAL = "NORM"

STATEMENTS_OF_LABEL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "MI": ("STEMI", "SGARB", "AMI", "IMI", "LMI", "PMI", "QWAVE"),
        "STTC": ("STEMI", "STE_", "STD_", "INVT", "NT_", "LNGQT", "STRAIN", "PERI"),
        "CD": (
            *("1AVB", "2AVB", "3AVB", "WPW", "CRBBB", "IRBBB", "CLBBB", "ILBBB"),
            *("LAFB", "LPFB", "IVCD"),
        ),
        "HYP": ("LVH", "RVH", "LAO/LAE", "RAO/RAE"),
        "RBBB": ("CRBBB", "IRBBB"),
        "LBBB": ("CLBBB", "ILBBB"),
    }
)
"""A model's label → the statements it stands for; any other label is a statement's own code."""


@dataclass(frozen=True)
class ModelCall:
    """What a model says of one label.

    Parameters
    ----------
    label : str
    text : str
        The label's name on screen.
    call : {"present", "absent", "no call"}
    probability : float
        That the label is present; NaN where unknown.
    correct : float
        Share of such calls that were right in cross-validation; NaN where unknown.
    reason : str
        Why there is no call.
    """

    label: str
    text: str
    call: str
    probability: float = math.nan
    correct: float = math.nan
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a reading.

    Parameters
    ----------
    code : str
        Of the statement, or the model's label.
    text : str
    shown : str
        One of `CALLS`.
    origin : {"criterion", "model"}
    certainty : float
        Probability from 0 to 1 that what is shown is right; NaN where unknown.
    reason : str
        What restricts it, or why there is no call.
    rule : str
        The rule of `RULES` that changed it; empty where none did.
    statement : Statement or None
        With criterion and evidence; None for a model's label.
    probability : float
        The model's; NaN for a statement.
    """

    code: str
    text: str
    shown: Shown
    origin: str
    certainty: float = math.nan
    reason: str = ""
    rule: str = ""
    statement: Statement | None = None
    probability: float = math.nan

    @property
    def is_critical(self) -> bool:
        """Whether it is a critical value that is present."""
        return self.statement is not None and self.statement.is_critical

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: what is unknown is None."""
        return {
            "code": self.code,
            "text": self.text,
            "call": self.shown,
            "origin": self.origin,
            "critical": self.is_critical,
            "certainty": _known(self.certainty),
            "probability": _known(self.probability),
            "reason": self.reason or None,
            "rule": self.rule or None,
            "statement": None if self.statement is None else self.statement.to_dict(),
        }


@dataclass(frozen=True, eq=False)
class Reading:
    """What an ECG shows, by criteria and by a model.

    Parameters
    ----------
    record_id : str
    statements : tuple of Row
        One a statement of the interpretation, critical values first.
    model : tuple of Row
        One a label of the model.
    notes : tuple of str
        What restricts the whole.
    """

    record_id: str
    statements: tuple[Row, ...]
    model: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Row, ...]:
        """The statements that are not absent and could be assessed, critical values first."""
        hidden = ("absent", "not assessable")
        return tuple(row for row in self.statements if row.shown not in hidden)

    @property
    def not_assessable(self) -> tuple[Row, ...]:
        """The statements that could not be judged."""
        return tuple(row for row in self.statements if row.shown == "not assessable")

    @property
    def critical(self) -> tuple[Row, ...]:
        """The critical values that are present."""
        return tuple(row for row in self.statements if row.is_critical)

    def row(self, code: str) -> Row:
        """Return the statement with a code; `KeyError` where there is none."""
        for row in self.statements:
            if row.code == code:
                return row
        raise KeyError(code)

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: what is unknown is None."""
        return {
            "record_id": self.record_id,
            "notes": list(self.notes),
            "critical": [row.code for row in self.critical],
            "statements": [row.to_dict() for row in self.statements],
            "model": [row.to_dict() for row in self.model],
        }


def reconcile(interpretation: Interpretation, calls: Sequence[ModelCall] = ()) -> Reading:
    """Put criteria and model into one reading.

    Parameters
    ----------
    interpretation : Interpretation
    calls : sequence of ModelCall
        Of one model, on the same ECG.

    Returns
    -------
    Reading
        By `RULES`.
    """
    rows = [_of_statement(statement, calls) for statement in interpretation.statements]
    rows.sort(key=lambda row: not row.is_critical)
    return Reading(
        interpretation.record_id,
        tuple(rows),
        tuple(_of_call(call, interpretation) for call in calls),
        interpretation.notes,
    )


def _of_statement(statement: Statement, calls: Sequence[ModelCall]) -> Row:
    row = Row(
        statement.code,
        statement.text,
        statement.state,
        "criterion",
        statement.certainty,
        statement.reason,
        statement=statement,
    )
    if statement.is_critical:
        return row
    if statement.code == _NORMAL and statement.state in ("present", "borderline"):
        found = [each for each in calls if each.label != _NORMAL and _surely(each)]
        if found:
            named = " and ".join(each.text.lower() for each in found)
            return _changed(row, "undecided", f"the model calls {named}", "normal alone")
    if statement.state == "present" and statement.certainty < 0.5:
        return _changed(row, "possible", statement.reason, "possible")
    return row


def _of_call(call: ModelCall, interpretation: Interpretation) -> Row:
    if call.call == "no call":
        shown: Shown = "undecided"
    else:
        shown = "present" if call.call == "present" else "absent"
    row = Row(
        call.label,
        call.text,
        shown,
        "model",
        call.correct,
        call.reason,
        probability=call.probability,
    )
    if call.call == "no call":
        return row
    if call.label == _NORMAL:
        return _of_normal(row, interpretation)
    codes = STATEMENTS_OF_LABEL.get(call.label, (call.label,))
    known = [interpretation[code] for code in codes if code in interpretation]
    found = [statement for statement in known if statement.state == "present"]
    if shown == "absent" and found:
        measured = ", ".join(statement.term.in_a_sentence for statement in found[:3])
        return _changed(
            row, "undecided", f"measured: {measured}; the model disagrees", "criterion over absence"
        )
    if shown == "present" and call.probability < 0.5:
        return _changed(row, "possible", f"probability {call.probability:.2f}", "possible")
    if shown == "present" and known and not found:
        return _changed(row, "present", "by the model alone: no criterion is met", "model alone")
    return row


def _of_normal(row: Row, interpretation: Interpretation) -> Row:
    if row.shown != "present":
        return row
    surely = [each for each in interpretation.abnormal if each.state == "present"]
    named = [each.term.in_a_sentence for each in surely if each.code != "ABNORM"]
    if named:
        return _changed(
            row,
            "undecided",
            f"measured: {', '.join(named[:3])}; the model disagrees",
            "normal alone",
        )
    if interpretation.state(_NORMAL) == "not assessable":
        reason = interpretation[_NORMAL].reason
        return _changed(row, "undecided", reason, "incomplete is not normal")
    if row.probability < 0.5:
        return _changed(row, "possible", f"probability {row.probability:.2f}", "possible")
    return row


def _surely(call: ModelCall) -> bool:
    return call.call == "present" and not call.probability < 0.5


def _changed(row: Row, shown: Shown, reason: str, rule: str) -> Row:
    """Return the row with another call; how sure the first one was no longer holds."""
    certainty = row.certainty if shown == row.shown else math.nan
    return Row(
        row.code,
        row.text,
        shown,
        row.origin,
        certainty,
        reason,
        rule,
        row.statement,
        row.probability,
    )


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
