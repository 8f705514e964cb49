"""How long an ECG takes to measure: ``OMP_NUM_THREADS=1 python -m benchmarks.physiology_speed``.

Milliseconds of one core an ECG of 12 leads and 10 s at 500 Hz, the median and the fastest of
several rounds over the same simulated ECGs. It is the process's own time, which others on the
machine lengthen less than the clock's. NeuroKit2 runs in the same call, on each of the 12 leads:
its delineation alone (clean, find R peaks, delineate), and ``ecg_process`` followed by
``ecg_delineate``, the nearest it has to measuring.

``--threads`` times `delineate` by the clock instead, in processes with one BLAS thread and with
NumPy's default, on a quiet machine and with one core kept busy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

import neurokit2
import numpy as np

from physioclr.physiology.beat_features import compute_beat_features
from physioclr.physiology.measurements import measure, summarise
from physioclr.physiology.vector import physiology_vector, vector_of_beats
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, delineate
from physioclr.simulate import simulate_cohort
from studies.references.neurokit_waves import METHODS, neurokit_fiducials


def neurokit_delineation(method: str, record: EcgRecord, _: Delineation) -> None:
    """Clean, find R peaks, delineate, lead by lead."""
    for lead_mv in record.signal_mv:
        neurokit_fiducials(lead_mv, record.fs_hz, method)


def neurokit_process(method: str, record: EcgRecord, _: Delineation) -> None:
    """Process and delineate lead by lead; a lead that raises is passed over."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for lead_mv in record.signal_mv.astype(np.float64):
            try:
                table, info = neurokit2.ecg_process(lead_mv, int(record.fs_hz))
                neurokit2.ecg_delineate(
                    table["ECG_Clean"], info["ECG_R_Peaks"], int(record.fs_hz), method=method
                )
            except (ValueError, IndexError, KeyError, ZeroDivisionError):
                continue


def measure_and_describe(record: EcgRecord, delineation: Delineation) -> None:
    """Do what a store does with each ECG: both from one set of beat features."""
    features = compute_beat_features(record, delineation)
    vector_of_beats(features, summarise(features))


NEUROKIT = {"delineation x 12": neurokit_delineation, "process x 12": neurokit_process}


def timed_ms(
    work: Callable[[EcgRecord, Delineation], object],
    ecgs: Sequence[tuple[EcgRecord, Delineation]],
) -> float:
    started = time.process_time()
    for record, delineation in ecgs:
        work(record, delineation)
    return 1000 * (time.process_time() - started) / len(ecgs)


_CLOCK = """
import time
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_cohort
cohort = simulate_cohort(12, seed=0)
records = [cohort.record(index) for index in range(12)]
times = []
for _ in range(9):
    began = time.perf_counter()
    for record in records:
        delineate(record)
    times.append(1000 * (time.perf_counter() - began) / 12)
print(min(times[2:]))
"""


def clock_ms(threads: str | None) -> float:
    """Time one record in a process of its own, with so many BLAS threads or the default."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    }
    if threads is not None:
        environment["OPENBLAS_NUM_THREADS"] = threads
    run = subprocess.run(
        [sys.executable, "-c", _CLOCK], env=environment, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def print_thread_ratios() -> None:
    for what, n_busy in (("quiet", 0), ("one busy core", 1)):
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n_busy)]
        try:
            one, default = clock_ms("1"), clock_ms(None)
        finally:
            for process in busy:
                process.kill()
        print(
            f"{what}: one BLAS thread {one:.1f} ms, default {default:.1f} ms, {default / one:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ecgs", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-neurokit", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--threads", action="store_true")
    arguments = parser.parse_args()
    if arguments.threads:
        print_thread_ratios()
        return
    cohort = simulate_cohort(arguments.ecgs, seed=0)
    records = [cohort.record(index) for index in range(len(cohort))]
    ecgs = [(record, delineate(record)) for record in records]
    works: dict[str, Callable[[EcgRecord, Delineation], object]] = {
        "delineate": lambda record, _: delineate(record),
        "measure, delineation given": measure,
        "physiology_vector, delineation given": physiology_vector,
        "both, delineation given": measure_and_describe,
        "all: delineate, measure, vector": lambda r, _: measure_and_describe(r, delineate(r)),
    }
    times = {name: [] for name in works}
    for _ in range(arguments.rounds):
        for name, work in works.items():
            times[name].append(timed_ms(work, ecgs))
    if not arguments.no_neurokit:
        for method, (what, work) in product(METHODS, NEUROKIT.items()):
            name = f"NeuroKit2 {neurokit2.__version__} {method}, {what}"
            times[name] = [timed_ms(partial(work, method), ecgs[:3])]
    table = {
        name: {"median_ms": float(np.median(of)), "fastest_ms": min(of)}
        for name, of in times.items()
    }
    if arguments.json:
        print(json.dumps(table, indent=1))
        return
    print(f"{'ms an ECG':<44}  median  fastest")
    for name, row in table.items():
        print(f"{name:<44} {row['median_ms']:7.1f}  {row['fastest_ms']:7.1f}")


if __name__ == "__main__":
    main()
