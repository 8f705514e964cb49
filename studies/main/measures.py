"""What is measured of each encoder, and of the controls beside it; each result is kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import wfdb
from numpy.typing import NDArray

from physioclr.datasets.baseline_features import median_beat_features, physiology_features
from physioclr.datasets.store import Store
from physioclr.encoders.embedding import embed, embed_store
from physioclr.encoders.encoder import Encoder, random_encoder
from physioclr.errors import DatasetError, SignalError
from physioclr.evaluation.probe_features import MEDIAN_BEAT, PHYSIOLOGY, RANDOM_INIT, probe_targets
from physioclr.models import AnsweringEncoder
from physioclr.models.architectures import config_to_dict
from physioclr.probe import ProbeResult, cross_validate_probe, label_efficiency
from physioclr.records import EcgRecord
from physioclr.runtime.atomic_files import make_folder, replace_file
from studies.main.pretraining import Study
from studies.main.rows import RECIPE, ROWS, Row

__all__ = ["CONTROLS", "LABEL_SETS", "measure_all", "measure_rows", "probe_results", "statements"]

BARE = f"{RECIPE}, bare summary"
RANDOM_ANSWERS = f"{RANDOM_INIT}, answering"
CONTROLS = (BARE, RANDOM_INIT, RANDOM_ANSWERS, PHYSIOLOGY, MEDIAN_BEAT)
"""``BARE`` is what the recipe's encoder reads before it answers; ``RANDOM_ANSWERS`` is an untrained
encoder of the recipe's shape, ``RANDOM_INIT`` one of the shape of every other row."""
LABEL_SETS = {"superclass": "ptb-xl", "statements": "ptb-xl", "challenge_2021": "challenge2021"}
_FEWEST = 15
_COMPARED = (RECIPE, "PhysioCLR, paper", "simclr")


