"""From the channels of a file to a record: the last step of every reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from physioclr.device_reading import DeviceReading
from physioclr.errors import RecordError
from physioclr.io.calibration import without_calibration
from physioclr.io.channels import LOWEST_FS_HZ, Channels
from physioclr.io.choice import current_choice
from physioclr.leads import derive_limb_leads, in_standard_order
from physioclr.records import EcgRecord

__all__ = ["ecg_record"]

_MOST_MV = 1e9  # more than any converter of 32 bits can state


def ecg_record(
    channels: Channels,
    *,
    source: str,
    file_format: str,
    record_id: str,
    stated: Mapping[str, Any] | None = None,
    device_reading: DeviceReading | None = None,
) -> EcgRecord:
    """Cut off calibration, derive the limb leads that follow, order the leads, check the whole.

    Parameters
    ----------
    channels : Channels
    source : str
        The file's name.
    file_format : str
    record_id : str
    stated : mapping, optional
        What the file states about the person and the diagnosis.
    device_reading : DeviceReading, optional

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If no sample is valid, an amplitude has no bound, or the sampling rate is below 50 Hz.
    """
    if not LOWEST_FS_HZ <= channels.fs_hz < np.inf:
        raise RecordError(
            source,
            expected=f"at least {LOWEST_FS_HZ:g} samples a second, which an ECG needs",
            found=f"{channels.fs_hz:g} Hz",
        )
    channels = _chosen_time(without_calibration(channels), source)
    signal, leads = derive_limb_leads(channels.signal_mv, channels.leads)
    derived = leads[len(channels.leads) :]
    signal, leads = in_standard_order(signal, leads)
    if not np.isfinite(signal).any():
        raise RecordError(source, expected="at least one valid sample", found="none")
    if not max(np.nanmax(signal), -np.nanmin(signal)) < _MOST_MV:
        raise RecordError(source, expected="gains of an ECG", found="amplitudes without bound")
    meta: dict[str, Any] = {"source": source, "format": file_format, **(stated or {})}
    if derived:
        meta["derived_leads"] = derived
    if channels.left_out:
        meta["left_out"] = channels.left_out
    if channels.warnings:
        meta["warnings"] = channels.warnings
    signal = signal.astype(np.float32, copy=signal.base is not None)
    signal.setflags(write=False)
    return EcgRecord(signal, channels.fs_hz, leads, record_id, meta, device_reading)


def _chosen_time(channels: Channels, source: str) -> Channels:
    """Return the requested part of the recording."""
    choice = current_choice()
    if not choice.start_s and choice.duration_s is None:
        return channels
    n_samples = channels.signal_mv.shape[1]
    first = round(choice.start_s * channels.fs_hz)
    last = n_samples
    if choice.duration_s is not None:
        last = min(n_samples, first + max(1, round(choice.duration_s * channels.fs_hz)))
    if first >= n_samples:
        raise RecordError(
            source,
            expected=f"a recording longer than {choice.start_s:g} s",
            found=f"{n_samples / channels.fs_hz:g} s",
        )
    return replace(channels, signal_mv=channels.signal_mv[:, first:last])
