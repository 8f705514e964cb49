"""How certain a statement is: its criterion, a learned head, and their agreement, in one number.

For each statement a logistic regression on four inputs gives the probability that the finding is
there::

    logit P = intercept + borderline * [criterion at least borderline] + present * [criterion met]
              + head * logit(p) + agreement * level * p

where ``p`` is the head's calibrated probability and ``level`` is 0, ½ or 1 for a criterion that is
absent, borderline or present. No weight but the intercept is below 0, so that neither a met
criterion nor a higher ``p`` ever lowers ``P``. Without a head a second regression, on the criterion
alone, stands in. A criterion that cannot be assessed stays so, whatever the head says. Critical
values are not fused: a model never argues one away.

The coefficients are data, ``fusion.json``, made by ``python -m studies.rhythm_head``. Nothing here
needs torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from physioclr.interpretation.label_map import GROUP_MEMBERS
from physioclr.interpretation.statement import STATES, Interpretation, State
from physioclr.interpretation.vocabulary import VOCABULARY

__all__ = [
    "WEIGHTS",
    "Certainty",
    "Fusion",
    "FusionWeights",
    "default_fusion",
    "fusion_inputs",
    "head_label",
]

_LEVELS: Mapping[str, float] = MappingProxyType({"absent": 0.0, "borderline": 0.5, "present": 1.0})
_LARGEST_LOGIT = 6.0
_TABLE = "fusion.json"
WEIGHTS = ("borderline", "present", "head", "agreement")
"""The inputs' names, in the order of `fusion_inputs`."""


@dataclass(frozen=True)
class FusionWeights:
    """The two regressions of one statement.

    Parameters
    ----------
    intercept : float
    borderline, present, head, agreement : float
        At least 0; see this module.
    alone_intercept, alone_borderline, alone_present : float
        The regression on the criterion alone.
    call_at : float
        The probability with the best expected F1, at which the finding is called in tables.
    n_ecgs, n_positive : int
        What they were fitted on.

    Raises
    ------
    ValueError
        If a weight is negative or not finite.
    """

    intercept: float
    borderline: float
    present: float
    head: float
    agreement: float
    alone_intercept: float
    alone_borderline: float
    alone_present: float
    call_at: float
    n_ecgs: int
    n_positive: int

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not math.isfinite(value):
                raise ValueError(f"{name} must be finite, got {value}")
            if "intercept" not in name and value < 0:
                raise ValueError(f"{name} must be at least 0, got {value}")


@dataclass(frozen=True)
class Certainty:
    """How probable a finding is, and what says so.

    Parameters
    ----------
    probability : float
        That the finding is there; NaN where it was not estimated.
    basis : str
        What it rests on, or why there is none.
    """

    probability: float
    basis: str

    def of_state(self, state: State) -> float:
        """Return the probability that a state is right.

        Parameters
        ----------
        state : {"present", "borderline", "absent", "not assessable"}

        Returns
        -------
        float
            That the finding is there; of an absent one, that it is not. NaN for what is not
            assessable.
        """
        if state == "not assessable":
            return math.nan
        return 1 - self.probability if state == "absent" else self.probability


