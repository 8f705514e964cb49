"""What a file may say about the person and a record may keep: age and sex, nothing else."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

__all__ = ["age_on", "stated_person"]

_SEXES = {"f": "female", "female": "female", "m": "male", "male": "male"}
_OLDEST_YEARS = 120.0


def stated_person(*, age_years: float | None = None, sex: str | None = None) -> dict[str, Any]:
    """Return the entries of `EcgRecord.meta` about the person.

    Parameters
    ----------
    age_years : float, optional
        Kept from 0 to 120 years.
    sex : str, optional
        ``"F"``, ``"female"``, ``"M"``, ``"male"`` in any case; anything else is not stated.

    Returns
    -------
    dict
        ``age_years`` and ``sex``, each only where it is stated and known.
    """
    stated: dict[str, Any] = {}
    if age_years is not None and math.isfinite(age_years) and 0 <= age_years <= _OLDEST_YEARS:
        stated["age_years"] = float(age_years)
    if known := _SEXES.get((sex or "").strip().lower()):
        stated["sex"] = known
    return stated


def age_on(birth: date | None, on: date | None) -> float | None:
    """Return the whole years between two dates, None where either is unknown."""
    if birth is None or on is None:
        return None
    return float(on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day)))
