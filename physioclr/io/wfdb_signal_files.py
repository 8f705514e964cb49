"""Signal files of WFDB records, checked against what their header claims, then decoded."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.source_files import SourceFiles
from physioclr.io.wfdb_header import SignalLine

__all__ = ["decode_signals", "is_no_sample", "mismatched_signals", "read_frames"]

# Bytes a sample takes in each format of signal(5); the FLAC formats 508, 516 and 524 are not read.
_BYTES_PER_SAMPLE = {
    "8": Fraction(1),
    "16": Fraction(2),
    "24": Fraction(3),
    "32": Fraction(4),
    "61": Fraction(2),
    "80": Fraction(1),
    "160": Fraction(2),
    "212": Fraction(3, 2),
    "310": Fraction(4, 3),
    "311": Fraction(4, 3),
}

# The value that stands for "no sample" in each format that has one.
_NO_SAMPLE = {
    "16": -(2**15),
    "24": -(2**23),
    "32": -(2**31),
    "61": -(2**15),
    "80": -(2**7),
    "160": -(2**15),
    "212": -(2**11),
    "310": -(2**9),
    "311": -(2**9),
}

_PACKED = ("212", "310", "311")
_PADDING_BYTES = 3
_TEXT_BYTES = 65536
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"


def read_frames(
    files: SourceFiles, file: str, signals: Sequence[SignalLine], n_samples: int
) -> int:
    """Check that a signal file can hold what its header claims.

    Parameters
    ----------
    files : SourceFiles
    file : str
        One of `files`.
    signals : sequence of SignalLine
        All the signals in that file.
    n_samples : int
        Frames the header claims; 0 where it does not say.

    Returns
    -------
    int
        Frames to read.

    Raises
    ------
    RecordError
        If the format is unknown, or the number of bytes is not the one that follows from it.
    """
    first = signals[0]
    storage = {(signal.format, signal.offset) for signal in signals}
    if len(storage) > 1 or first.format not in _BYTES_PER_SAMPLE:
        raise RecordError(
            file,
            expected=f"one WFDB signal format of {', '.join(_BYTES_PER_SAMPLE)}",
            found=", ".join(sorted({signal.format for signal in signals})),
        )
    per_frame = sum(signal.per_frame for signal in signals)
    if _BYTES_PER_SAMPLE[first.format] > 1 and _is_text(files.read(file, _TEXT_BYTES)):
        raise RecordError(
            file, expected=f"samples of {per_frame} signals as binary numbers", found="text"
        )
    size = files.size(file)
    bytes_per_frame = per_frame * _BYTES_PER_SAMPLE[first.format]
    frames = n_samples or max(0, math.floor((size - first.offset) / bytes_per_frame))
    needed = first.offset + math.ceil(frames * bytes_per_frame)
    padding = _PADDING_BYTES if first.format in _PACKED else 0
    if not frames or not needed <= size <= needed + padding:
        claim = f"{n_samples} samples of {per_frame} signals in format {first.format}"
        raise RecordError(file, expected=f"{needed} bytes ({claim})", found=f"{size} bytes")
    return frames


def _is_text(content: bytes) -> bool:
    """Whether all bytes are printable: not so in an ECG of two bytes a sample, which crosses 0."""
    return bool(content) and not content.translate(None, _PRINTABLE)


def decode_signals(
    files: SourceFiles, signals: Sequence[SignalLine], n_samples: int, subject: str
) -> list[NDArray[np.int64]]:
    """Decode signals: format 16 as the numbers it is made of, all others with the wfdb library.

    Parameters
    ----------
    files : SourceFiles
        Checked by `read_frames`.
    signals : sequence of SignalLine
    n_samples : int
        Frames to read.
    subject : str
        The header's name, for errors.

    Returns
    -------
    list of (n_samples * per_frame,) int64 arrays
        The converter's output, one array a signal.

    Raises
    ------
    RecordError
        If the library cannot decode the files.
    """
    if all(signal.format == "16" and not signal.skew for signal in signals):
        return _decoded_16(files, signals, n_samples)
    staged = {file: f"{i}.dat" for i, file in enumerate(dict.fromkeys(s.file for s in signals))}
    lines = [f"record {len(signals)} 1 {n_samples}"]
    lines += [
        f"{staged[s.file]} {s.format}x{s.per_frame}:{s.skew}+{s.offset} "
        f"200(0)/mV 0 0 {s.initial or 0} 0 0 {i}"
        for i, s in enumerate(signals)
    ]
    with tempfile.TemporaryDirectory(prefix="physioclr-") as folder:
        (Path(folder) / "record.hea").write_text("\n".join(lines) + "\n", encoding="ascii")
        for file, name in staged.items():
            files.stage(file, Path(folder) / name)
        try:
            record = wfdb.rdrecord(
                str(Path(folder) / "record"), physical=False, smooth_frames=False
            )
        except (ValueError, IndexError, KeyError, TypeError, OSError) as error:
            raise RecordError(
                subject,
                expected="signal files in the WFDB format it names",
                found=f"samples that cannot be decoded ({type(error).__name__})",
            ) from error
    return [np.asarray(signal, dtype=np.int64) for signal in record.e_d_signal]


def _decoded_16(
    files: SourceFiles, signals: Sequence[SignalLine], n_samples: int
) -> list[NDArray[np.int64]]:
    """Decode 16-bit little-endian samples, frame by frame in the order of the signals."""
    decoded: dict[int, NDArray[np.int64]] = {}
    for file in dict.fromkeys(signal.file for signal in signals):
        inside = [i for i, signal in enumerate(signals) if signal.file == file]
        ends = np.cumsum([signals[i].per_frame for i in inside])
        content = files.read(file)
        first, count = signals[inside[0]].offset, n_samples * int(ends[-1])
        frames = np.frombuffer(content, "<i2", count, first).reshape(n_samples, -1)
        for i, columns in zip(inside, np.split(frames, ends[:-1], axis=1), strict=True):
            decoded[i] = columns.reshape(-1).astype(np.int64)
    return [decoded[i] for i in range(len(signals))]


def is_no_sample(units: NDArray[np.int64], signal: SignalLine) -> NDArray[np.bool_]:
    """Return where a decoded signal holds the format's mark for "no sample"."""
    if signal.format not in _NO_SAMPLE:
        return np.zeros(units.shape, dtype=bool)
    return np.equal(units, _NO_SAMPLE[signal.format])


