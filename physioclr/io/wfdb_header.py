"""WFDB headers, also the ones the wfdb library rejects.

The form is that of header(5) in the WFDB Applications Guide (Moody, Pollard, Moody; PhysioNet).
Headers of the PhysioNet/CinC Challenge 2020 deviate from it: the date is spelt ``05-Feb-2020``,
stands before the time, and the record's name may end in ``.mat``. Time and date are not read.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from physioclr.errors import RecordError

__all__ = ["SegmentLine", "SignalLine", "WfdbHeader", "parse_header"]

_EXPECTED = "a WFDB header"
_DEFAULT_FS_HZ = 250.0
_DEFAULT_GAIN = 200.0
_MOST_SIGNALS = 1000

_COUNT = r"\d{1,15}"
_NUMBER = r"[-+]?(?:\d{1,15}\.?\d{0,15}|\.\d{1,15})(?:[eE][-+]?\d{1,2})?"
_RECORD = re.compile(
    rf"(?P<name>[^\s/]+)(?:/(?P<n_segments>{_COUNT}))?\s+(?P<n_signals>{_COUNT})"
    rf"(?:\s+(?P<fs>{_NUMBER})(?:/\S*)?(?:\s+(?P<n_samples>{_COUNT})(?:\s.*)?)?)?"
)
_STORAGE = re.compile(
    rf"(?P<format>\d{{1,4}})(?:x(?P<per_frame>\d{{1,4}}))?(?::(?P<skew>\d{{1,6}}))?"
    rf"(?:\+(?P<offset>{_COUNT}))?"
)
_GAIN = re.compile(rf"(?P<gain>{_NUMBER})(?:\((?P<baseline>-?{_COUNT})\))?(?:/(?P<units>\S+))?")
_INTEGER = re.compile(rf"[-+]?{_COUNT}")
_SEGMENT = re.compile(rf"(?P<name>\S+)\s+(?P<n_samples>{_COUNT})")


@dataclass(frozen=True)
class SignalLine:
    """One signal of a record, as its header states it.

    Parameters
    ----------
    file : str
    format : str
        How samples are stored: ``"16"``, ``"212"``, ….
    per_frame : int
        Samples in each frame.
    skew : int
        In frames.
    offset : int
        Bytes before the first sample.
    gain : float
        Units of the converter per physical unit, never 0.
    calibrated : bool
        False where the gain is the format's default and not the header's.
    baseline : int
        The converter's output at 0 physical units.
    units : str
    initial : int or None
        The first sample.
    checksum : int or None
        The sum of all samples, modulo 65536.
    name : str
    """

    file: str
    format: str
    per_frame: int
    skew: int
    offset: int
    gain: float
    calibrated: bool
    baseline: int
    units: str
    initial: int | None
    checksum: int | None
    name: str


@dataclass(frozen=True)
class SegmentLine:
    """One segment of a record made of several: its name (``"~"`` = a gap) and its length."""

    name: str
    n_samples: int


@dataclass(frozen=True)
class WfdbHeader:
    """A header.

    Parameters
    ----------
    record_name : str
    fs_hz : float
        Frames per second.
    n_samples : int
        Frames; 0 where the header does not say.
    signals : tuple of SignalLine
    segments : tuple of SegmentLine
        Empty unless the record is made of several.
    comments : tuple of str
        Without their ``#``.
    """

    record_name: str
    fs_hz: float
    n_samples: int
    signals: tuple[SignalLine, ...]
    segments: tuple[SegmentLine, ...]
    comments: tuple[str, ...]


def parse_header(content: bytes, subject: str) -> WfdbHeader:
    """Parse a header.

    Parameters
    ----------
    content : bytes
    subject : str
        The file's name, for errors.

    Returns
    -------
    WfdbHeader

    Raises
    ------
    RecordError
        If it is not a header, or states what cannot be.
    """
    if not content:
        raise RecordError(subject, expected=_EXPECTED, found="0 bytes")
    if b"\0" in content:
        raise RecordError(subject, expected=_EXPECTED, found="binary data")
    lines = [line.strip() for line in content.decode("utf-8", errors="replace").splitlines()]
    stated = [line for line in lines if line and not line.startswith("#")]
    comments = tuple(line[1:].strip() for line in lines if line.startswith("#"))
    match = _RECORD.fullmatch(stated[0]) if stated else None
    if match is None:
        raise RecordError(
            subject,
            expected=f"{_EXPECTED}, which starts with a name and a number of signals",
            found="no such line",
        )
    n_signals, n_segments = int(match["n_signals"]), int(match["n_segments"] or 0)
    n_lines = n_segments or n_signals
    if not 1 <= n_lines <= (_MOST_SIGNALS if not n_segments else math.inf):
        raise RecordError(
            subject, expected=f"1 to {_MOST_SIGNALS} signals", found=f"a claim of {n_lines}"
        )
    if len(stated) - 1 < n_lines:
        what = "segments" if n_segments else "signals"
        raise RecordError(
            subject, expected=f"{n_lines} {what}, as it claims", found=f"{len(stated) - 1} lines"
        )
    rows = stated[1 : 1 + n_lines]
    fs_hz = float(match["fs"] or _DEFAULT_FS_HZ)
    if not fs_hz > 0:
        raise RecordError(subject, expected="a sampling rate above 0 Hz", found=f"{fs_hz:g} Hz")
    return WfdbHeader(
        record_name=re.sub(r"\.(mat|dat|hea)$", "", match["name"], flags=re.IGNORECASE),
        fs_hz=fs_hz,
        n_samples=int(match["n_samples"] or 0),
        signals=() if n_segments else tuple(_signal(row, i, subject) for i, row in enumerate(rows)),
        segments=tuple(_segment(row, subject) for row in rows) if n_segments else (),
        comments=comments,
    )


def _signal(line: str, index: int, subject: str) -> SignalLine:
    fields = line.split(maxsplit=8)
    fields += [""] * (9 - len(fields))
    file, storage, gain, _resolution, zero, initial, checksum, _block, name = fields
    how = _STORAGE.fullmatch(storage)
    scale = _GAIN.fullmatch(gain or "0")
    if how is None or scale is None or int(how["per_frame"] or 1) < 1:
        raise RecordError(
            subject,
            expected=f"the file, format and gain of signal {index + 1}",
            found="a line of another form",
        )
    stated_gain = float(scale["gain"])
    baseline = int(scale["baseline"]) if scale["baseline"] else _integer(zero)
    return SignalLine(
        file=file,
        format=how["format"],
        per_frame=int(how["per_frame"] or 1),
        skew=int(how["skew"] or 0),
        offset=int(how["offset"] or 0),
        gain=stated_gain or _DEFAULT_GAIN,
        calibrated=stated_gain != 0,
        baseline=baseline or 0,
        units=scale["units"] or "mV",
        initial=_integer(initial),
        checksum=_integer(checksum),
        name=name or f"signal {index + 1}",
    )


def _integer(field: str) -> int | None:
    return int(field) if _INTEGER.fullmatch(field) else None


def _segment(line: str, subject: str) -> SegmentLine:
    match = _SEGMENT.fullmatch(line)
    if match is None:
        raise RecordError(
            subject, expected="a name and a length for each segment", found="a line of another form"
        )
    return SegmentLine(match["name"], int(match["n_samples"]))
