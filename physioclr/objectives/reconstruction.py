"""The reconstruction terms of PhysioCLR: everywhere, and near the peaks."""

from __future__ import annotations

import torch
from torch import Tensor

from physioclr.runtime.distributed import ONE_PROCESS, Processes

__all__ = ["near_peaks", "peak_loss"]


def near_peaks(peaks: Tensor, n_samples: int, *, half_width: int) -> Tensor:
    """Mark the neighbourhoods of peaks.

    Parameters
    ----------
    peaks : (n, n_peaks) int64 tensor
        Samples of the peaks; an entry of `n_samples` or more is none.
    n_samples : int
    half_width : int
        Samples on either side of a peak that belong to it.

    Returns
    -------
    (n, n_samples) bool tensor
    """
    # One more at the first sample of a neighbourhood, one less after its last; then add up.
    steps = torch.zeros(len(peaks), n_samples + 1, dtype=torch.int32, device=peaks.device)
    present = (peaks < n_samples).int()
    first = (peaks - half_width).clamp(0, n_samples)
    beyond = (peaks + half_width + 1).clamp(0, n_samples)
    steps.scatter_add_(1, first, present).scatter_add_(1, beyond, -present)
    return steps.cumsum(1)[:, :n_samples] > 0


def peak_loss(
    reconstruction: Tensor,
    signal: Tensor,
    near_peak: Tensor,
    *,
    processes: Processes = ONE_PROCESS,
) -> Tensor:
    """Return the mean squared error near the peaks.

    Parameters
    ----------
    reconstruction, signal : (n, n_leads, n_samples) float tensor
    near_peak : (n, n_samples) bool tensor
        True in the neighbourhood of a P, R or T peak.
    processes : Processes
        Whose batches the mean is over.

    Returns
    -------
    () float tensor
        0 where no sample is near a peak.
    """
    weight = near_peak.unsqueeze(1).to(signal.dtype)
    squared = (reconstruction - signal).square() * weight
    return processes.mean(squared.sum(), weight.sum() * signal.shape[1])
