"""The labelled ECGs there are, in the codes of our statements, and their features."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track

from physioclr.datasets.cohort import CohortRecord
from physioclr.datasets.ptb_xl import read_scp_codes
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.statement_labels import StatedWords, stated_words, statement_labels
from physioclr.encoders.checkpoint import Encoder, random_encoder
from physioclr.encoders.embedding import embed
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
        `EMBEDDING`, `PHYSIOLOGY`, and `RANDOM` with a seed.
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
    data: Path, encoder: Encoder, *, random_seeds: tuple[int, ...], cache: Path | None = None
) -> LabelledEcgs:
    """Read every cohort of `LICENCES` there is, its labels and its features.

    Parameters
    ----------
    data : Path
        With one folder a cohort.
    encoder : Encoder
    random_seeds : tuple of int
        Of the untrained encoders.
    cache : Path, optional
        A folder for features and states; what is in it is used only for the same encoder, seeds
        and code of the package.

    Returns
    -------
    LabelledEcgs
    """
    listed = [
        entry for folder in LICENCES if (data / folder).is_dir() for entry in _listed(data / folder)
    ]
    ids = np.array([f"{folder}/{record.record_id}" for folder, record, _ in listed])
    arrays = _cached(listed, ids, encoder, random_seeds, cache)
    rows = [int(np.flatnonzero(ids == own)[0]) for own in arrays["ids"]]
    patients = np.array([f"{listed[row][0]}/{listed[row][1].patient_id}" for row in rows])
    return LabelledEcgs(
        ids=arrays["ids"],
        folders=np.array([listed[row][0] for row in rows]),
        patients=_merged(patients, arrays[EMBEDDING]),
        targets=_annotated([listed[row][2] for row in rows], arrays["ids"]),
        features={
            name: values
            for name, values in arrays.items()
            if name not in ("ids", "states", "left_out")
        },
        states=pd.DataFrame(arrays["states"], index=arrays["ids"], columns=list(VOCABULARY)),
        left_out=tuple(arrays["left_out"].tolist()),
    )


def _listed(folder: Path) -> list[tuple[str, CohortRecord, StatedWords]]:
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
    listed: list[tuple[str, CohortRecord, StatedWords]],
    ids: NDArray[np.str_],
    encoder: Encoder,
    seeds: tuple[int, ...],
    cache: Path | None,
) -> dict[str, NDArray[Any]]:
    if cache is None:
        return _measured(listed, ids, encoder, seeds)
    digest = hashlib.sha256(f"{encoder.card.fingerprint} {seeds} {' '.join(ids)}".encode())
    for package in ("interpretation", "physiology", "signal"):
        for file in sorted(Path(str(files("physioclr") / package)).glob("*.*")):
            digest.update(file.read_bytes())
    file = cache / f"rhythm-head-{digest.hexdigest()[:16]}.npz"
    if not file.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(file, **_measured(listed, ids, encoder, seeds))
    with np.load(file) as stored:
        return dict(stored)


def _measured(
    listed: list[tuple[str, CohortRecord, StatedWords]],
    ids: NDArray[np.str_],
    encoder: Encoder,
    seeds: tuple[int, ...],
) -> dict[str, NDArray[Any]]:
    encoders = {EMBEDDING: encoder}
    encoders |= {f"{RANDOM} {seed}": random_encoder(encoder, seed=seed) for seed in seeds}
    rows: dict[str, list[Any]] = {name: [] for name in ("ids", PHYSIOLOGY, "states", *encoders)}
    left_out = []
    for record_id, (_, entry, _) in zip(track(ids, "Measuring"), listed, strict=True):
        try:
            record = entry.read()
            embedded = {name: embed(record, each)[0] for name, each in encoders.items()}
        except PhysioclrError as error:
            left_out.append(f"{record_id}: {error}")
            continue
        record = replace(record, meta={**_person(entry), **record.meta})
        features = compute_beat_features(record, delineate(record))
        measured = summarise(features)
        said = interpret(record, features=features, measured=measured)
        rows["ids"].append(record_id)
        rows[PHYSIOLOGY].append(vector_of_beats(features, measured).values)
        rows["states"].append([_state(said, code) for code in VOCABULARY])
        for name, values in embedded.items():
            rows[name].append(values)
    arrays = {name: np.array(values) for name, values in rows.items()}
    return arrays | {"left_out": np.array(left_out, dtype=np.str_)}


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
