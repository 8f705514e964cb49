"""From the files a visitor drops to records."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from physioclr.errors import PhysioclrError
from physioclr.io import ArrayLayout, ReadLimits, group_files, is_undeclared
from physioclr.io.reading_process import read_apart
from physioclr.records import EcgRecord

__all__ = ["read_uploads", "undeclared_among"]

_LIMITS = ReadLimits(seconds=60.0)


def read_uploads(
    files: Mapping[str, bytes],
    *,
    layout: ArrayLayout | None = None,
    on_progress: Callable[[str, float], None] | None = None,
) -> tuple[tuple[EcgRecord, ...], tuple[str, ...]]:
    """Read every ECG among some files.

    Parameters
    ----------
    files : mapping of str to bytes
        File name to content, of one ECG or many, also in zip files.
    layout : ArrayLayout, optional
        Of the tables and arrays among them.
    on_progress : callable, optional
        Called with what is being read and the share done, in [0, 1].

    Returns
    -------
    records : tuple of EcgRecord
        Those that could be read.
    problems : tuple of str
        One sentence for each that could not.
    """
    records, problems = [], []
    groups = list(group_files(files))
    for number, one in enumerate(groups):
        if on_progress is not None:
            on_progress(f"Reading ECG {number + 1} of {len(groups)}", number / len(groups))
        try:
            records.append(read_apart(one, layout=layout, limits=_LIMITS))
        except PhysioclrError as error:
            problems.append(str(error))
    return tuple(records), tuple(problems)


def undeclared_among(files: Mapping[str, bytes]) -> set[str]:
    """Return the names of the tables and arrays, which have to be explained."""
    return {name for name, content in files.items() if is_undeclared(content)}
