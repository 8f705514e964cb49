"""Running a probe from the app."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.resources import encoder
from physioclr.evaluate import probe_store

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.probe import ProbeResult

__all__ = ["probe_key", "run_probe"]


def probe_key(store: Store, label_set: str) -> tuple[str, str, str]:
    """Return what a result belongs to: the cohort, the encoder and the label set."""
    return store.fingerprint, encoder().card.fingerprint, label_set


def run_probe(
    store: Store, label_set: str, on_progress: Callable[[str, float], None]
) -> dict[str, ProbeResult]:
    """Probe the shipped encoder and its controls; see `physioclr.evaluate.probe_store`."""
    return probe_store(store, encoder(), label_set, on_progress=on_progress)
