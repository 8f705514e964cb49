"""The ST segment: its limits, and the leads that pass them."""

from __future__ import annotations

import math

from physioclr.interpretation.criteria import Verdict, absent, not_assessable
from physioclr.interpretation.findings import Findings
from physioclr.interpretation.statement import Evidence
from physioclr.interpretation.territories import contiguous, leads_where
from physioclr.leads import STANDARD_LEADS

__all__ = [
    "CHILD",
    "JUDGED",
    "RECIPROCAL_MV",
    "ST_MV",
    "absent_if_judged",
    "elevated_leads",
    "st_evidence",
    "st_limit_mv",
]

ST_MV = 0.1
"""Limit of ST elevation in all leads but V2 and V3."""
RECIPROCAL_MV = -0.05
"""From here down ST is depressed."""
JUDGED = tuple(lead for lead in STANDARD_LEADS if lead != "aVR")
"""The leads whose ST is judged."""
CHILD = "the ST limits are those of adults"
"""Why ST is not assessable in a child."""

_EARLY_SHARE, _LASTING_SHARE = 0.9, 0.7
_V2_V3 = ("V2", "V3")
_MOST = 10


def st_limit_mv(lead: str, age_years: float, sex: str | None) -> tuple[float, float]:
    """Return the lower and the upper limit of ST elevation in a lead.

    Parameters
    ----------
    lead : str
    age_years : float
        NaN where unknown.
    sex : {"female", "male", None}

    Returns
    -------
    (float, float)
        In mV. They differ where age or sex decide and are unknown: an elevation between the two is
        abnormal for some people.

    Notes
    -----
    Fourth Universal Definition: at J, 0.1 mV; in V2 and V3 0.2 mV in men from 40 years, 0.25 mV in
    men below, 0.15 mV in women.
    """
    if lead not in _V2_V3:
        return ST_MV, ST_MV
    men = (0.2, 0.25) if math.isnan(age_years) else ((0.2,) if age_years >= 40 else (0.25,))
    limits = {"female": (0.15,), "male": men}.get(sex or "", (0.15, *men))
    return min(limits), max(limits)


def absent_if_judged(found: Findings, *shown: Evidence) -> Verdict:
    """Say absent only if every lead could be looked at.

    Parameters
    ----------
    found : Findings
    *shown : Evidence

    Returns
    -------
    Verdict
        Not assessable, with the leads that lack, otherwise.
    """
    reason = found.why_not(*JUDGED)
    return not_assessable(reason, *shown) if reason else absent(*shown)


def elevated_leads(
    found: Findings, *, surely: bool = True, lasting: bool = True
) -> tuple[str, ...]:
    """Name the contiguous leads whose J point passes the limit.

    Parameters
    ----------
    found : Findings
    surely : bool
        Whether the upper limit must be passed, where age or sex decide and are unknown.
    lasting : bool
        Whether the elevation must last: one that is gone 40 ms later is the end of QRS, a notch or
        a slur, and not one of the segment.

    Returns
    -------
    tuple of str
    """

    def passes(lead: str) -> bool:
        limit = st_limit_mv(lead, found.age_years, found.sex)[1 if surely else 0]
        waves = found.leads[lead]
        later = waves.st_at(20) >= _EARLY_SHARE * limit
        lasts = not lasting or (later and waves.st_at(40) >= _LASTING_SHARE * limit)
        return lead != "aVR" and waves.st_at(0) >= limit and lasts

    return contiguous(leads_where(found, lambda lead, _: passes(lead)))


def st_evidence(found: Findings, leads: tuple[str, ...]) -> tuple[Evidence, ...]:
    """Return the J point of some leads next to its limit.

    Parameters
    ----------
    found : Findings
    leads : tuple of str

    Returns
    -------
    tuple of Evidence
    """
    return tuple(
        Evidence(
            "ST elevation at J",
            found.leads[lead].st_at(0),
            "mV",
            "≥",
            st_limit_mv(lead, found.age_years, found.sex)[0],
            (lead,),
        )
        for lead in leads[:_MOST]
    )
