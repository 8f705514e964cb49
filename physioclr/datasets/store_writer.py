"""Write a store record by record, whole or not at all: `StoreWriter`."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

from physioclr.datasets.manifest import MANIFEST_NAME, Shard, StoreManifest
from physioclr.errors import DatasetError
from physioclr.leads import STANDARD_LEADS

__all__ = ["NO_SAMPLE", "TABLE_NAMES", "UNITS_PER_MV", "StoreWriter", "quantised"]

UNITS_PER_MV = 1000
"""One unit of a stored signal is 1 µV."""

NO_SAMPLE = -32768
"""Stands for a sample that the source does not have."""

TABLE_NAMES = ("records", "labels", "measurements", "physiology", "beats")

_LARGEST = 32767
_OURS = re.compile(r"signals-\d{5}\.i16|store\.json|(" + "|".join(TABLE_NAMES) + r")\.parquet")
_RECORD_COLUMNS = {
    "record_id": pa.string(),
    "patient_id": pa.string(),
    "age_years": pa.float64(),
    "sex": pa.string(),
    "fold": pa.int64(),
    "source": pa.string(),
    "quality_score": pa.float64(),
    "acceptable": pa.bool_(),
}
_BEAT_COLUMNS = ("r_peaks_samples", "cuts_samples", "p_peaks_samples", "t_peaks_samples")


def quantised(signal_mv: NDArray[np.floating], *, subject: str) -> NDArray[np.int16]:
    """Round a signal to the 1 µV steps of a store.

    Parameters
    ----------
    signal_mv : float array
        NaN where there is no sample.
    subject : str
        The record's name, for the error.

    Returns
    -------
    int16 array
        Of the same shape; `NO_SAMPLE` for NaN.

    Raises
    ------
    DatasetError
        If a sample lies beyond ±32.767 mV.
    """
    units = np.rint(np.asarray(signal_mv, dtype=np.float64) * UNITS_PER_MV)
    missing = np.isnan(units)
    largest = np.max(np.abs(units), where=~missing, initial=0.0)
    if largest > _LARGEST:
        raise DatasetError(
            subject,
            expected=f"amplitudes within ±{_LARGEST / UNITS_PER_MV} mV",
            found=f"{largest / UNITS_PER_MV:g} mV",
        )
    return np.where(missing, NO_SAMPLE, units).astype(np.int16)


class StoreWriter:
    """A context manager that writes a store.

    Everything goes into ``OUT.partial``, which is renamed to ``OUT`` when the block ends and
    removed when it raises.

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

    Raises
    ------
    DatasetError
        If `out` exists and may not be replaced, or cannot be written.
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
    ) -> None:
        self._out = Path(out).resolve()
        self._partial = self._out.with_name(f"{self._out.name}.partial")
        self._fs_hz = fs_hz
        self._n_samples = n_samples
        self._source = source
        self._leads = tuple(leads)
        self._simulated = simulated
        self._label_sets = {key: dict(names) for key, names in (label_sets or {}).items()}
        self._records_per_shard = records_per_shard
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLE_NAMES}
        self._record_ids: set[str] = set()
        self._shards: list[Shard] = []
        self._shard: BinaryIO | None = None
        self._hash = hashlib.sha256()
        _check_replaceable(self._out, overwrite=overwrite)

    def __enter__(self) -> Self:
        _remove_left_over(self._partial)
        try:
            self._partial.mkdir(parents=True)
        except OSError as error:
            raise DatasetError(
                self._out.name, expected="a place to write a store", found=str(error.strerror)
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._shard is not None:
                self._shard.close()
            if kind is None:
                self._finish()
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)

    def append(
        self,
        signal_mv: NDArray[np.floating],
        metadata: Mapping[str, Any],
        *,
        labels: Mapping[str, Mapping[str, float]] | None = None,
        measurements: Mapping[str, float] | None = None,
        physiology: Mapping[str, float] | None = None,
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
        if unknown := set(metadata) - set(_RECORD_COLUMNS):
            raise ValueError(f"metadata may hold {list(_RECORD_COLUMNS)}, got {sorted(unknown)}")
        if unknown := set(beats or {}) - set(_BEAT_COLUMNS):
            raise ValueError(f"beats may hold {_BEAT_COLUMNS}, got {sorted(unknown)}")
        label_row = self._label_row(labels or {})
        if record_id in self._record_ids:
            raise DatasetError(record_id, expected="each record once", found="it a second time")
        self._write_signal(quantised(signal_mv, subject=record_id))
        self._record_ids.add(record_id)
        self._rows["records"].append(dict(metadata))
        self._rows["labels"].append(label_row)
        self._rows["measurements"].append(dict(measurements or {}))
        self._rows["physiology"].append(dict(physiology or {}))
        self._rows["beats"].append(
            {
                name: np.asarray((beats or {}).get(name, ()), dtype=np.int32)
                for name in _BEAT_COLUMNS
            }
        )

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
        if not self._shards or self._shards[-1].n_records == self._records_per_shard:
            if self._shard is not None:
                self._shard.close()
            self._shards.append(Shard(file=f"signals-{len(self._shards):05d}.i16", n_records=1))
            self._shard = (self._partial / self._shards[-1].file).open("wb")
        else:
            last = self._shards[-1]
            self._shards[-1] = last.model_copy(update={"n_records": last.n_records + 1})
        content = units.astype("<i2").tobytes()
        self._hash.update(content)
        assert self._shard is not None  # noqa: S101 - opened just above or for an earlier record
        self._shard.write(content)

    def _finish(self) -> None:
        n_records = len(self._rows["records"])
        if not n_records:
            raise DatasetError(self._out.name, expected="at least one ECG", found="none")
        for name, table in self._tables().items():
            file = self._partial / f"{name}.parquet"
            pq.write_table(table, file, compression="zstd")
            self._hash.update(file.read_bytes())
        manifest = StoreManifest(
            fs_hz=self._fs_hz,
            leads=self._leads,
            n_samples=self._n_samples,
            n_records=n_records,
            simulated=self._simulated,
            source=self._source,
            shards=tuple(self._shards),
            label_sets=self._label_sets,
            fingerprint=self._hash.hexdigest()[:16],
        )
        (self._partial / MANIFEST_NAME).write_text(
            manifest.model_dump_json(indent=1) + "\n", encoding="utf-8"
        )
        _replace_folder(self._partial, self._out)

    def _tables(self) -> dict[str, pa.Table]:
        records = pd.DataFrame(self._rows["records"], columns=list(_RECORD_COLUMNS))
        schema = pa.schema(list(_RECORD_COLUMNS.items()))
        beats = pa.schema([(name, pa.list_(pa.int32())) for name in _BEAT_COLUMNS])
        return {
            "records": pa.Table.from_pandas(records, schema=schema, preserve_index=False),
            **{
                name: _numbers(self._rows[name])
                for name in ("labels", "measurements", "physiology")
            },
            "beats": pa.Table.from_pylist(self._rows["beats"], schema=beats),
        }


def _numbers(rows: list[dict[str, float]]) -> pa.Table:
    """Return a table of float32 columns: seven digits, more than any of them is known to."""
    table = pd.DataFrame(rows, index=range(len(rows)), dtype=np.float32)
    return pa.Table.from_pandas(table, preserve_index=False)


def _check_replaceable(out: Path, *, overwrite: bool) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / MANIFEST_NAME).is_file():
        raise DatasetError(
            out.name, expected="a new folder to write a store into", found="something else there"
        )
    if not overwrite:
        raise DatasetError(
            out.name,
            expected="a new folder to write a store into, or leave to overwrite",
            found="a store that is already there",
        )


def _remove_left_over(partial: Path) -> None:
    """Remove what a killed run left, and nothing that a run did not write."""
    if not partial.exists():
        return
    if not partial.is_dir() or not all(_OURS.fullmatch(file.name) for file in partial.iterdir()):
        raise DatasetError(
            partial.name,
            expected="no such folder, or what an earlier run left",
            found="other files",
        )
    shutil.rmtree(partial)


def _replace_folder(new: Path, out: Path) -> None:
    if not out.exists():
        new.rename(out)
        return
    replaced = out.with_name(f"{out.name}.replaced-{os.getpid()}")
    out.rename(replaced)
    new.rename(out)
    shutil.rmtree(replaced)
