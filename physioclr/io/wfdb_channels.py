"""The channels of a WFDB record in mV, and why a channel is left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.channels import Channels, unique_leads
from physioclr.io.source_files import SourceFiles
from physioclr.io.units import millivolts_per
from physioclr.io.wfdb_header import SignalLine, WfdbHeader
from physioclr.io.wfdb_signal_files import (
    decode_signals,
    is_no_sample,
    mismatched_signals,
    read_frames,
)
from physioclr.leads import STANDARD_LEADS, canonical_lead

__all__ = ["read_channels"]


def read_channels(files: SourceFiles, header: WfdbHeader, subject: str) -> Channels:
    """Read the voltages of a record of one segment.

    Parameters
    ----------
    files : SourceFiles
    header : WfdbHeader
    subject : str
        The header's name, for errors.

    Returns
    -------
    Channels

    Raises
    ------
    RecordError
        If a signal file is missing or does not fit the header, or no channel holds a voltage.
    """
    left_out = _without_file(files, header.signals, subject)
    present = [signal for signal in header.signals if signal.file in files]
    frames = {
        read_frames(files, file, [s for s in present if s.file == file], header.n_samples)
        for file in dict.fromkeys(signal.file for signal in present)
    }
    if len(frames) > 1:
        raise RecordError(subject, expected="signal files of one length", found="several lengths")
    decoded = decode_signals(files, present, frames.pop(), subject)
    if all(is_no_sample(units, s).all() for units, s in zip(decoded, present, strict=True)):
        raise RecordError(subject, expected="at least one valid sample", found="none")
    warnings = _warnings(present, mismatched_signals(decoded, present, subject))
    rows, leads = [], []
    for units, signal in zip(decoded, present, strict=True):
        unit_mv = millivolts_per(signal.units)
        if unit_mv is None:
            left_out[signal.name] = f"its unit is {signal.units}, not one of voltage"
            continue
        rows.append(_in_mv(units, signal, unit_mv))
        leads.append(signal.name)
    if not rows:
        named = ", ".join(dict.fromkeys(signal.units for signal in present))
        raise RecordError(subject, expected="a channel in mV, µV or V", found=f"only {named}")
    n_columns = {len(row) for row in rows}
    per_frame = {signal.per_frame for signal in present if signal.name in leads}
    if len(n_columns) > 1:
        rows = [_frame_means(row, min(n_columns)) for row in rows]
    signal_mv = np.stack(rows)
    return Channels(
        signal_mv=signal_mv,
        fs_hz=header.fs_hz * min(per_frame),
        leads=unique_leads(leads, subject),
        left_out=left_out,
        warnings=warnings,
    )


def _without_file(
    files: SourceFiles, signals: Sequence[SignalLine], subject: str
) -> dict[str, str]:
    """Return the channels whose file is missing; none of them may be a standard lead."""
    missing = [signal for signal in signals if signal.file not in files]
    names = ", ".join(dict.fromkeys(signal.file for signal in missing))
    if len(missing) == len(signals) or any(
        canonical_lead(signal.name) in STANDARD_LEADS for signal in missing
    ):
        beside = ", ".join(name for name in files.names if name != subject)
        raise RecordError(
            subject,
            expected=f"its signal file {names} beside it",
            found=f"only {beside}" if beside else "no such file",
        )
    return {signal.name: f"its file {signal.file} is missing" for signal in missing}


def _warnings(signals: Sequence[SignalLine], mismatched: tuple[str, ...]) -> tuple[str, ...]:
    warnings = []
    if uncalibrated := [signal.name for signal in signals if not signal.calibrated]:
        warnings.append(
            f"No gain is stated for {', '.join(uncalibrated)}: the format's default of 200 units "
            "per mV is assumed."
        )
    if mismatched:
        warnings.append(
            "The first sample or the checksum differs from the header's in "
            f"{', '.join(mismatched)}."
        )
    return tuple(warnings)


def _in_mv(units: NDArray[np.int64], signal: SignalLine, unit_mv: float) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):  # a gain of 1e-99 is refused with a reason by the caller
        signal_mv = (units.astype(np.float64) - signal.baseline) / signal.gain * unit_mv
    signal_mv[is_no_sample(units, signal)] = np.nan
    return signal_mv


def _frame_means(row: NDArray[np.float64], n_columns: int) -> NDArray[np.float64]:
    """Average a signal that was sampled a whole number of times faster than the slowest."""
    means: NDArray[np.float64] = row.reshape(n_columns, -1).mean(axis=1)
    return means
