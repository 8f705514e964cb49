"""Limb leads that contradict one another: ``python -m benchmarks.limb_leads DATA``.

How many records of each set raise an alarm, and how many planted faults are named rightly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.parts import run_parts
from benchmarks.quality import read_ptb_xl
from benchmarks.twelve_lead_sets import twelve_lead_sets
from physioclr.leads import LIMB_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.quality import assess_quality

Rows = dict[str, dict[str, float]]
_CABRERA = ("aVL", "I", "aVR", "II", "aVF", "III")


def run_as_recorded(data: Path) -> Rows:
    """Count alarms on every set as it was recorded."""
    rows: Rows = {}
    for name, records in twelve_lead_sets(data).items():
        found = [assess_quality(record).limb_lead_misfit for record in records]
        causes = Counter(f"{one.cause} {' '.join(one.leads)}" for one in found if one is not None)
        rows[name] = {"records": float(len(records)), "alarms": float(sum(causes.values()))}
        rows[name] |= {cause: float(count) for cause, count in causes.most_common()}
    return rows


def run_planted(data: Path) -> Rows:
    """Plant one fault in every twelfth PTB-XL record: each lead, each pair of leads."""
    records = read_ptb_xl(data / "ptb-xl")[1][::12]
    rows: Rows = {}
    for gain in (-1.0, 0.5, 0.8, 0.9, 1.25, 2.0):
        rows[f"gain {gain:g}"] = _named(
            records,
            [(lead,) for lead in LIMB_LEADS],
            lambda record, leads, gain=gain: _scaled(record, leads[0], gain),
        )
    rows["two exchanged"] = _named(records, list(combinations(LIMB_LEADS, 2)), _exchanged)
    rows["Cabrera's order"] = _named(
        records, [LIMB_LEADS], lambda record, _: _stored_as(record, _CABRERA)
    )
    rows["delay of 20 ms"] = _named(
        records,
        [(lead,) for lead in LIMB_LEADS],
        lambda record, leads: _changed(record, leads[0], lambda of: np.roll(of, 10)),
    )
    return rows


def _named(
    records: Sequence[EcgRecord],
    faults: Sequence[tuple[str, ...]],
    plant: Callable[[EcgRecord, tuple[str, ...]], EcgRecord],
) -> dict[str, float]:
    row = {"planted": 0.0, "alarms": 0.0, "right leads": 0.0}
    for record in records:
        for leads in faults:
            found = assess_quality(plant(record, leads)).limb_lead_misfit
            row["planted"] += 1
            row["alarms"] += found is not None
            row["right leads"] += found is not None and set(found.leads) == set(leads)
    return row


def _changed(record: EcgRecord, lead: str, change: Callable[[np.ndarray], np.ndarray]) -> EcgRecord:
    signal_mv = record.signal_mv.astype(np.float64)
    row = record.leads.index(lead)
    signal_mv[row] = change(signal_mv[row])
    return EcgRecord(signal_mv, record.fs_hz, record.leads, record.record_id)


def _scaled(record: EcgRecord, lead: str, gain: float) -> EcgRecord:
    return _changed(record, lead, lambda of: gain * of)


def _stored_as(record: EcgRecord, order: Sequence[str]) -> EcgRecord:
    """Store the limb leads `order` under the names of the standard order."""
    signal_mv = record.signal_mv.copy()
    for name, stored in zip(LIMB_LEADS, order, strict=True):
        signal_mv[record.leads.index(name)] = record.lead_mv(stored)
    return EcgRecord(signal_mv, record.fs_hz, record.leads, record.record_id)


def _exchanged(record: EcgRecord, pair: tuple[str, ...]) -> EcgRecord:
    other = dict(zip(pair, pair[::-1], strict=True))
    return _stored_as(record, [other.get(lead, lead) for lead in LIMB_LEADS])


RUN: dict[str, Callable[[Path], Rows]] = {"as-recorded": run_as_recorded, "planted": run_planted}


def main() -> None:
    run_parts(__doc__, "the sets of `twelve_lead_sets`", RUN)


if __name__ == "__main__":
    main()
