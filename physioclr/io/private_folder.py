"""A private temporary folder for libraries that read from a path, removed also after a kill."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

__all__ = ["private_folder", "remove_leftovers"]

_PREFIX = "physioclr-"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that only this user can open, and remove it with what is in it.

    The first call of a process removes what killed processes left behind.

    Yields
    ------
    Path
    """
    remove_leftovers()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


@cache
def remove_leftovers() -> int:
    """Remove the folders of processes of this user that are gone.

    Returns
    -------
    int
        How many were removed.
    """
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        try:
            is_ours = folder.lstat().st_uid == os.getuid() and folder.is_dir()
        except OSError:
            continue
        if not is_ours or folder.is_symlink() or not pid.isdecimal() or _is_alive(int(pid)):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        removed += 1
    return removed


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
