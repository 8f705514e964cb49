"""A prepared cohort: signals in int16 shards, everything else in Parquet.

The layout is stated in ``docs/store.md``; `StoreWriter` writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from io import FileIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from physioclr.datasets.manifest import StoreManifest, read_manifest
from physioclr.datasets.store_tables import LEFT_OUT_SCHEMA, part_file
from physioclr.datasets.store_writer import NO_SAMPLE, UNITS_PER_MV, StoreWriter
from physioclr.errors import DatasetError
from physioclr.records import EcgRecord

__all__ = ["Store", "StoreWriter", "open_store"]


class Store:
    """A prepared cohort on disk.

    Opening reads ``store.json`` alone. A table is read when it is first asked for and kept; signals
    are read each time. The tables are shared: copy one before changing it.

    Parameters
    ----------
    path : path-like
        The store's folder.

    Raises
    ------
    DatasetError
        If there is no such folder, it is not a store, a newer version wrote it, or its signals are
        missing or cut short.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).resolve()
        self._manifest = read_manifest(self._path)
        for shard in self._manifest.shards:
            _check_size(self._path / shard.file, self._manifest.shard_bytes(shard))

    def __len__(self) -> int:
        return self._manifest.n_records

    def __repr__(self) -> str:
        kind = "simulated ECGs" if self.simulated else "ECGs"
        return f"Store({self.path.name!r}, {len(self)} {kind} at {self.fs_hz:g} Hz)"

    @property
    def path(self) -> Path:
        """The store's folder."""
        return self._path

    @property
    def manifest(self) -> StoreManifest:
        """The content of ``store.json``."""
        return self._manifest

    @property
    def fs_hz(self) -> float:
        """Sampling rate of every ECG."""
        return self._manifest.fs_hz

    @property
    def leads(self) -> tuple[str, ...]:
        """The leads of every ECG, in the order of the signals' rows."""
        return self._manifest.leads

    @property
    def n_samples(self) -> int:
        """Samples per lead of every ECG."""
        return self._manifest.n_samples

    @property
    def n_records(self) -> int:
        """Number of ECGs, also ``len(store)``."""
        return self._manifest.n_records

    @property
    def simulated(self) -> bool:
        """Whether the ECGs come from a simulator and not from people."""
        return self._manifest.simulated

    @property
    def source(self) -> str:
        """The cohort's name."""
        return self._manifest.source

    @property
    def fingerprint(self) -> str:
        """Hash of the content, computed when the store was written."""
        return self._manifest.fingerprint

    @property
    def label_sets(self) -> Mapping[str, tuple[str, ...]]:
        """Each set of labels and its labels."""
        return MappingProxyType({s: tuple(names) for s, names in self.label_names.items()})

    @property
    def label_names(self) -> Mapping[str, Mapping[str, str]]:
        """Set of labels → label → the label's name on screen."""
        return MappingProxyType(self._manifest.label_sets)

    @cached_property
    def records(self) -> pd.DataFrame:
        """One row an ECG: record_id, patient_id, age_years, sex, fold, source, quality."""
        return self._table("records")

    @cached_property
    def measurements(self) -> pd.DataFrame:
        """One row an ECG, one column a scalar measurement; NaN = not measurable."""
        return self._table("measurements").astype(np.float64)

    @cached_property
    def physiology(self) -> pd.DataFrame:
        """One row an ECG, one column an entry of the physiological vector; NaN = not measurable."""
        return self._table("physiology").astype(np.float64)

    @cached_property
    def statements(self) -> pd.DataFrame:
        """One row an ECG, one column a finding of the criteria: present, borderline, absent, ….

        Columns are the codes of `physioclr.interpretation.vocabulary.VOCABULARY` in lower case. A
        store prepared before there were statements has none.
        """
        parts = []
        for part, n_rows in enumerate(self._manifest.part_sizes):
            file = part_file("statements", part)
            if file in self._manifest.checksums:
                parts.append(self._part(file, n_rows, None))
            else:
                parts.append(pd.DataFrame(index=range(n_rows)))
        return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)

    @cached_property
    def beats(self) -> pd.DataFrame:
        """One row an ECG: lists of R, P and T peaks and of cuts between beats, in samples."""
        return self._table("beats")

    @cached_property
    def left_out(self) -> pd.DataFrame:
        """One row an ECG of the cohort that is not in the store: record_id, reason."""
        files = [part_file("left_out", part) for part in range(len(self._manifest.part_sizes))]
        listed = [file for file in files if file in self._manifest.checksums]
        tables = [self._read_parquet(file).to_pandas() for file in listed]
        empty = pd.DataFrame(columns=LEFT_OUT_SCHEMA.names, dtype=str)
        return pd.concat(tables, ignore_index=True) if tables else empty

    def labels(self, label_set: str) -> pd.DataFrame:
        """Return one set of labels.

        Parameters
        ----------
        label_set : str

        Returns
        -------
        (n_records, n_labels) DataFrame of float
            1 = present, 0 = absent, NaN = unknown.

        Raises
        ------
        DatasetError
            If the store has no such set.
        """
        if label_set not in self.label_sets:
            raise DatasetError(
                self.path.name,
                expected=f"one of its label sets ({', '.join(self.label_sets) or 'it has none'})",
                found=repr(label_set),
            )
        labels = self.label_sets[label_set]
        table = self._table("labels", [f"{label_set}/{label}" for label in labels])
        return table.set_axis(pd.Index(labels), axis="columns").astype(np.float64)

    def signals_raw(self, rows: ArrayLike | None = None) -> NDArray[np.int16]:
        """Read signals as they are stored.

        Parameters
        ----------
        rows : (n,) sequence of int, optional
            Which ECGs, in the order wanted; all where left out.

        Returns
        -------
        (n, n_leads, n_samples) int16
            In µV; −32768 where there is no sample.

        Raises
        ------
        IndexError
            If a row is not in [0, n_records).
        """
        chosen = np.arange(len(self)) if rows is None else np.atleast_1d(np.asarray(rows, np.intp))
        if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(self)):
            raise IndexError(f"rows must be in [0, {len(self)}), got {chosen.tolist()}")
        signals = np.empty((len(chosen), len(self.leads), self.n_samples), dtype="<i2")
        self._fill(signals, np.arange(len(chosen)), chosen)
        return signals.astype(np.int16, copy=False)

    def signals_mv(self, rows: ArrayLike | None = None) -> NDArray[np.float32]:
        """Read signals in mV.

        Parameters
        ----------
        rows : (n,) sequence of int, optional
            Which ECGs, in the order wanted; all where left out.

        Returns
        -------
        (n, n_leads, n_samples) float32
            NaN where there is no sample.
        """
        raw = self.signals_raw(rows)
        signals = raw.astype(np.float32)
        signals /= UNITS_PER_MV
        signals[raw == NO_SAMPLE] = np.nan
        return signals

    def record(self, row: int) -> EcgRecord:
        """Return one ECG.

        Parameters
        ----------
        row : int
            In [0, n_records).

        Returns
        -------
        EcgRecord
            `meta` holds what `records` states and nothing that is unknown.
        """
        signal = self.signals_mv([row])[0]
        stated = self.records.iloc[row]
        meta = {
            name: stated[name]
            for name in ("age_years", "sex", "fold", "source")
            if pd.notna(stated[name])
        }
        for name, kind in (("age_years", float), ("fold", int)):
            if name in meta:
                meta[name] = kind(meta[name])
        meta |= {"format": "store", "simulated": self.simulated}
        return EcgRecord(signal, self.fs_hz, self.leads, str(stated["record_id"]), meta)

    def index_of(self, record_id: str) -> int:
        """Return the row of a record.

        Parameters
        ----------
        record_id : str

        Returns
        -------
        int

        Raises
        ------
        DatasetError
            If the store has no such record.
        """
        row = self._row_of.get(record_id)
        if row is None:
            raise DatasetError(
                self.path.name, expected=f"one of its {len(self)} record ids", found=repr(record_id)
            )
        return row

    def verify(self) -> None:
        """Compare every file with its checksum.

        Raises
        ------
        DatasetError
            If a file is not as it was written, or the store is older than checksums.
        """
        if not self._manifest.checksums:
            raise DatasetError(
                self.path.name,
                expected="a store with checksums",
                found="one prepared before there were any; prepare it again",
            )
        for file, written in self._manifest.checksums.items():
            try:
                with (self._path / file).open("rb") as content:
                    found = hashlib.file_digest(content, "sha256").hexdigest()
            except OSError:
                found = ""
            if found != written:
                raise DatasetError(
                    f"{self._path.name}/{file}",
                    expected="the bytes that were written",
                    found="others" if found else "no file that can be read",
                )

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {record_id: row for row, record_id in enumerate(self.records["record_id"])}

    @cached_property
    def _shard_starts(self) -> NDArray[np.intp]:
        return np.cumsum([0, *(shard.n_records for shard in self._manifest.shards)])

    def _fill(
        self, out: NDArray[np.int16], slots: NDArray[np.intp], rows: NDArray[np.intp]
    ) -> None:
        """Read rows into slots of a C-contiguous array, each shard's in the order of the file.

        Read, not mapped: a mapped file costs a page fault for every 4 KB it gives, and its pages
        count as this process's memory.
        """
        order = np.argsort(rows, kind="stable")
        shard_of = np.searchsorted(self._shard_starts, rows[order], side="right") - 1
        n_bytes = out[:1].nbytes
        places = (rows[order] - self._shard_starts[shard_of]) * n_bytes
        wanted = zip(shard_of.tolist(), slots[order].tolist(), places.tolist(), strict=True)
        for number, of_shard in groupby(wanted, key=itemgetter(0)):
            with self._open_shard(number) as file:
                for _, slot, place in of_shard:
                    file.seek(place)
                    if file.readinto(out[slot].data) != n_bytes:
                        raise self._damaged(number)

    @cached_property
    def _shard_files(self) -> list[str]:
        return [str(self._path / shard.file) for shard in self._manifest.shards]

    def _open_shard(self, number: int) -> FileIO:
        try:
            return FileIO(self._shard_files[number])
        except OSError:
            raise self._damaged(number) from None

    def _damaged(self, number: int) -> DatasetError:
        shard = self._manifest.shards[number]
        return DatasetError(
            f"{self._path.name}/{shard.file}",
            expected=f"{self._manifest.shard_bytes(shard)} bytes, as when the store was opened",
            found="less, or no such file",
        )

    def _table(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        sizes = self._manifest.part_sizes
        parts = [self._part(part_file(name, i), size, columns) for i, size in enumerate(sizes)]
        return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)

    def _part(self, file: str, n_rows: int, columns: Sequence[str] | None) -> pd.DataFrame:
        table = self._read_parquet(file, columns)
        subject = f"{self._path.name}/{file}"
        if not table.num_columns and columns is None:
            return pd.DataFrame(index=range(n_rows))  # Parquet counts no rows without columns
        if columns is not None and table.column_names != list(columns):
            raise DatasetError(
                subject, expected=f"the columns {', '.join(columns)}", found="not all of them"
            )
        if table.num_rows != n_rows:
            raise DatasetError(
                subject,
                expected=f"a Parquet table of {n_rows} rows",
                found=f"{table.num_rows} rows",
            )
        frame: pd.DataFrame = table.to_pandas()
        return frame

    def _read_parquet(self, file: str, columns: Sequence[str] | None = None) -> pa.Table:
        subject = f"{self._path.name}/{file}"
        try:
            return pq.read_table(self._path / file, columns=columns)
        except FileNotFoundError:
            found = "no such file"
        except (pa.ArrowException, OSError):
            found = "a damaged file"
        raise DatasetError(subject, expected="a Parquet table", found=found)


def _check_size(file: Path, n_bytes: int) -> None:
    subject = f"{file.parent.name}/{file.name}"
    try:
        found = file.stat().st_size
    except FileNotFoundError:
        raise DatasetError(subject, expected=f"{n_bytes} bytes", found="no such file") from None
    if found != n_bytes:
        raise DatasetError(subject, expected=f"{n_bytes} bytes", found=f"{found} bytes")


def open_store(path: str | Path) -> Store:
    """Open a store.

    Parameters
    ----------
    path : path-like
        The folder that `physioclr.prepare` wrote.

    Returns
    -------
    Store
        Only ``store.json`` is read; a table or a signal is read on first use.

    Raises
    ------
    DatasetError
        If there is none, or it is damaged or of a newer version.

    Examples
    --------
    >>> import physioclr
    >>> report = physioclr.prepare("simulated:60", "store", workers=1)
    >>> store = physioclr.open_store("store")
    >>> len(store), store.simulated
    (60, True)
    >>> store.record(0).leads[:3]
    ('I', 'II', 'III')
    """
    return Store(path)
