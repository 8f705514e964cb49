"""Decode, check and measure a cohort once, into a store: `prepare`."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from threadpoolctl import threadpool_limits

from physioclr import __version__
from physioclr.datasets.analysis import AnalysedEcg, analyse
from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.manifest import MANIFEST_NAME
from physioclr.datasets.ray_engine import map_on_cluster
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.split_checks import refuse_divided_patients
from physioclr.datasets.store import Store
from physioclr.datasets.store_writer import StoreWriter
from physioclr.errors import DatasetError, PhysioclrError
from physioclr.runtime.parent_watch import end_with_parent
from physioclr.runtime.plugins import Plugin, plugins_to_send, use_sent_plugins

__all__ = ["PrepareReport", "prepare", "prepare_cohort"]

RECORDS_PER_SHARD = 250
"""30 MB at 12 leads of 5,000 samples: what a killed run does again."""

_AHEAD_PER_WORKER = 4
Engine = Literal["processes", "ray"]
_Analysis = Callable[[CohortRecord], AnalysedEcg | PhysioclrError]


@dataclass(frozen=True)
class PrepareReport:
    """What became of a cohort.

    Parameters
    ----------
    n_prepared : int
    left_out : tuple of (str, str)
        Record id and the reason, for each ECG that is not in the store.
    seconds : float
    n_found_done : int, optional
        ECGs, prepared or left out, that an earlier run had done: all of them where the store was
        there already.
    """

    n_prepared: int
    left_out: tuple[tuple[str, str], ...]
    seconds: float
    n_found_done: int = 0

    @property
    def ms_per_record(self) -> float:
        """Wall time per ECG that this run tried, in ms."""
        return 1000 * self.seconds / max(1, self.n_tried - self.n_found_done)

    @property
    def n_tried(self) -> int:
        """ECGs prepared or left out."""
        return self.n_prepared + len(self.left_out)

    @property
    def nothing_to_do(self) -> bool:
        """Whether the same command had made the store already."""
        return self.n_found_done == self.n_tried

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return {
            "n_prepared": self.n_prepared,
            "left_out": [
                {"record_id": record_id, "reason": reason} for record_id, reason in self.left_out
            ],
            "n_found_done": self.n_found_done,
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
    physiology: bool = True,
    engine: Engine = "processes",
    on_progress: Callable[[int, int], None] | None = None,
) -> PrepareReport:
    """Prepare a cohort into a store.

    Each ECG is read, resampled to one rate, cut to its first seconds, delineated once and measured.
    One that lacks a standard lead, is too short, cannot be analysed or repeats another's signal is
    left out with the reason, and the others go on.

    A run that was killed goes on where it was when it is started again in the same way; the store
    is the same as that of a run in one go. A store that is there already is left as it is.

    Parameters
    ----------
    source : path-like
        A folder of a known layout, ``"demo"`` or ``"simulated:N"``.
    out : path-like
        The store's folder; written whole or not at all. Until it is whole, ``OUT.partial`` holds
        what is done.
    fs_hz : float, optional
    duration_s : float, optional
    workers : int, optional
        Processes; as many as there are cores by default. The store does not depend on it.
    limit : int, optional
        Try only so many ECGs.
    overwrite : bool, optional
        Replace a store, or an unfinished one, of another source or other settings.
    physiology : bool, optional
        Measure each ECG and judge its quality; without, a store holds signals and labels alone.
    engine : {"processes", "ray"}, optional
        Whether the work is shared out on this machine, or on the Ray cluster of
        `physioclr.datasets.ray_engine`. The store does not depend on it.
    on_progress : callable, optional
        Called with the number of ECGs done and their total.

    Returns
    -------
    PrepareReport

    Raises
    ------
    DatasetError
        If the source is unknown, the store cannot be written or is of another source or other
        settings, no ECG could be prepared, or a patient is in two folds of the cohort's split. An
        ECG in two folds, as PTB-XL has one, is left out the second time.
    ValueError
        If a number is not above 0.

    Examples
    --------
    >>> import physioclr
    >>> report = physioclr.prepare("simulated:60", "store", workers=1)
    >>> report.n_prepared, report.left_out
    (60, ())
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
        physiology=physiology,
        engine=engine,
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
    physiology: bool = True,
    engine: Engine = "processes",
    records_per_shard: int = RECORDS_PER_SHARD,
    on_progress: Callable[[int, int], None] | None = None,
) -> PrepareReport:
    """Prepare a cohort that is already listed; see `prepare`.

    A killed run loses the ECGs of the shard it was at: less than `records_per_shard`.
    """
    start, report = time.perf_counter(), on_progress or (lambda _done, _total: None)
    records = cohort.records[:limit]
    settings = _settings(
        cohort,
        records,
        fs_hz=float(fs_hz),
        duration_s=float(duration_s),
        physiology=physiology,
        records_per_shard=records_per_shard,
    )
    if not overwrite and (finished := _finished(Path(out), settings)):
        return finished
    refuse_divided_patients(cohort.name, records)
    with ExitStack() as stack:
        new_store = StoreWriter(
            out,
            fs_hz=fs_hz,
            n_samples=round(duration_s * fs_hz),
            source=cohort.name,
            simulated=cohort.simulated,
            label_sets=cohort.label_sets,
            overwrite=overwrite,
            records_per_shard=records_per_shard,
            settings=settings,
        )
        writer = stack.enter_context(new_store)
        found_done = writer.n_records + len(writer.left_out)
        missing = records[found_done:]
        how = partial(
            _analyse_or_reason,
            fs_hz=fs_hz,
            duration_s=duration_s,
            physiology=physiology,
            formats=plugins_to_send("physioclr.formats"),
        )
        results = stack.enter_context(closing(_shared_out(missing, how, engine, workers)))
        for done, (record, ecg) in enumerate(zip(missing, results, strict=True), found_done + 1):
            if reason := _append(writer, record, ecg, cohort.name):
                writer.leave_out(record.record_id, reason)
            report(done, len(records))
        _refuse_none(writer, cohort.name, len(records))
    seconds = time.perf_counter() - start
    return PrepareReport(writer.n_records, writer.left_out, seconds, found_done)


