"""MIMIC-IV-ECG in its official layout: ``record_list.csv`` and WFDB records in folders.

Gow B et al. MIMIC-IV-ECG: Diagnostic Electrocardiogram Matched Subset, version 1.0. PhysioNet
2023. doi:10.13026/4nqg-sb35. 12 leads, 10 s, 500 Hz, 800,035 ECGs of 161,352 patients.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.cohort_table import leaves_folder, read_cohort_table
from physioclr.errors import DatasetError
from physioclr.io import read_ecg

__all__ = ["RECORD_LIST_NAME", "read_mimic_iv_ecg"]

RECORD_LIST_NAME = "record_list.csv"

_COLUMNS = ("subject_id", "study_id", "path")


def read_mimic_iv_ecg(folder: Path) -> Cohort:
    """List the ECGs of MIMIC-IV-ECG.

    Parameters
    ----------
    folder : Path
        With ``record_list.csv`` and ``files/``.

    Returns
    -------
    Cohort
        Records are named by ``study_id``, patients by ``subject_id``. There are no labels, ages or
        sexes: these lie in MIMIC-IV itself, which asks for a login and a signed agreement. The
        machine's reports in ``machine_measurements.csv`` are not labels. No official split.

    Raises
    ------
    DatasetError
        If the table is missing, damaged, lacks a column, or names a file outside the folder.
    """
    table = read_cohort_table(folder / RECORD_LIST_NAME, _COLUMNS, filled=_COLUMNS)
    if any(leaves_folder(path) for path in table["path"]):
        raise DatasetError(RECORD_LIST_NAME, expected="paths within its folder", found="another")
    return Cohort(
        name="MIMIC-IV-ECG",
        records=tuple(
            CohortRecord(
                record_id=study, patient_id=subject, read=partial(read_ecg, f"{folder}/{path}.hea")
            )
            for subject, study, path in table[list(_COLUMNS)].itertuples(index=False)
        ),
    )
