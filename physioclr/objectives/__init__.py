"""Pretraining objectives, one a file.

A new objective is a file with a subclass of `Objective` and a line in `OBJECTIVES`.
"""

from physioclr.objectives.objective import Objective, Step
from physioclr.objectives.physioclr import Physioclr, PhysioclrConfig

__all__ = ["OBJECTIVES", "Objective", "Physioclr", "PhysioclrConfig", "Step"]

OBJECTIVES: dict[str, type[Objective]] = {
    "physioclr": Physioclr,
}
"""Every objective by the name it has on the command line and in a checkpoint's card."""
