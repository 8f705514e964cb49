"""Which tokens to hide: spans, as wav2vec 2.0 hides them (arXiv 2006.11477)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from physioclr.augment.draws import Draws

__all__ = ["span_mask"]


def span_mask(n_windows: int, n_tokens: int, *, fraction: float, span: int, draws: Draws) -> Tensor:
    """Choose spans of tokens to hide.

    Parameters
    ----------
    n_windows, n_tokens : int
    fraction : float
        Expected share of hidden tokens, in [0, 1), the overlap of spans accounted for.
    span : int
        Length of a span in tokens.
    draws : Draws

    Returns
    -------
    (n_windows, n_tokens) bool tensor
    """
    start_probability = 1 - (1 - fraction) ** (1 / span)
    noise = draws.uniform(n_windows, n_tokens + span - 1)
    starts = (noise < start_probability).float().unsqueeze(1)
    return functional.max_pool1d(starts, span, stride=1).squeeze(1) > 0
