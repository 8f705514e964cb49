"""NT-Xent: two views of an ECG are nearer to each other than to any other ECG.

Chen et al. 2020, arXiv 2002.05709. With the cosine similarity ``s``, temperature τ, and view j of
the same ECG as view i, over all 2n views::

    L = 1/2n Σ_i −log( exp(s(i, j)/τ) / Σ_{k≠i} exp(s(i, k)/τ) )
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from physioclr.objectives.full_precision import full_precision

__all__ = ["nt_xent", "projection_head"]


@full_precision
def nt_xent(first: Tensor, second: Tensor, patient: Tensor, *, temperature: float) -> Tensor:
    """Return the loss of two views.

    Parameters
    ----------
    first, second : (n, d) float tensor
        Row i of each is a view of the same window.
    patient : (n,) int64 tensor
        Whose each window is. Another window of the same patient is neither drawn near nor pushed
        away: it is left out of the sum. In the publication every image is its own.
    temperature : float
        τ.

    Returns
    -------
    () float tensor
    """
    n = len(first)
    views = functional.normalize(torch.cat([first, second]), dim=-1)
    logits = views @ views.T / temperature
    partner = torch.arange(2 * n, device=logits.device).roll(n)
    source = patient.repeat(2)
    left_out = source.unsqueeze(0) == source.unsqueeze(1)
    left_out = left_out & ~torch.eye(2 * n, dtype=torch.bool, device=logits.device).roll(n, 0)
    return functional.cross_entropy(logits.masked_fill(left_out, -torch.inf), partner)


def projection_head(width: int, projection_dim: int) -> nn.Sequential:
    """Make the head between the summary and the loss: a hidden layer and a linear one.

    Parameters
    ----------
    width, projection_dim : int

    Returns
    -------
    nn.Sequential
    """
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, projection_dim))
