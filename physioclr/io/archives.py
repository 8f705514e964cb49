"""Zip and gzip files, opened in memory and never further than an ECG is large.

Nothing is written to disk, no name from an archive is ever a path, and an archive within an
archive stays closed.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from physioclr.errors import RecordError
from physioclr.io.limits import check_time, current_limits
from physioclr.io.source_files import plain_name

__all__ = ["unpack_gzip", "unpack_zip"]

_CHUNK_BYTES = 2**20
_ENCRYPTED = 0x1
# Others (bzip2, LZMA) are opened by Python a whole block at a time, however large that becomes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENTRY = b"PK\x01\x02"
# What zipfile raises on a damaged archive.
_DAMAGE = (
    zipfile.BadZipFile,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def unpack_zip(content: bytes, subject: str) -> dict[str, bytes]:
    """Unpack a zip file in memory.

    Parameters
    ----------
    content : bytes
    subject : str
        The archive's name, for errors.

    Returns
    -------
    dict of str to bytes
        Contents by plain file name, without what operating systems leave behind.

    Raises
    ------
    RecordError
        If the archive is damaged, has a password, holds names that leave it, or would grow beyond
        what an ECG can be.
    """
    limits = current_limits()
    n_entries = content.count(_ENTRY)  # each is an object before anything else can be checked
    if n_entries > 2 * limits.members:
        raise _grows_too_far(subject, 0, n_entries)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not _is_litter(m)]
            _check_members(members, subject)
            left = limits.most_unpacked(len(content))
            unpacked = {}
            for member in members:
                inside = _unpacked(archive, member, left, subject)
                left -= len(inside)
                unpacked[plain_name(member.filename)] = inside
            return unpacked
    except NotImplementedError as error:
        raise RecordError(
            subject, expected="a zip compressed by deflate", found="another compression"
        ) from error
    except _DAMAGE as error:
        raise RecordError(
            subject, expected="a whole zip file", found="one that is damaged or cut short"
        ) from error


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, subject: str) -> bytes:
    """Read a member piece by piece, believing nothing of the size it claims."""
    pieces: list[bytes] = []
    n_bytes = 0
    with archive.open(member) as file:
        while piece := file.read(_CHUNK_BYTES):
            check_time(subject)
            n_bytes += len(piece)
            if n_bytes > most:
                raise _grows_too_far(subject, n_bytes, 1)
            pieces.append(piece)
    if n_bytes != member.file_size:
        raise zipfile.BadZipFile("another size than claimed")
    return b"".join(pieces)


def _is_litter(member: zipfile.ZipInfo) -> bool:
    return member.filename.startswith(_LITTER) or member.filename.endswith(_LITTER)


def _check_members(members: list[zipfile.ZipInfo], subject: str) -> None:
    if not members:
        raise RecordError(subject, expected="a zip that holds an ECG", found="an empty one")
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise RecordError(
            subject, expected="a zip without a password", found="one protected by a password"
        )
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]:
            raise RecordError(
                subject,
                expected="a zip whose names stay inside it",
                found="a name that points outside",
            )
    if any(member.compress_type not in _METHODS for member in members):
        raise NotImplementedError
    n_bytes = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    limits = current_limits()
    if len(members) > limits.members or n_bytes > limits.most_unpacked(packed):
        raise _grows_too_far(subject, n_bytes, len(members))
    if len({plain_name(member.filename) for member in members}) < len(members):
        raise RecordError(
            subject, expected="each file name once", found="one name in several folders"
        )


def unpack_gzip(content: bytes, subject: str) -> bytes:
    """Unpack a gzip file in memory.

    Parameters
    ----------
    content : bytes
    subject : str
        The file's name, for errors.

    Returns
    -------
    bytes

    Raises
    ------
    RecordError
        If the file is damaged, or would grow beyond what an ECG can be.
    """
    most = current_limits().most_unpacked(len(content))
    unpacked = bytearray()
    rest = content
    try:
        while rest:
            stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            while not stream.eof:
                part = stream.decompress(rest, _CHUNK_BYTES)
                check_time(subject)
                rest = stream.unconsumed_tail
                unpacked += part
                if len(unpacked) > most:
                    raise _grows_too_far(subject, len(unpacked), 1)
                if not part and not stream.eof:
                    raise RecordError(
                        subject, expected="a whole gzip file", found="one that is cut short"
                    )
            rest = stream.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise RecordError(
            subject, expected="a whole gzip file", found="one that is damaged"
        ) from error
    return bytes(unpacked)


def _grows_too_far(subject: str, n_bytes: int, n_files: int) -> RecordError:
    limits = current_limits()
    return RecordError(
        subject,
        expected=f"an archive of at most {limits.unpacked_bytes // 2**20} MiB, {limits.members} "
        f"files and {limits.ratio} times its own size",
        found=f"one that unpacks to {n_files} files of {n_bytes // 2**20} MiB or more",
    )
