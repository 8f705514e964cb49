"""Decode, check and measure a cohort once, into a store: `prepare`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from physioclr.datasets.analysis import AnalysedEcg, analyse
from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.store_writer import StoreWriter
from physioclr.errors import DatasetError, PhysioclrError

__all__ = ["PrepareReport", "prepare", "prepare_cohort"]

_AHEAD_PER_WORKER = 4


@dataclass(frozen=True)
class PrepareReport:
    """What became of a cohort.

    Parameters
    ----------
    n_prepared : int
    left_out : tuple of (str, str)
        Record id and the reason, for each ECG that is not in the store.
    seconds : float
    """

    n_prepared: int
    left_out: tuple[tuple[str, str], ...]
    seconds: float

    @property
    def ms_per_record(self) -> float:
        """Wall time per ECG that was tried, in ms."""
        return 1000 * self.seconds / max(1, self.n_prepared + len(self.left_out))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return {
            "n_prepared": self.n_prepared,
            "left_out": [
                {"record_id": record_id, "reason": reason} for record_id, reason in self.left_out
            ],
            "seconds": self.seconds,
            "ms_per_record": self.ms_per_record,
        }


def prepare(
    source: str | Path,
    out: str | Path,
    *,
    fs_hz: float = 500.0,
    duration_s: float = 10.0,
    workers: int | None = None,
    limit: int | None = None,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> PrepareReport:
    """Prepare a cohort into a store.

    Each ECG is read, resampled to one rate, cut to its first seconds, delineated once and measured.
    One that lacks a standard lead, is too short or cannot be analysed is left out with the reason,
    and the others go on.

    Parameters
    ----------
    source : path-like
        A folder of a known layout, ``"demo"`` or ``"simulated:N"``.
    out : path-like
        The store's folder; written whole or not at all.
    fs_hz : float, optional
    duration_s : float, optional
    workers : int, optional
        Processes; as many as there are cores by default. The store does not depend on it.
    limit : int, optional
        Try only so many ECGs.
    overwrite : bool, optional
        Replace a store that is already there.
    on_progress : callable, optional
        Called with the number of ECGs done and their total.

    Returns
    -------
    PrepareReport

    Raises
    ------
    DatasetError
        If the source is unknown, the store cannot be written, or no ECG could be prepared.
    ValueError
        If a number is not above 0.
    """
    for parameter, value in (
        ("fs_hz", fs_hz),
        ("duration_s", duration_s),
        ("workers", workers),
        ("limit", limit),
    ):
        if value is not None and not value > 0:
            raise ValueError(f"{parameter} must be above 0, got {value}")
    return prepare_cohort(
        find_cohort(source),
        out,
        fs_hz=fs_hz,
        duration_s=duration_s,
        workers=workers,
        limit=limit,
        overwrite=overwrite,
        on_progress=on_progress,
    )


def prepare_cohort(
    cohort: Cohort,
    out: str | Path,
    *,
    fs_hz: float,
    duration_s: float,
    workers: int | None = None,
    limit: int | None = None,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> PrepareReport:
    """Prepare a cohort that is already listed; see `prepare`."""
    start = time.perf_counter()
    records = cohort.records[:limit]
    left_out: list[tuple[str, str]] = []
    writer = StoreWriter(
        out,
        fs_hz=fs_hz,
        n_samples=round(duration_s * fs_hz),
        source=cohort.name,
        simulated=cohort.simulated,
        label_sets=cohort.label_sets,
        overwrite=overwrite,
    )
    results = _analyse_all(records, fs_hz, duration_s, _n_workers(workers, len(records)))
    with writer, closing(results):
        for done, (record, result) in enumerate(zip(records, results, strict=True), start=1):
            if isinstance(result, PhysioclrError):
                left_out.append((record.record_id, str(result)))
            elif reason := _append(writer, record, result, cohort.name):
                left_out.append((record.record_id, reason))
            if on_progress is not None:
                on_progress(done, len(records))
        if len(left_out) == len(records):
            raise DatasetError(
                cohort.name,
                expected="an ECG that can be prepared",
                found=f"none of {len(records)}; the first one: {left_out[0][1]}"
                if left_out
                else "no ECG",
            )
    return PrepareReport(
        n_prepared=len(records) - len(left_out),
        left_out=tuple(left_out),
        seconds=time.perf_counter() - start,
    )


def _append(writer: StoreWriter, record: CohortRecord, ecg: AnalysedEcg, source: str) -> str:
    """Write one ECG; return why that could not be, else nothing."""
    metadata = {
        "record_id": record.record_id,
        "patient_id": record.patient_id,
        "fold": record.fold,
        "source": source,
        **ecg.metadata,
    }
    try:
        writer.append(
            ecg.signal_mv,
            metadata,
            labels=record.labels,
            measurements=ecg.measurements,
            physiology=ecg.physiology,
            beats=ecg.beats,
        )
    except DatasetError as error:
        return str(error)
    return ""


def _n_workers(workers: int | None, n_records: int) -> int:
    return max(1, min(workers or os.cpu_count() or 1, n_records))


def _analyse_or_reason(
    record: CohortRecord, fs_hz: float, duration_s: float
) -> AnalysedEcg | PhysioclrError:
    try:
        return analyse(record, fs_hz=fs_hz, duration_s=duration_s)
    except PhysioclrError as error:
        return error


def _analyse_all(
    records: Iterable[CohortRecord], fs_hz: float, duration_s: float, workers: int
) -> Generator[AnalysedEcg | PhysioclrError, None, None]:
    """Analyse records in their order, in this process or in several."""
    if workers == 1:
        # One thread as in the workers: with more, sums round differently.
        with threadpool_limits(1):
            for record in records:
                yield _analyse_or_reason(record, fs_hz, duration_s)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)
    try:
        pending: deque[Future[AnalysedEcg | PhysioclrError]] = deque()
        for record in records:
            pending.append(pool.submit(_analyse_or_reason, record, fs_hz, duration_s))
            if len(pending) >= _AHEAD_PER_WORKER * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool:
        raise DatasetError(
            "prepare", expected=f"{workers} processes that finish", found="one that was killed"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and the cores to the other workers."""
    threadpool_limits(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
