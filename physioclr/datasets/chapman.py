"""Chapman-Shaoxing in the layout of its figshare collection.

Zheng J et al. A 12-lead electrocardiogram database for arrhythmia research covering more than
10,000 patients. Sci Data 2020;7:48. doi:10.1038/s41597-020-0386-x; figshare collection 4560497.
12 leads, 10 s, 500 Hz, in µV; each record is of another person. The tables are Excel files and
need the extra ``excel``.
"""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.cohort_table import leaves_folder, number_of, rows_of
from physioclr.errors import DatasetError
from physioclr.io import ArrayLayout, read_ecg
from physioclr.io.person import stated_person
from physioclr.leads import STANDARD_LEADS

__all__ = ["DIAGNOSTICS_NAME", "RHYTHMS", "read_chapman"]

DIAGNOSTICS_NAME = "Diagnostics.xlsx"

RHYTHMS = {
    "SB": "Sinus bradycardia",
    "SR": "Sinus rhythm",
    "AFIB": "Atrial fibrillation",
    "ST": "Sinus tachycardia",
    "AF": "Atrial flutter",
    "SA": "Sinus irregularity",
    "SI": "Sinus irregularity",
    "SVT": "Supraventricular tachycardia",
    "AT": "Atrial tachycardia",
    "AVNRT": "AV node reentrant tachycardia",
    "AVRT": "AV reentrant tachycardia",
    "SAAWR": "Sinus atrium to atrial wandering rhythm",
}
"""The rhythms, of which each record has one."""

# What a damaged archive, its compressed parts, their XML and what openpyxl makes of it raise.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
_COLUMNS = ("FileName", "Rhythm", "Beat", "PatientAge", "Gender")
_SIGNAL_FOLDERS = ("ECGData", "ECGDataDenoised")
_CONDITIONS_NAME = "ConditionNames.xlsx"
_NO_CONDITION = "NONE"
_LAYOUT = ArrayLayout(fs_hz=500, unit="uV", leads=STANDARD_LEADS, orientation="samples_first")


def read_chapman(folder: Path) -> Cohort:
    """List the records of Chapman-Shaoxing.

    Parameters
    ----------
    folder : Path
        With ``Diagnostics.xlsx`` and ``ECGData/`` or ``ECGDataDenoised/``; the first, which is not
        smoothed, where both are there. ``ConditionNames.xlsx`` names the conditions if present.

    Returns
    -------
    Cohort
        The label set ``rhythm`` holds the one rhythm of a record, ``beat`` its further conditions.
        There is no official split.

    Raises
    ------
    DatasetError
        If the table or the signals are missing, the table is damaged or lacks a column, or
        openpyxl, which reads it, is not installed.
    """
    table = _read_excel(folder / DIAGNOSTICS_NAME, f"the columns {', '.join(_COLUMNS)}")
    if missing := [column for column in _COLUMNS if column not in table]:
        found = f"none named {', '.join(missing)}"
        raise DatasetError(DIAGNOSTICS_NAME, expected=f"columns {', '.join(_COLUMNS)}", found=found)
    if table[["FileName", "Rhythm"]].isna().to_numpy().any():
        raise DatasetError(DIAGNOSTICS_NAME, expected="FileName, Rhythm in each row", found="gaps")
    signals = next((folder / n for n in _SIGNAL_FOLDERS if (folder / n).is_dir()), None)
    if signals is None:
        raise DatasetError(folder.name, expected=" or ".join(_SIGNAL_FOLDERS), found="neither")
    beats = [_conditions(cell) for cell in table["Beat"]]
    rhythms = _by_frequency(table["Rhythm"])
    conditions = _by_frequency(code for own in beats for code in own)
    names = _condition_names(folder / _CONDITIONS_NAME)
    records = tuple(
        _record(
            row,
            signals,
            {
                "rhythm": {code: float(code == row["Rhythm"]) for code in rhythms},
                "beat": {code: float(code in own) for code in conditions},
            },
        )
        for row, own in zip(rows_of(table), beats, strict=True)
    )
    label_sets = {
        "rhythm": {code: RHYTHMS.get(code, code) for code in rhythms},
        "beat": {code: names.get(code, code) for code in conditions},
    }
    return Cohort(
        name="Chapman-Shaoxing",
        records=records,
        label_sets={label_set: of for label_set, of in label_sets.items() if of},
    )


def _record(
    row: Mapping[str, Any], signals: Path, labels: dict[str, dict[str, float]]
) -> CohortRecord:
    record_id = str(row["FileName"]).strip().removesuffix(".csv")
    if leaves_folder(record_id):
        raise DatasetError(DIAGNOSTICS_NAME, expected="FileName without a folder", found="a path")
    return CohortRecord(
        record_id=record_id,
        patient_id=record_id,
        read=partial(read_ecg, signals / f"{record_id}.csv", layout=_LAYOUT),
        **stated_person(age_years=number_of(row["PatientAge"]), sex=str(row["Gender"])),
        labels={label_set: own for label_set, own in labels.items() if own},
    )


def _read_excel(file: Path, expected: str) -> pd.DataFrame:
    try:
        return pd.read_excel(file, dtype=str, keep_default_na=False, na_values=[""])
    except ImportError as error:
        raise DatasetError(
            file.name,
            expected="openpyxl, which reads Excel files: pip install 'physioclr[excel]'",
            found="it is not installed",
        ) from error
    except FileNotFoundError:
        raise DatasetError(file.name, expected=expected, found="no such file") from None
    except _DAMAGE as error:
        raise DatasetError(file.name, expected=expected, found="a damaged file") from error


def _by_frequency(codes: Iterable[str]) -> list[str]:
    return [code for code, _ in Counter(codes).most_common()]


def _conditions(cell: object) -> list[str]:
    codes = cell.split() if isinstance(cell, str) else []
    return [code for code in codes if code != _NO_CONDITION]


def _condition_names(file: Path) -> dict[str, str]:
    """Return acronym → name of a table whose first two columns they are; none if it is absent."""
    if not file.is_file():
        return {}
    table = _read_excel(file, "acronyms and names")
    acronyms, names = (table[column].astype(str) for column in table.columns[:2])
    return {acronym.strip(): name.strip() for acronym, name in zip(acronyms, names, strict=True)}
