"""Write a store record by record, whole or not at all: `StoreWriter`."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout
from numpy.typing import ArrayLike, NDArray

from physioclr.datasets.manifest import MANIFEST_NAME, Shard, StoreManifest
from physioclr.datasets.store_folder import (
    LOCK_NAME,
    check_replaceable,
    refuse_others_files,
    replace_store,
    writing,
)
from physioclr.datasets.store_journal import JOURNAL_NAME, Journal, JournalEntry
from physioclr.datasets.store_tables import (
    BEAT_COLUMNS,
    LEFT_OUT_SCHEMA,
    RECORD_COLUMNS,
    TABLE_NAMES,
    join_parts,
    part_file,
    write_part,
)
from physioclr.datasets.stored_signal import NO_SAMPLE, UNITS_PER_MV, quantised, signal_hash
from physioclr.errors import DatasetError
from physioclr.leads import STANDARD_LEADS

__all__ = ["NO_SAMPLE", "TABLE_NAMES", "UNITS_PER_MV", "StoreWriter", "quantised"]

_JOURNALED = re.compile(rf"({'|'.join(TABLE_NAMES)})-\d{{5}}\.part")


class StoreWriter:
    """A context manager that writes a store.

    Everything goes into ``OUT.partial``, which is renamed to ``OUT`` when the block ends and
    removed when it raises. With `settings` a block that raises, or a process that is killed, leaves
    the whole shards there, and the next writer of the same settings goes on behind them.

    Parameters
    ----------
    out : path-like
        The store's folder; must not exist yet.
    fs_hz : float
    n_samples : int
    source : str
        The cohort's name, to be shown.
    leads : tuple of str, optional
    simulated : bool, optional
    label_sets : mapping of str to mapping of str to str, optional
        Set of labels → label → the label's name on screen.
    overwrite : bool, optional
        Replace a store that is already there. Never replaces anything else.
    records_per_shard : int, optional
    settings : mapping of str to object, optional
        What the content follows from, as JSON has it; kept in the manifest.

    Raises
    ------
    DatasetError
        If `out` exists and may not be replaced, or cannot be written; on entering, if another
        process writes it, or other settings began it.
    """

    def __init__(
        self,
        out: str | Path,
        *,
        fs_hz: float,
        n_samples: int,
        source: str,
        leads: Sequence[str] = STANDARD_LEADS,
        simulated: bool = False,
        label_sets: Mapping[str, Mapping[str, str]] | None = None,
        overwrite: bool = False,
        records_per_shard: int = 1000,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._out = Path(out).resolve()
        self._partial = self._out.with_name(f"{self._out.name}.partial")
        self._fs_hz = fs_hz
        self._n_samples = n_samples
        self._source = source
        self._leads = tuple(leads)
        self._simulated = simulated
        self._label_sets = {key: dict(names) for key, names in (label_sets or {}).items()}
        self._overwrite = overwrite
        self._records_per_shard = records_per_shard
        self._settings = None if settings is None else dict(settings)
        self._lock = FileLock(self._partial / LOCK_NAME, timeout=0)
        self._journal = Journal(self._partial)
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLE_NAMES}
        self._record_ids: set[str] = set()
        self._first_of: dict[str, tuple[str, int | None]] = {}
        self._shards: list[JournalEntry] = []
        self._shard: BinaryIO | None = None
        self._shard_hash = hashlib.sha256()
        self._content = hashlib.sha256()
        self._left_out: list[tuple[str, str]] = []
        self._n_noted = 0
        self._first_shard = 0
        self._part = 0
        self._check_out()

    def __enter__(self) -> Self:
        refuse_others_files(self._partial)
        try:
            self._partial.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            raise DatasetError(
                self._out.name,
                expected="a store that nobody else writes at the same time",
                found=f"another process at work in {self._partial.name}",
            ) from None
        except OSError as error:
            raise DatasetError(
                self._out.name, expected="a place to write a store", found=str(error.strerror)
            ) from error
        try:
            with writing(self._out):
                self._begin_or_go_on()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        finished = False
        try:
            if kind is None:
                with writing(self._out):
                    self._finish()
                finished = True
        finally:
            if self._shard is not None:
                with suppress(OSError):  # a full disk, which was said already
                    self._shard.close()
            if not finished and not (self._shards and self._settings is not None):
                self.discard()
            self._lock.release()

    @property
    def n_records(self) -> int:
        """ECGs written so far, by this writer or the one it goes on from."""
        return sum(shard.n_records for shard in self._shards) + len(self._rows["records"])

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Record id and reason of each ECG left out so far."""
        return tuple(self._left_out)

    def append(
        self,
        signal_mv: NDArray[np.floating],
        metadata: Mapping[str, Any],
        *,
        labels: Mapping[str, Mapping[str, float]] | None = None,
        measurements: Mapping[str, float] | None = None,
        physiology: Mapping[str, float] | None = None,
        statements: Mapping[str, str] | None = None,
        beats: Mapping[str, ArrayLike] | None = None,
    ) -> None:
        """Add one ECG.

        Parameters
        ----------
        signal_mv : (n_leads, n_samples) float array
            NaN where there is no sample.
        metadata : mapping
            ``record_id`` and ``patient_id``; ``age_years``, ``sex``, ``fold``, ``source``,
            ``quality_score`` and ``acceptable`` where known.
        labels : mapping of str to mapping of str to float, optional
            Set → label → 1 or 0. What is left out is unknown.
        measurements, physiology : mapping of str to float, optional
            NaN = not measurable.
        statements : mapping of str to str, optional
            Code of a finding in lower case → its state by criteria.
        beats : mapping of str to sequence of int, optional
            ``r_peaks_samples``, ``cuts_samples``, ``p_peaks_samples``, ``t_peaks_samples``.

        Raises
        ------
        DatasetError
            If the record is there already, or its amplitudes do not fit a store.
        ValueError
            If the shape, a name of `metadata`, a label or a name of `beats` is not the store's.
        """
        record_id = str(metadata["record_id"])
        expected = (len(self._leads), self._n_samples)
        if np.shape(signal_mv) != expected:
            raise ValueError(f"signal_mv must be {expected}, got {np.shape(signal_mv)}")
        allowed = [name for name in RECORD_COLUMNS if name != "signal_hash"]
        if unknown := set(metadata) - set(allowed):
            raise ValueError(f"metadata may hold {allowed}, got {sorted(unknown)}")
        if unknown := set(beats or {}) - set(BEAT_COLUMNS):
            raise ValueError(f"beats may hold {BEAT_COLUMNS}, got {sorted(unknown)}")
        label_row = self._label_row(labels or {})
        if record_id in self._record_ids:
            raise DatasetError(record_id, expected="each record once", found="it a second time")
        units = quantised(signal_mv, subject=record_id)
        record = {**metadata, "record_id": record_id, "signal_hash": signal_hash(units)}
        with writing(self._out):
            self._write_signal(units)
        self._note(record_id, record["signal_hash"], metadata.get("fold"))
        self._rows["records"].append(record)
        self._rows["labels"].append(label_row)
        self._rows["measurements"].append(dict(measurements or {}))
        self._rows["physiology"].append(dict(physiology or {}))
        self._rows["statements"].append(dict(statements or {}))
        self._rows["beats"].append(
            {name: np.asarray((beats or {}).get(name, ()), dtype=np.int32) for name in BEAT_COLUMNS}
        )
        if len(self._rows["records"]) == self._records_per_shard:
            with writing(self._out):
                self._end_shard()

    def leave_out(self, record_id: str, reason: str) -> None:
        """Note that an ECG is not in the store.

        Parameters
        ----------
        record_id : str
        reason : str
            One sentence.
        """
        self._left_out.append((record_id, reason))

    def first_with(self, signal_hash: str) -> tuple[str, int | None] | None:
        """Find the ECG whose every stored sample is the same.

        Parameters
        ----------
        signal_hash : str
            As `signal_hash` gives it.

        Returns
        -------
        (str, int or None) or None
            Its record id and its fold; None where there is no such ECG yet.
        """
        return self._first_of.get(signal_hash)

    def discard(self) -> None:
        """Remove what was written so far, also what a later writer could have gone on from."""
        self._shards.clear()
        shutil.rmtree(self._partial, ignore_errors=True)

    def _check_out(self) -> None:
        check_replaceable(self._out, overwrite=self._overwrite)

    def _begin_or_go_on(self) -> None:
        begun = None if self._settings is None else self._journal.read()
        if begun is not None and begun[0] == self._settings:
            self._go_on(begun[1])
            return
        if begun is not None and not self._overwrite and begun[1]:
            raise _other_settings(self._partial, begun[0], self._settings or {})
        for file in self._partial.iterdir():
            if file.name != LOCK_NAME:
                file.unlink()
        self._journal.begin(self._settings or {})

    def _go_on(self, shards: Sequence[JournalEntry]) -> None:
        """Take over the shards whose files are whole, up to the first that is not."""
        for number, shard in enumerate(shards):
            records = self._whole_shard(number, shard)
            if records is None:
                break
            self._shards.append(shard)
            self._left_out += shard.left_out
            self._note_all(records)
        kept = len(self._shards)
        if kept < len(shards):
            self._journal.rewrite(self._settings or {}, shards[:kept])
        for number in range(kept, len(shards) + 1):
            (self._partial / self._shard_name(number)).unlink(missing_ok=True)
            for name in TABLE_NAMES:
                self._journaled(name, number).unlink(missing_ok=True)
        self._n_noted = len(self._left_out)

    def _whole_shard(self, number: int, shard: JournalEntry) -> pa.Table | None:
        """Return the records of a shard; None where one of its files is cut, changed or gone."""
        try:
            with (self._partial / self._shard_name(number)).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != shard.sha256:
                    return None
            tables = {name: pq.read_table(self._journaled(name, number)) for name in TABLE_NAMES}
        except (OSError, pa.ArrowException):
            return None
        rows = {len(table) for table in tables.values() if table.num_columns}
        records: pa.Table = tables["records"]
        return records if rows == {shard.n_records} else None

    def _note_all(self, records: pa.Table) -> None:
        columns = (records[name].to_pylist() for name in ("record_id", "signal_hash", "fold"))
        for record_id, content, fold in zip(*columns, strict=True):
            self._note(record_id, content, fold)

    def _note(self, record_id: str, content: str, fold: int | None) -> None:
        self._record_ids.add(record_id)
        self._first_of.setdefault(content, (record_id, fold))
        self._content.update(content.encode())

    def _label_row(self, labels: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
        row = {
            f"{label_set}/{label}": float(labels.get(label_set, {}).get(label, np.nan))
            for label_set, names in self._label_sets.items()
            for label in names
        }
        given = {f"{label_set}/{label}" for label_set, of in labels.items() for label in of}
        if unknown := given - set(row):
            raise ValueError(f"labels must be of {list(row)}, got {sorted(unknown)}")
        return row

    def _write_signal(self, units: NDArray[np.int16]) -> None:
        if self._shard is None:
            self._shard = (self._partial / self._shard_name(len(self._shards))).open("wb")
            self._shard_hash = hashlib.sha256()
        content = np.ascontiguousarray(units, "<i2").data
        self._shard_hash.update(content)
        self._shard.write(content)

    def _end_shard(self) -> None:
        """Bring the shard and its rows to the disk, then note it in the journal."""
        assert self._shard is not None  # noqa: S101 - opened for the rows that are waiting
        self._shard.flush()
        os.fsync(self._shard.fileno())
        self._shard.close()
        self._shard = None
        for name, rows in self._rows.items():
            write_part(name, rows, self._journaled(name, len(self._shards)))
        entry = JournalEntry(
            n_records=len(self._rows["records"]),
            sha256=self._shard_hash.hexdigest(),
            left_out=tuple(self._left_out[self._n_noted :]),
        )
        self._journal.add(entry)
        self._shards.append(entry)
        self._n_noted = len(self._left_out)
        for rows in self._rows.values():
            rows.clear()

    def _shard_name(self, number: int) -> str:
        return f"signals-{self._first_shard + number:05d}.i16"

    def _journaled(self, name: str, number: int) -> Path:
        return self._partial / f"{name}-{number:05d}.part"

    def _finish(self) -> None:
        if not self.n_records:
            raise DatasetError(self._out.name, expected="at least one ECG", found="none")
        if self._rows["records"]:
            self._end_shard()
        checksums = {self._shard_name(i): shard.sha256 for i, shard in enumerate(self._shards)}
        for name in TABLE_NAMES:
            file = self._partial / part_file(name, self._part)
            shards = enumerate(self._shards)
            join_parts([(self._journaled(name, i), shard.n_records) for i, shard in shards], file)
            content = file.read_bytes()
            self._content.update(content)
            checksums[file.name] = hashlib.sha256(content).hexdigest()
        if self._left_out:
            file = self._partial / part_file("left_out", self._part)
            pq.write_table(_left_out_table(self._left_out), file, compression="zstd")
            checksums[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
        self._put_in_place(checksums)

    def _put_in_place(self, checksums: dict[str, str]) -> None:
        (self._partial / MANIFEST_NAME).write_text(
            self._manifest(checksums).model_dump_json(indent=1) + "\n", encoding="utf-8"
        )
        replace_store(self._partial, self._out)
        # A process killed here leaves files that the manifest does not name, and nobody reads.
        for file in self._out.iterdir():
            if _JOURNALED.fullmatch(file.name) or file.name in (JOURNAL_NAME, LOCK_NAME):
                file.unlink()

    def _manifest(self, checksums: dict[str, str]) -> StoreManifest:
        return StoreManifest(
            fs_hz=self._fs_hz,
            leads=self._leads,
            n_samples=self._n_samples,
            n_records=self.n_records,
            simulated=self._simulated,
            source=self._source,
            shards=tuple(
                Shard(file=self._shard_name(number), n_records=shard.n_records)
                for number, shard in enumerate(self._shards)
            ),
            label_sets=self._label_sets,
            fingerprint=self._content.hexdigest()[:16],
            checksums=checksums,
            prepared=self._settings or {},
        )


def _left_out_table(left_out: Sequence[tuple[str, str]]) -> pa.Table:
    record_ids, reasons = zip(*left_out, strict=True)
    return pa.Table.from_arrays([list(record_ids), list(reasons)], schema=LEFT_OUT_SCHEMA)


def _other_settings(
    partial: Path, begun: Mapping[str, Any], asked: Mapping[str, Any]
) -> DatasetError:
    name = next(key for key in {**begun, **asked} if begun.get(key) != asked.get(key))
    return DatasetError(
        partial.name,
        expected=f"the {name} it was begun with ({begun.get(name)}), or leave to overwrite",
        found=str(asked.get(name)),
    )
