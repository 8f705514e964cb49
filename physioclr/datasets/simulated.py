"""Simulated ECGs as a cohort."""

from __future__ import annotations

from functools import partial

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.errors import DatasetError
from physioclr.records import EcgRecord
from physioclr.simulate import CONDITIONS, simulate_cohort

__all__ = ["DEMO_RECORDS", "DEMO_SEED", "simulated_cohort"]

DEMO_RECORDS = 1000
DEMO_SEED = 2025

_MOST_RECORDS = 10_000
_LABEL_SET = "condition"


def simulated_cohort(n_records: int, *, seed: int) -> Cohort:
    """Simulate a cohort of 10 s ECGs at 500 Hz, each of another heart.

    Parameters
    ----------
    n_records : int
        Up to 10,000: they are held in memory, 240 kB each.
    seed : int

    Returns
    -------
    Cohort
        With the label set ``condition``: the one condition that was simulated is 1.

    Raises
    ------
    DatasetError
        If `n_records` is 0 or too large.
    """
    if not 1 <= n_records <= _MOST_RECORDS:
        raise DatasetError(
            "simulated cohort", expected=f"1 to {_MOST_RECORDS} ECGs", found=str(n_records)
        )
    simulated = simulate_cohort(n_records, seed=seed)
    records = []
    for row, condition in enumerate(simulated.conditions):
        ecg = simulated.record(row)
        record_id = f"sim-{row + 1:04d}"
        records.append(
            CohortRecord(
                record_id=record_id,
                patient_id=record_id,
                read=partial(
                    EcgRecord, ecg.signal_mv, ecg.fs_hz, ecg.leads, record_id, dict(ecg.meta)
                ),
                labels={_LABEL_SET: {key: float(key == condition) for key in CONDITIONS}},
            )
        )
    return Cohort(
        name="Simulated ECGs",
        records=tuple(records),
        label_sets={_LABEL_SET: {key: condition.name for key, condition in CONDITIONS.items()}},
        simulated=True,
    )
