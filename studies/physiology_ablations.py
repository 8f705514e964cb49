"""Physiology measured as the authors of PhysioCLR measure it, to see what it costs.

Two of what METHOD calls their mistakes lie in the measurements and not in the objective: the leads
are averaged into one before measuring (6), and the waves are delineated by NeuroKit2's ``dwt``
(7). Each is a table in place of a store's own::

    python -m studies.physiology_ablations STORE --mean-lead --out mean-lead.parquet
    physioclr pretrain STORE --physiology mean-lead.parquet --out RUN
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

from physioclr.datasets.store import Store
from physioclr.physiology.vector import physiology_vector
from physioclr.records import EcgRecord
from physioclr.signal.delineation import FIDUCIALS, WAVE_STATES, Delineation, delineate
from studies.references.neurokit_waves import neurokit_fiducials

__all__ = ["ablated_physiology", "mean_lead", "neurokit_delineation"]

_PRESENT, _ABSENT = WAVE_STATES.index("present"), WAVE_STATES.index("absent")
_PEAK_OF_WAVE = [FIDUCIALS.index(name) for name in ("p_peak", "r_peak", "t_peak")]


def mean_lead(record: EcgRecord) -> EcgRecord:
    """Average the leads into one.

    Parameters
    ----------
    record : EcgRecord

    Returns
    -------
    EcgRecord
        With one lead, NaN where any lead has no sample.
    """
    mean = record.signal_mv.mean(axis=0, keepdims=True)
    return EcgRecord(mean, record.fs_hz, ("mean of the leads",), record.record_id, record.meta)


def neurokit_delineation(record: EcgRecord) -> Delineation:
    """Delineate each lead by NeuroKit2's ``dwt``, the beats being those of `delineate`.

    Parameters
    ----------
    record : EcgRecord

    Returns
    -------
    Delineation
        A fiducial belongs to the beat whose R peak is the nearest; of two, the first stays. A wave
        whose peak was not found is absent.
    """
    beats = delineate(record).r_peaks_samples
    samples = np.full((record.n_leads, len(beats), len(FIDUCIALS)), np.nan)
    borders = (beats[1:] + beats[:-1]) / 2
    for lead, lead_mv in enumerate(record.signal_mv):
        found = neurokit_fiducials(lead_mv, record.fs_hz, "dwt") if len(beats) else {}
        for name, values in found.items():
            known = values[np.isfinite(values)][::-1]
            samples[lead, np.searchsorted(borders, known), FIDUCIALS.index(name)] = known
    states = np.where(np.isfinite(samples[..., _PEAK_OF_WAVE]), _PRESENT, _ABSENT)
    return Delineation(
        samples=samples,
        wave_states=states.astype(np.uint8),
        leads=record.leads,
        fs_hz=record.fs_hz,
        r_peaks_samples=beats,
        n_samples=record.n_samples,
        record_id=record.record_id,
    )


def ablated_physiology(store: Store, *, from_mean_lead: bool, by_neurokit: bool) -> pd.DataFrame:
    """Measure every ECG of a store anew.

    Parameters
    ----------
    store : Store
    from_mean_lead, by_neurokit : bool
        Which of the two.

    Returns
    -------
    (n_records, d) DataFrame
        The columns of ``store.physiology``.
    """
    rows = []
    for row in track(range(len(store)), description="Measuring"):
        record = store.record(row)
        if from_mean_lead:
            record = mean_lead(record)
        delineation = neurokit_delineation(record) if by_neurokit else delineate(record)
        rows.append(physiology_vector(record, delineation).values)
    return pd.DataFrame(np.array(rows), columns=store.physiology.columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--mean-lead", action="store_true")
    parser.add_argument("--neurokit-dwt", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    table = ablated_physiology(
        Store(arguments.store),
        from_mean_lead=arguments.mean_lead,
        by_neurokit=arguments.neurokit_dwt,
    )
    table.to_parquet(arguments.out)


if __name__ == "__main__":
    main()
