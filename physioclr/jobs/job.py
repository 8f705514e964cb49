"""A job: long work in a process of its own, watched by its folder.

The folder holds what was asked for, how far it is and how it ended. Whoever knows it can look and
cancel, also after the app was closed and opened again. The process holds a lock from its start to
its end, so that one that was killed is told from one that goes on.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from filelock import FileLock

from physioclr.errors import PhysioclrError
from physioclr.jobs.process import started_at
from physioclr.jobs.task import Task
from physioclr.jobs.tasks import task_of
from physioclr.runtime.atomic_files import make_folder, replace_file
from physioclr.runtime.file_locks import is_locked

__all__ = ["Job", "JobProgress", "JobStatus", "has_result"]

JobStatus = Literal["queued", "running", "finished", "failed", "cancelled", "crashed", "forgotten"]

_ASKED, _STARTED, _PROGRESS, _RESULT = "asked.json", "started.json", "progress.json", "result.json"
_LOCK, _LOG, _PID, _CANCEL = "job.lock", "log.txt", "pid", "cancel"
_FORGOTTEN = "forgotten"
_ENDS = ("finished", "failed", "cancelled")
_STARTS_WITHIN_S = 20.0
_ENDS_WITHIN_S = 30.0
_CRASH_LINES = 8
_LONGEST_PID = 12
_LOG_BYTES = 64_000
"""Of the end of a log, which holds the last lines that are asked for."""


@dataclass(frozen=True)
class JobProgress:
    """How far a job is.

    Parameters
    ----------
    status : {"queued", "running", "finished", "failed", "cancelled", "crashed", "forgotten"}
        Queued: it waits for others to end. Failed: it could not be done. Crashed: its process is
        gone and left no result. Forgotten: its folder was deleted.
    what : str
        What it does, or did last.
    share : float
        Of the work, in [0, 1].
    seconds : float
        Since it began to run; until it ended, where it has. 0 of a queued one.
    message : str
        Why it failed, or the last lines of its log where it crashed.
    result : dict
        What the task of a finished job returned.
    """

    status: JobStatus
    what: str = ""
    share: float = 0.0
    seconds: float = 0.0
    message: str = ""
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether it will change no more."""
        return self.status not in ("queued", "running")

    @property
    def left_s(self) -> float | None:
        """Seconds that are left at this speed; None where nothing is known."""
        if self.status != "running" or not 0 < self.share <= 1:
            return None
        return self.seconds * (1 - self.share) / self.share


