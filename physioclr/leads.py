"""Lead names, their order, and the limb leads that follow from two others.

Einthoven (1913): ``II = I + III``. Goldberger (1942): ``aVR = -(I + II) / 2``,
``aVL = I - II / 2``, ``aVF = II - I / 2``. Nothing else about a lead can be
derived, so nothing else is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ELECTRODES",
    "LIMB_LEADS",
    "PRECORDIAL_LEADS",
    "RHYTHM_LEADS",
    "STANDARD_LEADS",
    "canonical_lead",
    "derive_limb_leads",
    "in_standard_order",
    "rhythm_lead",
]

LIMB_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF")
PRECORDIAL_LEADS = ("V1", "V2", "V3", "V4", "V5", "V6")
ELECTRODES = ("RA", "LA", "LL", *PRECORDIAL_LEADS)
"""Of the standard twelve leads; the right leg's carries no signal."""
STANDARD_LEADS = LIMB_LEADS + PRECORDIAL_LEADS
# The lead a rhythm is read in is the first of these that can be read.
RHYTHM_LEADS = ("II", "V5", "I", "V6", "V4", "aVF", "III", "aVL", "V3", "V2", "V1", "aVR")

_BY_UPPER_CASE = {lead.upper(): lead for lead in STANDARD_LEADS}
_ALIASES = {
    "MLI": "I",
    "MLII": "II",
    "MLIII": "III",
    "D1": "I",
    "D2": "II",
    "D3": "III",
    "DI": "I",
    "DII": "II",
    "DIII": "III",
}
_PREFIXES = ("MDC_ECG_LEAD_", "ECG ", "EKG ", "ECG_", "EKG_", "LEAD_", "LEAD ")

# Each limb lead as (weight of I, weight of II), and how I and II follow from the others.
_FROM_I_AND_II = {
    "I": (1.0, 0.0),
    "II": (0.0, 1.0),
    "III": (-1.0, 1.0),
    "aVR": (-0.5, -0.5),
    "aVL": (1.0, -0.5),
    "aVF": (-0.5, 1.0),
}


def canonical_lead(name: str) -> str:
    """Return the product's spelling of a lead name.

    Parameters
    ----------
    name : str
        As a file gives it: ``"AVR"``, ``"avr"``, ``"MLII"``, ``"MDC_ECG_LEAD_V1"``, ``"Lead II"``.

    Returns
    -------
    str
        One of `STANDARD_LEADS` where the name is known, else the name stripped of white space.
    """
    stripped = name.strip()
    upper = stripped.upper()
    for prefix in _PREFIXES:
        upper = upper.removeprefix(prefix)
    upper = _ALIASES.get(upper, upper)
    return _BY_UPPER_CASE.get(upper, stripped)


def rhythm_lead(leads: Sequence[str]) -> str | None:
    """Choose the lead in which the rhythm is read.

    Parameters
    ----------
    leads : sequence of str
        Those that can be read.

    Returns
    -------
    str or None
        The first of `RHYTHM_LEADS` among them, else the first of them; None where there is none.
    """
    by_name = {canonical_lead(lead): lead for lead in leads}
    return next((by_name[lead] for lead in (*RHYTHM_LEADS, *by_name) if lead in by_name), None)


def derive_limb_leads(
    signal_mv: NDArray[np.floating], leads: Sequence[str]
) -> tuple[NDArray[np.floating], tuple[str, ...]]:
    """Append the limb leads that follow from the ones present.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
    leads : sequence of str
        Canonical names, one a row of `signal_mv`.

    Returns
    -------
    signal_mv : (n_leads_out, n_samples) float array
        The input with the missing limb leads appended; the input itself where none can be derived.
    leads : tuple of str
        The names of its rows.

    Notes
    -----
    Two limb leads determine the other four. With fewer than two present, or all six, nothing is
    added. Where more than two are present the first two in the order of `LIMB_LEADS` are used.
    """
    present = [lead for lead in LIMB_LEADS if lead in leads]
    missing = [lead for lead in LIMB_LEADS if lead not in leads]
    if len(present) < 2 or not missing:
        return signal_mv, tuple(leads)
    basis = present[:2]
    to_basis = np.array([_FROM_I_AND_II[lead] for lead in basis])
    weights = np.array([_FROM_I_AND_II[lead] for lead in missing]) @ np.linalg.inv(to_basis)
    sources = signal_mv[[list(leads).index(lead) for lead in basis]]
    derived = (weights @ sources).astype(signal_mv.dtype)
    return np.concatenate([signal_mv, derived]), (*leads, *missing)


def in_standard_order(
    signal_mv: NDArray[np.floating], leads: Sequence[str]
) -> tuple[NDArray[np.floating], tuple[str, ...]]:
    """Put the standard leads first, in the product's order; other leads follow as they came.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float array
    leads : sequence of str

    Returns
    -------
    signal_mv : (n_leads, n_samples) float array
    leads : tuple of str
    """
    ordered = [lead for lead in STANDARD_LEADS if lead in leads]
    ordered += [lead for lead in leads if lead not in STANDARD_LEADS]
    rows = [list(leads).index(lead) for lead in ordered]
    if rows == list(range(len(leads))):
        return signal_mv, tuple(ordered)
    return signal_mv[rows], tuple(ordered)
