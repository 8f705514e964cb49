"""Pairs of ECGs of one heart: the halves of a recording, and two recordings of one patient."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from physioclr.datasets.cohort import CohortRecord
from physioclr.physiology.measurements import MEASUREMENTS, measure
from physioclr.physiology.repeatability import KINDS, Repeatability, difference
from physioclr.records import EcgRecord

__all__ = ["MEASURED", "Pairs", "halves", "measure_pairs", "repeatability_of_pairs"]

MEASURED = (
    "heart_rate_bpm",
    "rr_ms",
    "pr_ms",
    "p_ms",
    "qrs_ms",
    "qt_ms",
    "qtc_bazett_ms",
    "qtc_fridericia_ms",
    "qtc_framingham_ms",
    "qtc_hodges_ms",
    "axis_deg",
    "p_axis_deg",
    "t_axis_deg",
)
"""What is compared. Variability and counts over 5 s are not those over 10 s."""

_BETWEEN, _WITHIN = KINDS

Scalars = Mapping[str, float]


@dataclass(frozen=True)
class Pairs:
    """Measurements of pairs.

    Parameters
    ----------
    of_kind : mapping of str to list of (first, second)
        One of `KINDS` → measurements of both ECGs of each pair.
    n_recordings, n_patients : int
        How many different recordings were measured, and of how many patients.
    """

    of_kind: Mapping[str, list[tuple[Scalars, Scalars]]]
    n_recordings: int
    n_patients: int


def halves(record: EcgRecord) -> tuple[EcgRecord, EcgRecord]:
    """Cut a recording in two of equal length; an odd sample at the end is left out."""
    middle = record.n_samples // 2
    first, second = (
        EcgRecord(part, record.fs_hz, record.leads, record.record_id, record.meta)
        for part in (record.signal_mv[:, :middle], record.signal_mv[:, middle : 2 * middle])
    )
    return first, second


def measure_pairs(records: Iterable[CohortRecord]) -> Pairs:
    """Measure each recording and its halves.

    Parameters
    ----------
    records : iterable of CohortRecord
        The earlier of a patient's recordings first.

    Returns
    -------
    Pairs
        Each recording of a patient with his next. A recording that is sample by sample one before
        it of the same patient is left out: PTB-XL holds some twice.
    """
    within, between = [], []
    patients: dict[str, list[tuple[EcgRecord, Scalars]]] = {}
    for record, patient_id in _read(records):
        earlier = patients.setdefault(patient_id, [])
        if any(np.array_equal(record.signal_mv, other.signal_mv) for other, _ in earlier):
            continue
        measured = measure(record).scalars()
        if earlier:
            between.append((earlier[-1][1], measured))
        earlier.append((record, measured))
        first, second = halves(record)
        within.append((measure(first).scalars(), measure(second).scalars()))
    return Pairs({_BETWEEN: between, _WITHIN: within}, len(within), len(patients))


def _read(records: Iterable[CohortRecord]) -> Iterator[tuple[EcgRecord, str]]:
    for listed in records:
        yield listed.read(), listed.patient_id


def repeatability_of_pairs(
    name: str, kind: str, pairs: Iterable[tuple[Scalars, Scalars]]
) -> Repeatability:
    """Estimate the repeatability of one measurement.

    Parameters
    ----------
    name : str
        One of `MEASUREMENTS`.
    kind : str
        One of `KINDS`.
    pairs : iterable of (first, second)

    Returns
    -------
    Repeatability
        Over the pairs in which both are measurable; NaN where there is none.
    """
    if name not in MEASUREMENTS:
        raise ValueError(f"name must be one of {', '.join(MEASUREMENTS)}, got {name!r}")
    differences = np.array([difference(name, first[name], second[name]) for first, second in pairs])
    known = differences[np.isfinite(differences)]
    if not known.size:
        return Repeatability(kind, 0, math.nan, math.nan, math.nan, math.nan)
    within_subject_sd = math.sqrt(float(np.mean(known**2)) / 2)
    return Repeatability(
        kind=kind,
        n_pairs=known.size,
        bias=float(known.mean()),
        within_subject_sd=within_subject_sd,
        coefficient=1.96 * math.sqrt(2) * within_subject_sd,
        percentile_95=float(np.quantile(np.abs(known), 0.95)),
    )
