"""CODE-15 % in its official layout: ``exams.csv`` and parts of HDF5.

Ribeiro AH et al. CODE-15%: a large scale annotated dataset of 12-lead ECGs. Zenodo 2021,
doi:10.5281/zenodo.4916206; Ribeiro AH et al. Nat Commun 2020;11:1760,
doi:10.1038/s41467-020-15432-4. 400 Hz; a tracing of 7 or 10 s stands amid zeros that fill it up to
4096 samples. Its values are taken as mV, as the PhysioNet Challenge 2025 takes them. Needs the
extra ``hdf5``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.cohort_table import number_of, read_cohort_table, rows_of
from physioclr.errors import DatasetError, RecordError
from physioclr.io import ArrayLayout
from physioclr.io.declared_arrays import record_of_array
from physioclr.io.person import stated_person
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord

__all__ = ["EXAMS_NAME", "read_code15"]

EXAMS_NAME = "exams.csv"

_ABNORMALITIES = {
    "1dAVb": "First-degree AV block",
    "RBBB": "Right bundle branch block",
    "LBBB": "Left bundle branch block",
    "SB": "Sinus bradycardia",
    "ST": "Sinus tachycardia",
    "AF": "Atrial fibrillation",
}
"""The six abnormalities that every exam is annotated with."""

_LABEL_SETS = {
    "abnormality": _ABNORMALITIES,
    "normal_ecg": {"normal_ecg": "Normal ECG"},
    "outcome": {"death": "Death during follow-up"},
}
_COLUMNS = ("exam_id", "age", "is_male", *_ABNORMALITIES, "patient_id", "trace_file")
_LAYOUT = ArrayLayout(fs_hz=400, unit="mV", leads=STANDARD_LEADS, orientation="samples_first")
_TRUTH = {"true": 1.0, "1": 1.0, "1.0": 1.0, "false": 0.0, "0": 0.0, "0.0": 0.0}
_DAMAGE = (AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError)


def read_code15(folder: Path) -> Cohort:
    """List the exams of CODE-15 % whose parts are there.

    Parameters
    ----------
    folder : Path
        With ``exams.csv`` and any of ``exams_part0.hdf5`` … ``exams_part17.hdf5``, also in folders
        of their own as unzipped.

    Returns
    -------
    Cohort
        Without the zeros that fill an exam up: most last 7 s or 10 s. The label set
        ``abnormality`` holds the six annotated ones, ``normal_ecg`` whether the ECG is normal,
        ``outcome`` whether the patient died during follow-up, which is known for each patient's
        first exam only. There is no official split.

    Raises
    ------
    DatasetError
        If the table or every part is missing or damaged, or h5py is not installed.
    """
    table = read_cohort_table(
        folder / EXAMS_NAME, _COLUMNS, filled=("exam_id", "patient_id", "trace_file")
    )
    parts = {file.name: file for file in sorted(folder.rglob("exams_part*.hdf5"))}
    if not parts:
        raise DatasetError(folder.name, expected="a part such as exams_part0.hdf5", found="none")
    rows = {name: _rows_by_exam(part) for name, part in parts.items()}
    there = table[table["trace_file"].isin(list(parts))]
    sets = {
        label_set: {label: name for label, name in names.items() if label in table}
        for label_set, names in _LABEL_SETS.items()
    }
    return Cohort(
        name="CODE-15",
        records=tuple(_record(row, parts, rows) for row in rows_of(there)),
        label_sets={label_set: names for label_set, names in sets.items() if names},
    )


def _record(
    row: Mapping[str, Any], parts: Mapping[str, Path], rows: Mapping[str, Mapping[int, int]]
) -> CohortRecord:
    exam_id, part = str(row["exam_id"]), str(row["trace_file"])
    at = rows[part].get(int(number_of(exam_id))) if exam_id.isdigit() else None
    is_male = _TRUTH.get(str(row["is_male"]).lower())
    person = stated_person(age_years=number_of(row["age"]))
    labels = {
        label_set: {
            label: _TRUTH[cell]
            for label in names
            if label in row and (cell := str(row[label]).lower()) in _TRUTH
        }
        for label_set, names in _LABEL_SETS.items()
    }
    return CohortRecord(
        record_id=exam_id,
        patient_id=str(row["patient_id"]),
        read=partial(_read_exam, parts[part], at, exam_id),
        sex=None if is_male is None else "male" if is_male else "female",
        **person,
        labels={label_set: own for label_set, own in labels.items() if own},
    )


def _h5py(subject: str) -> Any:
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise DatasetError(
            subject,
            expected="h5py, which reads HDF5: pip install 'physioclr[hdf5]'",
            found="it is not installed",
        ) from error


def _rows_by_exam(part: Path) -> dict[int, int]:
    h5py = _h5py(part.name)
    try:
        with h5py.File(part, "r") as file:
            stated, tracings = file["exam_id"], file["tracings"]
            fits = tracings.shape == (len(stated), 4096, 12) and stated.ndim == 1
            fits = fits and stated.nbytes <= part.stat().st_size
            exams = np.asarray(stated[()] if fits else [], dtype=np.int64)
    except _DAMAGE as error:
        raise DatasetError(
            part.name, expected="exam_id and tracings in HDF5", found="a damaged file"
        ) from error
    if not fits:
        raise DatasetError(
            part.name,
            expected="an exam_id for each of its tracings of 4096 samples of 12 leads",
            found="other shapes",
        )
    return {int(exam): row for row, exam in enumerate(exams)}


def _read_exam(part: Path, row: int | None, exam_id: str) -> EcgRecord:
    if row is None:
        raise RecordError(exam_id, expected=f"it in {part.name}", found="other exams only")
    h5py = _h5py(part.name)
    try:
        with h5py.File(part, "r") as file:
            tracing = np.asarray(file["tracings"][row])
    except _DAMAGE as error:
        raise RecordError(
            exam_id, expected=f"its tracing in {part.name}", found="a damaged part"
        ) from error
    return record_of_array(_without_filling(tracing), _LAYOUT, name=exam_id, file_format="HDF5")


def _without_filling(tracing: NDArray[Any]) -> NDArray[Any]:
    """Cut what is 0 in all leads at either end; a tracing of nothing else stays."""
    filled = np.flatnonzero((tracing != 0).any(axis=1))
    return tracing[filled[0] : filled[-1] + 1] if len(filled) else tracing[:1] * np.nan
