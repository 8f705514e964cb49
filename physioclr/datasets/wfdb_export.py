"""A store as a folder of WFDB records, which other programs read: `export_wfdb`."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import wfdb

from physioclr.datasets.store import Store
from physioclr.datasets.store_folder import writing
from physioclr.datasets.stored_signal import UNITS_PER_MV
from physioclr.errors import DatasetError
from physioclr.runtime.atomic_files import replace_folder

__all__ = ["TABLE_NAME", "export_wfdb"]

TABLE_NAME = "records.csv"
"""Lists the records, as `physioclr prepare` takes a cohort of one's own."""

_RECORDS_NAME = "RECORDS"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_PER_FOLDER = 1000


def export_wfdb(
    store: Store, out: str | Path, *, on_progress: Callable[[int, int], None] | None = None
) -> None:
    """Write each ECG as a WFDB record of format 16, in steps of 1 µV.

    Each thousand records lie in a folder of their own. ``RECORDS`` lists them as PhysioNet does;
    ``records.csv`` states patient, age, sex, fold and labels.

    Parameters
    ----------
    store : Store
    out : path-like
        A folder that does not exist yet; written whole or not at all.
    on_progress : callable, optional
        Called with the number of ECGs done and their total.

    Raises
    ------
    DatasetError
        If `out` is there already.
    PhysioclrError
        If it cannot be written.

    Examples
    --------
    >>> import physioclr
    >>> report = physioclr.prepare("simulated:60", "store", workers=1)
    >>> store = physioclr.open_store("store")
    >>> physioclr.export_wfdb(store, "exported")
    """
    out = Path(out).resolve()
    if out.exists():
        raise DatasetError(out.name, expected="a new folder to export into", found="one there")
    table = _table(store)
    with replace_folder(out) as folder, writing(out):
        for row, path in enumerate(table["path"]):
            _write(store, row, folder / path)
            if on_progress is not None:
                on_progress(row + 1, len(store))
        table.to_csv(folder / TABLE_NAME, index=False, quoting=csv.QUOTE_MINIMAL)
        listed = "".join(f"{path.removesuffix('.hea')}\n" for path in table["path"])
        (folder / _RECORDS_NAME).write_text(listed, encoding="utf-8")


def _write(store: Store, row: int, header: Path) -> None:
    header.parent.mkdir(exist_ok=True)
    stated = store.records.iloc[row]
    said = {"Age": stated["age_years"], "Sex": stated["sex"]}
    comments = [f"{name}: {value}" for name, value in said.items() if pd.notna(value)]
    if store.simulated:
        comments.append("Simulated: this ECG is of nobody.")
    n_leads = len(store.leads)
    # −32768 stands for no sample in a store and in format 16 alike.
    wfdb.wrsamp(
        header.stem,
        fs=store.fs_hz,
        units=["mV"] * n_leads,
        sig_name=list(store.leads),
        d_signal=store.signals_raw([row])[0].T.astype(np.int64),
        fmt=["16"] * n_leads,
        adc_gain=[UNITS_PER_MV] * n_leads,
        baseline=[0] * n_leads,
        comments=comments,
        write_dir=str(header.parent),
    )


def _table(store: Store) -> pd.DataFrame:
    records = store.records
    stated = pd.DataFrame(
        {
            "path": _headers(records["record_id"].tolist()),
            "record": records["record_id"],
            "patient": records["patient_id"],
            "age": records["age_years"],
            "sex": records["sex"],
            "fold": records["fold"].astype("Int64"),
        }
    )
    labels = [
        store.labels(label_set).add_prefix(f"{label_set}/").astype("Int64")
        for label_set in store.label_sets
    ]
    return pd.concat([stated, *labels], axis=1)


def _headers(record_ids: list[str]) -> list[str]:
    """Name each header: letters, digits, - and _ of its record id; with its row where repeated."""
    taken: set[str] = set()
    headers = []
    for row, record_id in enumerate(record_ids):
        name = _NOT_IN_A_NAME.sub("-", record_id).strip("-") or "record"
        if name.lower() in taken:
            name = f"{name}-row{row}"
        taken.add(name.lower())
        headers.append(f"{row // _PER_FOLDER:05d}/{name}.hea")
    return headers
