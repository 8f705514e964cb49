"""SCP-ECG files that count from 0 where EN 1064 counts from 1, brought to the standard's layout.

Two deviations occur in files of real devices: pointers of section 0 to bytes counted from 0, with a
record size that means nothing (Healforce), and sample numbers of section 3 counted from 0. Nothing
about amplitudes or rates is changed.
"""

from __future__ import annotations

import struct

__all__ = ["standard_scp"]

_SECTION_0 = 6
_SECTION_HEADER = 16
_POINTER = 10
_FIRST_BYTE = 7  # where section 0 begins, counted from 1
_LEADS = 3
_POINTERS_REMARK = (
    "The file counts its bytes from 0, not from 1 as SCP-ECG does: its sections are read so."
)
_SAMPLES_REMARK = (
    "The file counts its samples from 0, not from 1 as SCP-ECG does: its leads are read so."
)


def standard_scp(content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a file with pointers and samples counted from 1.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    content : bytes
        The same where it conforms, and where it deviates in another way.
    remarks : tuple of str
        What was changed.
    """
    remarks = []
    if _counts_bytes_from_0(content):
        content = _with_pointers_from_1(content)
        remarks.append(_POINTERS_REMARK)
    starts = _lead_ranges(content)
    if starts and all(_uint(content, at) == 0 for at in starts):
        changed = bytearray(content)
        for at in starts:
            for place in (at, at + 4):
                number = min(_uint(content, place) + 1, 2**32 - 1)
                struct.pack_into("<I", changed, place, number)
        content = bytes(changed)
        remarks.append(_SAMPLES_REMARK)
    return content, tuple(remarks)


def _counts_bytes_from_0(content: bytes) -> bool:
    """Whether section 0 points to itself and to at least one other section one byte too low."""
    if _uint(content, 28) != _FIRST_BYTE - 1:
        return False
    others = [(number, at) for number, length, at in _pointers(content) if number and length]
    return bool(others) and all(_starts_section(content, number, at) for number, at in others)


def _with_pointers_from_1(content: bytes) -> bytes:
    changed = bytearray(content)
    struct.pack_into("<I", changed, 2, len(content))
    for place, (_, length, at) in zip(_places(content), _pointers(content), strict=True):
        if length:
            struct.pack_into("<I", changed, place + 6, at + 1)
    return bytes(changed)


def _pointers(content: bytes) -> list[tuple[int, int, int]]:
    """Return number, length and place of each section."""
    return [
        (_uint(content, at, 2), _uint(content, at + 2), _uint(content, at + 6))
        for at in _places(content)
    ]


def _places(content: bytes) -> range:
    end = min(_SECTION_0 + _uint(content, 10), len(content))
    return range(_SECTION_0 + _SECTION_HEADER, end - _POINTER + 1, _POINTER)


def _starts_section(content: bytes, number: int, at: int) -> bool:
    """Whether a section's header, with its number after the checksum, lies at a place from 0."""
    return at + _SECTION_HEADER <= len(content) and _uint(content, at + 2, 2) == number


def _lead_ranges(content: bytes) -> list[int]:
    """Return the places of the first sample numbers of section 3."""
    section = next(
        (at - 1 for number, length, at in _pointers(content) if number == _LEADS and length), None
    )
    if section is None or not 0 < section < len(content) - _SECTION_HEADER:
        return []
    body = section + _SECTION_HEADER
    n_leads = content[body] if body < len(content) else 0
    places = [body + 2 + 9 * lead for lead in range(n_leads)]
    return places if places and places[-1] + 9 <= len(content) else []


def _uint(content: bytes, at: int, n_bytes: int = 4) -> int:
    return int.from_bytes(content[at : at + n_bytes], "little")