def mismatched_signals(
    decoded: Sequence[NDArray[np.int64]], signals: Sequence[SignalLine], subject: str
) -> tuple[str, ...]:
    """Compare decoded signals with the first sample and the checksum their header states.

    Parameters
    ----------
    decoded : sequence of (n,) int64 arrays
    signals : sequence of SignalLine
    subject : str
        The header's name, for errors.

    Returns
    -------
    tuple of str
        The names of the signals for which either differs. Zeros throughout state nothing, and
        neither does anything about a skewed signal.

    Raises
    ------
    RecordError
        If nothing that is stated agrees for any signal: the files are not this header's.
    """
    comparisons = [
        ([signal.initial for signal in signals], [int(units[0]) for units in decoded]),
        ([signal.checksum for signal in signals], [int(units.sum()) for units in decoded]),
    ]
    agree = [
        ((value - of_signal) % 65536 == 0, signal.name)
        for stated, found in comparisons
        if any(stated)
        for signal, value, of_signal in zip(signals, stated, found, strict=True)
        if value is not None and not signal.skew
    ]
    if agree and not any(same for same, _ in agree):
        raise RecordError(
            subject,
            expected="signal files whose first samples and checksums are the ones it states",
            found="neither in any signal",
        )
    return tuple(dict.fromkeys(name for same, name in agree if not same))
