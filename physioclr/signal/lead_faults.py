"""Leads nothing can be measured on, and why."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.records import EcgRecord

__all__ = ["find_lead_faults", "usable_leads"]

# Below 10 µV peak to peak a lead holds no beat: the least QRS called low voltage is 0.5 mV, and
# the resolution demanded of an electrocardiograph is 5 µV (IEC 60601-2-25:2011, 201.12.4.106).
_FLAT_MV = 0.01
_MAX_MISSING = 0.5


def find_lead_faults(record: EcgRecord) -> dict[str, str]:
    """Name the leads that carry no ECG at all.

    Parameters
    ----------
    record : EcgRecord

    Returns
    -------
    dict of str to str
        Lead → one sentence that says why. Leads that may be measured are not in it.
    """
    faults = {}
    for lead, signal_mv in zip(record.leads, record.signal_mv, strict=True):
        reason = _fault(signal_mv)
        if reason is not None:
            faults[lead] = f"lead {lead} {reason}"
    return faults


def _fault(signal_mv: NDArray[np.float32]) -> str | None:
    finite = np.isfinite(signal_mv)
    if not finite.any():
        return "has no samples"
    missing = 1.0 - float(finite.mean())
    if missing > _MAX_MISSING:
        return f"has no samples in {100 * missing:.0f} % of the record"
    peak_to_peak_mv = float(np.ptp(signal_mv[finite].astype(np.float64)))
    if peak_to_peak_mv < _FLAT_MV:
        return f"is flat ({peak_to_peak_mv:.2f} mV peak to peak)"
    return None


def usable_leads(record: EcgRecord) -> tuple[str, ...]:
    """Return the leads `find_lead_faults` says nothing about, in the record's order."""
    faults = find_lead_faults(record)
    return tuple(lead for lead in record.leads if lead not in faults)
