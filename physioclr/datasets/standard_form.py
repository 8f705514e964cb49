"""The form every ECG of a store has: `standardised`."""

from __future__ import annotations

import math

import numpy as np

from physioclr.datasets.store_writer import NO_SAMPLE, UNITS_PER_MV, quantised
from physioclr.errors import SignalError
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.resampling import resample

__all__ = ["standardised"]

_MARGIN_S = 1.0


def standardised(record: EcgRecord, *, fs_hz: float, duration_s: float) -> EcgRecord:
    """Bring a record to the leads, the rate, the length and the steps of a store.

    Parameters
    ----------
    record : EcgRecord
    fs_hz, duration_s : float

    Returns
    -------
    EcgRecord

    Raises
    ------
    SignalError
        If the record lacks a standard lead or is too short.
    DatasetError
        If an amplitude lies beyond ±32.767 mV.
    """
    if record.missing_leads:
        raise SignalError(
            record.record_id,
            expected="the twelve standard leads, or those they follow from",
            found=f"no {', '.join(record.missing_leads)}",
        )
    if record.duration_s < duration_s:
        raise SignalError(
            record.record_id,
            expected=f"at least {duration_s:g} s",
            found=f"{record.duration_s:g} s",
        )
    rows = [record.leads.index(lead) for lead in STANDARD_LEADS]
    needed = math.ceil((duration_s + _MARGIN_S) * record.fs_hz)
    signal_mv = resample(record.signal_mv[rows, :needed], record.fs_hz, fs_hz)
    units = quantised(signal_mv[:, : round(duration_s * fs_hz)], subject=record.record_id)
    stored_mv = (units / UNITS_PER_MV).astype(np.float32)
    stored_mv[units == NO_SAMPLE] = np.nan
    return EcgRecord(stored_mv, fs_hz, STANDARD_LEADS, record.record_id, record.meta)
