"""Prediction heads: a linear probe on a store's labels, added to a checkpoint."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from physioclr.checkpoint import (
    HeadCard,
    LabelCard,
    load_encoder,
    load_physiology_space,
    save_checkpoint,
)
from physioclr.datasets.store import Store
from physioclr.embedding import embed_store
from physioclr.evaluate import probe_targets
from physioclr.probe import ProbeResult, cross_validate_probe, fit_probe

__all__ = ["add_head"]

_PROTOCOL = (
    "Logistic regression on the frozen embedding; patient-grouped 5-fold cross-validation, each "
    "ECG scored once by a model that never saw its patient; 95 % patient-clustered bootstrap"
)
_SEEN = "; the encoder saw these ECGs in pretraining, without their labels"


def add_head(folder: Path, store: Store, label_set: str, *, seed: int = 0) -> HeadCard:
    """Fit a head on a store and write it into a checkpoint, in place of one of the same name.

    Parameters
    ----------
    folder : Path
        The checkpoint.
    store : Store
    label_set : str
        The head's labels, and its name.
    seed : int

    Returns
    -------
    HeadCard

    Raises
    ------
    CheckpointError, DatasetError
        If the checkpoint cannot be loaded, or the store lacks the labels.
    """
    encoder = load_encoder(folder)
    targets, patients, names = probe_targets(store, label_set)
    embeddings = embed_store(store, encoder)
    usable = np.isfinite(embeddings).all(axis=1)
    data = (embeddings[usable], targets[usable], patients[usable])
    evidence = cross_validate_probe(*data, label_names=names, seed=seed)
    head = fit_probe(*data, label_names=names, seed=seed)
    seen = {cohort.store_fingerprint for cohort in encoder.card.training.cohorts}
    card = HeadCard(
        labels=tuple(
            _label_card(evidence, name, store.label_names[label_set][name]) for name in names
        ),
        cohort=store.source,
        n_records=int(usable.sum()),
        n_patients=len(set(patients[usable])),
        simulated=store.simulated,
        protocol=_PROTOCOL + (_SEEN if store.fingerprint in seen else ""),
    )
    has_space = encoder.card.physiology_space is not None
    heads = {name: (encoder.heads[name], encoder.card.heads[name]) for name in encoder.heads}
    save_checkpoint(
        folder,
        encoder.model,
        name=encoder.card.name,
        preprocessing=encoder.card.preprocessing,
        training=encoder.card.training,
        heads={**heads, label_set: (head, card)},
        physiology_space=load_physiology_space(folder) if has_space else None,
        limits=encoder.card.limits,
    )
    return card


def _label_card(evidence: ProbeResult, name: str, display_name: str) -> LabelCard:
    row = evidence.table.loc[name]
    auroc = {
        key: None if np.isnan(row[key]) else round(float(row[key]), 4)
        for key in ("auroc", "auroc_low", "auroc_high")
    }
    return LabelCard(
        name=name,
        display_name=display_name,
        n_positives=int(row["n_positive"]),
        **auroc,
    )
