"""From one cohort to another: a probe learns on one and is scored on the other, once.

Cohorts name diagnoses in vocabularies of their own. Those that mean the same are brought together
in `SHARED_DIAGNOSES`: the SCP-ECG statements of PTB-XL and the classes of the PhysioNet/CinC
Challenge 2021, as its organisers mapped the former to the latter (Perez Alday et al. 2020,
doi:10.1088/1361-6579/abc960; Reyna et al. 2021, doi:10.23919/CinC53138.2021.9662687, who score
complete and unspecified bundle branch blocks as one).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.datasets.store import Store
from physioclr.encoders.encoder import Encoder
from physioclr.errors import DatasetError
from physioclr.evaluation.probe_features import probe_features, usable_records
from physioclr.probe import cross_validate_probe, unmeasurable_labels
from physioclr.probe.cross_validation import DEFAULT_STRENGTHS
from physioclr.probe.fitted_scores import fitted_scores
from physioclr.probe.folds import patient_codes
from physioclr.probe.scores import auroc, interval, patient_resamples

__all__ = ["SHARED_DIAGNOSES", "shared_targets", "transfer_probe"]

_FEWEST = 5

SHARED_DIAGNOSES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "sinus rhythm": (("rhythm", "SR"), ("challenge_2021", "NSR")),
        "sinus bradycardia": (("rhythm", "SBRAD"), ("challenge_2021", "SB")),
        "sinus tachycardia": (("rhythm", "STACH"), ("challenge_2021", "STach")),
        "sinus arrhythmia": (("rhythm", "SARRH"), ("challenge_2021", "SA")),
        "atrial fibrillation": (("rhythm", "AFIB"), ("challenge_2021", "AF")),
        "atrial flutter": (("rhythm", "AFLT"), ("challenge_2021", "AFL")),
        "pacing rhythm": (("rhythm", "PACE"), ("challenge_2021", "PR")),
        "premature atrial complexes": (("form", "PAC"), ("challenge_2021", "PAC")),
        "ventricular premature complexes": (("form", "PVC"), ("challenge_2021", "PVC")),
        "left bundle branch block": (("subclass", "CLBBB"), ("challenge_2021", "LBBB")),
        "right bundle branch block": (("subclass", "CRBBB"), ("challenge_2021", "RBBB")),
        "incomplete right bundle branch block": (
            ("subclass", "IRBBB"),
            ("challenge_2021", "IRBBB"),
        ),
        "prolonged PR interval": (("form", "LPR"), ("challenge_2021", "LPR")),
        "prolonged QT interval": (("form", "LNGQT"), ("challenge_2021", "LQT")),
        "low QRS voltages": (("form", "LVOLT"), ("challenge_2021", "LQRSV")),
        "abnormal Q waves": (("form", "QWAVE"), ("challenge_2021", "QAb")),
        "inverted T waves": (("form", "INVT"), ("challenge_2021", "TInv")),
    }
)
"""Diagnosis → the label set and label that means it, in each vocabulary."""

_Report = Callable[[str, float], None]


def shared_targets(store: Store) -> pd.DataFrame:
    """Return the shared diagnoses that a store's labels say something of.

    Parameters
    ----------
    store : Store

    Returns
    -------
    (n_records, n_diagnoses) DataFrame of float
        1, 0 or NaN.

    Raises
    ------
    DatasetError
        If there is none.
    """
    columns = {}
    for diagnosis, labels in SHARED_DIAGNOSES.items():
        for label_set, label in labels:
            if label in store.label_sets.get(label_set, ()):
                columns[diagnosis] = store.labels(label_set)[label].to_numpy(np.float64)
    if not columns:
        raise DatasetError(
            store.path.name,
            expected="labels of PTB-XL or of the PhysioNet Challenge 2021",
            found=f"the label sets ({', '.join(store.label_sets) or 'none'})",
        )
    return pd.DataFrame(columns)


def transfer_probe(
    train: Store,
    test: Store,
    encoder: Encoder,
    *,
    seed: int = 0,
    n_bootstrap: int = 1000,
    on_progress: Callable[[str, float], None] | None = None,
) -> pd.DataFrame:
    """Fit a probe on one cohort and score it on another, with its controls beside it.

    Parameters
    ----------
    train, test : Store
        The labels of `test` are used for the score alone.
    encoder : Encoder
    seed : int
        Of the random encoder, the folds within `train`, and the bootstrap.
    n_bootstrap : int
    on_progress : callable, optional
        Called with what is being done and the share done, in [0, 1].

    Returns
    -------
    DataFrame
        One row a diagnosis and model: ``diagnosis``, ``model``, ``n_train``, ``n_test`` (ECGs with
        it), ``within`` with ``within_low`` and ``within_high`` (AUROC by cross-validation in
        `train`), ``auroc`` with ``auroc_low`` and ``auroc_high`` (in `test`, bootstrap of its
        patients, 95 %), and ``reason``: empty, or why it was not measured.

    Raises
    ------
    DatasetError
        If the cohorts share no diagnosis, or none can be measured.
    """
    report = on_progress or (lambda _what, _share: None)
    known, asked = shared_targets(train), shared_targets(test)
    names = tuple(name for name in known.columns if name in asked.columns)
    cohorts = [
        _side(store, encoder, labels[list(names)], seed, _part_of(report, i))
        for i, (store, labels) in enumerate(((train, known), (test, asked)))
    ]
    reasons = _reasons(names, cohorts)
    measured = [i for i, name in enumerate(names) if name not in reasons]
    if not measured:
        why = "; ".join(f"{name} {reason}" for name, reason in reasons.items())
        raise DatasetError(
            f"{train.path.name} and {test.path.name}",
            expected="a shared diagnosis that can be measured",
            found=why or "no shared diagnosis",
        )
    rows = [
        {"diagnosis": names[i], "reason": reasons[names[i]], **_counts(cohorts, i)}
        for i in range(len(names))
        if names[i] in reasons
    ]
    models = list(cohorts[0].features)
    for done, model in enumerate(models):
        report(f"Fitting, {model}", 2 / 3 + done / len(models) / 3)
        rows += _scored(model, cohorts, names, measured, seed=seed, n_bootstrap=n_bootstrap)
    report("Done", 1.0)
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Side:
    """The usable ECGs of one of the two cohorts."""

    features: dict[str, NDArray[np.floating]]
    targets: NDArray[np.float64]
    patients: NDArray[np.object_]


def _side(
    store: Store, encoder: Encoder, labels: pd.DataFrame, seed: int, report: _Report
) -> _Side:
    features = probe_features(store, encoder, seed=seed, on_progress=report)
    usable = usable_records(features)
    return _Side(
        {model: values[usable] for model, values in features.items()},
        labels.to_numpy(np.float64)[usable],
        store.records["patient_id"].to_numpy(dtype=object)[usable],
    )


def _part_of(report: _Report, number: int) -> _Report:
    return lambda what, share: report(what, (number + share) / 3)


def _scored(
    model: str,
    cohorts: Sequence[_Side],
    names: tuple[str, ...],
    measured: Sequence[int],
    *,
    seed: int,
    n_bootstrap: int,
) -> list[dict[str, Any]]:
    """Return a row a measured diagnosis: within the first cohort, and in the second."""
    train, test = cohorts
    within = cross_validate_probe(
        train.features[model],
        train.targets[:, measured],
        train.patients,
        label_names=[names[i] for i in measured],
        seed=seed,
        n_bootstrap=n_bootstrap,
    ).table
    scores = _scores_of_test(model, cohorts, measured)
    codes = patient_codes(test.patients)
    drawn = patient_resamples(codes, n_bootstrap, seed)[:, codes]
    rows = []
    for column, i in enumerate(measured):
        own = within.loc[names[i]].to_dict()
        low, high = interval(auroc(scores[:, column], test.targets[:, i], drawn))
        rows.append(
            {
                "diagnosis": names[i],
                "model": model,
                **_counts(cohorts, i),
                "within": own["auroc"],
                "within_low": own["auroc_low"],
                "within_high": own["auroc_high"],
                "auroc": float(auroc(scores[:, column], test.targets[:, i])[0]),
                "auroc_low": low,
                "auroc_high": high,
                "reason": "",
            }
        )
    return rows


def _scores_of_test(
    model: str, cohorts: Sequence[_Side], measured: Sequence[int]
) -> NDArray[np.float64]:
    train, test = cohorts
    training = np.repeat([True, False], [len(side.targets) for side in cohorts])
    named = [f"{i}/{name}" for i, side in enumerate(cohorts) for name in side.patients]
    learnt = train.targets[:, measured]
    unknown = np.full((len(test.targets), len(measured)), np.nan)
    return fitted_scores(
        np.concatenate([side.features[model] for side in cohorts]).astype(np.float64),
        np.concatenate([learnt, unknown]),
        patient_codes(named),
        training,
        ~training,
        np.array(DEFAULT_STRENGTHS),
    )


def _reasons(names: tuple[str, ...], cohorts: Sequence[_Side]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for where, side in zip(("learn", "test"), cohorts, strict=True):
        found = unmeasurable_labels(side.targets, side.patients, names, n_folds=_FEWEST)
        for name, reason in found.items():
            reasons.setdefault(name, f"{reason} to {where} on")
    return reasons


def _counts(cohorts: Sequence[_Side], column: int) -> dict[str, int]:
    train, test = (int(np.sum(side.targets[:, column] == 1)) for side in cohorts)
    return {"n_train": train, "n_test": test}
