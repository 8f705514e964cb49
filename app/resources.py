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
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from physioclr.interpretation.interpret import interpret
from physioclr.interpretation.statement import Interpretation
from physioclr.physiology.beat_features import BeatFeatures, compute_beat_features
from physioclr.physiology.dominant_beat import DominantBeat, aligned_beats, dominant_beat
from physioclr.physiology.measurements import Measurements, summarise
from physioclr.physiology.vector import PhysiologyVector, vector_of_beats
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, delineate
from physioclr.signal.quality import Quality, assess_quality

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.encoders.encoder import Encoder
    from physioclr.evaluation.probe_run import ProbeRun
    from physioclr.explore.cohort_map import CohortMap
    from physioclr.explore.map_layout import MapSettings
    from physioclr.explore.nearness import Nearness
    from physioclr.prediction.attribution import Attribution, RandomisationCheck
    from physioclr.prediction.change import PredictionChange
    from physioclr.prediction.prediction import Prediction

__all__ = [
    "attribution_of",
    "beat_features_of",
    "certain_interpretation_of",
    "change_of",
    "cohort",
    "cohort_map",
    "compared",
    "compared_beats",
    "content_hash",
    "delineation_of",
    "dominant_beat_of",
    "embedding_of",
    "encoder",
    "interpretation_of",
    "map_clusters",
    "map_predictions",
    "matching",
    "measurements_of",
    "nearness_of",
    "physiology_of",
    "prediction_of",
    "probe_run",
    "quality_of",
    "similarity_of",
]


def content_hash(record: EcgRecord) -> str:
    """Return a hash of everything a result about the record may depend on."""
    digest = hashlib.blake2b(record.signal_mv.tobytes(), digest_size=16)
    digest.update(repr((record.fs_hz, record.leads, record.record_id, record.meta)).encode())
    return digest.hexdigest()


def _store_key(store: Store) -> str:
    """Return what tells one cohort from another, also from one made in its place."""
    return f"{store.path} {store.fingerprint} {store.source} {dict(store.label_names)}"


def _encoder_key(encoder: Encoder) -> str:
    """Return what tells one encoder from another: its card, and the weights of its heads."""
    digest = hashlib.blake2b(encoder.card.model_dump_json().encode(), digest_size=16)
    for head in encoder.heads.values():
        for tensor in head.to_tensors().values():
            digest.update(tensor.tobytes())
    return digest.hexdigest()


_Written = tuple[int, int] | None
# By name where importing the class would load torch. A result is kept by what it is computed from,
# so a cohort or a checkpoint in another's place has results of its own.
_BY_CONTENT: dict[str | type[Any], Callable[[Any], Any]] = {
    EcgRecord: content_hash,
    "physioclr.datasets.store.Store": _store_key,
    "physioclr.datasets.store_view.StoreView": _store_key,
    "physioclr.encoders.encoder.Encoder": _encoder_key,
}


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


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def interpretation_of(record: EcgRecord) -> Interpretation:
    """Return what the criteria say of a record."""
    return interpret(
        record,
        quality=quality_of(record),
        features=beat_features_of(record),
        measured=measurements_of(record),
    )


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def certain_interpretation_of(record: EcgRecord, encoder: Encoder) -> Interpretation:
    """Return what the criteria say of a record, with the certainty an encoder's head adds."""
    from physioclr.prediction.statement_reading import with_certainty

    said = interpretation_of(record)
    return with_certainty(said, record, encoder, quality=quality_of(record)).interpretation


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Predicting …")
def prediction_of(
    record: EcgRecord, encoder: Encoder, overrule_reversal: bool = False
) -> Prediction:
    """Return the predictions of an encoder's first head."""
    from physioclr.prediction.prediction import predict

    return predict(record, encoder, quality=quality_of(record), overrule_reversal=overrule_reversal)


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Asking why …")
def attribution_of(
    record: EcgRecord, label: str, encoder: Encoder
) -> tuple[Attribution, RandomisationCheck]:
    """Return what a label's log-odds rest on, and how much of that random weights show too."""
    from physioclr.prediction.attribution import attribute, randomisation_check

    found = attribute(record, encoder, label)
    return found, randomisation_check(record, encoder, found, seed=0)


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Predicting …")
def change_of(record: EcgRecord, changed: EcgRecord, encoder: Encoder) -> PredictionChange:
    """Return what an encoder makes of a record before and after it was changed."""
    from physioclr.prediction.change import prediction_change

    return prediction_change(record, changed, encoder)


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def embedding_of(record: EcgRecord, encoder: Encoder) -> NDArray[np.float32]:
    """Return the (embedding_dim,) embedding of a record."""
    from physioclr.encoders.embedding import embed

    embedding: NDArray[np.float32] = embed([record], encoder)[0]
    return embedding


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner=False)
def physiology_of(record: EcgRecord) -> PhysiologyVector:
    """Return the physiological vector of a record."""
    return vector_of_beats(beat_features_of(record), measurements_of(record))


def compared_beats(before: EcgRecord, after: EcgRecord) -> tuple[DominantBeat, DominantBeat]:
    """Return the median beats of two records on one time axis."""
    return aligned_beats(before, after, (beat_features_of(before), beat_features_of(after)))


def encoder(checkpoint: str = "") -> Encoder:
    """Return the encoder of a checkpoint's folder; the shipped one where none is named.

    It is loaded once, and again when another checkpoint has its place.
    """
    loaded, written = _loaded(checkpoint)
    if checkpoint and written != _written(Path(checkpoint) / "card.json"):
        _loaded.clear()
        loaded, _ = _loaded(checkpoint)
    return loaded


