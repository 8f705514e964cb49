"""What the page about datasets says of a store, and the import that is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from physioclr.jobs import Job, default_queue
from physioclr.jobs.importing import ImportTask
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.runtime.allowed_paths import require_allowed

if TYPE_CHECKING:
    from app.datasets.distributions import Distribution
    from physioclr.datasets.store import Store

__all__ = ["begin_import", "distributions", "facts", "label_counts", "last_import"]

_SHOWN = (
    "heart_rate_bpm",
    "pr_ms",
    "qrs_ms",
    "qt_ms",
    "qtc_fridericia_ms",
    "axis_deg",
    "rmssd_ms",
)


def facts(store: Store) -> list[tuple[str, str]]:
    """Return what a store is, as names and values."""
    records = store.records
    sexes = records["sex"].value_counts()
    ages = records["age_years"].astype(float)
    folds = sorted({int(fold) for fold in records["fold"].dropna()})
    accepted = records["acceptable"].dropna()
    return [
        ("ECGs", f"{len(store):,}"),
        ("Patients", f"{records['patient_id'].nunique():,}"),
        ("Length", f"{store.n_samples / store.fs_hz:g} s"),
        ("Sampling rate", f"{store.fs_hz:g} Hz"),
        ("Leads", ", ".join(store.leads)),
        ("Sex", ", ".join(f"{n:,} {sex}" for sex, n in sexes.items()) or "not stated"),
        (
            "Age",
            f"median {ages.median():.0f} years, {ages.min():.0f} to {ages.max():.0f}"
            if ages.notna().any()
            else "not stated",
        ),
        ("Folds", f"{folds[0]} to {folds[-1]}" if folds else "none"),
        (
            "Acceptable signal",
            f"{100 * accepted.astype(float).mean():.0f} %" if len(accepted) else "not judged",
        ),
        ("On disk", f"{_size_mb(store):,.0f} MB"),
        ("Fingerprint", store.fingerprint),
    ]


def _size_mb(store: Store) -> float:
    """Return how large a store is on disk, in MB."""
    return sum(file.stat().st_size for file in store.path.iterdir() if file.is_file()) / 1e6


def label_counts(store: Store, label_set: str) -> tuple[dict[str, int], int]:
    """Return how many ECGs have each label of a set, and of how many the labels are known."""
    labels = store.labels(label_set)
    names = store.label_names[label_set]
    counts = {names[label]: int((labels[label] == 1).sum()) for label in labels.columns}
    return counts, int(labels.notna().any(axis=1).sum())


def distributions(store: Store) -> tuple[list[Distribution], list[str]]:
    """Return the measurements that are shown as histograms, and the names of those no ECG has."""
    measured, records = store.measurements, store.records
    found: list[Distribution] = [
        (MEASUREMENTS[name].label, MEASUREMENTS[name].unit, measured[name].to_numpy(float))
        for name in _SHOWN
        if name in measured
    ]
    found += [
        ("Age", "years", records["age_years"].to_numpy(float)),
        ("Signal quality", "%", 100 * records["quality_score"].to_numpy(float)),
    ]
    shown = [one for one in found if np.isfinite(np.asarray(one[2])).any()]
    absent = [MEASUREMENTS[name].label for name in _SHOWN if name not in measured]
    kept = {name for name, *_ in shown}
    absent += [name for name, *_ in found if name not in kept]
    return shown, absent


def begin_import(source: str, out: str) -> Job:
    """Begin to prepare a cohort in a process of its own; both folders must be allowed ones."""
    is_named = source == "demo" or source.startswith("simulated:")
    task = ImportTask(
        source if is_named else str(require_allowed(source)), str(require_allowed(out))
    )
    return default_queue().submit(task)


def last_import() -> Job | None:
    """Return the import that was begun last, by this session or another."""
    return next(iter(default_queue().jobs(ImportTask)), None)
