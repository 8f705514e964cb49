"""Leads nothing can be measured on, and why."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.records import EcgRecord

__all__ = ["find_dead_leads", "find_lead_faults"]

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
    return {lead: f"lead {lead} {words}" for lead, (_, words) in find_dead_leads(record).items()}


def find_dead_leads(record: EcgRecord) -> dict[str, tuple[str, str]]:
    """Name the leads of `find_lead_faults` with the kind of fault.

    Parameters
    ----------
    record : EcgRecord

    Returns
    -------
    dict of str to (str, str)
        Lead → ``"missing"`` or ``"flat"``, and what follows after "lead V6".
    """
    faults = {}
    for lead, signal_mv in zip(record.leads, record.signal_mv, strict=True):
        fault = _fault(signal_mv)
        if fault is not None:
            faults[lead] = fault
    return faults


def _fault(signal_mv: NDArray[np.float32]) -> tuple[str, str] | None:
    # NaN and infinity survive into the sum of a lead's range, which spares a mask on most leads.
    peak_to_peak_mv = float(signal_mv.max()) - float(signal_mv.min())
    if not np.isfinite(peak_to_peak_mv):
        finite = np.isfinite(signal_mv)
        if not finite.any():
            return "missing", "has no samples"
        missing = 1.0 - float(finite.mean())
        if missing > _MAX_MISSING:
            return "missing", f"has no samples in {100 * missing:.0f} % of the record"
        peak_to_peak_mv = float(np.max(signal_mv, where=finite, initial=-np.inf)) - float(
            np.min(signal_mv, where=finite, initial=np.inf)
        )
    if peak_to_peak_mv < _FLAT_MV:
        digits = 2 if peak_to_peak_mv == 0 or peak_to_peak_mv >= _FLAT_MV / 2 else 4
        return "flat", f"is flat ({peak_to_peak_mv:.{digits}f} mV peak to peak)"
    return None
