"""From the files a visitor drops to records."""

from __future__ import annotations

from collections.abc import Mapping

from physioclr.errors import PhysioclrError
from physioclr.io import ArrayLayout, group_files, is_undeclared, read_ecg
from physioclr.records import EcgRecord

__all__ = ["read_uploads", "undeclared_among"]


def read_uploads(
    files: Mapping[str, bytes], *, layout: ArrayLayout | None = None
) -> tuple[tuple[EcgRecord, ...], tuple[str, ...]]:
    """Read every ECG among some files.

    Parameters
    ----------
    files : mapping of str to bytes
        File name to content, of one ECG or many, also in zip files.
    layout : ArrayLayout, optional
        Of the tables and arrays among them.

    Returns
    -------
    records : tuple of EcgRecord
        Those that could be read.
    problems : tuple of str
        One sentence for each that could not.
    """
    records, problems = [], []
    for one in group_files(files):
        try:
            records.append(read_ecg(one, layout=layout))
        except PhysioclrError as error:
            problems.append(str(error))
    return tuple(records), tuple(problems)


def undeclared_among(files: Mapping[str, bytes]) -> set[str]:
    """Return the names of the tables and arrays, which have to be explained."""
    return {name for name, content in files.items() if is_undeclared(content)}
