"""Signal formats of WFDB: from the bytes of a file to the samples of a converter.

Each is that of signal(5) in the WFDB Applications Guide (Moody, Pollard, Moody; PhysioNet). The
FLAC formats are decoded by soundfile.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError

__all__ = [
    "BYTES_PER_SAMPLE",
    "FLAC_FORMATS",
    "FORMATS",
    "NO_SAMPLE",
    "decode",
    "decode_flac",
    "packed_bytes",
]

BYTES_PER_SAMPLE = {
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
FLAC_FORMATS = {"508": 8, "516": 16, "524": 24}
"""Format to its resolution in bits."""
FORMATS = (*BYTES_PER_SAMPLE, *FLAC_FORMATS)

NO_SAMPLE = {
    "16": -(2**15),
    "24": -(2**23),
    "32": -(2**31),
    "61": -(2**15),
    "80": -(2**7),
    "160": -(2**15),
    "212": -(2**11),
    "310": -(2**9),
    "311": -(2**9),
    "508": -(2**7),
    "516": -(2**15),
    "524": -(2**23),
}
"""The value that stands for "no sample"; format 8, of differences, has none."""

_SUBTYPES = {"PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}


def packed_bytes(storage: str, n_samples: int) -> int:
    """Return the fewest bytes that hold a number of samples.

    Parameters
    ----------
    storage : str
        A key of `BYTES_PER_SAMPLE`.
    n_samples : int

    Returns
    -------
    int
    """
    whole, rest = divmod(n_samples, 3)
    if storage == "310":  # the second sample of three lies in the last two of four bytes
        return 4 * whole + (0, 2, 4)[rest]
    if storage == "311":
        return 4 * whole + (0, 2, 3)[rest]
    return math.ceil(n_samples * BYTES_PER_SAMPLE[storage])


def decode(content: memoryview, storage: str, n_samples: int) -> NDArray[np.signedinteger]:
    """Decode samples of a binary format.

    Parameters
    ----------
    content : memoryview
        From the first sample on; at least `packed_bytes` long.
    storage : str
        A key of `BYTES_PER_SAMPLE`. Format 8 comes out as the differences it stores.
    n_samples : int

    Returns
    -------
    (n_samples,) array of integers
    """
    decoder = _DECODERS[storage]
    if storage not in _PIECES:
        return decoder(content[: packed_bytes(storage, n_samples)], n_samples)
    bytes_per_piece, samples_per_piece, dtype = _PIECES[storage]
    decoded = np.empty(n_samples, dtype)
    for number, first in enumerate(range(0, n_samples, samples_per_piece)):
        n_piece = min(samples_per_piece, n_samples - first)
        at = number * bytes_per_piece
        piece = content[at : at + packed_bytes(storage, n_piece)]
        decoded[first : first + n_piece] = decoder(piece, n_piece)
    return decoded


def decode_flac(
    content: bytes, storage: str, n_signals: int, n_samples: int, offset: int, subject: str
) -> NDArray[np.signedinteger]:
    """Decode a FLAC file.

    Parameters
    ----------
    content : bytes
    storage : str
        A key of `FLAC_FORMATS`.
    n_signals : int
        FLAC holds all of them at one rate.
    n_samples : int
        Of each signal.
    offset : int
        Samples before the first one of the record.
    subject : str
        The file's name.

    Returns
    -------
    (n_samples, n_signals) array of integers

    Raises
    ------
    RecordError
        If the file is damaged or does not hold what is claimed.
    """
    import soundfile

    expected = f"FLAC of {n_signals} signals of {n_samples} samples, as its header claims"
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            bits = _SUBTYPES.get(file.subtype, 99)
            held = file.frames - offset
            if file.format != "FLAC" or bits > FLAC_FORMATS[storage]:
                raise RecordError(subject, expected=f"FLAC of format {storage}", found="another")
            if file.channels != n_signals or held < n_samples:
                raise RecordError(
                    subject,
                    expected=expected,
                    found=f"{file.channels} of {max(held, 0)} samples",
                )
            file.seek(offset)
            samples = file.read(n_samples, dtype="int32", always_2d=True)
    except soundfile.SoundFileError:
        raise RecordError(subject, expected=expected, found="a damaged file") from None
    if len(samples) != n_samples:
        raise RecordError(subject, expected=expected, found="a file that is cut short")
    shifted: NDArray[np.signedinteger] = np.right_shift(samples, 32 - bits)
    return shifted


def _plain(dtype: str) -> Callable[[memoryview, int], NDArray[np.signedinteger]]:
    def decoded(content: memoryview, n_samples: int) -> NDArray[np.signedinteger]:
        return np.frombuffer(content, dtype, n_samples)

    return decoded


def _offset_binary(
    dtype: str, signed: type[np.signedinteger]
) -> Callable[[memoryview, int], NDArray[np.signedinteger]]:
    """Return a decoder of unsigned numbers whose middle is 0."""
    top_bit = 1 << (8 * np.dtype(dtype).itemsize - 1)

    def decoded(content: memoryview, n_samples: int) -> NDArray[np.signedinteger]:
        unsigned = np.frombuffer(content, dtype, n_samples)
        flipped: NDArray[np.signedinteger] = (unsigned ^ unsigned.dtype.type(top_bit)).view(signed)
        return flipped

    return decoded


def _decode_24(content: memoryview, n_samples: int) -> NDArray[np.signedinteger]:
    wide = np.zeros((n_samples, 4), np.uint8)
    wide[:, 1:] = np.frombuffer(content, np.uint8).reshape(n_samples, 3)
    shifted: NDArray[np.signedinteger] = np.right_shift(wide.view("<i4")[:, 0], 8)
    return shifted


def _decode_212(content: memoryview, n_samples: int) -> NDArray[np.signedinteger]:
    """Decode pairs of 12 bits in three bytes; the middle byte holds the high bits of both."""
    low, middle, high = _blocks(content, 3)
    pairs = np.empty((len(low), 2), np.int16)
    pairs[:, 0] = low | (middle & 0x0F) << 8
    pairs[:, 1] = high | (middle & 0xF0) << 4
    return _signed(pairs.reshape(-1)[:n_samples], 12)


def _decode_310(content: memoryview, n_samples: int) -> NDArray[np.signedinteger]:
    """Decode triples of 10 bits, the third in the upper five bits of both 16-bit words."""
    b0, b1, b2, b3 = _blocks(content, 4)
    first, second = b0 | b1 << 8, b2 | b3 << 8
    triples = np.empty((len(b0), 3), np.int16)
    triples[:, 0] = first >> 1 & 0x3FF
    triples[:, 1] = second >> 1 & 0x3FF
    triples[:, 2] = first >> 11 & 0x1F | second >> 6 & 0x3E0
    return _signed(triples.reshape(-1)[:n_samples], 10)


def _decode_311(content: memoryview, n_samples: int) -> NDArray[np.signedinteger]:
    """Decode triples of 10 bits in the lower 30 bits of a word, the first in the lowest."""
    b0, b1, b2, b3 = _blocks(content, 4)
    triples = np.empty((len(b0), 3), np.int16)
    triples[:, 0] = b0 | (b1 & 0x03) << 8
    triples[:, 1] = b1 >> 2 | (b2 & 0x0F) << 6
    triples[:, 2] = b2 >> 4 | (b3 & 0x3F) << 4
    return _signed(triples.reshape(-1)[:n_samples], 10)


def _blocks(content: memoryview, width: int) -> NDArray[np.int32]:
    """Return (width, n_blocks): each byte of the blocks, the last block filled up with 0."""
    padded = np.zeros(-(-len(content) // width) * width, np.uint8)
    padded[: len(content)] = np.frombuffer(content, np.uint8)
    return padded.reshape(-1, width).T.astype(np.int32)


def _signed(unsigned: NDArray[np.int16], bits: int) -> NDArray[np.int16]:
    """Return two's complement of fewer than 16 bits as numbers."""
    shift = 16 - bits
    signed: NDArray[np.int16] = np.right_shift(np.left_shift(unsigned, shift), shift)
    return signed


_DECODERS: dict[str, Callable[[memoryview, int], NDArray[np.signedinteger]]] = {
    "8": _plain("i1"),
    "16": _plain("<i2"),
    "24": _decode_24,
    "32": _plain("<i4"),
    "61": _plain(">i2"),
    "80": _offset_binary("u1", np.int8),
    "160": _offset_binary("<u2", np.int16),
    "212": _decode_212,
    "310": _decode_310,
    "311": _decode_311,
}
# Packed samples are unpacked piece by piece, as each takes four times its size meanwhile.
_PIECES: dict[str, tuple[int, int, type[np.signedinteger]]] = {
    "24": (3 * 2**16, 2**16, np.int32),
    "212": (3 * 2**16, 2 * 2**16, np.int16),
    "310": (4 * 2**16, 3 * 2**16, np.int16),
    "311": (4 * 2**16, 3 * 2**16, np.int16),
}
