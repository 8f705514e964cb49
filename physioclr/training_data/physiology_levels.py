"""Physiology as yes or no: whether a measurement is above each of several levels.

A straight line through a measurement is a poor rule. Criteria are limits: a QRS of 120 ms, a T wave
below zero. An embedding from which it can be read off linearly on which side of several levels each
measurement lies is one in which a linear probe can draw such limits. What is asked is measured, not
labelled: the physiological vector, and the samples of the median beat.

A measurement has an error, and near a level an answer of yes or no would be that error's. So the
answer is soft: a logistic function of how far from the level the measurement lies. An encoder that
learns it says so too, and is not driven to be ever surer of the ECGs it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["PhysiologyLevels"]

_QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_RAREST = 0.02
_FEWEST = 50
_SOFTNESS = 0.25
"""Of an entry's interquartile range: how far above a level the odds of yes are e to 1."""


@dataclass(frozen=True, eq=False)
class PhysiologyLevels:
    """Levels of the entries of a table, and which entries can be absent.

    Parameters
    ----------
    entry : (n_above,) int64 tensor
        The column of each level.
    level : (n_above,) float32 tensor
    softness : (n_above,) float32 tensor
        Positive: how far above the level the log-odds of the answer are 1.
    absent : (n_absent,) int64 tensor
        Columns that are asked whether they are measurable at all.
    """

    entry: Tensor
    level: Tensor
    softness: Tensor
    absent: Tensor

    def __len__(self) -> int:
        return len(self.entry) + len(self.absent)

    @classmethod
    def fit(cls, values: NDArray[np.floating]) -> Self:
        """Take seven percentiles of each entry, from the 5th to the 95th, as its levels.

        Parameters
        ----------
        values : (n, d) float array
            NaN where not measurable. An entry known in fewer than 50 ECGs has no levels.

        Returns
        -------
        PhysiologyLevels
            Without the questions that fewer than 2 % of the ECGs answer otherwise than the rest.
        """
        entries, levels, softness, absent = [], [], [], []
        for column in range(values.shape[1]):
            entry = values[:, column].astype(np.float32)
            known = entry[np.isfinite(entry)]
            if len(known) < _FEWEST:
                continue
            low, high = np.quantile(known, (0.25, 0.75))
            spread = high - low if high > low else known.std()
            for level in np.unique(np.quantile(known, _QUANTILES)).astype(np.float32):
                if _is_a_question(np.mean(known > level)):
                    entries.append(column)
                    levels.append(level)
                    softness.append(_SOFTNESS * spread)
            if _is_a_question(1 - len(known) / len(entry)):
                absent.append(column)
        return cls(
            torch.tensor(entries, dtype=torch.int64),
            torch.tensor(np.array(levels), dtype=torch.float32),
            torch.tensor(np.array(softness), dtype=torch.float32),
            torch.tensor(absent, dtype=torch.int64),
        )

    def to(self, device: torch.device) -> Self:
        """Move it to a device."""
        tensors = (self.entry, self.level, self.softness, self.absent)
        return type(self)(*(tensor.to(device) for tensor in tensors))

    def answers(self, values: Tensor) -> Tensor:
        """Answer every question.

        Parameters
        ----------
        values : (n, d) float32 tensor

        Returns
        -------
        (n, n_levels) float32 tensor
            From 0 to 1, above a half where the entry is above the level; NaN where it is not
            measurable. Whether it is: 1 or 0.
        """
        asked = values[:, self.entry]
        odds = torch.sigmoid((asked - self.level) / self.softness)
        above = torch.where(asked.isfinite(), odds, torch.nan)
        return torch.cat([above, values[:, self.absent].isfinite().logical_not().float()], dim=1)


def _is_a_question(share: float) -> bool:
    return bool(_RAREST <= share <= 1 - _RAREST)
