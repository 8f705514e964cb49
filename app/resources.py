"""What is loaded or computed once and kept: the only place with Streamlit's caches.

Heavy modules (torch, UMAP) are imported by the function that needs them, so that the page that
reads an ECG does not wait for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from physioclr.physiology.beat_features import BeatFeatures, compute_beat_features
from physioclr.physiology.dominant_beat import DominantBeat, aligned_beats, dominant_beat
from physioclr.physiology.measurements import Measurements, summarise
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, delineate
from physioclr.signal.quality import Quality, assess_quality

if TYPE_CHECKING:
    from physioclr.attribution import Attribution, RandomisationCheck
    from physioclr.checkpoint import Encoder
    from physioclr.cohort_map import CohortMap
    from physioclr.datasets.store import Store
    from physioclr.prediction import Prediction
    from physioclr.prediction_change import PredictionChange
    from physioclr.probe_runs import ProbeRun

__all__ = [
    "attribution_of",
    "beat_features_of",
    "change_of",
    "cohort",
    "cohort_map",
    "compared_beats",
    "delineation_of",
    "dominant_beat_of",
    "embedding_of",
    "encoder",
    "measurements_of",
    "prediction_of",
    "probe_run",
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
    return assess_quality(record)


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Finding the waves …")
def delineation_of(record: EcgRecord) -> Delineation:
    """Return where the waves of a record lie."""
    return delineate(record)


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Measuring …")
def measurements_of(record: EcgRecord) -> Measurements:
    """Return the measurements of a record."""
    return summarise(beat_features_of(record))


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def beat_features_of(record: EcgRecord) -> BeatFeatures:
    """Return what each beat of a record measures."""
    return compute_beat_features(record, delineation_of(record))


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def dominant_beat_of(record: EcgRecord) -> DominantBeat:
    """Return the median beat of a record."""
    return dominant_beat(record, beat_features_of(record))


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Predicting …")
def prediction_of(record: EcgRecord) -> Prediction:
    """Return the predictions of the shipped checkpoint's first head."""
    from physioclr.prediction import predict

    return predict(record, encoder())


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Asking why …")
def attribution_of(record: EcgRecord, label: str) -> tuple[Attribution, RandomisationCheck]:
    """Return what a label's log-odds rest on, and how much of that random weights show too."""
    from physioclr.attribution import attribute, randomisation_check

    found = attribute(record, encoder(), label)
    return found, randomisation_check(record, encoder(), found, seed=0)


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Predicting …")
def change_of(record: EcgRecord, changed: EcgRecord) -> PredictionChange:
    """Return what the shipped encoder makes of a record before and after it was changed."""
    from physioclr.prediction_change import prediction_change

    return prediction_change(record, changed, encoder())


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def embedding_of(record: EcgRecord) -> NDArray[np.float32]:
    """Return the (embedding_dim,) embedding of a record."""
    from physioclr.embedding import embed

    embedding: NDArray[np.float32] = embed([record], encoder())[0]
    return embedding


def compared_beats(before: EcgRecord, after: EcgRecord) -> tuple[DominantBeat, DominantBeat]:
    """Return the median beats of two records on one time axis."""
    return aligned_beats(before, after, (beat_features_of(before), beat_features_of(after)))


@st.cache_resource(show_spinner="Loading the encoder …", max_entries=4)
def encoder(checkpoint: str = "") -> Encoder:
    """Return the encoder of a checkpoint's folder; the shipped one where none is named."""
    from physioclr.checkpoint import load_encoder

    return load_encoder(Path(checkpoint)) if checkpoint else load_encoder()


@st.cache_resource(show_spinner="Opening the cohort …", max_entries=4)
def cohort(path: str = "") -> Store:
    """Return the store at a path; the embedded demo cohort where the path is empty."""
    if path:
        from physioclr.datasets.store import Store

        return Store.open(Path(path))
    from physioclr.datasets.demo import open_demo_store

    return open_demo_store()


@st.cache_resource(show_spinner="Laying out the map, once …", max_entries=4)
def cohort_map(path: str = "") -> CohortMap:
    """Return the map of a store's embeddings."""
    from physioclr.cohort_map import open_cohort_map

    return open_cohort_map(cohort(path), encoder())


@st.cache_resource(show_spinner="Reading the run …", max_entries=8)
def probe_run(folder: str) -> ProbeRun:
    """Return what a run of probes kept in its job's folder."""
    from physioclr.probe_run_files import open_probe_run

    return open_probe_run(Path(folder))
