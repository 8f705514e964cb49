"""What a linear probe of a store learns from: embeddings, their controls, and the labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.baseline_features import median_beat_features, physiology_features
from physioclr.datasets.store import Store
from physioclr.encoders.embedding import embed_store
from physioclr.encoders.encoder import Encoder, random_encoder
from physioclr.encoders.preprocessing import Preprocessing

__all__ = [
    "MEDIAN_BEAT",
    "PHYSIOLOGY",
    "RANDOM_INIT",
    "probe_features",
    "probe_targets",
    "untrained_features",
    "usable_records",
]

RANDOM_INIT = "random init"
PHYSIOLOGY = "physiology vector"
MEDIAN_BEAT = "median beat"


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


def probe_features(
    store: Store,
    encoders: Encoder | Mapping[str, Encoder],
    *,
    seed: int = 0,
    on_progress: Callable[[str, float], None] | None = None,
) -> dict[str, NDArray[np.floating]]:
    """Return the embeddings of encoders, and the control features that stand beside them.

    Parameters
    ----------
    store : Store
    encoders : Encoder, or mapping of str to Encoder
        One, named by its card, or several by the names they are to have.
    seed : int
        Of the random encoders.
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    dict of str to (n_records, d) array
        The encoders; an untrained one for each shape they have, ``"random init"``, with the
        architecture in brackets where there are several; ``"physiology vector"`` and
        ``"median beat"``. NaN in rows that an encoder refuses, and where not measurable.
    """
    report = on_progress or (lambda _what, _share: None)
    asked = {**_named(encoders), **_untrained(_named(encoders), seed)}
    features: dict[str, NDArray[np.floating]] = {
        **_embedded(store, asked, lambda what, share: report(what, 0.9 * share))
    }
    report("Measuring the controls", 0.9)
    features[PHYSIOLOGY] = physiology_features(store)
    features[MEDIAN_BEAT] = median_beat_features(store)
    return features


def untrained_features(
    store: Store,
    encoders: Encoder | Mapping[str, Encoder],
    *,
    seed: int = 0,
    on_progress: Callable[[str, float], None] | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Return the embeddings of the random encoders alone, for another seed of `probe_features`.

    Parameters
    ----------
    store : Store
    encoders : Encoder, or mapping of str to Encoder
        As for `probe_features`.
    seed : int
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    dict of str to (n_records, d) float32
        By the names they have there.
    """
    report = on_progress or (lambda _what, _share: None)
    return _embedded(store, _untrained(_named(encoders), seed), report)


def usable_records(features: Mapping[str, NDArray[np.floating]]) -> NDArray[np.bool_]:
    """Say which ECGs every encoder could embed.

    Parameters
    ----------
    features : mapping of str to (n_records, d) array
        As `probe_features` gives them; what is not measurable in a control is no reason.

    Returns
    -------
    (n_records,) bool
    """
    embedded = [v for name, v in features.items() if name not in (PHYSIOLOGY, MEDIAN_BEAT)]
    return np.asarray(np.all([np.isfinite(values).all(axis=1) for values in embedded], axis=0))


def _named(encoders: Encoder | Mapping[str, Encoder]) -> Mapping[str, Encoder]:
    return {encoders.card.name: encoders} if isinstance(encoders, Encoder) else encoders


def _embedded(
    store: Store, encoders: Mapping[str, Encoder], report: Callable[[str, float], None]
) -> dict[str, NDArray[np.float32]]:
    embeddings = {}
    for i, (name, encoder) in enumerate(encoders.items()):

        def embedding(done: int, total: int, i: int = i, name: str = name) -> None:
            report(f"Embedding, {name}", (i + done / total) / len(encoders))

        embeddings[name] = embed_store(store, encoder, on_progress=embedding)
    return embeddings


def _untrained(encoders: Mapping[str, Encoder], seed: int) -> dict[str, Encoder]:
    shapes: dict[tuple[object, Preprocessing], Encoder] = {}
    for encoder in encoders.values():
        shapes.setdefault((encoder.card.config, encoder.card.preprocessing), encoder)
    if len(shapes) == 1:
        return {RANDOM_INIT: random_encoder(next(iter(shapes.values())), seed=seed)}
    untrained: dict[str, Encoder] = {}
    for encoder in shapes.values():
        name = f"{RANDOM_INIT} ({encoder.card.encoder['architecture']})"
        if name in untrained:
            name = f"{RANDOM_INIT} ({encoder.card.encoder['architecture']}, {len(untrained) + 1})"
        untrained[name] = random_encoder(encoder, seed=seed)
    return untrained
