"""Twelve-lead ECGs that no person has, with the truth of every beat."""

from physioclr.simulate.cohort import SimulatedCohort, simulate_cohort, simulate_record
from physioclr.simulate.conditions import CONDITIONS, Condition, Range
from physioclr.simulate.conduction import CONDUCTION_CONDITIONS

__all__ = [
    "CONDITIONS",
    "CONDUCTION_CONDITIONS",
    "Condition",
    "Range",
    "SimulatedCohort",
    "simulate_cohort",
    "simulate_record",
]
