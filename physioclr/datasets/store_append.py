"""Add ECGs to a store that is whole: `StoreAppender`."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np

from physioclr.datasets.manifest import MANIFEST_NAME, read_manifest
from physioclr.datasets.store import Store
from physioclr.datasets.store_tables import TABLE_NAMES, part_file
from physioclr.datasets.store_writer import StoreWriter
from physioclr.datasets.stored_signal import signal_hash
from physioclr.runtime.atomic_files import replace_file

__all__ = ["StoreAppender"]

_AT_ONCE = 256


class StoreAppender(StoreWriter):
    """A context manager that adds ECGs to a store, whole or not at all.

    What is there is not rewritten: new shards and a new part of each table come beside it, and the
    manifest that names them replaces the old one last. Until then, and after a crash, the store is
    what it was. A store that is open meanwhile does not see the new ECGs.

    Parameters
    ----------
    path : path-like
        The store's folder.
    records_per_shard : int, optional

    Raises
    ------
    DatasetError
        If it is not a store; on entering, if another process writes it.
    """

    def __init__(self, path: str | Path, *, records_per_shard: int = 1000) -> None:
        manifest = read_manifest(Path(path).resolve())
        super().__init__(
            path,
            fs_hz=manifest.fs_hz,
            n_samples=manifest.n_samples,
            source=manifest.source,
            leads=manifest.leads,
            simulated=manifest.simulated,
            label_sets=manifest.label_sets,
            records_per_shard=records_per_shard,
        )

    def _check_out(self) -> None:
        """Allow the store that is there."""

    def _begin_or_go_on(self) -> None:
        super()._begin_or_go_on()
        store = Store(self._out)  # read again: another process may have appended before the lock
        self._before = store.manifest
        self._first_shard = len(self._before.shards)
        self._part = len(self._before.part_sizes)
        self._content = hashlib.sha256(self._before.fingerprint.encode())
        self._record_ids.update(store.records["record_id"])
        folds = [
            None if np.isnan(fold) else int(fold) for fold in store.records["fold"].astype(float)
        ]
        hashes = _signal_hashes(store)
        for content, record_id, fold in zip(hashes, store.records["record_id"], folds, strict=True):
            self._first_of.setdefault(content, (record_id, fold))

    def _put_in_place(self, checksums: dict[str, str]) -> None:
        for file in checksums:
            (self._partial / file).replace(self._out / file)
        before, added = self._before, self._manifest(checksums)
        manifest = before.model_copy(
            update={
                "n_records": before.n_records + added.n_records,
                "shards": before.shards + added.shards,
                "parts": (*before.part_sizes, added.n_records),
                "checksums": (before.checksums or self._checksums_before()) | checksums,
                "fingerprint": added.fingerprint,
                "prepared": {},
            }
        )
        content = manifest.model_dump_json(indent=1) + "\n"
        replace_file(self._out / MANIFEST_NAME, content.encode())
        shutil.rmtree(self._partial)

    def _checksums_before(self) -> dict[str, str]:
        """Return the checksums of a store older than they are, as it is now."""
        tables = [
            part_file(name, part)
            for part in range(len(self._before.part_sizes))
            for name in TABLE_NAMES
            if (self._out / part_file(name, part)).is_file()
        ]
        checksums = {}
        for name in (*(shard.file for shard in self._before.shards), *tables):
            with (self._out / name).open("rb") as content:
                checksums[name] = hashlib.file_digest(content, "sha256").hexdigest()
        return checksums


def _signal_hashes(store: Store) -> list[str]:
    """Return every ECG's signal hash, computed where the store is older than they are."""
    if "signal_hash" in store.records and store.records["signal_hash"].notna().all():
        return store.records["signal_hash"].tolist()
    chunks = (
        store.signals_raw(np.arange(first, min(first + _AT_ONCE, len(store))))
        for first in range(0, len(store), _AT_ONCE)
    )
    return [signal_hash(units) for chunk in chunks for units in chunk]
