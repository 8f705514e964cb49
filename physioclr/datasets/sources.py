"""From what a user names to a `Cohort`: the layouts that are known."""

from __future__ import annotations

import re
from pathlib import Path

from physioclr.datasets.challenge import is_challenge, with_challenge_labels
from physioclr.datasets.cohort import Cohort
from physioclr.datasets.csv_manifest import read_csv_manifest
from physioclr.datasets.ptb_xl import DATABASE_NAME, read_ptb_xl
from physioclr.datasets.wfdb_folder import read_wfdb_folder
from physioclr.errors import DatasetError

__all__ = ["find_cohort"]

_KNOWN = (
    f"a folder of PTB-XL (with {DATABASE_NAME}), a folder of WFDB records (.hea), "
    "a CSV that lists files, `demo` or `simulated:N`"
)

_MANIFEST_SUFFIXES = (".csv", ".tsv", ".txt")


def find_cohort(source: str | Path) -> Cohort:
    """Recognise a cohort by its layout.

    Parameters
    ----------
    source : path-like
        A folder, a CSV manifest, ``"demo"`` for the demo cohort, or ``"simulated:N"`` for N other
        simulated ECGs.

    Returns
    -------
    Cohort

    Raises
    ------
    DatasetError
        If no known layout fits; the message lists them.
    """
    if simulated := re.fullmatch(r"demo|simulated:(?P<n>\d{1,7})", str(source)):
        from physioclr.datasets.simulated import DEMO_RECORDS, DEMO_SEED, simulated_cohort

        if simulated["n"] is None:
            return simulated_cohort(DEMO_RECORDS, seed=DEMO_SEED)
        return simulated_cohort(int(simulated["n"]), seed=DEMO_SEED + 1)
    folder = Path(source)
    if folder.is_file() and folder.suffix.lower() in _MANIFEST_SUFFIXES:
        return read_csv_manifest(folder)
    if not folder.is_dir():
        found = "a file" if folder.exists() else "no such folder"
        raise DatasetError(folder.name, expected=_KNOWN, found=found)
    if (folder / DATABASE_NAME).is_file():
        return read_ptb_xl(folder)
    cohort = read_wfdb_folder(folder)
    if not cohort.records:
        raise DatasetError(folder.name, expected=_KNOWN, found="a folder without any of them")
    return with_challenge_labels(cohort) if is_challenge(cohort) else cohort
