"""The labelled ECGs there are, in the codes of our statements, and their features."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track

from physioclr.datasets.cohort import CohortRecord
from physioclr.datasets.ptb_xl import read_scp_codes
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.statement_labels import StatedWords, stated_words, statement_labels
from physioclr.encoders.embedding import embed
from physioclr.encoders.encoder import Encoder, random_encoder
from physioclr.errors import PhysioclrError
from physioclr.interpretation.interpret import interpret
from physioclr.interpretation.label_map import default_label_map
from physioclr.interpretation.statement import Interpretation, State
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.physiology.beat_features import compute_beat_features
from physioclr.physiology.measurements import summarise
from physioclr.physiology.vector import vector_of_beats
from physioclr.signal.delineation import delineate

__all__ = ["EMBEDDING", "LICENCES", "PHYSIOLOGY", "RANDOM", "LabelledEcgs", "read_ecgs"]

EMBEDDING, PHYSIOLOGY, RANDOM = "embedding", "physiology vector", "random init"

LICENCES: Mapping[str, tuple[str, str]] = {
    "ptb-xl": ("PTB-XL 1.0.3", "CC BY 4.0"),
    "cpsc2018": ("CPSC 2018", "CC BY 4.0"),
    "challenge2021": ("PhysioNet/CinC Challenge 2021 samples", "CC BY 4.0"),
    "ludb": ("LUDB 1.0.1", "ODC-BY 1.0"),
    "chapman": ("Chapman-Shaoxing", "CC BY 4.0"),
    "sph": ("SPH", "CC BY 4.0"),
}
"""Folder → name and licence of each cohort that is used."""

_Listed = tuple[str, CohortRecord, StatedWords]
_SAME = 1 - 1e-6
"""Cosine of two embeddings above which two files hold the same ECG."""


@dataclass(frozen=True, eq=False)
class LabelledEcgs:
    """Labelled ECGs of several cohorts.

    Parameters
    ----------
    ids : (n,) str
        ``folder/record``.
    folders : (n,) str
    patients : (n,) str
        ``folder/patient``; two patients with the same ECG count as one.
    targets : DataFrame
        One row an ECG, one column a code: 1, 0, or NaN where the cohort does not annotate it.
    features : mapping of str to (n, d) array
        `EMBEDDING`, `RANDOM` and `PHYSIOLOGY`.
    states : DataFrame
        The criteria's states, one row an ECG, one column a code.
    left_out : tuple of str
        ECGs that could not be used, each with the reason.
    """

    ids: NDArray[np.str_]
    folders: NDArray[np.str_]
    patients: NDArray[np.str_]
    targets: pd.DataFrame
    features: Mapping[str, NDArray[np.float64]]
    states: pd.DataFrame
    left_out: tuple[str, ...]


def read_ecgs(
    data: Path, encoder: Encoder, *, seed: int, cache: Path | None = None
) -> LabelledEcgs:
    """Read every cohort of `LICENCES` there is, its labels and its features.

    Parameters
    ----------
    data : Path
        With one folder a cohort.
    encoder : Encoder
    seed : int
        Of the untrained encoder.
    cache : Path, optional
        A folder for features and states. What is in it is used for the same ECGs, encoder and
        seed, and as long as the code that measures is the same.

    Returns
    -------
    LabelledEcgs
    """
    listed = [
        entry for folder in LICENCES if (data / folder).is_dir() for entry in _listed(data / folder)
    ]
    ids = np.array([f"{folder}/{record.record_id}" for folder, record, _ in listed])
    made = _Made(encoder, random_encoder(encoder, seed=seed))
    key = f"{encoder.card.fingerprint} {seed} {' '.join(ids)}"
    arrays = _cached(cache, key, ("signal",), lambda: _embedded(listed, ids, made))
    of_ecg = {name: row for row, name in enumerate(ids.tolist())}
    rows = [of_ecg[own] for own in arrays["ids"].tolist()]
    kept = [listed[row] for row in rows]
    measured = _cached(
        cache,
        " ".join(arrays["ids"]),
        ("interpretation", "physiology", "signal"),
        lambda: _measured(kept, arrays["ids"]),
    )
    patients = np.array([f"{folder}/{record.patient_id}" for folder, record, _ in kept])
    return LabelledEcgs(
        ids=arrays["ids"],
        folders=np.array([folder for folder, _, _ in kept]),
        patients=_merged(patients, arrays[EMBEDDING]),
        targets=_annotated([words for _, _, words in kept], arrays["ids"]),
        features={
            EMBEDDING: arrays[EMBEDDING],
            RANDOM: arrays[RANDOM],
            PHYSIOLOGY: measured[PHYSIOLOGY],
        },
        states=pd.DataFrame(measured["states"], index=arrays["ids"], columns=list(VOCABULARY)),
        left_out=tuple(arrays["left_out"].tolist()),
    )


def _listed(folder: Path) -> list[_Listed]:
    cohort = find_cohort(folder)
    scp_codes = read_scp_codes(folder) if folder.name == "ptb-xl" else None
    return [
        (
            folder.name,
            record,
            stated_words(cohort.name, record.record_id, record.labels)
            if scp_codes is None
            else ("scp_ecg", "PTB-XL", tuple(scp_codes[record.record_id])),
        )
        for record in cohort.records
    ]


def _cached(
    cache: Path | None,
    key: str,
    packages: tuple[str, ...],
    make: Callable[[], dict[str, NDArray[Any]]],
) -> dict[str, NDArray[Any]]:
    """Return what was stored for a key and the code of some packages; make and store it else."""
    if cache is None:
        return make()
    digest = hashlib.sha256(key.encode())
    for package in packages:
        for file in sorted(Path(str(files("physioclr") / package)).glob("*.*")):
            # What fuses and maps labels measures nothing.
            if file.stem not in ("fusion", "fusion_fit", "label_map", "reading"):
                digest.update(file.read_bytes())
    stored = cache / f"rhythm-head-{digest.hexdigest()[:16]}.npz"
    if not stored.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(stored, **make())
    with np.load(stored) as arrays:
        return dict(arrays)


class _Made(NamedTuple):
    encoder: Encoder
    untrained: Encoder


def _embedded(listed: list[_Listed], ids: NDArray[np.str_], made: _Made) -> dict[str, NDArray[Any]]:
    kept, left_out = [], []
    embedded: dict[str, list[NDArray[np.float32]]] = {EMBEDDING: [], RANDOM: []}
    for record_id, (_, entry, _) in zip(track(ids, "Embedding"), listed, strict=True):
        try:
            record = entry.read()
            own, control = embed(record, made.encoder)[0], embed(record, made.untrained)[0]
        except PhysioclrError as error:
            left_out.append(f"{record_id}: {error}")
            continue
        kept.append(record_id)
        embedded[EMBEDDING].append(own)
        embedded[RANDOM].append(control)
    arrays = {name: np.array(values, dtype=np.float64) for name, values in embedded.items()}
    return arrays | {"ids": np.array(kept), "left_out": np.array(left_out, dtype=np.str_)}


def _measured(listed: list[_Listed], ids: NDArray[np.str_]) -> dict[str, NDArray[Any]]:
    vectors, states = [], []
    for _, (_, entry, _) in zip(track(ids, "Measuring"), listed, strict=True):
        record = entry.read()
        record = replace(record, meta={**_person(entry), **record.meta})
        features = compute_beat_features(record, delineate(record))
        measured = summarise(features)
        said = interpret(record, features=features, measured=measured)
        vectors.append(vector_of_beats(features, measured).values)
        states.append([_state(said, code) for code in VOCABULARY])
    return {PHYSIOLOGY: np.array(vectors), "states": np.array(states)}


def _state(said: Interpretation, code: str) -> State:
    return said.state(code) if code in said else "not assessable"


def _person(entry: CohortRecord) -> dict[str, Any]:
    """Return age and sex where the cohort's table states them."""
    known: dict[str, Any] = {} if entry.sex is None else {"sex": entry.sex}
    return known if np.isnan(entry.age_years) else {**known, "age_years": entry.age_years}


def _annotated(words: list[StatedWords], ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return the labels, unknown where a cohort does not annotate the code.

    A positive of a cohort that never says "absent" would teach a head the cohort, not the finding.
    """
    table = default_label_map()
    labels = pd.DataFrame(statement_labels(words), index=ids)
    scopes = [table.annotated(vocabulary, cohort) for vocabulary, cohort, _ in words]
    annotated = np.array([[code in scope for code in labels.columns] for scope in scopes])
    return labels.where(annotated)


def _merged(patients: NDArray[np.str_], embeddings: NDArray[np.float64]) -> NDArray[np.str_]:
    """Give patients with the same ECG one name: files are stored twice under two of them."""
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    merged = patients.copy()
    for first, second in np.argwhere(np.triu(unit @ unit.T > _SAME, k=1)):
        merged[merged == merged[second]] = merged[first]
    return merged
