"""The linear probe of an encoder on a store, with the controls that stand beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from physioclr.checkpoint import Encoder, random_encoder
from physioclr.controls import median_beat_features, physiology_features
from physioclr.datasets.store import Store
from physioclr.embedding import embed_store
from physioclr.probe import ProbeResult, compare_probes

__all__ = ["RANDOM_INIT", "probe_store", "probe_targets"]

RANDOM_INIT = "random init"


def probe_targets(
    store: Store, label_set: str
) -> tuple[NDArray[np.float64], NDArray[np.object_], tuple[str, ...]]:
    """Return what a probe learns from.

    Parameters
    ----------
    store : Store
    label_set : str

    Returns
    -------
    targets : (n_records, n_labels) float64
        1, 0 or NaN.
    patients : (n_records,) object
    label_names : tuple of str

    Raises
    ------
    DatasetError
        If the store has no such label set.
    """
    labels = store.labels(label_set)
    patients = store.records["patient_id"].to_numpy(dtype=object)
    return labels.to_numpy(dtype=np.float64), patients, tuple(labels.columns)


def probe_store(
    store: Store,
    encoder: Encoder,
    label_set: str,
    *,
    seed: int = 0,
    on_progress: Callable[[str, float], None] | None = None,
) -> dict[str, ProbeResult]:
    """Cross-validate linear probes on the encoder's embeddings and on three controls.

    Parameters
    ----------
    store : Store
    encoder : Encoder
    label_set : str
    seed : int
        Of the folds, the bootstrap and the random encoder.
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    dict of str to ProbeResult
        The encoder by its card's name, then ``"random init"``, ``"physiology vector"`` and
        ``"median beat"``, all on the same records and the same patient-grouped folds. Records
        that cannot be embedded are left out of every row.

    Raises
    ------
    DatasetError
        If the store has no such label set, or no label can be measured.
    """
    report = on_progress or (lambda _what, _share: None)
    targets, patients, names = probe_targets(store, label_set)
    features: dict[str, NDArray[np.floating]] = {
        encoder.card.name: embed_store(
            store, encoder, on_progress=lambda i, n: report("Embedding", 0.3 * i / n)
        ),
        RANDOM_INIT: embed_store(
            store,
            random_encoder(encoder, seed=seed),
            on_progress=lambda i, n: report("Embedding, random init", 0.3 + 0.3 * i / n),
        ),
    }
    report("Measuring the controls", 0.6)
    features["physiology vector"] = physiology_features(store)
    features["median beat"] = median_beat_features(store)
    usable = np.isfinite(features[encoder.card.name]).all(axis=1)
    results: dict[str, ProbeResult] = compare_probes(
        {name: values[usable] for name, values in features.items()},
        targets[usable],
        patients[usable],
        label_names=names,
        seed=seed,
        on_progress=lambda i, n: report("Fitting the probes", 0.7 + 0.3 * i / n),
    )
    report("Done", 1.0)
    return results
