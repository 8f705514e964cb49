"""A store's ECGs as an encoder takes them, batch by batch, and the embeddings of their windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.encoders.encoder import Encoder
from physioclr.errors import SignalError
from physioclr.records import EcgRecord

__all__ = ["UsableBatch", "embed_windows", "usable_batches"]

_RECORDS_AT_ONCE = 64


class UsableBatch(NamedTuple):
    """Some ECGs that an encoder takes.

    Parameters
    ----------
    start : int
        How many rows of the store came before.
    rows : list of int
        In the store.
    records : list of EcgRecord
    signals : (n, n_leads, n_samples) float32
        As ``encoder.card.preprocessing.signal`` gives each.
    """

    start: int
    rows: list[int]
    records: list[EcgRecord]
    signals: NDArray[np.float32]


def usable_batches(store: Store, encoder: Encoder) -> Iterator[UsableBatch]:
    """Read and preprocess a store, without the ECGs that the encoder refuses.

    Parameters
    ----------
    store : Store
    encoder : Encoder

    Yields
    ------
    UsableBatch
        Of at least one ECG and at most 64.
    """
    for start in range(0, len(store), _RECORDS_AT_ONCE):
        rows, records, signals = [], [], []
        for row in range(start, min(start + _RECORDS_AT_ONCE, len(store))):
            record = store.record(row)
            try:
                signals.append(encoder.card.preprocessing.signal(record))
            except SignalError:
                continue
            rows.append(row)
            records.append(record)
        if rows:
            yield UsableBatch(start, rows, records, np.stack(signals))


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
        Its mean over the windows is what `physioclr.encoders.embedding.embed` returns.
    """
    preprocessing = encoder.card.preprocessing
    starts = preprocessing.starts(signals.shape[-1])
    windows = [signals[..., start : start + preprocessing.window_samples] for start in starts]
    cut = np.stack(windows, axis=1)
    encoded = encoder.encode_windows(cut.reshape(-1, *cut.shape[2:]))
    return encoded.reshape(len(signals), len(starts), -1)
