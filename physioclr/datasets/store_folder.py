"""Where a store may be written, and how it takes its place."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from physioclr.datasets.manifest import MANIFEST_NAME
from physioclr.datasets.store_tables import TABLE_NAMES
from physioclr.errors import DatasetError, PhysioclrError

__all__ = ["LOCK_NAME", "check_replaceable", "refuse_others_files", "replace_store", "writing"]

LOCK_NAME = "writer.lock"

_OURS = re.compile(
    r"signals-\d{5}\.i16|store\.json|journal\.jsonl|writer\.lock|"
    rf"({'|'.join((*TABLE_NAMES, 'left_out'))})(-\d{{5}})?\.(parquet|part)"
)


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Name a store that cannot be written further: the disk is full, or became read-only.

    Parameters
    ----------
    out : Path

    Yields
    ------
    None

    Raises
    ------
    PhysioclrError
        No `DatasetError`: it is not about one ECG.
    """
    try:
        yield
    except OSError as error:
        raise PhysioclrError(
            out.name,
            expected="a disk with room to write to",
            found=(error.strerror or type(error).__name__).lower(),
        ) from error


def check_replaceable(out: Path, *, overwrite: bool) -> None:
    """Refuse to write a store where it would replace something.

    Parameters
    ----------
    out : Path
    overwrite : bool
        Whether a store may be replaced; nothing else ever is.

    Raises
    ------
    DatasetError
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / MANIFEST_NAME).is_file():
        raise DatasetError(
            out.name, expected="a new folder to write a store into", found="something else there"
        )
    if not overwrite:
        raise DatasetError(
            out.name,
            expected="a new folder to write a store into, or leave to overwrite",
            found="a store that is already there",
        )


def refuse_others_files(partial: Path) -> None:
    """Refuse a folder with anything that a writer did not write.

    Parameters
    ----------
    partial : Path

    Raises
    ------
    DatasetError
    """
    if not partial.exists():
        return
    if not partial.is_dir() or not all(_OURS.fullmatch(file.name) for file in partial.iterdir()):
        raise DatasetError(
            partial.name,
            expected="no such folder, or what an earlier run left",
            found="other files",
        )


def replace_store(new: Path, out: Path) -> None:
    """Put a whole store in its place.

    Parameters
    ----------
    new, out : Path
        On the same file system; a store that is at `out` is removed.
    """
    if not out.exists():
        new.rename(out)
        return
    replaced = out.with_name(f"{out.name}.replaced-{os.getpid()}")
    out.rename(replaced)
    new.rename(out)
    shutil.rmtree(replaced)
