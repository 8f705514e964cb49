"""Fetch a public cohort from PhysioNet, each file against its checksum: `download`.

PhysioNet states the SHA-256 of every file of a version in ``SHA256SUMS.txt``. wfdb's own client
compares sizes and not contents, so that files are fetched by plain HTTPS here. A file is written as
``NAME.part`` and renamed once its checksum is right; what a broken connection leaves is gone on
with.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit

import requests

from physioclr.datasets.cohort_table import leaves_folder
from physioclr.datasets.public_cohorts import PublicCohort, public_cohort
from physioclr.errors import DatasetError

__all__ = ["CHECKSUMS_NAME", "DownloadReport", "download"]

CHECKSUMS_NAME = "SHA256SUMS.txt"

_LINE = re.compile(r"(?P<sha256>[0-9a-fA-F]{64}) [ *](?P<path>.+)")
_CONNECTIONS = 2  # as many as wfdb's client opens, so as not to overload PhysioNet
_AHEAD = 64
_ATTEMPTS = 4
_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = (10.0, 60.0)
_PARTIAL, _NOTHING_LEFT = 206, 416
_LOGIN = (401, 403)


@dataclass(frozen=True)
class DownloadReport:
    """What became of the files of a cohort.

    Parameters
    ----------
    n_fetched : int
    n_kept : int
        Files that were there already with the right checksum.
    bytes_fetched : int
        Without what an earlier run had fetched of a file.
    """

    n_fetched: int
    n_kept: int
    bytes_fetched: int


def download(
    name: str,
    out: str | Path,
    *,
    only: Sequence[str] = (),
    mirror: str | None = None,
    retry_after_s: float = 2.0,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> DownloadReport:
    """Fetch a cohort, or what is missing of it.

    Parameters
    ----------
    name : str
        One of `physioclr.datasets.public_cohorts.PUBLIC_COHORTS`.
    out : path-like
        The folder; it then holds the official layout. Other files in it are left alone.
    only : sequence of str, optional
        Patterns such as ``records500/*``; a file that fits none is not fetched. All by default.
    mirror : str, optional
        A copy of the cohort's folder on another server, with its ``SHA256SUMS.txt``.
    retry_after_s : float, optional
        Pause after a broken connection; twice as long after each further one, four attempts.
    on_progress : callable, optional
        Called with the files that are done, their number, and the last one's name.

    Returns
    -------
    DownloadReport

    Raises
    ------
    DatasetError
        If there is no such cohort, the server cannot be reached, asks for a login or lacks a file,
        a checksum is wrong, or the folder cannot be written.
    """
    cohort = public_cohort(name)
    n_fetched = 0
    with _Fetching(cohort, Path(out), mirror or cohort.url, retry_after_s) as fetching:
        files = fetching.checksums()
        if only:
            files = {p: s for p, s in files.items() if any(fnmatchcase(p, fits) for fits in only)}
        if not files:
            found = f"none that fits {', '.join(only)}"
            raise DatasetError(name, expected="a file to fetch", found=found)
        with closing(fetching.fetch_all(files)) as results:
            for done, (path, fetched) in enumerate(results, start=1):
                n_fetched += fetched
                if on_progress is not None:
                    on_progress(done, len(files), path)
    return DownloadReport(n_fetched, len(files) - n_fetched, fetching.bytes_fetched)


class _Fetching:
    """The connections, the place and the counts of one download."""

    def __init__(self, cohort: PublicCohort, out: Path, url: str, retry_after_s: float) -> None:
        self.bytes_fetched = 0
        self._cohort = cohort
        self._out = out
        self._url = url.rstrip("/")
        self._server = urlsplit(url).hostname or url
        self._retry_after_s = retry_after_s
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "identity"  # ranges are of the file's own bytes
        self._stopped = threading.Event()
        self._counting = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def checksums(self) -> dict[str, str]:
        """Return path → SHA-256 of every file, as the server states them now."""
        target = self._out / CHECKSUMS_NAME
        part = _part_of(target)
        with self._writing():
            self._out.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
        self._fetch_whole(CHECKSUMS_NAME, part)
        subject = f"{self._cohort.name}, {CHECKSUMS_NAME}"
        checksums: dict[str, str] = {}
        for line in part.read_text(encoding="utf-8", errors="replace").splitlines():
            stated = _LINE.fullmatch(line.strip())
            if stated is None:
                raise DatasetError(
                    subject, expected="a SHA-256 and a path a line", found="something else"
                )
            path = stated["path"].removeprefix("./")
            if leaves_folder(path) or "\\" in path:
                raise DatasetError(subject, expected="paths within its folder", found="another")
            checksums[path] = stated["sha256"].lower()
        if not checksums:
            raise DatasetError(subject, expected="a SHA-256 and a path a line", found="no line")
        with self._writing():
            part.replace(target)
        return checksums

    def fetch_all(self, files: dict[str, str]) -> Generator[tuple[str, bool], None, None]:
        """Fetch files, several at a time; yield each one's path and whether it was fetched."""
        with ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="download") as pool:
            pending: deque[tuple[str, Future[bool]]] = deque()
            try:
                for path, sha256 in files.items():
                    pending.append((path, pool.submit(self._fetch, path, sha256)))
                    if len(pending) == _AHEAD:
                        first, future = pending.popleft()
                        yield first, future.result()
                for path, future in pending:
                    yield path, future.result()
            finally:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def _fetch(self, path: str, sha256: str) -> bool:
        """Fetch a file unless it is there; return whether it was fetched."""
        target = self._out / path
        with self._writing():
            if target.is_file() and _sha256(target) == sha256:
                return False
            target.parent.mkdir(parents=True, exist_ok=True)
        part = _part_of(target)
        went_on = part.is_file()
        self._fetch_whole(path, part)
        if _sha256(part) != sha256 and went_on:
            part.unlink()  # the beginning was of something else
            self._fetch_whole(path, part)
        with self._writing():
            if _sha256(part) != sha256:
                part.unlink()
                raise DatasetError(
                    f"{self._cohort.name}, {path}",
                    expected=f"the SHA-256 that {CHECKSUMS_NAME} states",
                    found="another: the server holds a different or damaged file",
                )
            part.replace(target)
        return True

    def _fetch_whole(self, path: str, part: Path) -> None:
        """Fetch what `part` lacks of a file, over as many connections as it takes."""
        for attempt in range(_ATTEMPTS):
            try:
                self._fetch_rest(path, part)
            except requests.RequestException as error:
                if attempt + 1 == _ATTEMPTS:
                    raise DatasetError(
                        f"{self._cohort.name}, {path}",
                        expected=f"an answer from {self._server}",
                        found="a connection that breaks" if part.is_file() else "no connection",
                    ) from error
                self._wait(self._retry_after_s * 2**attempt)
            else:
                return

    def _fetch_rest(self, path: str, part: Path) -> None:
        there = part.stat().st_size if part.is_file() else 0
        headers = {"Range": f"bytes={there}-"} if there else {}
        url = f"{self._url}/{quote(path)}"
        with self._session.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if there and answer.status_code == _NOTHING_LEFT:
                return
            self._check(answer, path)
            goes_on = there and answer.status_code == _PARTIAL
            if goes_on and not answer.headers.get("Content-Range", "").startswith(
                f"bytes {there}-"
            ):
                raise requests.ConnectionError("another range than the one asked for")
            with self._writing(), part.open("ab" if goes_on else "wb") as file:
                self._copy(answer, file.write)

    def _copy(self, answer: requests.Response, write: Callable[[bytes], object]) -> None:
        stated, received = answer.headers.get("Content-Length"), 0
        for chunk in answer.iter_content(_CHUNK_BYTES):
            if self._stopped.is_set():
                raise requests.ConnectionError("stopped")
            write(chunk)
            received += len(chunk)
            with self._counting:
                self.bytes_fetched += len(chunk)
        if stated is not None and received < int(stated):
            raise requests.ConnectionError("fewer bytes than stated")

    def _check(self, answer: requests.Response, path: str) -> None:
        subject = f"{self._cohort.name}, {path}"
        if answer.status_code in _LOGIN:
            raise DatasetError(
                subject,
                expected="a file that is open to everybody",
                found=f"{self._server} asks for a login and a signed agreement",
            )
        if 400 <= answer.status_code < 500:
            raise DatasetError(
                subject, expected=f"it on {self._server}", found=f"HTTP {answer.status_code}"
            )
        answer.raise_for_status()

    def _wait(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise DatasetError(self._cohort.name, expected="to go on", found="it stopped")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except requests.RequestException:
            raise
        except OSError as error:
            raise DatasetError(
                self._out.name, expected="a folder to write to", found=str(error.strerror)
            ) from error


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
