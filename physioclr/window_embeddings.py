"""Signals that are already filtered, to the embeddings of their windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.checkpoint import Encoder

__all__ = ["embed_windows"]


def embed_windows(signals: NDArray[np.float32], encoder: Encoder) -> NDArray[np.float32]:
    """Embed every window of signals of one length.

    Parameters
    ----------
    signals : (n, n_leads, n_samples) float32
        As ``encoder.card.preprocessing.signal`` gives each.
    encoder : Encoder

    Returns
    -------
    (n, n_windows, embedding_dim) float32
        Its mean over the windows is what `physioclr.embedding.embed` returns.
    """
    preprocessing = encoder.card.preprocessing
    starts = preprocessing.starts(signals.shape[-1])
    windows = [signals[..., start : start + preprocessing.window_samples] for start in starts]
    cut = np.stack(windows, axis=1)
    encoded = encoder.encode_windows(cut.reshape(-1, *cut.shape[2:]))
    return encoded.reshape(len(signals), len(starts), -1)
