"""WFDB headers, also the ones the wfdb library rejects.

The form is that of header(5) in the WFDB Applications Guide (Moody, Pollard, Moody; PhysioNet).
Headers of the PhysioNet/CinC Challenge 2020 deviate from it: the date is spelt ``05-Feb-2020``,
stands before the time, and the record's name may end in ``.mat``. Time and date are not read.
Fields are split by white space and marks, never by a pattern that could backtrack.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from physioclr.errors import RecordError
from physioclr.io.limits import current_limits

__all__ = ["SegmentLine", "SignalLine", "WfdbHeader", "parse_header"]

_EXPECTED = "a WFDB header"
_DEFAULT_FS_HZ = 250.0
_DEFAULT_GAIN = 200.0
_DIGITS = frozenset("0123456789")
_OF_A_NUMBER = frozenset("0123456789+-.eE")
_LONGEST_NUMBER = 400  # the longest float that repr can need is 24, with leading zeros a few more


@dataclass(frozen=True)
class SignalLine:
    """One signal of a record, as its header states it.

    Parameters
    ----------
    index : int
        Its place among the signals.
    file : str
    format : str
        How samples are stored: ``"16"``, ``"212"``, …; ``"0"`` for none.
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
    baseline : float
        The converter's output at 0 physical units.
    units : str
    initial : int or None
        The first sample.
    checksum : int or None
        The sum of all samples, modulo 65536.
    name : str
    """

    index: int
    file: str
    format: str
    per_frame: int
    skew: int
    offset: int
    gain: float
    calibrated: bool
    baseline: float
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
        In UTF-8 or Latin-1.
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
    lines = [line.strip() for line in _decoded(content).splitlines()]
    stated = [line for line in lines if line and not line.startswith("#")]
    comments = tuple(line[1:].strip() for line in lines if line.startswith("#"))
    record = _record_line(stated[0]) if stated else None
    if record is None:
        raise RecordError(
            subject,
            expected=f"{_EXPECTED}, which starts with a name and a number of signals",
            found="no such line",
        )
    n_segments, n_signals, fs_hz, n_samples = record
    n_lines = n_segments or n_signals
    most = current_limits().channels
    if not 1 <= n_lines <= (math.inf if n_segments else most):
        raise RecordError(subject, expected=f"1 to {most} signals", found=f"a claim of {n_lines}")
    if len(stated) - 1 < n_lines:
        what = "segments" if n_segments else "signals"
        raise RecordError(
            subject, expected=f"{n_lines} {what}, as it claims", found=f"{len(stated) - 1} lines"
        )
    if not 0 < fs_hz < math.inf:
        raise RecordError(subject, expected="a sampling rate above 0 Hz", found=f"{fs_hz:g} Hz")
    rows = stated[1 : 1 + n_lines]
    return WfdbHeader(
        fs_hz=fs_hz,
        n_samples=n_samples,
        signals=() if n_segments else tuple(_signal(row, i, subject) for i, row in enumerate(rows)),
        segments=tuple(_segment(row, subject) for row in rows) if n_segments else (),
        comments=comments,
    )


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _record_line(line: str) -> tuple[int, int, float, int] | None:
    """Return the numbers of segments and signals, the rate and the length; None if it is none."""
    fields = line.split()
    name, slash, n_segments = fields[0].partition("/")
    counts = (_count(n_segments) if slash else 0, _count(fields[1]) if len(fields) > 1 else None)
    fs_hz = _number(fields[2].partition("/")[0].partition("(")[0]) if len(fields) > 2 else None
    if (
        not name
        or None in counts
        or (slash and not counts[0])
        or (len(fields) > 2 and fs_hz is None)
    ):
        return None
    n_samples = _count(fields[3]) if len(fields) > 3 else 0
    if n_samples is None:
        return None
    rate = _DEFAULT_FS_HZ if fs_hz is None else fs_hz
    return counts[0] or 0, counts[1] or 0, rate, n_samples


def _signal(line: str, index: int, subject: str) -> SignalLine:
    fields = line.split(maxsplit=8)
    fields += [""] * (9 - len(fields))
    file, storage, gain, _resolution, zero, initial, checksum, _block, name = fields
    how, scale = _storage(storage), _gain(gain)
    if how is None or scale is None or how[1] < 1:
        raise RecordError(
            subject,
            expected=f"the file, format and gain of signal {index + 1}",
            found="a line of another form",
        )
    stated_gain, baseline, units = scale
    return SignalLine(
        index=index,
        file=file,
        format=how[0],
        per_frame=how[1],
        skew=how[2],
        offset=how[3],
        gain=stated_gain or _DEFAULT_GAIN,
        calibrated=stated_gain != 0,
        baseline=baseline if baseline is not None else _number(zero) or 0.0,
        units=units or "mV",
        initial=_integer(initial),
        checksum=_integer(checksum),
        name=name or f"signal {index + 1}",
    )


def _storage(field: str) -> tuple[str, int, int, int] | None:
    """Return format, samples a frame, skew and offset of ``format[xN][:skew][+offset]``."""
    field, plus, offset = field.partition("+")
    field, colon, skew = field.partition(":")
    storage, cross, per_frame = field.partition("x")
    found = (
        _count(per_frame) if cross else 1,
        _count(skew) if colon else 0,
        _count(offset) if plus else 0,
    )
    if not storage or not _DIGITS.issuperset(storage) or None in found:
        return None
    n_per_frame, n_skew, n_offset = found
    return storage.lstrip("0") or "0", n_per_frame or 0, n_skew or 0, n_offset or 0


def _gain(field: str) -> tuple[float, float | None, str] | None:
    """Return gain, baseline and units of ``gain[(baseline)][/units]``."""
    field, _, units = field.partition("/")
    gain, bracket, rest = field.partition("(")
    baseline = None
    if bracket:
        baseline = _number(rest.removesuffix(")"))
        if baseline is None or not rest.endswith(")"):
            return None
    value = _number(gain) if gain else 0.0
    return None if value is None else (value, baseline, units)


def _number(field: str) -> float | None:
    """Return a finite decimal number."""
    if not field or len(field) > _LONGEST_NUMBER or not _OF_A_NUMBER.issuperset(field):
        return None
    try:
        value = float(field)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _integer(field: str) -> int | None:
    value = _number(field)
    return int(value) if value is not None and value.is_integer() else None


def _count(field: str) -> int | None:
    value = _integer(field)
    return value if value is not None and value >= 0 else None


def _segment(line: str, subject: str) -> SegmentLine:
    fields = line.split()
    n_samples = _count(fields[1]) if len(fields) == 2 else None
    if n_samples is None:
        raise RecordError(
            subject, expected="a name and a length for each segment", found="a line of another form"
        )
    return SegmentLine(fields[0], n_samples)
