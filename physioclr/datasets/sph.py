"""The 12-lead ECG database of Shandong Provincial Hospital (SPH) in its official layout.

Liu H et al. A large-scale multi-label 12-lead electrocardiogram database with standardized
diagnostic statements. Sci Data 2022;9:272. doi:10.1038/s41597-022-01403-5; figshare collection
5779802. Records are HDF5 files and need the extra ``hdf5``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.cohort_table import leaves_folder, number_of, read_cohort_table, rows_of
from physioclr.datasets.vocabulary import aha_statements
from physioclr.errors import DatasetError
from physioclr.io import ArrayLayout, read_ecg
from physioclr.io.person import stated_person
from physioclr.leads import STANDARD_LEADS

__all__ = ["METADATA_NAME", "read_sph"]

METADATA_NAME = "metadata.csv"

_COLUMNS = ("ECG_ID", "AHA_Code", "Patient_ID", "Age", "Sex")
_LAYOUT = ArrayLayout(fs_hz=500, unit="mV", leads=STANDARD_LEADS, orientation="leads_first")
_STATEMENT, _CATEGORY = "aha_statement", "aha_category"


def read_sph(folder: Path) -> Cohort:
    """List the records of SPH.

    Parameters
    ----------
    folder : Path
        With ``metadata.csv`` and the files of ``records.tar.gz``, in ``records/`` or beside it.

    Returns
    -------
    Cohort
        The label set ``aha_statement`` holds the primary statements of AHA/ACC/HRS 2007 that any
        record has, the most frequent first, ``aha_category`` the categories they are of; a
        statement's modifiers (``145+362``) are not labels. There is no official split.

    Raises
    ------
    DatasetError
        If the table is missing, damaged, or lacks a column or a patient.
    """
    table = read_cohort_table(
        folder / METADATA_NAME, _COLUMNS, filled=("ECG_ID", "AHA_Code", "Patient_ID")
    )
    statements = [_primary_statements(codes) for codes in table["AHA_Code"]]
    vocabulary = [code for code, _ in Counter(c for own in statements for c in own).most_common()]
    known = aha_statements()
    category_of = {code: _slug(known[code].category) for code in vocabulary if code in known}
    categories = {_slug(known[code].category): known[code].category for code in category_of}
    records = []
    for row, own in zip(rows_of(table), statements, strict=True):
        of_own = {category_of.get(code) for code in own}
        labels = {
            _STATEMENT: {code: float(code in own) for code in vocabulary},
            _CATEGORY: {category: float(category in of_own) for category in categories},
        }
        records.append(_record(row, folder, labels))
    names = {code: known[code].name if code in known else code for code in vocabulary}
    label_sets = {_STATEMENT: names, _CATEGORY: categories}
    return Cohort(name="SPH", records=tuple(records), label_sets=label_sets)


def _record(
    row: Mapping[str, Any], folder: Path, labels: dict[str, dict[str, float]]
) -> CohortRecord:
    record_id = str(row["ECG_ID"]).removesuffix(".h5")
    if leaves_folder(record_id):
        raise DatasetError(METADATA_NAME, expected="ECG_ID without a folder", found="a path")
    file = folder / "records" / f"{record_id}.h5"
    if not file.is_file() and (folder / file.name).is_file():
        file = folder / file.name
    person = stated_person(age_years=number_of(row["Age"]), sex=str(row["Sex"]))
    return CohortRecord(
        record_id=record_id,
        patient_id=str(row["Patient_ID"]),
        read=partial(read_ecg, file, layout=_LAYOUT),
        **person,
        labels=labels,
    )


def _primary_statements(codes: str) -> list[str]:
    """Return the first code of each statement, in ``"22;145+362"`` 22 and 145."""
    statements = (statement.partition("+")[0].strip() for statement in codes.split(";"))
    return list(dict.fromkeys(code for code in statements if code))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
