"""A cohort's labels as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from physioclr.datasets.store import Store

__all__ = [
    "NO_LABEL",
    "SEVERAL_LABELS",
    "cohort_title",
    "record_labels",
    "record_titles",
]

NO_LABEL = "no label"
SEVERAL_LABELS = "several labels"


def cohort_title(store: Store) -> str:
    """Say how many ECGs of what kind a cohort holds."""
    if store.simulated:
        return f"{len(store):,} simulated ECGs"
    return f"{len(store):,} ECGs of {store.source}"


def record_labels(store: Store, label_set: str) -> list[str]:
    """Return each ECG's labels in one string, joined by “+” where it has several."""
    display = store.label_names[label_set]
    table = store.labels(label_set)
    present = table.to_numpy() == 1.0
    names = np.array([display[str(column)] for column in table.columns], dtype=object)
    return [" + ".join(names[row]) or NO_LABEL for row in present]


def record_titles(store: Store) -> Sequence[str]:
    """Return each ECG's id with its labels of the store's first label set."""
    ids = [str(record_id) for record_id in store.records["record_id"]]
    if not store.label_sets:
        return ids
    labels = record_labels(store, next(iter(store.label_sets)))
    return [f"{name} · {label}" for name, label in zip(ids, labels, strict=True)]
