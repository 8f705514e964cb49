"""Preparing a cohort in a process of its own, that outlives what began it.

A job is a folder: what was asked for, how far it is, how it ended. Whoever knows the folder can
look and cancel, also after the app was closed and opened again. The job holds a lock while it
works, so that one whose process was killed is told from one that goes on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from filelock import FileLock, Timeout

from physioclr.atomic import make_folder, replace_file
from physioclr.errors import PhysioclrError

__all__ = ["ImportJob", "JobProgress"]

_ASKED, _PROGRESS, _RESULT, _LOCK, _LOG = (
    "asked.json",
    "progress.json",
    "result.json",
    "job.lock",
    "log.txt",
)
_EVERY_S = 0.5
_GRACE_S = 20.0
_LAST_LINES = 5

JobStatus = Literal["running", "finished", "failed", "cancelled", "lost"]


@dataclass(frozen=True)
class JobProgress:
    """How far a job is.

    Parameters
    ----------
    status : {"running", "finished", "failed", "cancelled", "lost"}
        Lost: the process is gone and left no word.
    done, total : int
        ECGs; 0 of 0 while the cohort is being listed.
    seconds : float
        Since it began, or until it ended.
    message : str
        Why it failed, or the last lines it wrote.
    n_prepared, n_left_out : int
        Of a finished job.
    """

    status: JobStatus
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    message: str = ""
    n_prepared: int = 0
    n_left_out: int = 0

    @property
    def per_s(self) -> float:
        """ECGs a second so far; 0 where none is done."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds that are left at this speed; None where nothing is known."""
        return (self.total - self.done) / self.per_s if self.per_s else None


@dataclass(frozen=True)
class ImportJob:
    """A job, by its folder.

    Parameters
    ----------
    folder : Path
    """

    folder: Path

    @classmethod
    def begin(cls, folder: Path, source: str, out: Path) -> Self:
        """Begin to prepare a cohort.

        Parameters
        ----------
        folder : Path
            A new one, for the job.
        source : str
            As `physioclr.datasets.prepare.prepare` takes it.
        out : Path
            The store's folder.

        Returns
        -------
        ImportJob

        Raises
        ------
        PhysioclrError
            If the folder cannot be written.
        """
        make_folder(folder)
        asked = {"source": source, "out": str(out), "began": time.time()}
        replace_file(folder / _ASKED, json.dumps(asked).encode())
        with (folder / _LOG).open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  (this Python, this module)
                [sys.executable, "-m", "physioclr.datasets.import_job", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        replace_file(folder / "pid", str(process.pid).encode())
        threading.Thread(target=process.wait, daemon=True).start()  # or it stays as a zombie
        return cls(folder)

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked for: ``source``, ``out``, ``began``."""
        found: dict[str, Any] = json.loads((self.folder / _ASKED).read_bytes())
        return found

    def progress(self) -> JobProgress:
        """Look how far the job is."""
        held = self._is_held()  # before the result is looked for, which is written under it
        began = float(self.asked["began"])
        so_far, result = _read(self.folder / _PROGRESS), _read(self.folder / _RESULT)
        done, total = int(so_far.get("done", 0)), int(so_far.get("total", 0))
        if result:
            return JobProgress(
                status=result["status"],
                done=done,
                total=total,
                seconds=float(result["ended"]) - began,
                message=str(result.get("message", "")),
                n_prepared=int(result.get("n_prepared", 0)),
                n_left_out=int(result.get("n_left_out", 0)),
            )
        seconds = time.time() - began
        if held or (seconds < _GRACE_S and not so_far):
            return JobProgress("running", done, total, seconds)
        lines = (self.folder / _LOG).read_text(errors="replace").splitlines()
        return JobProgress("lost", done, total, seconds, "\n".join(lines[-_LAST_LINES:]))

    def cancel(self) -> None:
        """Ask the job to stop; what it has prepared is kept for the next time."""
        try:
            os.kill(int((self.folder / "pid").read_text()), signal.SIGINT)
        except (OSError, ValueError):
            return  # it has ended by itself

    def _is_held(self) -> bool:
        try:
            with FileLock(self.folder / _LOCK, timeout=0):
                return False
        except Timeout:
            return True


def work(folder: Path) -> None:
    """Do a job: what its process runs.

    Parameters
    ----------
    folder : Path
    """
    # Ignored in what a shell began in the background, and inherited from there.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asked = ImportJob(folder).asked
    last = 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY_S or done == total:
            last = time.monotonic()
            replace_file(folder / _PROGRESS, json.dumps({"done": done, "total": total}).encode())

    with FileLock(folder / _LOCK):
        result: dict[str, Any]
        try:
            # Loaded here, so that who stops the job while it loads is heard.
            from physioclr.datasets.prepare import prepare

            made = prepare(asked["source"], Path(asked["out"]), on_progress=report)
            result = {
                "status": "finished",
                "n_prepared": made.n_prepared,
                "n_left_out": len(made.left_out),
            }
        except PhysioclrError as error:
            result = {"status": "failed", "message": str(error)}
        except KeyboardInterrupt:
            result = {"status": "cancelled"}
        replace_file(folder / _RESULT, json.dumps({**result, "ended": time.time()}).encode())


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found


if __name__ == "__main__":
    work(Path(sys.argv[1]))
