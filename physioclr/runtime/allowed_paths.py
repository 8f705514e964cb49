"""Folders of the server that a visitor's path may lie in."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from physioclr.errors import PhysioclrError
from physioclr.runtime.cache_folder import cache_folder

__all__ = ["DATA_ROOTS", "allowed_roots", "require_allowed"]

DATA_ROOTS = "PHYSIOCLR_DATA"
"""Variable with the folders a visitor may read from and write into, parted like ``PATH``."""


def allowed_roots() -> tuple[Path, ...]:
    """Return the folders that a path from a page may lie in.

    Returns
    -------
    tuple of Path
        Those in ``PHYSIOCLR_DATA``; without it the user's data folder and the working folder. The
        cache folder always.
    """
    stated = [Path(folder) for folder in os.environ.get(DATA_ROOTS, "").split(os.pathsep) if folder]
    usual = [Path(platformdirs.user_data_dir("physioclr")), Path.cwd()]
    return tuple(folder.resolve() for folder in (*(stated or usual), cache_folder()))


def require_allowed(path: str) -> Path:
    """Return a path with its links followed, if it lies in an allowed folder.

    Parameters
    ----------
    path : str
        As a visitor typed it.

    Returns
    -------
    Path

    Raises
    ------
    PhysioclrError
        If it lies elsewhere.
    """
    try:
        found = Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise PhysioclrError("path", expected="one that can be followed", found="none") from error
    roots = allowed_roots()
    if not any(found.is_relative_to(root) for root in roots):
        shown = ", ".join(str(root) for root in roots[:-1])
        raise PhysioclrError(
            path[:200],
            expected=f"a path in {shown}; {DATA_ROOTS} sets the folders that pages may use",
            found="one elsewhere",
        )
    return found
