"""Which leads lie side by side, and which wall of the heart they look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from physioclr.interpretation.findings import Findings
from physioclr.interpretation.lead_waves import LeadWaves

__all__ = ["NEIGHBOURS", "RECIPROCAL", "TERRITORIES", "contiguous", "leads_where"]

TERRITORIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "anterior": ("V1", "V2", "V3", "V4"),
        "inferior": ("II", "III", "aVF"),
        "lateral": ("I", "aVL", "V5", "V6"),
    }
)
"""Wall → the leads that look at it."""

RECIPROCAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "anterior": ("II", "III", "aVF"),
        "inferior": ("I", "aVL", "V1", "V2", "V3"),
        "lateral": ("II", "III", "aVF", "V1"),
    }
)
"""Wall → the leads that look at it from behind."""

NEIGHBOURS = (
    ("aVL", "I"),
    ("I", "II"),
    ("II", "aVF"),
    ("aVF", "III"),
    ("II", "III"),
    ("V1", "V2"),
    ("V2", "V3"),
    ("V3", "V4"),
    ("V4", "V5"),
    ("V5", "V6"),
    ("I", "V5"),
    ("I", "V6"),
    ("aVL", "V5"),
    ("aVL", "V6"),
)
"""Contiguous leads: the Cabrera order of the limb leads (I and II meet at −aVR), the chest leads in
theirs, and the leads that share the lateral wall (Wagner et al. 2009, AHA/ACCF/HRS part VI)."""


def leads_where(found: Findings, holds: Callable[[str, LeadWaves], bool]) -> tuple[str, ...]:
    """Return the leads, in their order, in which something holds.

    Parameters
    ----------
    found : Findings
    holds : callable
        Lead and its waves → bool.

    Returns
    -------
    tuple of str
    """
    return tuple(lead for lead, waves in found.leads.items() if holds(lead, waves))


def contiguous(leads: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of some leads that have a neighbour among them.

    Parameters
    ----------
    leads : tuple of str

    Returns
    -------
    tuple of str
    """
    beside = {lead for pair in NEIGHBOURS if set(pair) <= set(leads) for lead in pair}
    return tuple(lead for lead in leads if lead in beside)
