"""Prediction heads: a linear probe on a store's labels, added to a checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.encoders.card import CallCard, HeadCard, LabelCard, ReliabilityCard
from physioclr.encoders.checkpoint import load_encoder, load_physiology_space, save_checkpoint
from physioclr.encoders.embedding import embed_store
from physioclr.encoders.encoder import Encoder
from physioclr.encoders.reference_ecgs import ReferenceEcgs
from physioclr.evaluation.probe_features import probe_targets
from physioclr.probe import ProbeResult, cross_validate_probe, fit_probe
from physioclr.probe.no_call import DEFAULT_ALPHA, fit_call_limits, measure_calls
from physioclr.probe.reliability import reliability_bins

__all__ = ["add_head", "label_card"]

_PROTOCOL = (
    "Logistic regression on the frozen embedding; patient-grouped 5-fold cross-validation, each "
    "ECG scored once by a model that never saw its patient; 95 % patient-clustered bootstrap"
)
_SEEN = "; the encoder saw these ECGs in pretraining, without their labels"


def add_head(
    folder: Path, store: Store, label_set: str, *, seed: int = 0, alpha: float = DEFAULT_ALPHA
) -> HeadCard:
    """Fit a head on a store and write it into a checkpoint, in place of one of the same name.

    The store's labelled ECGs become the checkpoint's reference ECGs; a head added from the same
    store adds its labels to them, one from another store puts that store's in their place.

    Parameters
    ----------
    folder : Path
        The checkpoint.
    store : Store
    label_set : str
        The head's labels, and its name. Those that cannot be measured are left out, and the card
        says why.
    seed : int
    alpha : float
        The share of wrong calls allowed in each class, in (0, 1): see `physioclr.probe.no_call`.

    Returns
    -------
    HeadCard

    Raises
    ------
    CheckpointError, DatasetError
        If the checkpoint cannot be loaded, the store lacks the labels, or none can be measured.
    """
    encoder = load_encoder(folder)
    targets, patients, names = probe_targets(store, label_set)
    embeddings = embed_store(store, encoder)
    usable = np.isfinite(embeddings).all(axis=1)
    data = (embeddings[usable], targets[usable], patients[usable])
    evidence = cross_validate_probe(*data, label_names=names, seed=seed)
    columns = [names.index(name) for name in evidence.measured]
    head = fit_probe(
        data[0], data[1][:, columns], data[2], label_names=evidence.measured, seed=seed
    )
    seen = {cohort.store_fingerprint for cohort in encoder.card.training.cohorts}
    card = HeadCard(
        labels=tuple(
            label_card(evidence, name, store.label_names[label_set][name], alpha)
            for name in evidence.measured
        ),
        left_out={
            name: str(evidence.table.loc[name, "reason"])
            for name in names
            if name not in evidence.measured
        },
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
        references=_references(encoder, store, label_set, embeddings),
        intended_use=encoder.card.intended_use,
        limits=encoder.card.limits,
        metrics=encoder.card.metrics,
    )
    return card


def _references(
    encoder: Encoder, store: Store, label_set: str, embeddings: NDArray[np.float32]
) -> ReferenceEcgs:
    bank = encoder.references
    if bank is not None and bank.store_fingerprint == store.fingerprint:
        return bank.with_labels(store, label_set)
    return ReferenceEcgs.of_store(
        store, embeddings, label_set, encoder_fingerprint=encoder.card.fingerprint
    )


def label_card(
    evidence: ProbeResult, name: str, display_name: str, alpha: float = DEFAULT_ALPHA
) -> LabelCard:
    """Summarise how well a cross-validated probe tells one label.

    Parameters
    ----------
    evidence : ProbeResult
    name : str
        One of its measured labels.
    display_name : str
    alpha : float
        As for `add_head`.

    Returns
    -------
    LabelCard
    """
    row = evidence.table.loc[name].to_dict()
    return LabelCard(
        name=name,
        display_name=display_name,
        n_positives=int(row["n_positive"]),
        auroc=_number(row["auroc"]),
        auroc_low=_number(row["auroc_low"]),
        auroc_high=_number(row["auroc_high"]),
        auprc=_number(row.get("auprc")),
        brier=_number(row.get("brier")),
        calibration_error=_number(row.get("ece")),
        calls=_call_card(evidence, name, alpha),
        reliability=_reliability(evidence, name),
    )


def _reliability(evidence: ProbeResult, name: str) -> tuple[ReliabilityCard, ...]:
    column = evidence.label_names.index(name)
    bins = reliability_bins(evidence.probabilities[:, column], evidence.targets[:, column])
    return tuple(ReliabilityCard(**asdict(each)) for each in bins)


def _call_card(evidence: ProbeResult, name: str, alpha: float) -> CallCard:
    column = evidence.label_names.index(name)
    data = (evidence.probabilities[:, column], evidence.targets[:, column], evidence.groups)
    limits = fit_call_limits(*data, alpha=alpha)
    rates = measure_calls(*data, evidence.folds, alpha=alpha)
    return CallCard(
        alpha=alpha,
        present_at=limits.present_at if np.isfinite(limits.present_at) else None,
        absent_at=limits.absent_at if np.isfinite(limits.absent_at) else None,
        **{share: _number(value) for share, value in asdict(rates).items()},
    )


def _number(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), 4)
