"""How much each disturbance takes from the score of a lead and of a record.

The limits between which a statistic begins to matter and matters most are set by hand, from what
each means; how much it then takes is fitted (``studies/quality/fit.py``) and lies beside this
module as a table, ``quality_weights.json``. Every weight is at least 0: a lead cannot gain by
getting worse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from physioclr.signal.lead_statistics import LeadStatistics

__all__ = [
    "FAULT_KINDS",
    "RAMPS",
    "QualityModel",
    "Ramp",
    "quality_model",
    "ramp_positions",
]

_WEIGHTS = Path(__file__).with_name("quality_weights.json")


@dataclass(frozen=True)
class Ramp:
    """One statistic between two limits.

    Parameters
    ----------
    statistic : str
        A field of `LeadStatistics`.
    start, end : float
        Where it begins to take from the score, and where it takes most; `end` may lie below.
    kind : str
        The fault it is evidence of, one of `FAULT_KINDS`.
    logarithmic : bool
        Whether it counts by its logarithm.
    ruins : bool
        Whether a lead at `end` cannot be used, whatever else it is like.
    """

    statistic: str
    start: float
    end: float
    kind: str
    logarithmic: bool = False
    ruins: bool = False

    @property
    def name(self) -> str:
        """The key of its weight, such as ``"wander_mv 2 to 6"``."""
        return f"{self.statistic} {self.start:g} to {self.end:g}"


RAMPS = (
    Ramp("missing_share", 0.0, 0.3, "missing", ruins=True),
    Ramp("flat_share", 0.1, 0.5, "flat", ruins=True),
    Ramp("saturated_share", 0.03, 0.3, "saturated", ruins=True),
    Ramp("clipped_share", 0.02, 0.1, "clipped", ruins=True),
    Ramp("amplitude_mv", 0.16, 0.06, "too_small", logarithmic=True),
    Ramp("amplitude_mv", 0.06, 0.02, "too_small", logarithmic=True, ruins=True),
    Ramp("peak_mv", 5.0, 15.0, "too_large", logarithmic=True, ruins=True),
    Ramp("jump_ratio", 2.5, 8.0, "jumps", logarithmic=True),
    Ramp("wander_mv", 0.5, 2.0, "baseline_wander", logarithmic=True),
    Ramp("wander_mv", 2.0, 6.0, "baseline_wander", logarithmic=True, ruins=True),
    Ramp("powerline_mv", 0.03, 0.4, "powerline", logarithmic=True, ruins=True),
    Ramp("noise_mv", 0.012, 0.025, "muscle_noise", logarithmic=True),
    Ramp("noise_mv", 0.025, 0.08, "muscle_noise", logarithmic=True, ruins=True),
    Ramp("noise_burst_mv", 0.03, 0.1, "muscle_noise", logarithmic=True),
    Ramp("noise_burst_mv", 0.1, 0.5, "muscle_noise", logarithmic=True),
    Ramp("peakedness", 6.0, 4.0, "unsteady_beats", logarithmic=True),
    Ramp("peakedness", 4.0, 2.0, "unsteady_beats", logarithmic=True),
    Ramp("agreement", 0.9, 0.6, "unsteady_beats"),
    Ramp("agreement", 0.6, 0.1, "unsteady_beats"),
    Ramp("beat_correlation", 0.9, 0.7, "unsteady_beats"),
    Ramp("beat_correlation", 0.7, 0.4, "unsteady_beats"),
    Ramp("beat_correlation", 0.4, 0.0, "unsteady_beats", ruins=True),
)
FAULT_KINDS = tuple(dict.fromkeys(ramp.kind for ramp in RAMPS))


@dataclass(frozen=True, eq=False)
class QualityModel:
    """What a full ramp takes, as a share of what halves the score.

    Parameters
    ----------
    lead, record_worst, record_mean : (n_ramps,) float64
        In the order of `RAMPS`: of a lead; of a record, for its worst lead, and for all its leads.
    """

    lead: NDArray[np.float64]
    record_worst: NDArray[np.float64]
    record_mean: NDArray[np.float64]

    def lead_loss(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each ramp takes from each lead, (…, n_leads, n_ramps)."""
        return np.asarray(positions * self.lead)

    def record_loss(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each ramp takes from the record, (…, n_ramps)."""
        worst, mean = positions.max(axis=-2), positions.mean(axis=-2)
        return np.asarray(worst * self.record_worst + mean * self.record_mean)

    def to_dict(self) -> dict[str, dict[str, float]]:
        """Return the weights by the ramps' names."""
        return {
            ramp.name: {
                "lead": round(float(self.lead[index]), 4),
                "record_worst": round(float(self.record_worst[index]), 4),
                "record_mean": round(float(self.record_mean[index]), 4),
            }
            for index, ramp in enumerate(RAMPS)
        }

    @classmethod
    def from_dict(cls, weights: Mapping[str, Mapping[str, float]]) -> QualityModel:
        """Return the model of these weights; every ramp must have its three."""

        def column(name: str) -> NDArray[np.float64]:
            return np.array([weights[ramp.name][name] for ramp in RAMPS])

        return cls(column("lead"), column("record_worst"), column("record_mean"))


@cache
def quality_model() -> QualityModel:
    """Return the shipped model."""
    return QualityModel.from_dict(json.loads(_WEIGHTS.read_text(encoding="utf-8")))


def ramp_positions(
    statistics: LeadStatistics, ramps: Sequence[Ramp] = RAMPS
) -> NDArray[np.float64]:
    """Return how far up each ramp each lead is.

    Parameters
    ----------
    statistics : LeadStatistics
    ramps : sequence of Ramp

    Returns
    -------
    (n_leads, n_ramps) float64
        0 at or before its start, 1 at or after its end; 0 where the statistic is not known.
    """
    columns = []
    for ramp in ramps:
        value, start, end = getattr(statistics, ramp.statistic), ramp.start, ramp.end
        if ramp.logarithmic:
            value = np.log(np.maximum(value, 1e-6))
            start, end = np.log(start), np.log(end)
        columns.append(np.clip((value - start) / (end - start), 0.0, 1.0))
    return np.asarray(np.nan_to_num(np.stack(columns, axis=1), nan=0.0))
