"""When a process began, which tells it from a later one of its number."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["started_at"]

_PROCESSES = Path("/proc")
_STATE, _START = 0, 19
"""Fields of ``/proc/PID/stat`` behind the name, proc(5): the third and the twenty-second of all."""


def started_at(pid: int) -> str:
    """Return when a process began, in words that differ between processes of one number.

    Parameters
    ----------
    pid : int

    Returns
    -------
    str
        Empty where there is no such process, or one that has ended and is not yet waited for.
    """
    if (_PROCESSES / "self" / "stat").exists():
        try:
            fields = (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if fields[_STATE] in ("Z", "X") else fields[_START]
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
