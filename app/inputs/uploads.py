"""From the files a visitor drops to records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath

from physioclr.errors import PhysioclrError
from physioclr.io import ArrayLayout, ReadLimits, group_files, is_undeclared
from physioclr.io.reading_process import read_apart
from physioclr.records import EcgRecord

__all__ = ["named_apart", "read_uploads", "undeclared_among"]

_LIMITS = ReadLimits(seconds=60.0)


def named_apart(
    files: Iterable[tuple[str, bytes]],
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Tell uploads of one name apart by their content.

    Parameters
    ----------
    files : iterable of (str, bytes)
        File name and content, in the order of the upload; names may repeat.

    Returns
    -------
    files : dict of str to bytes
        The second of a name is ``name (2).xml``; a file that is the same in name and content is
        taken once.
    repeated : tuple of str
        One sentence for each content that is there twice.
    """
    named: dict[str, bytes] = {}
    first_of: dict[bytes, str] = {}
    repeated: list[str] = []
    for name, content in files:
        if (first := first_of.get(content)) is not None:
            repeated.append(f"{name} has the same content as {first}, uploaded before it.")
            if name == first:
                continue
        path, number, free = PurePath(name), 1, name
        while free in named:
            number += 1
            free = f"{path.stem} ({number}){path.suffix}"
        named[free] = content
        first_of.setdefault(content, free)
    return named, tuple(repeated)


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
