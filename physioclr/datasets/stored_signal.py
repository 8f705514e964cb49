"""Signals as a store holds them: whole numbers of 1 µV."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import DatasetError

__all__ = ["NO_SAMPLE", "UNITS_PER_MV", "quantised", "signal_hash"]

UNITS_PER_MV = 1000
"""One unit of a stored signal is 1 µV."""

NO_SAMPLE = -32768
"""Stands for a sample that the source does not have."""

_LARGEST = 32767


def quantised(signal_mv: NDArray[np.floating], *, subject: str) -> NDArray[np.int16]:
    """Round a signal to the 1 µV steps of a store.

    Parameters
    ----------
    signal_mv : float array
        NaN where there is no sample.
    subject : str
        The record's name, for the error.

    Returns
    -------
    int16 array
        Of the same shape; `NO_SAMPLE` for NaN.

    Raises
    ------
    DatasetError
        If a sample lies beyond ±32.767 mV.
    """
    units = np.rint(np.asarray(signal_mv, dtype=np.float64) * UNITS_PER_MV)
    missing = np.isnan(units)
    largest = np.max(np.abs(units), where=~missing, initial=0.0)
    if largest > _LARGEST:
        raise DatasetError(
            subject,
            expected=f"amplitudes within ±{_LARGEST / UNITS_PER_MV} mV",
            found=f"{largest / UNITS_PER_MV:g} mV",
        )
    return np.where(missing, NO_SAMPLE, units).astype(np.int16)


def signal_hash(signal_units: NDArray[np.int16]) -> str:
    """Return what two ECGs share exactly when every stored sample is the same.

    Parameters
    ----------
    signal_units : (n_leads, n_samples) int16
        As `quantised` gives it.

    Returns
    -------
    str
        The first 32 hexadecimal digits of the SHA-256 of the little-endian samples.
    """
    return hashlib.sha256(np.ascontiguousarray(signal_units, "<i2").data).hexdigest()[:32]
