"""What is loaded or computed once and kept: the only place with Streamlit's caches.

Heavy modules (torch, UMAP) are imported by the function that needs them, so that the page that
reads an ECG does not wait for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

import physioclr
from physioclr.physiology.measurements import Measurements
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation
from physioclr.signal.quality import Quality

if TYPE_CHECKING:
    from physioclr.checkpoint import Encoder
    from physioclr.datasets.store import Store
    from physioclr.embedding_map import EmbeddingMap
    from physioclr.predict import Prediction

__all__ = [
    "CohortMap",
    "cohort",
    "cohort_embeddings",
    "cohort_map",
    "delineation_of",
    "embedding_of",
    "encoder",
    "measurements_of",
    "prediction_of",
    "quality_of",
]


def content_hash(record: EcgRecord) -> str:
    """Return a hash of everything a result about the record may depend on."""
    digest = hashlib.blake2b(record.signal_mv.tobytes(), digest_size=16)
    digest.update(repr((record.fs_hz, record.leads, record.record_id, record.meta)).encode())
    return digest.hexdigest()


_BY_CONTENT: dict[str | type[Any], Callable[[Any], Any]] = {EcgRecord: content_hash}


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def quality_of(record: EcgRecord) -> Quality:
    """Return the signal quality of a record."""
    return physioclr.assess_quality(record)


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Finding the waves …")
def delineation_of(record: EcgRecord) -> Delineation:
    """Return where the waves of a record lie."""
    return physioclr.delineate(record)


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Measuring …")
def measurements_of(record: EcgRecord) -> Measurements:
    """Return the measurements of a record."""
    return physioclr.measure(record, delineation_of(record))


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Predicting …")
def prediction_of(record: EcgRecord) -> Prediction:
    """Return the predictions of the shipped checkpoint's first head."""
    return physioclr.predict(record, encoder())


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def embedding_of(record: EcgRecord) -> NDArray[np.float32]:
    """Return the (embedding_dim,) embedding of a record."""
    embedding: NDArray[np.float32] = physioclr.embed([record], encoder())[0]
    return embedding


@st.cache_resource(show_spinner="Loading the encoder …")
def encoder() -> Encoder:
    """Return the shipped encoder."""
    return physioclr.load_encoder()


@st.cache_resource(show_spinner="Opening the cohort …", max_entries=4)
def cohort(path: str = "") -> Store:
    """Return the store at a path; the embedded demo cohort where the path is empty."""
    if path:
        from physioclr.datasets.store import Store

        return Store.open(Path(path))
    from physioclr.datasets.demo import open_demo_store

    return open_demo_store()


@st.cache_resource(show_spinner="Embedding the cohort, once …", max_entries=4)
def cohort_embeddings(path: str = "") -> NDArray[np.float32]:
    """Return the (n_records, embedding_dim) embeddings of a store."""
    from physioclr.embed import embed_store

    return embed_store(cohort(path), encoder())


@dataclass(frozen=True, eq=False)
class CohortMap:
    """A map of the ECGs of a cohort that have an embedding.

    Parameters
    ----------
    rows : (n_mapped,) int
        Their rows in the cohort.
    layout : EmbeddingMap
        Of those rows.
    """

    rows: NDArray[np.intp]
    layout: EmbeddingMap


@st.cache_resource(show_spinner="Laying out the map, once …", max_entries=4)
def cohort_map(path: str = "") -> CohortMap:
    """Return the map of a store's embeddings."""
    from physioclr.embedding_map import fit_map

    embeddings = cohort_embeddings(path)
    rows = np.flatnonzero(np.isfinite(embeddings).all(axis=1))
    return CohortMap(rows, fit_map(embeddings[rows]))
