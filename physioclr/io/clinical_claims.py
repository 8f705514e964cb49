"""What clinical export files claim about themselves, checked before a library believes it."""

from __future__ import annotations

from physioclr.errors import RecordError

__all__ = ["check_claims"]

_SCP_PREAMBLE = 6
_SCP_SECTION_HEADER = 16
_SCP_POINTER = 10
_SCP_LEADS, _SCP_RHYTHM = 3, 6
_ISHNE_HEADER = 522
_ISHNE_MOST_LEADS = 12


def check_claims(content: bytes, name: str, file_format: str) -> None:
    """Refuse what a file claims and cannot hold.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name, for errors.
    file_format : str

    Raises
    ------
    RecordError
        If the file is cut short, claims samples it has no bytes for, or is SCP-ECG that does not
        follow EN 1064.
    """
    if file_format == "SCP-ECG":
        _check_scp(content, name)
    elif file_format == "ISHNE":
        _check_ishne(content, name)


def _check_scp(content: bytes, name: str) -> None:
    """Check the record's size, where section 0 points, and the samples of section 3."""
    claimed = _uint(content, 2, 4)
    if _uint(content, 28, 4) != _SCP_PREAMBLE + 1:
        raise RecordError(
            name,
            expected="SCP-ECG as EN 1064 lays it out, section 0 pointing to itself at byte 7",
            found=f"a pointer to byte {_uint(content, 28, 4)}",
        )
    if claimed > len(content):
        raise RecordError(
            name, expected=f"{claimed} bytes, as it states", found=f"{len(content)} bytes"
        )
    sections = {}
    for at in range(22, _SCP_PREAMBLE + _uint(content, 10, 4), _SCP_POINTER):
        start = _uint(content, at + 6, 4) - 1
        sections[_uint(content, at, 2)] = content[start : start + _uint(content, at + 2, 4)]
    leads = sections.get(_SCP_LEADS, b"")[_SCP_SECTION_HEADER:]
    n_leads = leads[0] if leads else 0
    n_samples = 0
    for at in range(2, 2 + 9 * n_leads, 9):
        n_samples += _uint(leads, at + 4, 4) - _uint(leads, at, 4) + 1
    held_bits = 8 * len(sections.get(_SCP_RHYTHM, b""))  # no code is shorter than a bit
    if n_samples > held_bits:
        raise RecordError(
            name,
            expected=f"a rhythm of {n_samples} samples, as section {_SCP_LEADS} claims",
            found=f"{held_bits // 8} bytes in section {_SCP_RHYTHM}",
        )


def _check_ishne(content: bytes, name: str) -> None:
    """Check the number of samples, which writers state a lead or over all leads."""
    if len(content) < _ISHNE_HEADER:
        raise RecordError(
            name, expected=f"a header of {_ISHNE_HEADER} bytes", found=f"{len(content)} bytes"
        )
    n_leads = _uint(content, 156, 2)
    if not 1 <= n_leads <= _ISHNE_MOST_LEADS:
        raise RecordError(
            name, expected=f"1 to {_ISHNE_MOST_LEADS} leads in its header", found="another number"
        )
    held = (len(content) - _ISHNE_HEADER - _uint(content, 10, 4)) // 2
    claimed = _uint(content, 14, 4)
    if claimed not in (held, held // n_leads) and claimed * n_leads > held:
        raise RecordError(
            name,
            expected=f"{claimed} samples of {n_leads} leads, as it states",
            found=f"{max(held, 0)} samples in all",
        )


def _uint(content: bytes, at: int, n_bytes: int) -> int:
    return int.from_bytes(content[at : at + n_bytes], "little")