@dataclass(frozen=True)
class Job:
    """A job, by its folder.

    Parameters
    ----------
    folder : Path
    task : Task
        What it does.
    submitted : float
        When, in s since 1970.
    """

    folder: Path
    task: Task
    submitted: float

    @classmethod
    def write(cls, folder: Path, task: Task) -> Self:
        """Describe a job in its folder, which exists; see `JobQueue.submit`, which starts it."""
        submitted = time.time()
        asked = {"kind": task.kind, "task": asdict(task), "submitted": submitted}  # type: ignore[call-overload]
        replace_file(folder / _ASKED, json.dumps(asked).encode())
        return cls(folder, task, submitted)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the job that a folder holds.

        Raises
        ------
        PhysioclrError
            If it holds none, or one of a kind that is not known.
        """
        try:
            asked = json.loads((folder / _ASKED).read_bytes())
            return cls(folder, task_of(asked["kind"], asked["task"]), float(asked["submitted"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise PhysioclrError(
                folder.name, expected="a job", found=f"none ({type(error).__name__})"
            ) from error

    @property
    def id(self) -> str:
        """What the queue finds it by; later jobs have greater ones."""
        return self.folder.name

    def progress(self) -> JobProgress:
        """Look how far the job is."""
        found = self._look()
        # After the look: a folder that is forgotten meanwhile shows nothing of how it ended.
        return found if self.folder.is_dir() else JobProgress("forgotten")

    def _look(self) -> JobProgress:
        result = _read(self.folder / _RESULT)
        held = not result and self._is_held()
        if not held:  # it may have ended since; its lock is let go after its result is written
            result = _read(self.folder / _RESULT)
        so_far, started = _read(self.folder / _PROGRESS), _read(self.folder / _STARTED).get("at")
        what, share = str(so_far.get("what", "")), _number(so_far.get("share"), 0.0)
        ended = _number(result.get("ended"), time.time())
        seconds = max(ended - _number(started, ended), 0.0)
        if result and result.get("status") in _ENDS:
            finished = result["status"] == "finished"
            return JobProgress(
                status=result["status"],
                what=what,
                share=1.0 if finished else share,
                seconds=seconds,
                message=str(result.get("message", "")),
                result=found if isinstance(found := result.get("result"), dict) else {},
            )
        if held or (not started and self._is_starting()):
            status: JobStatus = "running" if started else "queued"
            return JobProgress(status, what, share, seconds)
        if (self.folder / _CANCEL).exists():
            return JobProgress("cancelled", what, share, seconds)
        return JobProgress("crashed", what, share, seconds, self.log(_CRASH_LINES))

    def cancel(self) -> None:
        """Ask the job to stop; kill it where it has not within half a minute."""
        if not self.folder.is_dir():
            return
        if not self.cancelled:  # asked again, its half a minute goes on
            (self.folder / _CANCEL).touch()
        self._send(signal.SIGINT)
        killer = threading.Timer(_ENDS_WITHIN_S, self.kill_overdue)
        killer.daemon = True
        killer.start()

    def kill_overdue(self) -> None:
        """Kill the job where it was asked to stop half a minute ago, by whomever, and has not."""
        try:
            asked = (self.folder / _CANCEL).stat().st_mtime
        except FileNotFoundError:
            return
        if time.time() - asked >= _ENDS_WITHIN_S:
            self._send(signal.SIGKILL)

    def log(self, last_lines: int = 20) -> str:
        """Return the last lines the job wrote, of the last 64 kB."""
        try:
            with (self.folder / _LOG).open("rb") as file:
                file.seek(max(file.seek(0, os.SEEK_END) - _LOG_BYTES, 0))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-last_lines:])

    def delete(self) -> None:
        """Forget the job, and what its folder keeps; one that is forgotten already stays so.

        Raises
        ------
        PhysioclrError
            If it has not ended.
        """
        status = self.progress().status
        if status in ("queued", "running"):
            raise PhysioclrError(self.id, expected="a job that has ended", found=f"one {status}")
        gone = self.folder.parent / _FORGOTTEN / self.id
        make_folder(gone.parent)
        try:
            self.folder.rename(gone)  # whole: half a folder would look like a job that waits
        except FileNotFoundError:
            return
        shutil.rmtree(gone)

    def report(self, what: str, share: float) -> None:
        """Say how far the job is: what its own process calls."""
        content = {"what": what, "share": min(max(share, 0.0), 1.0)}
        replace_file(self.folder / _PROGRESS, json.dumps(content).encode())

    def start(self) -> None:
        """Say that it runs: what its own process calls when its turn has come."""
        replace_file(self.folder / _STARTED, json.dumps({"at": time.time()}).encode())

    def end(
        self, status: JobStatus, *, result: dict[str, Any] | None = None, message: str = ""
    ) -> None:
        """Say how it ended: what its own process calls."""
        content = {
            "status": status,
            "result": result or {},
            "message": message,
            "ended": time.time(),
        }
        replace_file(self.folder / _RESULT, json.dumps(content).encode())

    @property
    def lock(self) -> FileLock:
        """What its process holds from its start to its end."""
        return FileLock(self.folder / _LOCK)

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return (self.folder / _CANCEL).exists()

    def belongs_to(self, pid: int) -> None:
        """Say which process does it."""
        replace_file(self.folder / _PID, f"{pid} {started_at(pid)}".encode())

    @property
    def log_file(self) -> Path:
        """Where its process writes."""
        return self.folder / _LOG

    def _send(self, number: signal.Signals) -> None:
        pid = self._pid()
        if pid is None or not self._is_held():
            return
        with suppress(ProcessLookupError):  # it has ended since
            if number == signal.SIGKILL:
                os.killpg(pid, number)  # the leader of its session, and what it began
            else:
                os.kill(pid, number)

    def _pid(self) -> int | None:
        """Return the number of its process; None where that has ended, or is another's by now."""
        try:
            number, _, started = (self.folder / _PID).read_text().partition(" ")
        except (OSError, UnicodeDecodeError):
            return None
        if not (number.isascii() and number.isdecimal() and len(number) < _LONGEST_PID):
            return None
        return int(number) if started and started_at(int(number)) == started else None

    def _is_held(self) -> bool:
        return is_locked(self.folder / _LOCK)

    def _is_starting(self) -> bool:
        return time.time() - self.submitted < _STARTS_WITHIN_S or self._pid() is not None


def has_result(folder: Path) -> bool:
    """Say whether the job of a folder said how it ended, without a look at anything else."""
    return (folder / _RESULT).exists()


def _read(path: Path) -> dict[str, Any]:
    """Return what a file of the folder says: nothing where it is missing or damaged.

    The folder of one job is looked at by every other one, which a damaged file must not stop.
    """
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: object, otherwise: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return otherwise
    return float(value)
