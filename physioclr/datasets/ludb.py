"""The Lobachevsky University Database (LUDB) in its official layout.

Kalyakulina AI et al. LUDB: a new open-access validation tool for electrocardiogram delineation
algorithms. IEEE Access 2020;8:186181. doi:10.1109/ACCESS.2020.3029211; version 1.0.1 on PhysioNet.
12 leads, 10 s, 500 Hz; each record is of another person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.cohort_table import number_of, read_cohort_table, rows_of
from physioclr.errors import DatasetError
from physioclr.io import read_ecg
from physioclr.io.person import stated_person
from physioclr.io.wfdb_header import parse_header
from physioclr.leads import canonical_lead
from physioclr.records import EcgRecord

__all__ = ["DIAGNOSES_NAME", "read_ludb"]

DIAGNOSES_NAME = "ludb.csv"

_LABEL_SETS = {
    "rhythm": "Rhythms",
    "axis": "Electric axis of the heart",
    "conduction": "Conduction abnormalities",
    "extrasystole": "Extrasystolies",
    "hypertrophy": "Hypertrophies",
    "pacing": "Cardiac pacing",
    "ischemia": "Ischemia",
    "repolarization": "Non-specific repolarization abnormalities",
    "other": "Other states",
}
_ALWAYS_STATED = ("rhythm", "axis")
_COLUMNS = ("ID", "Sex", "Age", *_LABEL_SETS.values())
_UNITS_PER_MV = 1000.0


def read_ludb(folder: Path) -> Cohort:
    """List the records of LUDB.

    Parameters
    ----------
    folder : Path
        With ``ludb.csv`` and ``data/``.

    Returns
    -------
    Cohort
        One label set a column of the table, its labels as they are spelt there. An empty cell is
        unknown for the rhythm and the axis and means none of a set's findings elsewhere. An age
        that is not a number (``>89``) is unknown. There is no official split.

    Raises
    ------
    DatasetError
        If the table is missing, damaged or lacks a column.
    """
    table = read_cohort_table(folder / DIAGNOSES_NAME, _COLUMNS, filled=("ID",))
    if not table["ID"].str.fullmatch(r"\s*\d+\s*").all():
        raise DatasetError(DIAGNOSES_NAME, expected="a number as ID in each row", found="another")
    findings = {
        label_set: [_findings(cell, column) for cell in table[column]]
        for label_set, column in _LABEL_SETS.items()
    }
    label_sets = {
        label_set: dict(sorted((key, name) for own in of_rows for key, name in own.items()))
        for label_set, of_rows in findings.items()
    }
    return Cohort(
        name="LUDB",
        records=tuple(
            _record(row, folder, _labels({s: of[place] for s, of in findings.items()}, label_sets))
            for place, row in enumerate(rows_of(table))
        ),
        label_sets={label_set: names for label_set, names in label_sets.items() if names},
    )


def _read_ludb_record(header: Path) -> EcgRecord:
    """Read a record of LUDB in true proportions.

    Parameters
    ----------
    header : Path

    Returns
    -------
    EcgRecord
        The gains in the header scale each lead to 1 mV from peak to peak; here they are undone,
        and a unit of the converter counts as 1 µV, with which the limb leads agree with Einthoven.

    Raises
    ------
    RecordError
        If the record cannot be read.
    """
    record = read_ecg(header)
    stated = parse_header(header.read_bytes(), header.name)
    lines = {canonical_lead(line.name): line for line in stated.signals}
    of_leads = [lines[lead] for lead in record.leads]
    gain = np.array([[line.gain] for line in of_leads])
    baseline = np.array([[line.baseline] for line in of_leads])
    signal_mv = (record.signal_mv * gain + baseline) / _UNITS_PER_MV
    return EcgRecord(
        signal_mv.astype(np.float32), record.fs_hz, record.leads, record.record_id, record.meta
    )


def _record(
    row: Mapping[str, Any], folder: Path, labels: Mapping[str, Mapping[str, float]]
) -> CohortRecord:
    record_id = str(row["ID"]).strip()
    return CohortRecord(
        record_id=record_id,
        patient_id=record_id,
        read=partial(_read_ludb_record, folder / "data" / f"{record_id}.hea"),
        **stated_person(age_years=number_of(row["Age"]), sex=str(row["Sex"])),
        labels=labels,
    )


def _findings(cell: object, column: str) -> dict[str, str]:
    """Return label → name of the lines of a cell, which may repeat the column's name."""
    lines = cell.splitlines() if isinstance(cell, str) else []
    names = (line.strip().removeprefix(f"{column}: ") for line in lines)
    return {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): name for name in names if name}


def _labels(
    own: Mapping[str, Mapping[str, str]], label_sets: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, float]]:
    return {
        label_set: {label: float(label in own[label_set]) for label in names}
        for label_set, names in label_sets.items()
        if names and (own[label_set] or label_set not in _ALWAYS_STATED)
    }
