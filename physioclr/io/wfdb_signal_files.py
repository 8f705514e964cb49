"""Signal files of WFDB records, checked against what their header claims, then decoded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.limits import check_samples, check_time
from physioclr.io.source_files import SourceFiles
from physioclr.io.wfdb_formats import (
    BYTES_PER_SAMPLE,
    FLAC_FORMATS,
    FORMATS,
    decode,
    decode_flac,
    packed_bytes,
)
from physioclr.io.wfdb_header import SignalLine

__all__ = ["SignalChecks", "decoded_signals", "frames_of_file"]

_PADDED = ("212", "310", "311")
_PADDING_BYTES = 3
_TEXT_BYTES = 65536
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\n\r"


def frames_of_file(
    files: SourceFiles, file: str, signals: Sequence[SignalLine], n_claimed: int
) -> tuple[int, int]:
    """Check that a signal file can hold what its header claims.

    Parameters
    ----------
    files : SourceFiles
    file : str
        One of `files`.
    signals : sequence of SignalLine
        All the signals in that file.
    n_claimed : int
        Frames the header claims; 0 where it does not say.

    Returns
    -------
    n_frames : int
        Frames to read.
    n_more : int
        Bytes the file has beyond them, padding aside.

    Raises
    ------
    RecordError
        If the format is unknown, or the file holds less than is claimed.
    """
    first = signals[0]
    formats = {signal.format for signal in signals}
    offsets = {signal.offset for signal in signals} - {0, first.offset}
    if len(formats) > 1 or offsets or first.format not in FORMATS:
        raise RecordError(
            file,
            expected=f"one WFDB signal format of {', '.join(FORMATS)}",
            found=", ".join(sorted(formats)) + (" at several offsets" if offsets else ""),
        )
    per_frame = sum(signal.per_frame for signal in signals)
    if first.format in FLAC_FORMATS:
        return _frames_of_flac(files, file, signals, n_claimed), 0
    if BYTES_PER_SAMPLE[first.format] > 1 and _is_text(files.read(file, _TEXT_BYTES)):
        raise RecordError(
            file, expected=f"samples of {per_frame} signals as binary numbers", found="text"
        )
    held = files.size(file) - first.offset
    frames = n_claimed or max(0, math.floor(held / (per_frame * BYTES_PER_SAMPLE[first.format])))
    needed = packed_bytes(first.format, frames * per_frame)
    if not frames or held < needed:
        claim = f"{n_claimed} samples of {per_frame} signals in format {first.format}"
        raise RecordError(
            file,
            expected=f"{first.offset + needed} bytes ({claim})",
            found=f"{held + first.offset} bytes",
        )
    check_samples(frames * per_frame, file)
    padding = _PADDING_BYTES if first.format in _PADDED else 0
    return frames, max(0, held - needed - padding)


def _frames_of_flac(
    files: SourceFiles, file: str, signals: Sequence[SignalLine], n_claimed: int
) -> int:
    """Return the frames to read; FLAC's STREAMINFO holds the number of samples in 36 bits."""
    if len({signal.per_frame for signal in signals}) > 1:
        raise RecordError(
            file, expected="FLAC signals of one rate", found="several numbers of samples a frame"
        )
    head = files.read(file, 42)
    if len(head) < 42 or not head.startswith(b"fLaC"):
        raise RecordError(file, expected="a FLAC file, as its format says", found="another file")
    held = int.from_bytes(head[21:26], "big") & (2**36 - 1)
    frames = n_claimed or (held - signals[0].offset) // signals[0].per_frame
    if frames < 1:
        raise RecordError(file, expected="a FLAC file that says how long it is", found="none")
    check_samples(frames * sum(signal.per_frame for signal in signals), file)
    return frames


def _is_text(content: bytes) -> bool:
    """Whether all bytes are printable: not so in an ECG of two bytes a sample, which crosses 0."""
    return bool(content) and not content.translate(None, _PRINTABLE)


def decoded_signals(
    files: SourceFiles, file: str, signals: Sequence[SignalLine], n_frames: int
) -> Iterator[tuple[SignalLine, NDArray[np.signedinteger]]]:
    """Decode the signals of a file, one after another.

    Parameters
    ----------
    files : SourceFiles
        Checked by `frames_of_file`.
    file : str
    signals : sequence of SignalLine
        All the signals in that file, in the header's order.
    n_frames : int

    Yields
    ------
    signal : SignalLine
    units : (n_frames * per_frame,) array of integers
        The converter's output, not yet shifted by the signal's skew.
    """
    first = signals[0]
    per_frame = [signal.per_frame for signal in signals]
    if first.format in FLAC_FORMATS:
        n_samples = n_frames * per_frame[0]
        samples = decode_flac(
            files.read(file), first.format, len(signals), n_samples, first.offset, file
        )
        for column, signal in enumerate(signals):
            yield signal, samples[:, column]
        return
    content = memoryview(files.read(file))[first.offset :]
    frames = decode(content, first.format, n_frames * sum(per_frame)).reshape(n_frames, -1)
    start = 0
    for signal in signals:
        check_time(file)
        units = frames[:, start : start + signal.per_frame].reshape(-1)
        start += signal.per_frame
        if first.format == "8":
            units = np.cumsum(units, dtype=np.int64) + (signal.initial or 0)
        yield signal, units


class SignalChecks:
    """Compares decoded signals with the first sample and the checksum their header states.

    Zeros throughout state nothing, and neither does anything about a skewed signal.
    """

    def __init__(self) -> None:
        self._initial: list[tuple[SignalLine, bool]] = []
        self._checksum: list[tuple[SignalLine, bool]] = []

    def add(self, signal: SignalLine, units: NDArray[np.signedinteger]) -> None:
        """Compare one signal.

        Parameters
        ----------
        signal : SignalLine
        units : (n,) array of integers
        """
        if signal.skew:
            return
        if signal.initial is not None:
            self._initial.append((signal, (int(units[0]) - signal.initial) % 65536 == 0))
        if signal.checksum is not None:
            total = int(units.sum(dtype=np.int64))
            self._checksum.append((signal, (total - signal.checksum) % 65536 == 0))

    @property
    def all_agree(self) -> bool:
        """Whether checksums are stated, and everything stated agrees."""
        stated = self._stated()
        return any(signal.checksum for signal, _ in stated) and all(same for _, same in stated)

    def mismatched(self, subject: str) -> tuple[str, ...]:
        """Return the names of the signals for which either differs.

        Parameters
        ----------
        subject : str
            The header's name, for errors.

        Returns
        -------
        tuple of str

        Raises
        ------
        RecordError
            If nothing that is stated agrees for any signal: the files are not this header's.
        """
        stated = self._stated()
        if stated and not any(same for _, same in stated):
            raise RecordError(
                subject,
                expected="signal files whose first samples and checksums are the ones it states",
                found="neither in any signal",
            )
        return tuple(dict.fromkeys(signal.name for signal, same in stated if not same))

    def _stated(self) -> list[tuple[SignalLine, bool]]:
        initial = self._initial if any(signal.initial for signal, _ in self._initial) else []
        checksum = self._checksum if any(signal.checksum for signal, _ in self._checksum) else []
        return initial + checksum
