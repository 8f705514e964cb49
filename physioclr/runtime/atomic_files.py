"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from physioclr.errors import PhysioclrError

__all__ = ["make_folder", "replace_file", "replace_folder", "replacing"]


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, finds the old content or the new, never a part.

    Parameters
    ----------
    path : Path
    content : bytes

    Raises
    ------
    PhysioclrError
        If it cannot be written; the old content is still there.
    """
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file piece by piece, as `replace_file` writes it in one.

    Parameters
    ----------
    path : Path

    Yields
    ------
    file
        Open for writing; it takes the place of `path` when the block ends without an error.

    Raises
    ------
    PhysioclrError
        If it cannot be written; the old content is still there.
    """
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    with _named(path, "a file that can be written"):
        try:
            with partial.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise


@contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """Write a folder so that its files change all together.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Path
        An empty folder; it takes the place of `path` when the block ends without an error.

    Raises
    ------
    PhysioclrError
        If it cannot be written; the old folder is still there, or beside it as ``.replaced``.
    """
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    replaced = path.with_name(f"{path.name}.replaced")
    make_folder(partial)
    try:
        yield partial
        with _named(path, "a folder that can be written"):
            shutil.rmtree(replaced, ignore_errors=True)
            if path.exists():
                path.replace(replaced)
            partial.replace(path)
            shutil.rmtree(replaced, ignore_errors=True)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def make_folder(path: Path) -> None:
    """Make a folder, and those it lies in, where absent.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PhysioclrError
        If it cannot be made.
    """
    with _named(path, "a folder that can be made"):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def _named(path: Path, expected: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PhysioclrError(
            str(path), expected=expected, found=error.strerror or type(error).__name__
        ) from error
