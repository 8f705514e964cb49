"""Lead-group cutout: leads that fail together are set to zero together.

An electrode that comes off takes the leads it serves with it: the limb leads hang on three
electrodes, and a chest electrode that was never put on is rarely the only one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["LeadGroupCutout"]

_LEAD_GROUPS = (
    ("I", "II", "III", "aVR", "aVL", "aVF"),
    ("V1", "V2", "V3"),
    ("V4", "V5", "V6"),
    ("V1", "V2", "V3", "V4", "V5", "V6"),
)
"""Limb leads, right and left chest leads, all chest leads."""


@dataclass(frozen=True)
class LeadGroupCutout:
    """Set one group of leads of each ECG to zero.

    Parameters
    ----------
    probability : float
        Of a cutout in an ECG, in [0, 1].
    """

    probability: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability must lie in [0, 1], got {self.probability}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Cut leads out of a batch.

        Parameters
        ----------
        windows : EcgWindows
            Of several groups: with the leads of one alone nothing is cut.
        draws : Draws

        Returns
        -------
        EcgWindows
        """
        device = windows.signal.device
        members = torch.tensor(
            [[lead in group for lead in windows.leads] for group in _LEAD_GROUPS], device=device
        )
        # A group that is all there is, or none of it, leaves nothing, or nothing to do.
        members = members[members.any(dim=1) & ~members.all(dim=1)]
        which, whether = draws.uniform(len(windows), 1), draws.uniform(len(windows), 1)
        if not len(members):
            return windows
        cut = members[(which[:, 0] * len(members)).long()] & (whether < self.probability)
        return windows.with_signal(windows.signal * ~cut.unsqueeze(-1))
