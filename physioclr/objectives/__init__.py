"""Pretraining objectives, one a file.

A new objective is a file with a subclass of `Objective` and a line in
`physioclr.objectives.table.OBJECTIVES`.
"""

from physioclr.objectives.objective import Objective, Step
from physioclr.objectives.physioclr import Physioclr, PhysioclrConfig
from physioclr.objectives.table import OBJECTIVES, objective_config, objective_name

__all__ = [
    "OBJECTIVES",
    "Objective",
    "Physioclr",
    "PhysioclrConfig",
    "Step",
    "objective_config",
    "objective_name",
]
