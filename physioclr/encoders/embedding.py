"""ECGs to embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.encoders.encoder import Encoder
from physioclr.errors import SignalError
from physioclr.records import EcgRecord

__all__ = ["embed", "embed_store"]

_RECORDS_AT_ONCE = 64


def embed(records: Sequence[EcgRecord] | EcgRecord, encoder: Encoder) -> NDArray[np.float32]:
    """Embed ECGs: the mean of the CLS embeddings of their windows.

    Parameters
    ----------
    records : sequence of EcgRecord, or one
    encoder : Encoder

    Returns
    -------
    (n_records, embedding_dim) float32

    Raises
    ------
    SignalError
        If a record lacks a lead, has a flat one or missing samples, or is shorter than a window.

    Examples
    --------
    >>> from physioclr import embed, load_encoder
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> encoder = load_encoder()
    >>> embed(record, encoder).shape == (1, encoder.embedding_dim)
    True
    """
    if isinstance(records, EcgRecord):
        records = [records]
    chunks = [
        _mean_per_record([encoder.card.preprocessing.windows(r) for r in chunk], encoder)
        for chunk in (
            records[i : i + _RECORDS_AT_ONCE] for i in range(0, len(records), _RECORDS_AT_ONCE)
        )
    ]
    if not chunks:
        return np.empty((0, encoder.embedding_dim), dtype=np.float32)
    return np.concatenate(chunks)


def embed_store(
    store: Store, encoder: Encoder, *, on_progress: Callable[[int, int], None] | None = None
) -> NDArray[np.float32]:
    """Embed every ECG of a store.

    Parameters
    ----------
    store : Store
    encoder : Encoder
    on_progress : callable, optional
        Called with the records done and the records in all.

    Returns
    -------
    (n_records, embedding_dim) float32
        NaN in the rows of ECGs that `embed` refuses (a flat lead, missing samples).

    Examples
    --------
    >>> import physioclr
    >>> report = physioclr.prepare("simulated:60", "store", workers=1)
    >>> store = physioclr.open_store("store")
    >>> encoder = physioclr.load_encoder()
    >>> physioclr.embed_store(store, encoder).shape == (60, encoder.embedding_dim)
    True
    """
    embeddings = np.full((len(store), encoder.embedding_dim), np.nan, dtype=np.float32)
    for start in range(0, len(store), _RECORDS_AT_ONCE):
        rows, windows = [], []
        for row in range(start, min(start + _RECORDS_AT_ONCE, len(store))):
            try:
                windows.append(encoder.card.preprocessing.windows(store.record(row)))
            except SignalError:
                continue
            rows.append(row)
        if rows:
            embeddings[rows] = _mean_per_record(windows, encoder)
        if on_progress is not None:
            on_progress(min(start + _RECORDS_AT_ONCE, len(store)), len(store))
    return embeddings


def _mean_per_record(windows: list[NDArray[np.float32]], encoder: Encoder) -> NDArray[np.float32]:
    """Encode the windows of several records together and average each record's embeddings."""
    counts = np.array([len(w) for w in windows])
    encoded = encoder.encode_windows(np.concatenate(windows))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    sums = np.add.reduceat(encoded, first, axis=0)
    return np.asarray(sums / counts[:, None], dtype=np.float32)
