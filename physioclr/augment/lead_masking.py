"""Random lead masking: some leads of each ECG are set to zero.

Oh et al. 2022, "Lead-agnostic self-supervised learning for local and global representations of
electrocardiogram", arXiv 2203.06889; half of the leads of every sample in PhysioCLR.
"""

from __future__ import annotations

from dataclasses import dataclass

from physioclr.augment.draws import Draws
from physioclr.augment.windows import EcgWindows

__all__ = ["RandomLeadMasking"]


@dataclass(frozen=True)
class RandomLeadMasking:
    """Set a random subset of the leads to zero, another subset for each ECG.

    Parameters
    ----------
    fraction : float
        Share of the leads to mask, in [0, 1). The number is rounded down, so one lead stays.
    """

    fraction: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.fraction < 1:
            raise ValueError(f"fraction must lie in [0, 1), got {self.fraction}")

    def __call__(self, windows: EcgWindows, *, draws: Draws) -> EcgWindows:
        """Mask a batch.

        Parameters
        ----------
        windows : EcgWindows
        draws : Draws

        Returns
        -------
        EcgWindows
        """
        rank = draws.uniform(len(windows), windows.n_leads).argsort(dim=1).argsort(dim=1)
        keep = rank >= int(self.fraction * windows.n_leads)
        return windows.with_signal(windows.signal * keep.unsqueeze(-1))
