"""Reading untrusted files in another process, which can be stopped: `read_apart`.

A library's loop in C holds the interpreter: no thread of the same process could stop it, and every
session of the app would stall. The other process has its own memory limit, reads one ECG after
another, and is replaced when it takes too long or dies.
"""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import resource
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from physioclr.errors import PhysioclrError, RecordError
from physioclr.io.array_layout import ArrayLayout
from physioclr.io.choice import ReadChoice
from physioclr.io.ecg_files import read_ecg
from physioclr.io.limits import ReadLimits
from physioclr.io.plugin_formats import FileFormat
from physioclr.records import EcgRecord
from physioclr.runtime.plugins import plugins_to_send, use_sent_plugins

__all__ = ["read_apart"]

_AT_ONCE = 2
_STARTS_WITHIN_S = 60.0
_MOST_MEMORY_BYTES = 4 * 2**30
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_LENGTH = struct.Struct("<Q")


def read_apart(
    files: Mapping[str, bytes],
    *,
    layout: ArrayLayout | None = None,
    limits: ReadLimits | None = None,
    choice: ReadChoice | None = None,
) -> EcgRecord:
    """Read one ECG as `read_ecg` does, in a process that is stopped when the time is up.

    Parameters
    ----------
    files : mapping of str to bytes
        File name to content.
    layout : ArrayLayout, optional
    limits : ReadLimits, optional
        `seconds` is how long it may take.
    choice : ReadChoice, optional

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If it cannot be read, or takes too long or too much memory.
    """
    limits = limits or ReadLimits()
    plugins = plugins_to_send(FileFormat.plugin_group)
    request = pickle.dumps((dict(files), layout, limits, choice, plugins))
    reader = _idle()
    try:
        answer = reader.ask(request, limits)
    except (OSError, EOFError, TimeoutError) as error:
        reader.stop()
        expected = f"an ECG that is read within {limits.seconds:g} s"
        found = "one that takes longer"
        if not isinstance(error, TimeoutError):
            expected, found = "an ECG that a reader can hold in memory", "one that ended the reader"
        raise RecordError(next(iter(files), "upload"), expected=expected, found=found) from None
    finally:
        _give_back(reader)
    if isinstance(answer, BaseException):
        raise answer
    record: EcgRecord = answer
    return record


class _Reader:
    """A process that reads one ECG after another; started when first asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: bytes, limits: ReadLimits) -> Any:
        """Send a request and wait for its answer."""
        is_new = self._process is None or self._process.poll() is not None
        if is_new:
            self.stop()
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from physioclr.io.reading_process import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                    **dict.fromkeys(_ONE_THREAD, "1"),  # each would reserve memory of its own
                },
            )
        process = self._process
        assert process is not None and process.stdin is not None  # noqa: S101, PT018
        assert process.stdout is not None  # noqa: S101 - opened above
        _write(process.stdin, request)
        deadline = time.monotonic() + limits.seconds + (_STARTS_WITHIN_S if is_new else 0.0)
        return pickle.loads(_read(process.stdout, deadline))  # noqa: S301 - what `serve` wrote

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


_readers: queue.LifoQueue[_Reader] = queue.LifoQueue()
_lock = threading.Lock()
_all: list[_Reader] = []


def _idle() -> _Reader:
    with _lock:
        if _readers.empty() and len(_all) < _AT_ONCE:
            reader = _Reader()
            _all.append(reader)
            return reader
    return _readers.get()


def _give_back(reader: _Reader) -> None:
    _readers.put(reader)


def _stop_all() -> None:
    for reader in _all:
        reader.stop()


atexit.register(_stop_all)


def serve() -> None:
    """Read what the parent sends until it closes the pipe: the other process's loop."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak into the pipe
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))
    while True:
        try:
            request = _read(requests)
        except EOFError:
            return
        answer = pickle.dumps(_answer(request))
        with suppress(BrokenPipeError):
            _write(answers, answer)


def _answer(request: bytes) -> EcgRecord | PhysioclrError:
    files, layout, limits, choice, plugins = pickle.loads(request)  # noqa: S301 - the parent's
    name = next(iter(files), "upload")
    try:
        use_sent_plugins(plugins)
        return read_ecg(files, layout=layout, limits=limits, choice=choice)
    except PhysioclrError as error:
        return error
    except MemoryError:
        return RecordError(
            name, expected="an ECG that fits into memory", found="one that needs more"
        )


def _write(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(_LENGTH.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def _read(pipe: IO[bytes], deadline_s: float | None = None) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size, deadline_s))
    return _exactly(pipe, length, deadline_s)


def _exactly(pipe: IO[bytes], n_bytes: int, deadline_s: float | None) -> bytes:
    pieces: list[bytes] = []
    descriptor = pipe.fileno()
    while n_bytes:
        if deadline_s is not None:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not select.select([descriptor], [], [], left_s)[0]:
                raise TimeoutError
        piece = os.read(descriptor, min(n_bytes, 2**20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        n_bytes -= len(piece)
    return b"".join(pieces)
