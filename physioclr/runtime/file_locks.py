"""Who holds a lock, asked without taking it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["is_locked"]


def is_locked(path: Path) -> bool:
    """Say whether a process holds a `filelock.FileLock`.

    Looking shares the lock, so that those who look do not take each other for its holder, and
    makes no file.

    Parameters
    ----------
    path : Path
        The lock's file.

    Returns
    -------
    bool
    """
    import fcntl  # here: where there is none, no job runs, but ECGs can be read

    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except (BlockingIOError, PermissionError):  # the latter on some network file systems
        return True
    return False
