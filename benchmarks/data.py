"""How a store scales: ``python -m benchmarks.data --ecgs 10000 100000``.

Stores of noise are written, of 12 leads and 10 s, and read: how long one takes to open, how many
ECGs a second come in random batches of 256 once the file lies in the page cache, and how much
memory of its own the process holds then (the cache, which belongs to the system, is not counted).
The writing is timed too: it is what `prepare` does after an ECG is measured. With ``--prepare`` and
a folder of ECGs such as PTB-XL's: how many a second one core prepares without physiology, and what
each step takes of it, in this process's own time.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.parts import print_rows
from physioclr.datasets.cohort import CohortRecord
from physioclr.datasets.prepare import prepare
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.standard_form import standardised
from physioclr.datasets.store import Store
from physioclr.datasets.store_writer import StoreWriter
from physioclr.datasets.stored_signal import quantised, signal_hash

BATCH, DURATION_S, N_LEADS = 256, 10, 12


def write_noise(folder: Path, n_ecgs: int, fs_hz: float) -> float:
    """Write a store of noise; return ECGs a second."""
    rng = np.random.default_rng(0)
    n_samples = round(DURATION_S * fs_hz)
    some = rng.normal(0, 0.3, (64, N_LEADS, n_samples)).astype(np.float32)
    started = time.perf_counter()
    with StoreWriter(
        folder, fs_hz=fs_hz, n_samples=n_samples, source="noise", simulated=True, label_sets={}
    ) as writer:
        for number in range(n_ecgs):
            signal = some[number % 64]
            signal[0, number % n_samples] += np.float32(0.001 * (1 + number // n_samples))
            name = f"noise-{number:07d}"
            writer.append(signal, {"record_id": name, "patient_id": name})
    return n_ecgs / (time.perf_counter() - started)


def read_store(folder: Path, seconds: float) -> dict[str, float]:
    """Open a store and read random batches, in a process that has done nothing else."""
    started = time.perf_counter()
    store = Store(folder)
    opened_s = time.perf_counter() - started
    rng = np.random.default_rng(0)
    for first in range(0, len(store), BATCH):  # into the page cache
        store.signals_raw(np.arange(first, min(first + BATCH, len(store))))
    n_read, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        n_read += len(store.signals_raw(rng.integers(0, len(store), BATCH)))
    rate = n_read / (time.perf_counter() - started)
    started = time.perf_counter()
    n_rows = len(store.records)
    return {
        "open_ms": 1000 * opened_s,
        "ecgs_per_s": rate,
        "gigabytes_per_s": rate * N_LEADS * store.n_samples * 2 / 1e9,
        "table_of_records_s": time.perf_counter() - started,
        "rows": n_rows,
        "own_memory_mb": own_memory_mb(),
    }


def own_memory_mb() -> float:
    """Return the anonymous memory of this process: what is not a file's."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(found.group(1)) / 1000 if found else float("nan")


def measured(n_ecgs: int, fs_hz: float, seconds: float, folder: Path) -> dict[str, float]:
    out = folder / f"{n_ecgs}-{fs_hz:g}"
    written = write_noise(out, n_ecgs, fs_hz)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        read = pool.apply(read_store, (out, seconds))
    shutil.rmtree(out)
    return {"ecgs": n_ecgs, "fs_hz": fs_hz, "written_per_s": written, **read}


def prepare_speed(source: Path, limit: int) -> dict[str, dict[str, float]]:
    """Prepare in one process, and time the steps apart."""
    records = find_cohort(source).records[:limit]
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        out = Path(folder) / "S"
        # Once to warm up: imports, and the files' pages.
        prepare(source, out, limit=limit, workers=1, physiology=False)
        start = time.process_time()
        report = prepare(source, out, limit=limit, workers=1, physiology=False, overwrite=True)
        seconds = time.process_time() - start
        n_tried = report.n_prepared + len(report.left_out)
        whole = {"ecgs_per_s": n_tried / seconds, "ms": 1000 * seconds / n_tried}
        return {"prepare": whole, **_steps(records, Path(folder) / "T")}


def _steps(records: Iterable[CohortRecord], out: Path) -> dict[str, dict[str, float]]:
    read, read_ms = _each(lambda record: record.read(), records)
    standard, standard_ms = _each(partial(standardised, fs_hz=500.0, duration_s=DURATION_S), read)
    units, quantise_ms = _each(lambda ecg: quantised(ecg.signal_mv, subject="ecg"), standard)
    _, hash_ms = _each(signal_hash, units)
    with StoreWriter(out, fs_hz=500.0, n_samples=5000, source="noise") as writer:
        numbered = [
            (ecg.signal_mv, {"record_id": str(i), "patient_id": ""})
            for i, ecg in enumerate(standard)
        ]
        _, write_ms = _each(lambda one: writer.append(*one), numbered)
    return {
        "read": {"ms": read_ms},
        "leads, rate, length, 1 µV": {"ms": standard_ms},
        "round again": {"ms": quantise_ms},
        "hash": {"ms": hash_ms},
        "write": {"ms": write_ms},
    }


def _each(step: Callable[[Any], Any], of: Iterable[Any]) -> tuple[list[Any], float]:
    """Return what a step makes of each, and its milliseconds of this process's time."""
    start = time.process_time()
    made = [step(one) for one in of]
    return made, 1000 * (time.process_time() - start) / len(made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ecgs", type=int, nargs="*", default=[10_000])
    parser.add_argument("--fs", type=float, default=100.0, help="sampling rate, Hz")
    parser.add_argument("--seconds", type=float, default=5.0, help="of reading")
    parser.add_argument("--folder", type=Path, help="where the stores are written, for a while")
    parser.add_argument("--prepare", type=Path, help="a folder of ECGs to prepare")
    parser.add_argument("--limit", type=int, default=300, help="ECGs to prepare")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    arguments = parser.parse_args()
    rows, steps = [], {}
    if arguments.prepare:
        steps = prepare_speed(arguments.prepare, arguments.limit)
        print_rows(steps)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        for n_ecgs in arguments.ecgs:
            row = measured(n_ecgs, arguments.fs, arguments.seconds, Path(folder))
            rows.append(row)
            print(" | ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"prepare": steps, "store": rows}, indent=1))


if __name__ == "__main__":
    main()
