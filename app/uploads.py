"""From the files a visitor drops to records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from physioclr.errors import PhysioclrError
from physioclr.io import read_ecg
from physioclr.records import EcgRecord

__all__ = ["read_uploads"]


def read_uploads(
    files: Mapping[str, bytes],
) -> tuple[tuple[EcgRecord, ...], tuple[str, ...]]:
    """Read every ECG among some files.

    Parameters
    ----------
    files : mapping of str to bytes
        File name to content. Files that share a stem (a header and its signals) are one ECG; so
        are all files together where they hold a single header, whatever their names.

    Returns
    -------
    records : tuple of EcgRecord
        Those that could be read.
    problems : tuple of str
        One sentence for each that could not.
    """
    records, problems = [], []
    for one in _grouped(files):
        try:
            records.append(read_ecg(one))
        except PhysioclrError as error:
            problems.append(str(error))
    return tuple(records), tuple(problems)


def _grouped(files: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    headers = [name for name in files if PurePath(name).suffix.lower() == ".hea"]
    if len(headers) == 1:
        return [dict(files)]
    stems = dict.fromkeys(PurePath(name).stem for name in files)
    return [
        {name: content for name, content in files.items() if PurePath(name).stem == stem}
        for stem in stems
    ]
