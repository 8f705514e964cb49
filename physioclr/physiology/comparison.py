"""Two ECGs of one patient: how each measurement differs, beside how repeatable it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from physioclr.physiology.measurements import MEASUREMENTS, Measurements
from physioclr.physiology.repeatability import (
    Repeatability,
    difference,
    repeatability,
    repeatability_of,
)

__all__ = ["MeasurementDifference", "compare_leads", "compare_measurements"]


@dataclass(frozen=True)
class MeasurementDifference:
    """How one measurement differs between two ECGs.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.
    before, after : float
        NaN where not measurable.
    difference : float
        After minus before, of an axis the shorter way round; NaN where either is.
    repeatability : Repeatability or None
        What the difference is held against, its kind in it; None where none was measured.
    measured : mapping of str to Repeatability
        All kinds, also those on too few pairs to be used.
    reasons : mapping of str to str
        ``"before"`` or ``"after"`` → why it could not be measured there.
    uncertainties : mapping of str to str
        ``"before"`` or ``"after"`` → why its value may be wrong there.
    """

    name: str
    before: float
    after: float
    difference: float
    repeatability: Repeatability | None
    measured: Mapping[str, Repeatability]
    reasons: Mapping[str, str] = field(default_factory=dict)
    uncertainties: Mapping[str, str] = field(default_factory=dict)

    @property
    def exceeds(self) -> bool | None:
        """Whether the difference is more than the limit; None where it cannot be told.

        It cannot be told of an uncertain value.
        """
        if self.repeatability is None or math.isnan(self.difference) or self.uncertainties:
            return None
        return abs(self.difference) > self.repeatability.limit

    @property
    def exceeded_kinds(self) -> tuple[str, ...] | None:
        """The kinds of `measured` whose limit the difference exceeds; None where none can be told.

        Two recordings lie farther apart than the halves of one, so that what exceeds the latter
        alone may be no more than another hour, posture or placement of the electrodes.
        """
        if not self.measured or math.isnan(self.difference) or self.uncertainties:
            return None
        return tuple(
            kind for kind, one in self.measured.items() if abs(self.difference) > one.limit
        )

    @property
    def not_measurable_in(self) -> tuple[str, ...]:
        """Which of ``"before"`` and ``"after"`` could not be measured."""
        sides = (("before", self.before), ("after", self.after))
        return tuple(side for side, value in sides if math.isnan(value))


def compare_measurements(
    before: Measurements, after: Measurements
) -> tuple[MeasurementDifference, ...]:
    """Take the difference of every measurement, its repeatability beside it.

    Parameters
    ----------
    before, after : Measurements
        Of two ECGs of one patient, the earlier first.

    Returns
    -------
    tuple of MeasurementDifference
        In the order of `MEASUREMENTS`.

    Notes
    -----
    With too few pairs of recordings the limit is that of the two halves of one recording. It knows
    nothing of the day, the posture and the electrodes: a difference within it is no more than
    noise, one beyond it is more than the noise of one recording and not for that a change of the
    heart. Above all the heart rate, and QT with it, differ from hour to hour.
    """
    values_before, values_after = before.scalars(), after.scalars()
    return tuple(
        MeasurementDifference(
            name,
            values_before[name],
            values_after[name],
            difference(name, values_before[name], values_after[name]),
            repeatability(name),
            repeatability_of(name),
            {
                side: of_side.reasons[name]
                for side, of_side in (("before", before), ("after", after))
                if name in of_side.reasons
            },
            {
                side: of_side.uncertainties[name]
                for side, of_side in (("before", before), ("after", after))
                if name in of_side.uncertainties
            },
        )
        for name in MEASUREMENTS
    )


def compare_leads(before: Measurements, after: Measurements) -> pd.DataFrame:
    """Take the difference of every amplitude of every lead.

    Parameters
    ----------
    before, after : Measurements
        Of two ECGs of one patient, the earlier first.

    Returns
    -------
    (n_leads, n_amplitudes) DataFrame
        After minus before in mV, rows the leads of both in the order of the earlier ECG. NaN where
        either is not measurable, and of a lead that only one of them has.

    Notes
    -----
    No repeatability of amplitudes was measured: nothing says here which of them is noise.
    """
    extra = [lead for lead in after.leads.index if lead not in before.leads.index]
    leads = pd.Index([*before.leads.index, *extra], name="lead")
    old, new = (side.leads.reindex(leads).astype(np.float64) for side in (before, after))
    return new - old
