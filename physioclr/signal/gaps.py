"""Samples a lead does not have (NaN), and how long a record must be to be analysed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import SignalError
from physioclr.records import EcgRecord

__all__ = ["MIN_DURATION_S", "fill_gaps", "require_duration"]

MIN_DURATION_S = 5.0


def fill_gaps(signal: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Bridge missing samples with straight lines, so that filters can run over them.

    Parameters
    ----------
    signal : (…, n_samples) array of numbers
        NaN or infinite where there is no sample.

    Returns
    -------
    filled : (…, n_samples) float64
        Gaps interpolated linearly, ends extended; a row without one finite sample is all 0.
    missing : (…, n_samples) bool
        True where `signal` had no sample. Write NaN there once the filter has run.
    """
    filled = np.array(signal, dtype=np.float64)
    missing = ~np.isfinite(filled)
    if not missing.any():
        return filled, missing
    rows = filled.reshape(-1, filled.shape[-1])
    missing_rows = missing.reshape(rows.shape)
    for row, gone in zip(rows, missing_rows, strict=True):
        if gone.all():
            row[:] = 0.0
        elif gone.any():
            row[gone] = np.interp(np.flatnonzero(gone), np.flatnonzero(~gone), row[~gone])
    return filled, missing


def require_duration(record: EcgRecord, *, min_s: float = MIN_DURATION_S) -> None:
    """Refuse a record too short for its beats to be compared with one another.

    Parameters
    ----------
    record : EcgRecord
    min_s : float
        Shortest duration accepted, in seconds; half a sample of rounding is forgiven.

    Raises
    ------
    SignalError
        If the record is shorter.
    """
    if record.n_samples + 0.5 < min_s * record.fs_hz:
        raise SignalError(
            record.record_id,
            expected=f"at least {min_s:g} s of signal",
            found=f"{record.duration_s:.1f} s",
        )
