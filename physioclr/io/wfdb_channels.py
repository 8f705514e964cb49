"""The voltages of one WFDB segment, each at its own rate, and why a signal is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.channels import Channels, FileSignal, join_signals
from physioclr.io.source_files import SourceFiles
from physioclr.io.units import millivolts_per
from physioclr.io.wfdb_formats import BYTES_PER_SAMPLE, NO_SAMPLE
from physioclr.io.wfdb_header import SignalLine, WfdbHeader
from physioclr.io.wfdb_signal_files import SignalChecks, decoded_signals, frames_of_file
from physioclr.leads import STANDARD_LEADS, canonical_lead

__all__ = ["SegmentSignals", "read_channels", "read_segment_signals"]

_NULL_FORMAT = "0"
_PIECE_SAMPLES = 2**18


@dataclass(frozen=True, eq=False)
class SegmentSignals:
    """What one segment holds.

    Parameters
    ----------
    signals : tuple of FileSignal
        In mV; empty where no signal is a voltage.
    n_frames : int
    left_out : dict of str to str
        Signal → why it is not among them.
    units : tuple of str
        The units of all signals with samples.
    warnings : tuple of str
    """

    signals: tuple[FileSignal, ...]
    n_frames: int
    left_out: dict[str, str] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


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
        The signals at the rate of most standard leads; the others are left out.

    Raises
    ------
    RecordError
        If a signal file is missing or does not fit the header, or no channel holds a voltage.
    """
    read = read_segment_signals(files, header, subject)
    if not read.signals:
        named = ", ".join(read.units)
        raise RecordError(subject, expected="a channel in mV, µV or V", found=f"only {named}")
    return join_signals(read.signals, subject, left_out=read.left_out, warnings=read.warnings)


def read_segment_signals(files: SourceFiles, header: WfdbHeader, subject: str) -> SegmentSignals:
    """Read the voltages of a segment.

    Parameters
    ----------
    files : SourceFiles
    header : WfdbHeader
    subject : str
        The header's name, for errors.

    Returns
    -------
    SegmentSignals

    Raises
    ------
    RecordError
        If a signal file is missing or does not fit the header.
    """
    stored = [signal for signal in header.signals if signal.format != _NULL_FORMAT]
    left_out = {
        signal.name: "the header states that it has no samples"
        for signal in header.signals
        if signal.format == _NULL_FORMAT
    }
    left_out |= _without_file(files, stored, subject)
    present = [signal for signal in stored if signal.file in files]
    by_file = {
        file: [signal for signal in present if signal.file == file]
        for file in dict.fromkeys(signal.file for signal in present)
    }
    n_frames, longer = _n_frames(files, by_file, header.n_samples, subject)
    checks, rows = SignalChecks(), {}
    for file, signals in by_file.items():
        for signal, units in decoded_signals(files, file, signals, n_frames):
            checks.add(signal, units)
            unit_mv = millivolts_per(signal.units)
            if unit_mv is None:
                left_out[signal.name] = f"its unit is {signal.units}, not one of voltage"
            else:
                rows[signal] = _in_mv(units, signal, unit_mv)
    mismatched = checks.mismatched(subject)
    if longer and not (checks.all_agree and _is_whole_frames(longer[1], by_file[longer[0]])):
        file, n_more = longer
        raise RecordError(
            file,
            expected=f"{files.size(file) - n_more} bytes, as its header claims",
            found=f"{files.size(file)} bytes",
        )
    return SegmentSignals(
        signals=tuple(
            FileSignal(signal.name, rows[signal], "mV", header.fs_hz * signal.per_frame)
            for signal in present
            if signal in rows
        ),
        n_frames=n_frames,
        left_out=left_out,
        units=tuple(dict.fromkeys(signal.units for signal in present)),
        warnings=_warnings([s for s in present if s in rows], mismatched, longer),
    )


def _n_frames(
    files: SourceFiles, by_file: dict[str, list[SignalLine]], n_claimed: int, subject: str
) -> tuple[int, tuple[str, int] | None]:
    """Return the frames of all files, and a file with bytes beyond them."""
    longer = None
    frames = set()
    for file, signals in by_file.items():
        n_frames, n_more = frames_of_file(files, file, signals, n_claimed)
        frames.add(n_frames)
        if n_more and n_claimed:
            longer = longer or (file, n_more)
    if len(frames) > 1:
        raise RecordError(subject, expected="signal files of one length", found="several lengths")
    return (frames.pop() if frames else n_claimed), longer


def _is_whole_frames(n_bytes: int, signals: Sequence[SignalLine]) -> bool:
    per_frame = sum(signal.per_frame for signal in signals)
    return n_bytes % (per_frame * BYTES_PER_SAMPLE[signals[0].format]) == 0


def _without_file(
    files: SourceFiles, signals: Sequence[SignalLine], subject: str
) -> dict[str, str]:
    """Return the channels whose file is missing; none of them may be a standard lead."""
    missing = [signal for signal in signals if signal.file not in files]
    names = ", ".join(dict.fromkeys(signal.file for signal in missing))
    if missing and (
        len(missing) == len(signals)
        or any(canonical_lead(signal.name) in STANDARD_LEADS for signal in missing)
    ):
        beside = ", ".join(name for name in files.names if name != subject)
        raise RecordError(
            subject,
            expected=f"its signal file {names} beside it",
            found=f"only {beside}" if beside else "no such file",
        )
    return {signal.name: f"its file {signal.file} is missing" for signal in missing}


def _warnings(
    signals: Sequence[SignalLine], mismatched: tuple[str, ...], longer: tuple[str, int] | None
) -> tuple[str, ...]:
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
    if longer:
        warnings.append(
            f"{longer[0]} has {longer[1]} bytes more than the header claims: they are not read."
        )
    return tuple(warnings)


def _in_mv(
    units: NDArray[np.signedinteger], signal: SignalLine, unit_mv: float
) -> NDArray[np.float32]:
    """Return mV, shifted by the signal's skew, NaN where there is no sample."""
    signal_mv = np.empty(len(units), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # a gain of 1e-99 is refused with a reason
        for at in range(0, len(units), _PIECE_SAMPLES):  # in double precision, piece by piece
            piece = units[at : at + _PIECE_SAMPLES].astype(np.float64)
            signal_mv[at : at + len(piece)] = (piece - signal.baseline) / signal.gain * unit_mv
    if signal.format in NO_SAMPLE:
        signal_mv[units == NO_SAMPLE[signal.format]] = np.nan
    shift = min(signal.skew * signal.per_frame, len(signal_mv))
    if shift:
        signal_mv[: len(signal_mv) - shift] = signal_mv[shift:].copy()
        signal_mv[len(signal_mv) - shift :] = np.nan
    return signal_mv
