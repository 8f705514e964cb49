"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from physioclr.errors import PhysioclrError

__all__ = ["make_folder", "replace_file"]


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
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    with _named(path, "a file that can be written"):
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except OSError:
            with suppress(OSError):
                partial.unlink()
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
