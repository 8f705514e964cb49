"""What an embedding knows of physiology, and how it is laid out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.encoders.encoder import Encoder
from physioclr.encoders.window_embeddings import embed_windows, usable_batches
from physioclr.errors import DatasetError
from physioclr.explore.embedding_map import fit_map
from physioclr.explore.map_layout import MapSettings
from physioclr.explore.neighbourhoods import (
    Agreement,
    label_agreement,
    map_faithfulness,
    neighbourhood_agreement,
)
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.similarity import PhysiologySpace, reference_space
from physioclr.physiology.vector import PHYSIOLOGY_UNITS
from physioclr.pretraining.monitoring import alignment, effective_rank, uniformity
from physioclr.probe import cross_validate_regression

__all__ = ["EmbeddingDescription", "describe_embedding", "embedded_physiology"]

_AGE = "age_years"

_COMPARED = 1000
_MAP_NEIGHBOURS = 15


@dataclass(frozen=True, eq=False)
class EmbeddingDescription:
    """What one encoder makes of one store.

    Parameters
    ----------
    physiology : DataFrame
        As `embedded_physiology` returns it.
    geometry : DataFrame
        One row a quantity (the index), with ``value``, ``low`` and ``high`` (95 %; NaN where no
        interval is computed), ``chance`` (NaN where it has no meaning), ``n`` (ECGs) and
        ``reason``: empty, or why it was not measured.
    n_refused : int
        ECGs of the store that the encoder refuses; they are in no number.
    """

    physiology: pd.DataFrame
    geometry: pd.DataFrame
    n_refused: int


def embedded_physiology(
    store: Store,
    embeddings: NDArray[Any],
    *,
    measurements: Sequence[str] | None = None,
    n_folds: int = 5,
    seed: int = 0,
    n_bootstrap: int = 1000,
) -> pd.DataFrame:
    """Say how well a linear map of the embedding gives each measurement of new patients.

    Parameters
    ----------
    store : Store
    embeddings : (n_records, d) array of numbers
        A row of NaN for each ECG without an embedding.
    measurements : sequence of str, optional
        Columns of ``store.measurements`` or ``store.physiology``, or ``"age_years"``. All
        measurements and the age if absent.
    n_folds, seed, n_bootstrap
        As in `cross_validate_regression`.

    Returns
    -------
    DataFrame
        One row a measurement (the index): ``label``, ``unit``, ``n_known``, ``n_unknown`` (of the
        ECGs that are embedded), ``r2`` with ``r2_low`` and ``r2_high``, ``mae`` in the unit,
        ``sd`` of the measurement in this cohort and ``reason``: empty, or why it was not measured.

    Raises
    ------
    DatasetError
        If there are fewer patients than folds.
    ValueError
        If the store has no such measurement, or `embeddings` has another number of rows.

    Notes
    -----
    The patients are never split and the strength of the ridge is chosen within the training
    folds. An axis is a number of degrees here, cut at ±180°: few ECGs lie there, and each costs
    R².
    """
    names = (*store.measurements.columns, _AGE) if measurements is None else tuple(measurements)
    values = np.column_stack([_values(store, name) for name in names])
    embeddings = np.asarray(embeddings)
    if embeddings.ndim != 2 or len(embeddings) != len(store):
        raise ValueError(f"embeddings must be ({len(store)}, d), got shape {embeddings.shape}")
    embedded = np.isfinite(embeddings).all(axis=1)
    found = cross_validate_regression(
        embeddings[embedded],
        values[embedded],
        store.records["patient_id"].to_numpy(dtype=object)[embedded],
        names=names,
        n_folds=n_folds,
        seed=seed,
        n_bootstrap=n_bootstrap,
    )
    table = found.table.rename_axis("measurement")
    table.insert(0, "label", [_label_and_unit(name)[0] for name in names])
    table.insert(1, "unit", [_label_and_unit(name)[1] for name in names])
    table.insert(3, "n_unknown", int(embedded.sum()) - table["n_known"])
    return table


def describe_embedding(
    store: Store,
    encoder: Encoder,
    *,
    label_set: str | None = None,
    space: PhysiologySpace | None = None,
    k: int = 10,
    seed: int = 0,
    n_bootstrap: int = 200,
    coordinates: NDArray[Any] | None = None,
    on_progress: Callable[[str, float], None] | None = None,
) -> EmbeddingDescription:
    """Describe what an encoder makes of a store.

    Parameters
    ----------
    store : Store
        With the physiological vectors that `space` compares.
    encoder : Encoder
    label_set : str, optional
        For the agreement of labels among neighbours.
    space : PhysiologySpace, optional
        The shipped one if absent.
    k : int
        Neighbours.
    seed : int
        Of folds, bootstrap, map, and of the 1,000 ECGs whose neighbourhoods are compared where
        there are more.
    n_bootstrap : int
    coordinates : (n_records, 2) array of numbers, optional
        A map of the store's ECGs, to say how faithful it is; one of UMAP is fitted if absent.
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    EmbeddingDescription
        The quantities of its `geometry`: ``uniformity``, ``effective_rank`` and ``alignment``
        (of an ECG's first and last window) as `physioclr.pretraining.monitoring` defines them,
        ``neighbourhood_agreement`` and, if a label set is given, ``label_agreement`` as
        `physioclr.explore.neighbourhoods` does, ``trustworthiness`` and ``continuity`` of the map
        at 15 neighbours.

    Raises
    ------
    DatasetError
        If too few ECGs can be embedded, or the store has no such label set.
    """
    report = on_progress or (lambda _what, _share: None)
    # Asked for first: a name that is none shall not cost the time of embedding.
    targets = None if label_set is None else store.labels(label_set).to_numpy(dtype=np.float64)
    windows = _embed(store, encoder, lambda share: report("Embedding", 0.6 * share))
    rows = np.flatnonzero(np.isfinite(windows).all(axis=(1, 2)))
    if len(rows) <= 2 * _MAP_NEIGHBOURS:
        raise DatasetError(
            store.path.name,
            expected=f"more than {2 * _MAP_NEIGHBOURS} ECGs that can be embedded",
            found=str(len(rows)),
        )
    embeddings = windows.mean(axis=1)
    report("Regressing the measurements", 0.6)
    physiology = embedded_physiology(store, embeddings, seed=seed, n_bootstrap=n_bootstrap)
    report("Comparing neighbourhoods", 0.75)
    geometry = _spread(windows[rows])
    drawn = rows
    if len(rows) > _COMPARED:
        drawn = np.sort(np.random.default_rng(seed).choice(rows, _COMPARED, replace=False))
    vectors = store.physiology.to_numpy(dtype=np.float64)[drawn]
    patients = store.records["patient_id"].to_numpy(dtype=object)[drawn]
    similarity = (space or reference_space()).similarity(vectors, vectors)
    settings: dict[str, Any] = {"k": k, "seed": seed, "n_bootstrap": n_bootstrap}
    geometry["neighbourhood_agreement"] = _agreed(
        lambda: neighbourhood_agreement(embeddings[drawn], similarity, patients, **settings)
    )
    if targets is not None:
        geometry["label_agreement"] = _agreed(
            lambda: label_agreement(embeddings[drawn], targets[drawn], patients, **settings)
        )
    report("Laying out the map", 0.85)
    flat = (
        fit_map(embeddings[rows], MapSettings(seed=seed)).coordinates
        if coordinates is None
        else np.asarray(coordinates)[rows]
    )
    faithful = map_faithfulness(embeddings[rows], flat, k=_MAP_NEIGHBOURS, seed=seed)
    for name in ("trustworthiness", "continuity"):
        geometry[name] = {"value": getattr(faithful, name), "n": len(rows)}
    report("Done", 1.0)
    return EmbeddingDescription(physiology, _table(geometry), len(store) - len(rows))


def _values(store: Store, name: str) -> NDArray[np.float64]:
    for table in (store.measurements, store.physiology, store.records[[_AGE]]):
        if name in table.columns:
            return table[name].to_numpy(dtype=np.float64)
    raise ValueError(
        f"measurements must be columns of the store's measurements or physiology, or {_AGE!r}, "
        f"got {name!r}"
    )


def _label_and_unit(name: str) -> tuple[str, str]:
    if name in MEASUREMENTS:
        return MEASUREMENTS[name].label, MEASUREMENTS[name].unit
    return ("Age", "years") if name == _AGE else (name, PHYSIOLOGY_UNITS.get(name, ""))


def _embed(
    store: Store, encoder: Encoder, on_share: Callable[[float], None]
) -> NDArray[np.float32]:
    """Embed every window of a store: (n_records, n_windows, d), NaN where it is refused."""
    preprocessing = encoder.card.preprocessing
    n_windows = len(
        preprocessing.starts(round(store.n_samples * preprocessing.fs_hz / store.fs_hz))
    )
    shape = (len(store), n_windows, encoder.embedding_dim)
    embedded = np.full(shape, np.nan, dtype=np.float32)
    for batch in usable_batches(store, encoder):
        on_share(batch.start / len(store))
        embedded[batch.rows] = embed_windows(batch.signals, encoder)
    return embedded


def _spread(windows: NDArray[np.float32]) -> dict[str, dict[str, Any]]:
    embeddings = torch.from_numpy(windows.mean(axis=1))
    n = len(windows)
    found: dict[str, dict[str, Any]] = {
        "uniformity": {"value": uniformity(embeddings), "n": n},
        "effective_rank": {"value": effective_rank(embeddings), "n": n},
        "alignment": {"n": 0, "reason": "an ECG is one window of this encoder"},
    }
    if windows.shape[1] > 1:
        first, last = (torch.from_numpy(windows[:, i].copy()) for i in (0, -1))
        found["alignment"] = {"value": alignment(first, last), "n": n}
    return found


def _agreed(measure: Callable[[], Agreement]) -> dict[str, Any]:
    try:
        found = measure()
    except DatasetError as error:
        return {"n": 0, "reason": str(error)}
    row: dict[str, Any] = {"value": found.share, "low": found.low, "high": found.high}
    return row | {"chance": found.chance, "n": found.n}


def _table(geometry: dict[str, dict[str, Any]]) -> pd.DataFrame:
    empty: dict[str, Any] = dict.fromkeys(("value", "low", "high", "chance"), math.nan)
    empty |= {"n": 0, "reason": ""}
    rows = {name: empty | row for name, row in geometry.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("quantity")
