"""Rows of one store or of several, read as one store and copied nowhere: `StoreView`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.datasets.condition import condition_holds
from physioclr.datasets.store import Store
from physioclr.errors import DatasetError
from physioclr.records import EcgRecord

__all__ = ["StoreView", "concatenate", "matching_rows", "where"]

_TABLES_IN_COMMON = ("measurements", "physiology")


def concatenate(stores: Sequence[Store]) -> Store:
    """Read several stores as one, without copying.

    Parameters
    ----------
    stores : sequence of Store
        Of one sampling rate, length, order of leads and set of measurements.

    Returns
    -------
    StoreView

    Raises
    ------
    DatasetError
        If they do not go together, or two have the same name.
    ValueError
        If there is none.
    """
    return StoreView([(store, np.arange(len(store))) for store in stores])


def where(store: Store, condition: str) -> StoreView:
    """Select the ECGs that meet a condition, without copying them.

    Parameters
    ----------
    store : Store
    condition : str
        As `physioclr.datasets.condition.condition_holds` takes it, over the columns of `records`,
        `measurements`, `physiology` and `statements` and over the labels as `` `set/label` ``: for
        example ``"age_years >= 65 and afib == 'present' and `superclass/MI` == 1"``. A comparison
        with an unknown value is false. Conditions are parsed and compared, never executed.

    Returns
    -------
    StoreView

    Raises
    ------
    DatasetError
        If the condition cannot be parsed, names an unknown column, or selects no ECG.
    """
    return StoreView([(store, matching_rows(store, condition))])


class StoreView(Store):
    """Rows of stores, read as a store is.

    Of more than one store, patients and records are named ``STORE/ID``: the same number in two
    cohorts is two people. A label set that a store lacks is unknown there.

    Parameters
    ----------
    chosen : sequence of (Store, (n,) int array)
        Each store, and its rows in the order wanted.

    Raises
    ------
    DatasetError
        If the stores do not go together, or two have the same name.
    ValueError
        If there is none.
    """

    def __init__(self, chosen: Sequence[tuple[Store, NDArray[np.intp]]]) -> None:
        if not chosen:
            raise ValueError("chosen must be one store or more, got none")
        self._chosen = [(store, np.asarray(rows, dtype=np.intp)) for store, rows in chosen]
        stores = [store for store, _ in self._chosen]
        _check_that_they_go_together(stores)
        first = stores[0]
        digest = hashlib.sha256()
        for store, rows in self._chosen:
            digest.update(store.fingerprint.encode() + rows.astype("<i8").tobytes())
        label_sets: dict[str, dict[str, str]] = {}
        for store in stores:
            for label_set, names in store.label_names.items():
                label_sets[label_set] = {**names, **label_sets.get(label_set, {})}
        self._path = first.path.with_name(" + ".join(store.path.name for store in stores))
        self._manifest = first.manifest.model_copy(
            update={
                "n_records": sum(len(rows) for _, rows in self._chosen),
                "source": " + ".join(dict.fromkeys(store.source for store in stores)),
                "shards": (),
                "parts": (),
                "checksums": {},
                "prepared": {},
                "label_sets": label_sets,
                "fingerprint": digest.hexdigest()[:16],
            }
        )

    @property
    def path(self) -> Path:
        """The folder of its one store; of several a path that names them and does not exist."""
        return self._path

    @property
    def whole(self) -> Store | None:
        """The store that it is a part of; None of several."""
        if len(self._chosen) > 1:
            return None
        store, _ = self._chosen[0]
        return store.whole if isinstance(store, StoreView) else store

    @cached_property
    def records(self) -> pd.DataFrame:
        """One row an ECG, as `Store.records`."""
        tables = []
        for store, rows in self._chosen:
            table = store.records.iloc[rows]
            if len(self._chosen) > 1:
                prefix = f"{store.path.name}/"
                table = table.assign(
                    record_id=prefix + table["record_id"], patient_id=prefix + table["patient_id"]
                )
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def statements(self) -> pd.DataFrame:
        """One row an ECG, as `Store.statements`; missing for the ECGs of a store without them."""
        tables = [store.statements.iloc[rows] for store, rows in self._chosen]
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def left_out(self) -> pd.DataFrame:
        """What its stores lack of their cohorts, as `Store.left_out`; no condition narrows it."""
        return pd.concat([store.left_out for store, _ in self._chosen], ignore_index=True)

    def labels(self, label_set: str) -> pd.DataFrame:
        """Return one set of labels, as `Store.labels`.

        Parameters
        ----------
        label_set : str

        Returns
        -------
        (n_records, n_labels) DataFrame of float

        Raises
        ------
        DatasetError
            If no store has such a set.
        """
        if label_set not in self.label_sets:
            return super().labels(label_set)  # says which there are
        columns = pd.Index(self.label_sets[label_set])
        tables = []
        for store, rows in self._chosen:
            if label_set in store.label_sets:
                table = store.labels(label_set).iloc[rows].reindex(columns=columns)
            else:
                table = pd.DataFrame(np.nan, index=range(len(rows)), columns=columns)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def record(self, row: int) -> EcgRecord:
        """Return one ECG, as `Store.record`.

        Parameters
        ----------
        row : int

        Returns
        -------
        EcgRecord
        """
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        store, rows = self._chosen[part]
        ecg = store.record(int(rows[row - self._starts[part]]))
        name = str(self.records["record_id"].iloc[row])
        return EcgRecord(ecg.signal_mv, ecg.fs_hz, ecg.leads, name, ecg.meta)

    def verify(self) -> None:
        """Compare every file of its stores with its checksum, as `Store.verify`."""
        for store, _ in self._chosen:
            store.verify()

    @cached_property
    def _starts(self) -> NDArray[np.intp]:
        return np.cumsum([0, *(len(rows) for _, rows in self._chosen)])

    def _fill(
        self, out: NDArray[np.int16], slots: NDArray[np.intp], rows: NDArray[np.intp]
    ) -> None:
        part_of = np.searchsorted(self._starts, rows, side="right") - 1
        for part in np.unique(part_of):
            here = part_of == part
            store, of_store = self._chosen[part]
            store._fill(out, slots[here], of_store[rows[here] - self._starts[part]])

    def _table(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        tables: list[pd.DataFrame] = [
            getattr(store, name).iloc[rows] for store, rows in self._chosen
        ]
        table = pd.concat(tables, ignore_index=True)
        return table if columns is None else table[list(columns)]


def matching_rows(store: Store, query: str) -> NDArray[np.intp]:
    """Find the ECGs that a condition holds for.

    Parameters
    ----------
    store : Store
    query : str
        As `Store.where` takes it.

    Returns
    -------
    (n,) int array

    Raises
    ------
    DatasetError
        If the condition is none, names what is not there, or holds for no ECG.
    """
    try:
        rows = np.flatnonzero(condition_holds(query, _columns(store)))
    except ValueError as error:
        raise DatasetError(
            store.path.name,
            expected="a condition over its columns, as `age_years >= 65 and acceptable`",
            found=f"{query!r} ({error})",
        ) from None
    if not len(rows):
        raise DatasetError(
            store.path.name,
            expected="a condition that holds for an ECG",
            found=f"{query!r}, which holds for none of {len(store)}",
        )
    return rows


def _columns(store: Store) -> dict[str, pd.Series]:
    """Return what a condition can name; of two of a name the first."""
    labels = [store.labels(name).add_prefix(f"{name}/") for name in store.label_sets]
    found: dict[str, pd.Series] = {}
    tables = (store.records, store.measurements, store.physiology, store.statements)
    for table in (*tables, *labels):
        found = {str(name): table[name] for name in table} | found
    return found


def _check_that_they_go_together(stores: Sequence[Store]) -> None:
    first = stores[0]
    names = [store.path.name for store in stores]
    if len(set(names)) < len(names):
        raise DatasetError(
            " + ".join(names), expected="stores of different names", found="the same twice"
        )
    for store in stores[1:]:
        for what in ("fs_hz", "n_samples", "leads", "simulated"):
            if getattr(store, what) != getattr(first, what):
                raise DatasetError(
                    store.path.name,
                    expected=f"the {what} of {first.path.name} ({getattr(first, what)})",
                    found=str(getattr(store, what)),
                )
        for table in _TABLES_IN_COMMON:
            if list(getattr(store, table).columns) != list(getattr(first, table).columns):
                raise DatasetError(
                    store.path.name,
                    expected=f"the {table} of {first.path.name}",
                    found="others; prepare both with the same version",
                )
