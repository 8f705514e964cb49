"""Rotation and scaling of the heart's dipole, as in 3KG (Gopal et al. 2021, arXiv 2106.04452).

The twelve leads are projections of a dipole. It is estimated from the eight independent leads by
the pseudo-inverse of Dower's matrix, turned and stretched along its three axes, and projected
back. What the dipole does not explain, the near field of the chest electrodes and the noise, is
kept as it is; 3KG drops it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows
from physioclr.leads import STANDARD_LEADS
from physioclr.simulate.dipole import DOWER, TO_TWELVE_LEADS

__all__ = ["DIPOLE_LEADS", "VcgTransform"]

DIPOLE_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
"""The eight independent leads, which the dipole is estimated from."""


@dataclass(frozen=True)
class VcgTransform:
    """Turn and stretch the dipole of each ECG.

    Parameters
    ----------
    most_degrees : float
        The turn about each of X, Y and Z is drawn evenly between −`most_degrees` and
        `most_degrees`.
    most_scale : float
        The factor along each axis is drawn between 1 / `most_scale` and `most_scale`, evenly in
        its logarithm; at least 1.
    keep_residual : bool
        Whether what the dipole does not explain is kept.
    """

    most_degrees: float = 15.0
    most_scale: float = 1.2
    keep_residual: bool = True

    def __post_init__(self) -> None:
        if not self.most_degrees >= 0:
            raise ValueError(f"most_degrees must not be negative, got {self.most_degrees}")
        if not self.most_scale >= 1:
            raise ValueError(f"most_scale must be at least 1, got {self.most_scale}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Transform a batch.

        Parameters
        ----------
        windows : EcgWindows
            With the leads I, II and V1 to V6 at least, and no others than the standard twelve.
        draws : Draws

        Returns
        -------
        EcgWindows

        Raises
        ------
        ValueError
            If leads are absent or are not standard ones.
        """
        leads = windows.leads
        absent = [lead for lead in DIPOLE_LEADS if lead not in leads]
        other = [lead for lead in leads if lead not in STANDARD_LEADS]
        if absent or other:
            raise ValueError(
                f"leads must be I, II, V1 to V6 and others of the standard twelve, got {leads}"
            )
        signal = windows.signal
        rows = [leads.index(lead) for lead in DIPOLE_LEADS]
        standard = [STANDARD_LEADS.index(lead) for lead in leads]
        from_dipole = torch.tensor((TO_TWELVE_LEADS @ DOWER)[standard]).to(signal)
        to_dipole = torch.tensor(np.linalg.pinv(DOWER)).to(signal)
        moved = self._matrix(len(windows), draws).to(signal.dtype)
        change = moved - torch.eye(3, device=signal.device, dtype=signal.dtype)
        dipole = to_dipole @ signal[:, rows]
        if self.keep_residual:
            return windows.with_signal(signal + from_dipole @ (change @ dipole))
        return windows.with_signal(from_dipole @ (moved @ dipole))

    def _matrix(self, n: int, draws: Draws) -> Tensor:
        """Draw rotations after stretchings, (n, 3, 3)."""
        angles = (2 * draws.uniform(n, 3) - 1) * math.radians(self.most_degrees)
        scales = torch.exp((2 * draws.uniform(n, 3) - 1) * math.log(self.most_scale))
        rotation = torch.eye(3, device=angles.device).expand(n, 3, 3)
        for axis in range(3):
            a, b = (axis + 1) % 3, (axis + 2) % 3
            turn = torch.eye(3, device=angles.device).repeat(n, 1, 1)
            cosine, sine = angles[:, axis].cos(), angles[:, axis].sin()
            turn[:, a, a], turn[:, b, b] = cosine, cosine
            turn[:, a, b], turn[:, b, a] = -sine, sine
            rotation = turn @ rotation
        return rotation * scales.unsqueeze(1)
