"""Two ECGs of one patient: how each measurement differs, beside how repeatable it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from physioclr.physiology.measurements import MEASUREMENTS, Measurements
from physioclr.physiology.repeatability import (
    Repeatability,
    difference,
    repeatability,
    repeatability_of,
)

__all__ = ["MeasurementDifference", "compare_measurements"]


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
    """

    name: str
    before: float
    after: float
    difference: float
    repeatability: Repeatability | None
    measured: Mapping[str, Repeatability]

    @property
    def exceeds(self) -> bool | None:
        """Whether the difference is more than the limit; None where it cannot be told."""
        if self.repeatability is None or math.isnan(self.difference):
            return None
        return abs(self.difference) > self.repeatability.limit

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
        )
        for name in MEASUREMENTS
    )
