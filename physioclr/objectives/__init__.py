"""Pretraining objectives, one per file."""

from physioclr.objectives.physioclr import Physioclr, PhysioclrConfig

__all__ = ["Physioclr", "PhysioclrConfig"]