@st.cache_resource(show_spinner="Loading the encoder …", max_entries=4)
def _loaded(checkpoint: str) -> tuple[Encoder, _Written]:
    from physioclr.encoders.checkpoint import load_encoder

    if not checkpoint:
        return load_encoder(), None
    written = _written(Path(checkpoint) / "card.json")
    return load_encoder(Path(checkpoint)), written


def cohort(path: str = "") -> Store:
    """Return the store or saved selection at a path; the demo cohort where the path is empty.

    It is opened once, and again when another cohort has its place.
    """
    opened, written = _opened(path)
    if path and written != _written_of(path, opened):
        _opened.clear()
        opened, _ = _opened(path)
    return opened


@st.cache_resource(show_spinner="Opening the cohort …", max_entries=4)
def _opened(path: str) -> tuple[Store, tuple[_Written, _Written]]:
    if path:
        from physioclr.datasets.selection import open_cohort

        opened = open_cohort(Path(path))
        return opened, _written_of(path, opened)
    from physioclr.datasets.demo import open_demo_store

    return open_demo_store(), (None, None)


def _written_of(path: str, opened: Store) -> tuple[_Written, _Written]:
    """Return when the selection, if it is one, and its store were written."""
    from physioclr.datasets.manifest import MANIFEST_NAME

    return _written(Path(path)), _written(opened.path / MANIFEST_NAME)


def _written(file: Path) -> _Written:
    """Return what tells a file from another in its place; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


@st.cache_data(hash_funcs=_BY_CONTENT, show_spinner="Comparing …", max_entries=16)
def compared(store: Store, rows: tuple[int, ...], within: tuple[int, ...]) -> pd.DataFrame:
    """Return what sets some ECGs of a store apart from the others of `within`."""
    from physioclr.explore.enrichment import compare_selection

    return compare_selection(store, np.array(rows), within=np.array(within))


@st.cache_data(hash_funcs=_BY_CONTENT, show_spinner=False, max_entries=16)
def matching(store: Store, condition: str) -> NDArray[np.intp]:
    """Return the rows of the ECGs of a store that a condition holds for."""
    from physioclr.datasets.store_view import matching_rows

    return matching_rows(store, condition)


@st.cache_resource(
    hash_funcs=_BY_CONTENT, show_spinner="Comparing the cohort’s ECGs …", max_entries=4
)
def similarity_of(store: Store) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return ECGs of a cohort and how alike they are by their physiology."""
    from physioclr.explore.pairs import cohort_similarity

    return cohort_similarity(store)


def cohort_map(store: Store, encoder: Encoder, settings: MapSettings) -> CohortMap | None:
    """Return the map of a store's embeddings; None where none is kept."""
    try:
        return _kept_map(store, encoder, settings)
    except _NoMapError:
        return None


class _NoMapError(Exception):
    """There is no map yet: an error, so that the cache does not keep it."""


@st.cache_resource(hash_funcs=_BY_CONTENT, show_spinner=False, max_entries=8)
def _kept_map(store: Store, encoder: Encoder, settings: MapSettings) -> CohortMap:
    from physioclr.explore.cohort_map import find_cohort_map

    found = find_cohort_map(store, encoder, settings)
    if found is None:
        raise _NoMapError
    return found


@st.cache_resource(hash_funcs=_BY_CONTENT, show_spinner="Looking for clusters …", max_entries=16)
def map_clusters(
    store: Store, encoder: Encoder, settings: MapSettings, cluster_size: int
) -> tuple[NDArray[np.intp], dict[int, str]]:
    """Return the cluster of each point of a map that is kept, -1 for none, and their names."""
    from physioclr.explore.clusters import find_clusters, name_clusters

    mapped = _kept_map(store, encoder, settings)
    clusters = find_clusters(mapped.layout.coordinates, min_cluster_size=cluster_size)
    return clusters, name_clusters(clusters, mapped.rows, store)


@st.cache_resource(hash_funcs=_BY_CONTENT, show_spinner=False, max_entries=8)
def map_predictions(
    store: Store, encoder: Encoder, settings: MapSettings, head: str
) -> NDArray[np.float64]:
    """Return the (n_mapped, n_labels) probabilities a head gives the ECGs of a map that is kept."""
    mapped = _kept_map(store, encoder, settings)
    probabilities: NDArray[np.float64] = encoder.heads[head].probabilities(mapped.layout.embeddings)
    return probabilities


@st.cache_resource(show_spinner="Reading the run …", max_entries=8)
def probe_run(folder: str) -> ProbeRun:
    """Return what a run of probes kept in its job's folder."""
    from physioclr.evaluation.probe_run_files import open_probe_run

    return open_probe_run(Path(folder))


@st.cache_data(hash_funcs=_BY_CONTENT, max_entries=64, show_spinner="Placing the ECG …")
def nearness_of(
    record: EcgRecord, store: Store, encoder: Encoder, settings: MapSettings
) -> Nearness:
    """Return whom a record from elsewhere is near on a map that is kept."""
    from physioclr.explore.nearness import nearness_of_ecg

    embedding, physiology = embedding_of(record, encoder), physiology_of(record).values
    return nearness_of_ecg(embedding, physiology, store, _kept_map(store, encoder, settings))