def _settings(
    cohort: Cohort, records: Sequence[CohortRecord], **asked: float | bool
) -> dict[str, Any]:
    """Return all that decides what a store holds."""
    return {
        "source": cohort.name,
        "number of ECGs": len(records),
        **asked,
        "version of PhysioCLR": __version__,
        "content": _digest(records, cohort.label_sets),
    }


def _refuse_none(writer: StoreWriter, cohort: str, n_records: int) -> None:
    if writer.n_records:
        return
    first = f"; the first one: {writer.left_out[0][1]}" if writer.left_out else ""
    found = f"none of {n_records}{first}" if n_records else "no ECG"
    raise DatasetError(cohort, expected="an ECG that can be prepared", found=found)


def _finished(out: Path, settings: Mapping[str, Any]) -> PrepareReport | None:
    """Report on the store that the same settings made, where it is there already."""
    if not (out / MANIFEST_NAME).is_file():
        return None
    store = Store(out)
    made_with = store.manifest.prepared
    if not made_with:
        return None  # made by a writer, or by a version that did not say how
    for name, value in settings.items():
        if made_with.get(name) != value:
            raise DatasetError(
                out.name,
                expected=f"a store of the {name} asked for ({value}), or leave to overwrite",
                found=f"one of {made_with.get(name)}",
            )
    left_out = tuple(store.left_out.itertuples(index=False, name=None))
    return PrepareReport(
        n_prepared=settings["number of ECGs"] - len(left_out),
        left_out=left_out,
        seconds=0.0,
        n_found_done=settings["number of ECGs"],
    )


def _digest(records: Sequence[CohortRecord], label_sets: Mapping[str, Mapping[str, str]]) -> str:
    """Return a hash of what a cohort says about its ECGs, without reading their signals."""
    digest = hashlib.sha256(repr({key: dict(of) for key, of in label_sets.items()}).encode())
    for record in records:
        labels = {key: dict(of) for key, of in record.labels.items()}
        said = (record.record_id, record.patient_id, record.age_years, record.sex, record.fold)
        digest.update(repr((said, labels)).encode())
    return digest.hexdigest()[:16]


def _append(
    writer: StoreWriter, record: CohortRecord, ecg: AnalysedEcg | PhysioclrError, source: str
) -> str:
    """Write one ECG; return why that could not be, else nothing."""
    if isinstance(ecg, PhysioclrError):
        return str(ecg)
    if first := writer.first_with(ecg.signal_hash):
        earlier, fold = first
        divided = record.fold is not None and fold is not None and fold != record.fold
        across = f", across the split: folds {fold} and {record.fold}" if divided else ""
        expected = "expected each ECG once"
        return f"{record.record_id}: {expected}, found the signal of {earlier} again{across}."
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
            statements=ecg.statements,
            beats=ecg.beats,
        )
    except DatasetError as error:
        return str(error)
    return ""


def _n_workers(workers: int | None, n_records: int) -> int:
    return max(1, min(workers or os.cpu_count() or 1, n_records))


def _analyse_or_reason(
    record: CohortRecord,
    *,
    fs_hz: float,
    duration_s: float,
    physiology: bool,
    formats: tuple[tuple[Plugin, Any], ...],
) -> AnalysedEcg | PhysioclrError:
    use_sent_plugins(formats)  # this may be another process
    try:
        return analyse(record, fs_hz=fs_hz, duration_s=duration_s, physiology=physiology)
    except PhysioclrError as error:
        return error


def _shared_out(
    records: Sequence[CohortRecord], how: _Analysis, engine: Engine, workers: int | None
) -> Generator[AnalysedEcg | PhysioclrError, None, None]:
    """Analyse records in their order, on this machine or on a cluster."""
    if engine == "ray":
        return map_on_cluster(how, records)
    return _analyse_all(records, how, _n_workers(workers, len(records)))


def _analyse_all(
    records: Iterable[CohortRecord], how: _Analysis, workers: int
) -> Generator[AnalysedEcg | PhysioclrError, None, None]:
    """Analyse records in their order, in this process or in several."""
    if workers == 1:
        # One thread as in the workers: with more, sums round differently.
        with threadpool_limits(1):
            for record in records:
                yield how(record)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin_worker, initargs=(os.getpid(),)
    )
    try:
        pending: deque[Future[AnalysedEcg | PhysioclrError]] = deque()
        for record in records:
            pending.append(pool.submit(how, record))
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


def _begin_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and the cores to the other workers; end with the parent."""
    end_with_parent(parent)
    threadpool_limits(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