@dataclass(frozen=True, eq=False)
class Fusion:
    """The fitted coefficients of all statements.

    Parameters
    ----------
    weights : mapping of str to FusionWeights
        By statement code, or a code of `physioclr.interpretation.label_map.GROUP_CODES`.
    encoder_fingerprint : str
        Whose head it was fitted with.
    evidence : mapping
        What was measured out of fold, for display.
    command : str
        What made it.
    """

    weights: Mapping[str, FusionWeights]
    encoder_fingerprint: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""

    def certainty(
        self, code: str, state: State, head_probability: float | None = None
    ) -> Certainty:
        """Fuse what the criterion and the head say of one finding.

        Parameters
        ----------
        code : str
        state : {"present", "borderline", "absent", "not assessable"}
            The criterion's.
        head_probability : float, optional
            The head's, in [0, 1]. None or NaN where there is no head, or it does not know the code.

        Returns
        -------
        Certainty

        Raises
        ------
        ValueError
            If the state is unknown or the probability is out of range.
        """
        if state not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES)}, got {state!r}")
        if state == "not assessable":
            return Certainty(math.nan, "the criterion is not assessable")
        weights = self.weights.get(code)
        if weights is None:
            return Certainty(math.nan, "too few labelled ECGs to estimate it")
        critical = code in VOCABULARY and VOCABULARY[code].critical
        if head_probability is None or math.isnan(head_probability) or critical:
            level = _LEVELS[state]
            logit = weights.alone_intercept
            logit += weights.alone_borderline * (level > 0) + weights.alone_present * (level == 1)
            return Certainty(_expit(logit), _basis("the criterion", weights))
        if not 0 <= head_probability <= 1:
            raise ValueError(f"head_probability must be in [0, 1], got {head_probability}")
        inputs = fusion_inputs(state, head_probability)
        logit = weights.intercept + sum(
            getattr(weights, name) * value for name, value in zip(WEIGHTS, inputs, strict=True)
        )
        return Certainty(_expit(logit), _basis("criterion and learned head", weights))

    def applied(
        self, interpretation: Interpretation, head: Mapping[str, float] | None = None
    ) -> Interpretation:
        """Give each statement its certainty; states, evidence and notes stay as they are.

        Parameters
        ----------
        interpretation : Interpretation
        head : mapping of str to float, optional
            Label of the head → its probability.

        Returns
        -------
        Interpretation
        """
        known = {} if head is None else head
        statements = []
        for each in interpretation.statements:
            own = self.certainty(each.code, each.state, known.get(head_label(each.code, known)))
            certainty = own.of_state(each.state)
            basis = own.basis if math.isfinite(certainty) else ""
            statements.append(replace(each, certainty=certainty, certainty_basis=basis))
        return replace(interpretation, statements=tuple(statements))

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "format": "physioclr-fusion",
            "version": 1,
            "command": self.command,
            "encoder_fingerprint": self.encoder_fingerprint,
            "weights": {
                code: {
                    name: value if isinstance(value, int) else round(value, 5)
                    for name, value in asdict(of_code).items()
                }
                for code, of_code in self.weights.items()
            },
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Fusion:
        """Rebuild what `to_dict` returned."""
        return cls(
            MappingProxyType({c: FusionWeights(**w) for c, w in stored["weights"].items()}),
            stored["encoder_fingerprint"],
            MappingProxyType(stored["evidence"]),
            stored["command"],
        )


def head_label(code: str, known: Container[str]) -> str:
    """Return the head's label that speaks of a statement.

    Parameters
    ----------
    code : str
    known : container of str
        The head's labels.

    Returns
    -------
    str
        The code, or the group it is in where only that has a label: of complete left bundle branch
        block, left bundle branch block of any extent. The code where neither has one.
    """
    if code in known:
        return code
    groups = [group for group, members in GROUP_MEMBERS.items() if code in members]
    return next((group for group in groups if group in known), code)


def fusion_inputs(state: State, head_probability: float) -> tuple[float, float, float, float]:
    """Return the four inputs of the regression, in the order of `WEIGHTS`.

    Parameters
    ----------
    state : {"present", "borderline", "absent"}
    head_probability : float
        In [0, 1].

    Returns
    -------
    tuple of float
    """
    level = _LEVELS[state]
    return (
        float(level > 0),
        float(level == 1),
        _logit(head_probability),
        level * head_probability,
    )


@cache
def default_fusion() -> Fusion:
    """Return the coefficients that come with the package."""
    text = files("physioclr.interpretation").joinpath(_TABLE).read_text(encoding="utf-8")
    return Fusion.from_dict(json.loads(text))


def _logit(probability: float) -> float:
    low = _expit(-_LARGEST_LOGIT)
    inside = min(max(probability, low), 1 - low)
    return math.log(inside / (1 - inside))


def _expit(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def _basis(sources: str, weights: FusionWeights) -> str:
    return f"{sources}, {weights.n_positive} of {weights.n_ecgs} labelled ECGs with the finding"
