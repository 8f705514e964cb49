"""From what a user names to a `Cohort`: the layouts that are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from physioclr.datasets.challenge import is_challenge, with_challenge_labels
from physioclr.datasets.chapman import DIAGNOSTICS_NAME, read_chapman
from physioclr.datasets.code15 import EXAMS_NAME, read_code15
from physioclr.datasets.cohort import Cohort
from physioclr.datasets.cohort_readers import COHORT_READERS, read_plugin_cohort
from physioclr.datasets.csv_manifest import read_csv_manifest
from physioclr.datasets.ludb import DIAGNOSES_NAME, read_ludb
from physioclr.datasets.mimic_iv_ecg import RECORD_LIST_NAME, read_mimic_iv_ecg
from physioclr.datasets.mit_bih import is_mit_bih
from physioclr.datasets.ptb_xl import DATABASE_NAME, read_ptb_xl
from physioclr.datasets.sph import METADATA_NAME, read_sph
from physioclr.datasets.wfdb_folder import read_wfdb_folder
from physioclr.errors import DatasetError

__all__ = ["find_cohort"]

# The file a cohort is known by, a column that its first line names, and what lists it.
_LAYOUTS: tuple[tuple[str, bytes, Callable[[Path], Cohort]], ...] = (
    (DATABASE_NAME, b"", read_ptb_xl),
    (DIAGNOSTICS_NAME, b"", read_chapman),
    (METADATA_NAME, b"AHA_Code", read_sph),
    (EXAMS_NAME, b"trace_file", read_code15),
    (RECORD_LIST_NAME, b"study_id", read_mimic_iv_ecg),
    (DIAGNOSES_NAME, b"", read_ludb),
)
_KNOWN = (
    f"a folder of a known cohort (with {', '.join(name for name, _, _ in _LAYOUTS)}), a folder of "
    "WFDB records (.hea), a CSV that lists files, `demo` or `simulated:N`"
)
_MANIFEST_SUFFIXES = (".csv", ".tsv", ".txt")


def _known() -> str:
    return ", ".join([_KNOWN, *(reader.name for reader in COHORT_READERS.values())])


def find_cohort(source: str | Path) -> Cohort:
    """Recognise a cohort by its layout.

    Parameters
    ----------
    source : path-like
        A folder, a CSV manifest, what a plug-in's `CohortReader` recognises, ``"demo"`` for the
        demo cohort, or ``"simulated:N"`` for N other simulated ECGs.

    Returns
    -------
    Cohort

    Raises
    ------
    DatasetError
        If no known layout fits; the message lists them. MIT-BIH is refused: a store holds twelve
        leads.
    """
    if simulated := re.fullmatch(r"demo|simulated:(?P<n>\d{1,7})", str(source)):
        from physioclr.datasets.simulated import DEMO_RECORDS, DEMO_SEED, simulated_cohort

        if simulated["n"] is None:
            return simulated_cohort(DEMO_RECORDS, seed=DEMO_SEED)
        return simulated_cohort(int(simulated["n"]), seed=DEMO_SEED + 1)
    folder = Path(source)
    for name, column, read in _LAYOUTS:
        if _is_listed_by(folder / name, column):
            return read(folder)
    if folder.exists() and (plugged := read_plugin_cohort(folder)):
        return plugged
    if folder.is_file() and folder.suffix.lower() in _MANIFEST_SUFFIXES:
        return read_csv_manifest(folder)
    if not folder.is_dir():
        found = "a file" if folder.exists() else "no such folder"
        raise DatasetError(folder.name, expected=_known(), found=found)
    if is_mit_bih(folder):
        raise DatasetError(
            folder.name,
            expected="ECGs with the twelve standard leads, which a store holds",
            found="MIT-BIH with two leads; physioclr.datasets.mit_bih lists its segments",
        )
    cohort = read_wfdb_folder(folder)
    if not cohort.records:
        raise DatasetError(folder.name, expected=_known(), found="a folder without any of them")
    return with_challenge_labels(cohort) if is_challenge(cohort) else cohort


def _is_listed_by(file: Path, column: bytes) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as lines:
        return column in lines.readline()
