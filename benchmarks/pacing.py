"""Pacing spikes: ``python -m benchmarks.pacing DATA``.

How many records of each set have spikes, and how many spikes are found when the paced records are
sampled at other rates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from benchmarks.parts import run_parts
from benchmarks.twelve_lead_sets import twelve_lead_sets
from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord
from physioclr.signal.pacing_spikes import PacingSpikes, find_spikes_in_pieces
from physioclr.signal.resampling import resample

Rows = dict[str, dict[str, float]]
# LUDB's table and PTB-XL's reports say so.
_PACED = ("ludb-45", "ludb-93", "ludb-95", "ludb-111", "ptb-xl-385")


def pacing_of(record: EcgRecord) -> PacingSpikes | None:
    """Return the spikes of a record; None if there is none that could be pacing."""
    if not len(find_spikes_in_pieces(record.signal_mv, record.fs_hz)):
        return None
    return measure(record).pacing


def run_sets(data: Path) -> Rows:
    """Count the records of each set with spikes, by chamber; 100 Hz copies are not read."""
    rows: Rows = {}
    for name, records in twelve_lead_sets(data).items():
        found = [pacing_of(record) for record in records]
        chambers = Counter(one.chambers for one in found if one is not None)
        rows[name] = {"records": float(len(records))}
        rows[name] |= {kind: float(chambers[kind]) for kind in ("atrial", "ventricular", "both")}
    return rows


def run_rates(data: Path) -> Rows:
    """Count the spikes found in the five paced records at other sampling rates."""
    sets = twelve_lead_sets(data)
    paced = [r for name in ("LUDB", "PTB-XL") for r in sets[name] if r.record_id in _PACED]
    rows: Rows = {}
    for fs_hz in (1000.0, 500.0, 400.0, 360.0, 250.0):
        row = {}
        for record in paced:
            signal_mv = resample(record.signal_mv, record.fs_hz, fs_hz)
            at_rate = EcgRecord(signal_mv, fs_hz, record.leads, record.record_id)
            found = pacing_of(at_rate)
            row[record.record_id] = 0.0 if found is None else float(found.samples.size)
        rows[f"{fs_hz:g} Hz"] = row
    return rows


RUN: dict[str, Callable[[Path], Rows]] = {"sets": run_sets, "rates": run_rates}


def main() -> None:
    run_parts(__doc__, "the sets of `twelve_lead_sets`", RUN)


if __name__ == "__main__":
    main()
