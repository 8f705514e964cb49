"""WFDB records made of segments, each a record of its own."""

from __future__ import annotations

import numpy as np

from physioclr.errors import RecordError
from physioclr.io.channels import Channels
from physioclr.io.source_files import SourceFiles
from physioclr.io.wfdb_channels import read_channels
from physioclr.io.wfdb_header import SegmentLine, WfdbHeader, parse_header

__all__ = ["read_segments"]

_GAP = "~"
_LONGEST_SAMPLES = 2**27
"""Samples over all leads: 24 hours of three leads at 500 Hz, 1 GiB while it is read."""


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
        Every lead of any segment; NaN where a segment lacks it and in gaps.

    Raises
    ------
    RecordError
        If a segment cannot be read, or they do not fit together.
    """
    filled = [segment for segment in header.segments if segment.n_samples]
    read = {
        segment.name: _read_segment(files, segment, header, subject)
        for segment in filled
        if segment.name != _GAP
    }
    if not read:
        raise RecordError(subject, expected="a segment with samples", found="none")
    leads = tuple(dict.fromkeys(lead for part in read.values() for lead in part.leads))
    n_samples = sum(segment.n_samples for segment in filled)
    if n_samples * len(leads) > _LONGEST_SAMPLES:
        raise RecordError(
            subject,
            expected=f"at most {_LONGEST_SAMPLES} samples over all leads and segments",
            found=f"a claim of {n_samples * len(leads)}",
        )
    joined = np.full((len(leads), n_samples), np.nan)
    start = 0
    for segment in filled:
        if segment.name != _GAP:
            part = read[segment.name]
            rows = [leads.index(lead) for lead in part.leads]
            joined[rows, start : start + segment.n_samples] = part.signal_mv
        start += segment.n_samples
    return Channels(
        signal_mv=joined,
        fs_hz=header.fs_hz,
        leads=leads,
        left_out={name: why for part in read.values() for name, why in part.left_out.items()},
        warnings=tuple(dict.fromkeys(line for part in read.values() for line in part.warnings)),
    )


def _read_segment(
    files: SourceFiles, segment: SegmentLine, header: WfdbHeader, subject: str
) -> Channels:
    name = f"{segment.name}.hea"
    if name not in files:
        raise RecordError(subject, expected=f"its segment {name} beside it", found="no such file")
    part = parse_header(files.read(name), name)
    if part.segments:
        raise RecordError(name, expected="a segment", found="a record of segments")
    channels = read_channels(files, part, name)
    found = (channels.signal_mv.shape[1], channels.fs_hz)
    if found != (segment.n_samples, header.fs_hz):
        raise RecordError(
            name,
            expected=f"{segment.n_samples} samples at {header.fs_hz:g} Hz",
            found=f"{found[0]} samples at {found[1]:g} Hz",
        )
    return channels
