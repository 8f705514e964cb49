"""PTB-XL in its official layout.

Wagner P et al. PTB-XL, a large publicly available electrocardiography dataset. Sci Data 2020;7:154.
doi:10.1038/s41597-020-0495-6; version 1.0.3 on PhysioNet.
"""

from __future__ import annotations

import ast
import math
from functools import partial
from pathlib import Path

import pandas as pd

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.cohort_table import read_cohort_table
from physioclr.datasets.ptb_xl_statements import (
    STATEMENT_COLUMNS,
    SUPERCLASSES,
    StatementLabels,
)
from physioclr.errors import DatasetError
from physioclr.io import read_ecg

__all__ = ["DATABASE_NAME", "SUPERCLASSES", "read_ptb_xl", "read_scp_codes"]

DATABASE_NAME = "ptbxl_database.csv"

_STATEMENTS_NAME = "scp_statements.csv"
_COLUMNS = ("ecg_id", "patient_id", "age", "sex", "scp_codes", "strat_fold", "filename_hr")
_FILLED = tuple(column for column in _COLUMNS if column not in ("age", "sex"))
_SEXES = {0: "male", 1: "female"}
_AGE_OVER_89 = 300


def read_ptb_xl(folder: Path) -> Cohort:
    """List the 500 Hz records of PTB-XL.

    Parameters
    ----------
    folder : Path
        With ``ptbxl_database.csv``, ``scp_statements.csv`` and ``records500/``.

    Returns
    -------
    Cohort
        Record ids are the ECG ids as five digits, folds are ``strat_fold``. The label sets
        ``superclass`` and ``subclass`` hold the diagnostic classes of every diagnostic statement
        of a record, whatever its likelihood, as the example that comes with PTB-XL aggregates
        them; ``form`` and ``rhythm`` hold the statements of these kinds. A set of which a record
        has no statement is unknown for it. An age of 300, which stands for any above 89, is
        unknown.

    Raises
    ------
    DatasetError
        If a table is missing, damaged or lacks a column.
    """
    database = read_cohort_table(folder / DATABASE_NAME, _COLUMNS, filled=_FILLED, as_text=False)
    statements = read_cohort_table(folder / _STATEMENTS_NAME, STATEMENT_COLUMNS, as_text=False)
    labels = StatementLabels.of_table(statements)
    return Cohort(
        name="PTB-XL",
        records=tuple(_record(row, folder, labels) for _, row in database.iterrows()),
        label_sets=labels.label_sets,
    )


def read_scp_codes(folder: Path) -> dict[str, dict[str, float]]:
    """Read the SCP-ECG statements of every ECG, which the label sets summarise.

    Parameters
    ----------
    folder : Path
        With ``ptbxl_database.csv``.

    Returns
    -------
    dict of str to dict of str to float
        Record id → statement → likelihood in %, 0 where it was not given.

    Raises
    ------
    DatasetError
        If the table is missing, damaged or lacks a column.
    """
    columns = ("ecg_id", "scp_codes")
    table = read_cohort_table(folder / DATABASE_NAME, columns, filled=columns, as_text=False)
    ids = [f"{int(ecg_id):05d}" for ecg_id in table["ecg_id"]]
    return {
        record_id: _codes(stated, record_id)
        for record_id, stated in zip(ids, table["scp_codes"], strict=True)
    }


def _record(row: pd.Series, folder: Path, statements: StatementLabels) -> CohortRecord:
    record_id = f"{int(row['ecg_id']):05d}"
    age = float(row["age"])
    return CohortRecord(
        record_id=record_id,
        patient_id=str(int(row["patient_id"])),
        read=partial(read_ecg, folder / f"{row['filename_hr']}.hea"),
        age_years=math.nan if age == _AGE_OVER_89 else age,
        sex=_SEXES.get(row["sex"]),
        fold=int(row["strat_fold"]),
        labels=statements.of_record(_codes(row["scp_codes"], record_id)),
    )


def _codes(stated: str, record_id: str) -> dict[str, float]:
    try:
        codes = ast.literal_eval(stated)
    except (ValueError, SyntaxError):
        codes = None
    if not isinstance(codes, dict):
        raise DatasetError(
            f"{DATABASE_NAME}, ECG {record_id}",
            expected="scp_codes as {'statement': likelihood}",
            found="something else",
        )
    return codes
