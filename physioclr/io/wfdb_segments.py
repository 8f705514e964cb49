"""WFDB records made of segments, each a record of its own."""

from __future__ import annotations

import math

import numpy as np

from physioclr.errors import RecordError
from physioclr.io.channels import Channels, rate_of_the_ecg
from physioclr.io.limits import check_samples, check_time, current_limits
from physioclr.io.source_files import SourceFiles
from physioclr.io.wfdb_channels import SegmentSignals, read_segment_signals
from physioclr.io.wfdb_header import SegmentLine, WfdbHeader, parse_header
from physioclr.leads import canonical_lead

__all__ = ["read_segments"]

_GAP = "~"
_SAME_RATE = 1e-9  # headers write 62.4725 and 62.47250


def read_segments(files: SourceFiles, header: WfdbHeader, subject: str) -> Channels:
    """Join the segments of a record in time.

    Parameters
    ----------
    files : SourceFiles
    header : WfdbHeader
        With segments. A segment of length 0 describes the layout of the others and holds nothing.
    subject : str
        The header's name, for errors.

    Returns
    -------
    Channels
        Every lead of any segment at the rate of most standard leads; NaN where a segment lacks it
        (a segment of a pulse wave alone lacks all), and in gaps.

    Raises
    ------
    RecordError
        If a segment cannot be read, they do not fit together, or none holds a voltage.
    """
    filled = [segment for segment in header.segments if segment.n_samples]
    n_frames = sum(segment.n_samples for segment in filled)
    check_samples(n_frames, subject)
    read: dict[str, SegmentSignals] = {}
    for segment in filled:
        if segment.name != _GAP and segment.name not in read:
            check_time(subject)
            read[segment.name] = _read_segment(files, segment, header, subject)
    left_out = {name: why for part in read.values() for name, why in part.left_out.items()}
    warnings = dict.fromkeys(line for part in read.values() for line in part.warnings)
    every = [signal for part in read.values() for signal in part.signals]
    if not every:
        units = ", ".join(dict.fromkeys(unit for part in read.values() for unit in part.units))
        raise RecordError(
            subject,
            expected="a segment with a channel in mV, µV or V",
            found=f"only {units}" if units else "none",
        )
    fs_hz = rate_of_the_ecg(every)
    per_frame = round(fs_hz / header.fs_hz)
    for signal in every:
        if signal.fs_hz != fs_hz:
            left_out[signal.name] = (
                f"it is sampled at {signal.fs_hz:g} Hz in part, the ECG at {fs_hz:g} Hz"
            )
    leads = tuple(dict.fromkeys(canonical_lead(s.name) for s in every if s.fs_hz == fs_hz))
    check_samples(n_frames * per_frame * len(leads), subject)
    joined = np.full((len(leads), n_frames * per_frame), np.nan, np.float32)
    rows = {lead: row for row, lead in enumerate(leads)}
    start = 0
    for segment in filled:
        check_time(subject)
        stop = start + segment.n_samples * per_frame
        for signal in read[segment.name].signals if segment.name != _GAP else ():
            if signal.fs_hz == fs_hz:
                joined[rows[canonical_lead(signal.name)], start:stop] = signal.samples
        start = stop
    return Channels(
        signal_mv=joined,
        fs_hz=fs_hz,
        leads=leads,
        left_out={name: why for name, why in left_out.items() if canonical_lead(name) not in leads},
        warnings=tuple(warnings),
    )


def _read_segment(
    files: SourceFiles, segment: SegmentLine, header: WfdbHeader, subject: str
) -> SegmentSignals:
    name = f"{segment.name}.hea"
    if name not in files:
        raise RecordError(subject, expected=f"its segment {name} beside it", found="no such file")
    part = parse_header(files.read(name, current_limits().header_bytes), name)
    if part.segments:
        raise RecordError(name, expected="a segment", found="a record of segments")
    _check_names(part, name)
    read = read_segment_signals(files, part, name)
    if read.n_frames != segment.n_samples or not math.isclose(
        part.fs_hz, header.fs_hz, rel_tol=_SAME_RATE
    ):
        raise RecordError(
            name,
            expected=f"{segment.n_samples} samples at {header.fs_hz:g} Hz",
            found=f"{read.n_frames} samples at {part.fs_hz:g} Hz",
        )
    return read


def _check_names(part: WfdbHeader, name: str) -> None:
    leads = [canonical_lead(signal.name) for signal in part.signals]
    twice = next((lead for lead in leads if leads.count(lead) > 1), None)
    if twice:
        raise RecordError(name, expected="each lead once", found=f"lead {twice} twice")