def statements(store: Store) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return every statement of PTB-XL that at least 15 ECGs have.

    Parameters
    ----------
    store : Store

    Returns
    -------
    targets : (n_records, n_statements) float64
    names : tuple of str
        As ``set/statement``; one that two sets share is taken once.
    """
    columns: dict[str, NDArray[np.float64]] = {}
    for label_set in ("subclass", "form", "rhythm"):
        labels = store.labels(label_set)
        for name in labels.columns:
            values = labels[name].to_numpy(np.float64)
            if np.sum(values == 1) >= _FEWEST and not any(k.endswith(f"/{name}") for k in columns):
                columns[f"{label_set}/{name}"] = values
    return np.column_stack(list(columns.values())), tuple(columns)


def measure_all(study: Study) -> None:
    """Measure every row on every seed, and the controls."""
    recipe = ROWS[0]
    for label_set in LABEL_SETS:
        for control in CONTROLS:
            measured = control in (PHYSIOLOGY, MEDIAN_BEAT)
            for seed in study.seeds[:1] if measured else study.seeds:
                _probe(study, label_set, control, seed)
    measure_rows(study, ROWS)
    _kept(study, "label-efficiency.json", lambda: _label_efficiency(study))
    _kept(study, "quality.json", lambda: _quality(study, recipe))


def measure_rows(study: Study, rows: Sequence[Row]) -> None:
    """Measure some ways to pretrain on every seed."""
    for row in rows:
        for seed in study.seeds:
            for label_set in LABEL_SETS:
                if label_set == "superclass" or row.part == "objectives":
                    _probe(study, label_set, row, seed)


def probe_results(study: Study, label_set: str, name: str) -> list[ProbeResult]:
    """Read the probes of a row or control, one a seed."""
    folder = study.out / "probes" / label_set
    files = sorted(folder.glob(f"{_key(name)}-[0-9]*.json"))
    return [ProbeResult.from_dict(json.loads(file.read_text())) for file in files]


def features_of(study: Study, store: Store, what: Row | str, seed: int) -> NDArray[np.floating]:
    """Return the features of a row or a control on a store, NaN where there are none."""
    if isinstance(what, Row):
        return embed_store(store, study.encoder(what, seed))
    if what == BARE:
        return embed_store(store, _reader(study.encoder(ROWS[0], seed)))
    if what in (RANDOM_INIT, RANDOM_ANSWERS):
        return embed_store(store, _untrained(study, seed, answering=what == RANDOM_ANSWERS))
    return physiology_features(store) if what == PHYSIOLOGY else median_beat_features(store)


def _untrained(study: Study, seed: int, *, answering: bool = False) -> Encoder:
    trained = study.encoder(ROWS[0], study.seeds[0])
    return random_encoder(trained if answering else _reader(trained), seed=seed)


def _reader(encoder: Encoder) -> Encoder:
    """Return what reads the ECG in an encoder that answers."""
    if not isinstance(encoder.model, AnsweringEncoder):
        return encoder
    reader = encoder.model.reader
    settings = {"encoder": config_to_dict(reader.config)}
    return Encoder(reader, encoder.card.model_copy(update=settings), {})


def _targets(
    study: Study, label_set: str
) -> tuple[Store, NDArray[np.float64], NDArray[np.object_], tuple[str, ...]]:
    store = study.store(LABEL_SETS[label_set])
    if label_set != "statements":
        return store, *probe_targets(store, label_set)
    targets, names = statements(store)
    return store, targets, store.records["patient_id"].to_numpy(dtype=object), names


def _probe(study: Study, label_set: str, what: Row | str, seed: int) -> None:
    name = what.name if isinstance(what, Row) else what

    def measured() -> dict[str, Any]:
        store, targets, patients, names = _targets(study, label_set)
        features = features_of(study, store, what, seed)
        usable = np.isfinite(features_of_usable(study, store)).all(axis=1)
        result = cross_validate_probe(
            features[usable], targets[usable], patients[usable], label_names=names
        )
        study.say(f"{label_set}, {name}, seed {seed}: {result.macro_auroc:.3f}")
        return result.to_dict()

    _kept(study, f"probes/{label_set}/{_key(name)}-{seed}.json", measured)


def features_of_usable(study: Study, store: Store) -> NDArray[np.floating]:
    """Return embeddings whose NaN say which ECGs every encoder of the study refuses."""
    return embed_store(store, _untrained(study, 0))


def _label_efficiency(study: Study) -> dict[str, Any]:
    store, targets, patients, names = _targets(study, "superclass")
    rows = [row for row in ROWS if row.name in _COMPARED]
    features = {row.name: features_of(study, store, row, study.seeds[0]) for row in rows}
    features |= {name: features_of(study, store, name, study.seeds[0]) for name in CONTROLS}
    usable = np.isfinite(features[RECIPE]).all(axis=1)
    table = label_efficiency(
        {name: values[usable] for name, values in features.items()},
        targets[usable],
        patients[usable],
        label_names=names,
        seeds=study.seeds,
    )
    return {"table": table.to_dict("records")}


def _quality(study: Study, row: Row) -> dict[str, Any]:
    """Tell acceptable from unacceptable ECGs of CinC 2011, where an encoder takes them at all.

    They are read from the challenge's files, since a store holds no amplitudes beyond 32 mV.
    """
    folder = study.data / "cinc2011"
    reference = pd.read_csv(folder / "REFERENCE.csv", dtype={"record": str})
    encoders = {
        row.name: study.encoder(row, study.seeds[0]),
        RANDOM_INIT: _untrained(study, study.seeds[0]),
    }
    embedded: dict[str, list[NDArray[np.float32]]] = {name: [] for name in encoders}
    unacceptable, names, refused = [], [], 0
    for record_id, quality in zip(reference["record"], reference["quality"], strict=True):
        record = _wfdb(folder, record_id)
        try:
            vectors = {name: embed(record, encoder)[0] for name, encoder in encoders.items()}
        except SignalError:
            refused += 1
            continue
        for name, vector in vectors.items():
            embedded[name].append(vector)
        unacceptable.append(float(quality == "unacceptable"))
        names.append(record_id)
    results = {
        name: cross_validate_probe(
            np.array(vectors),
            np.array(unacceptable)[:, None],
            names,
            label_names=("unacceptable",),
        ).to_dict()
        for name, vectors in embedded.items()
    }
    return {"refused": refused, "models": results}


def _wfdb(folder: Path, record_id: str) -> EcgRecord:
    read = wfdb.rdrecord(str(folder / record_id))
    if read.p_signal is None or read.sig_name is None:
        raise DatasetError(record_id, expected="a signal", found="none")
    return EcgRecord(
        read.p_signal.T.astype(np.float32), float(read.fs), tuple(read.sig_name), record_id, {}
    )


def _key(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _kept(study: Study, name: str, make: Callable[[], dict[str, Any]]) -> None:
    file = study.out / name
    if not file.exists():
        result = make()
        make_folder(file.parent)
        replace_file(file, (json.dumps(result, indent=1) + "\n").encode())
