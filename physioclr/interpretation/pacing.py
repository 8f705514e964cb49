"""Paced rhythms, by the spikes of the pacemaker before P and before QRS."""

from __future__ import annotations

from dataclasses import dataclass

from physioclr.interpretation.criteria import Criterion, Verdict, absent, not_assessable, present
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.sources import MASON
from physioclr.interpretation.statement import Evidence

__all__ = ["CRITERIA"]

_LEAST_BEATS = 2


@dataclass(frozen=True)
class _Kind:
    name: str
    beats: tuple[int, ...]

    @property
    def evidence(self) -> Evidence:
        return Evidence(
            self.name, float(len(self.beats)), "", "≥", float(_LEAST_BEATS), beats=self.beats
        )

    @property
    def is_there(self) -> bool:
        return len(self.beats) >= _LEAST_BEATS


def _kinds(found: Findings) -> tuple[_Kind, _Kind]:
    atrial, ventricular = found.paced or ((), ())
    return _Kind("Beats with a spike before P", atrial), _Kind(
        "Beats with a spike before QRS", ventricular
    )


def _unjudged(found: Findings) -> Verdict | None:
    if found.paced is None:
        return not_assessable(found.why_no_spikes)
    return None


def _any(found: Findings) -> Verdict:
    if (verdict := _unjudged(found)) is not None:
        return verdict
    kinds = _kinds(found)
    shown = tuple(kind.evidence for kind in kinds)
    return present(*shown) if any(kind.is_there for kind in kinds) else absent(*shown)


def _atrial(found: Findings) -> Verdict:
    if (verdict := _unjudged(found)) is not None:
        return verdict
    atrial, ventricular = _kinds(found)
    only = atrial.is_there and not ventricular.is_there
    return present(atrial.evidence) if only else absent(atrial.evidence)


def _ventricular(found: Findings) -> Verdict:
    if (verdict := _unjudged(found)) is not None:
        return verdict
    atrial, ventricular = _kinds(found)
    only = ventricular.is_there and not atrial.is_there
    return present(ventricular.evidence) if only else absent(ventricular.evidence)


def _dual(found: Findings) -> Verdict:
    if (verdict := _unjudged(found)) is not None:
        return verdict
    atrial, ventricular = _kinds(found)
    shown = (atrial.evidence, ventricular.evidence)
    both = atrial.is_there and ventricular.is_there
    return present(*shown) if both else absent(*shown)


CRITERIA = (
    Criterion("PACE", "Pacing spikes before P or QRS in two beats or more", MASON, _any),
    Criterion(
        "APACE", "Pacing spikes before P in two beats or more, none before QRS", MASON, _atrial
    ),
    Criterion(
        "VPACE", "Pacing spikes before QRS in two beats or more, none before P", MASON, _ventricular
    ),
    Criterion("DPACE", "Pacing spikes before P and before QRS, each in two beats", MASON, _dual),
)
