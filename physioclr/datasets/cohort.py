"""What a cohort is, whatever its layout: `Cohort`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from physioclr.records import EcgRecord

__all__ = ["Cohort", "CohortRecord"]


@dataclass(frozen=True)
class CohortRecord:
    """One ECG of a cohort that has not been read yet.

    Parameters
    ----------
    record_id : str
        Unique in the cohort.
    patient_id : str
        The person; the record itself where the cohort does not say.
    read : callable
        Returns the `EcgRecord`; must pickle.
    age_years : float
        NaN where the cohort does not say; what the record says is used then.
    sex : str or None
        ``"female"``, ``"male"``, or None as for the age.
    fold : int or None
        The cohort's own split, 1 upwards.
    labels : mapping of str to mapping of str to float
        Set → label → 1 or 0. What is left out is unknown.
    """

    record_id: str
    patient_id: str
    read: Callable[[], EcgRecord]
    age_years: float = math.nan
    sex: str | None = None
    fold: int | None = None
    labels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Cohort:
    """The ECGs of a cohort, in an order that does not change between runs.

    Parameters
    ----------
    name : str
        To be shown.
    records : tuple of CohortRecord
    label_sets : mapping of str to mapping of str to str
        Set → label → the label's name on screen.
    simulated : bool
    """

    name: str
    records: tuple[CohortRecord, ...]
    label_sets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    simulated: bool = False
