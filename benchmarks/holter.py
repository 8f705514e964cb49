"""How long a Holter takes, and how much memory: ``python -m benchmarks.holter --hours 24``.

Two leads at 200 Hz of a simulated heart in sinus rhythm, ten minutes over and over. Delineated and
measured in one process; memory is the most the process ever held, the record among it.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_record

_PIECE_S = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--fs-hz", type=float, default=200.0)
    arguments = parser.parse_args()
    piece = simulate_record(seed=1, fs_hz=arguments.fs_hz, duration_s=_PIECE_S)
    rows = [piece.leads.index(lead) for lead in ("II", "V1")]
    n_pieces = round(arguments.hours * 3600 / _PIECE_S)
    record = EcgRecord(
        np.tile(piece.signal_mv[rows], (1, n_pieces)), arguments.fs_hz, ("II", "V1"), "holter"
    )
    said: list[float] = []
    began, began_processor = time.perf_counter(), time.process_time()
    delineation = delineate(record, on_progress=lambda done_s, _: said.append(done_s))
    delineated, processor = time.perf_counter() - began, time.process_time() - began_processor
    began = time.perf_counter()
    measured = measure(record, delineation)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measuring = time.perf_counter() - began
    megabytes = record.signal_mv.nbytes / 2**20
    print(f"{arguments.hours:g} h, {measured.n_beats:.0f} beats, {measured.heart_rate_bpm:.0f} bpm")
    print(f"delineated in {delineated:.0f} s, {processor:.0f} s of processor")
    print(f"{len(said)} reports of progress")
    print(f"measured in {measuring:.0f} s")
    print(f"at most {peak_mb:.0f} MB, the record {megabytes:.0f}")


if __name__ == "__main__":
    main()
