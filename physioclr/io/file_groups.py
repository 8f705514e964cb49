"""Many files at once: which of them are one ECG, and which have to be explained by their owner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from physioclr.errors import RecordError
from physioclr.io.archives import unpack_zip
from physioclr.io.file_formats import HEAD_BYTES, NOT_AN_ECG, OFFICE_MARK, detect_format
from physioclr.io.source_files import plain_name
from physioclr.io.tables import describes_itself
from physioclr.io.wfdb_header import parse_header

__all__ = ["group_files", "is_undeclared"]

_UNDECLARED = ("table", "NPY", "HDF5")
_WFDB_SUFFIXES = (".hea", ".dat", ".mat")


def group_files(files: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    """Tell the ECGs among some files apart.

    Parameters
    ----------
    files : mapping of str to bytes
        File name to content. A zip counts as what is in it, apart from the files beside it.

    Returns
    -------
    list of dict
        The files of one ECG each, ready for `read_ecg`. A WFDB header of segments, their headers
        and signal files are one ECG; so are files that share a stem (a header and its signals);
        and, if there is one header, it and the files it names, or, if one of those has another
        name, every file that is not an ECG by itself.
    """
    loose: dict[str, bytes] = {}
    groups = []
    for name, content in files.items():
        members = _members(content)
        if members is None:
            loose[plain_name(name)] = content
        else:
            groups += _of_one_folder(members)
    return _of_one_folder(loose) + groups


def is_undeclared(content: bytes) -> bool:
    """Return whether a file is a table or an array that does not say what its numbers mean.

    Parameters
    ----------
    content : bytes

    Returns
    -------
    bool
        For a zip, whether any file in it is.
    """
    if detect_format(content[:HEAD_BYTES]) != "zip":
        return _asks_for_layout(content)
    members = _unpacked(content)
    return OFFICE_MARK not in members and any(map(_asks_for_layout, members.values()))


def _asks_for_layout(content: bytes) -> bool:
    found = detect_format(content[:HEAD_BYTES])
    return found in _UNDECLARED and not (found == "table" and describes_itself(content))


def _members(content: bytes) -> dict[str, bytes] | None:
    """Return what is in a zip of files; None for other files, also NPZ and Office documents."""
    if detect_format(content[:HEAD_BYTES]) != "zip":
        return None
    members = _unpacked(content)
    whole = OFFICE_MARK in members or all(member.endswith(".npy") for member in members)
    return None if whole else members


def _unpacked(content: bytes) -> dict[str, bytes]:
    """Return what is in a zip; nothing where it cannot be opened, which reading it will explain."""
    try:
        return unpack_zip(content, "zip")
    except RecordError:
        return {}


def _of_one_folder(files: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    parts = {name: content for name, content in files.items() if not _is_whole(name, content)}
    groups = [{name: files[name]} for name in files if name not in parts]
    for segmented in _of_segments(parts):
        groups.append(segmented)
        parts = {name: content for name, content in parts.items() if name not in segmented}
    headers = _headers(parts)
    if len(headers) != 1:
        return [*_by_stem(parts), *groups]
    named = _named_in(parts[headers[0]])
    if not named <= parts.keys():
        return [parts, *groups]
    stem = PurePath(headers[0]).stem
    own = {name: parts[name] for name in parts if name in named or PurePath(name).stem == stem}
    others = {name: content for name, content in parts.items() if name not in own}
    return [own, *_by_stem(others), *groups]


def _headers(files: Mapping[str, bytes]) -> list[str]:
    return [name for name in files if PurePath(name).suffix.lower() == ".hea"]


def _of_segments(files: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    """Return the WFDB records made of segments: a header, its segments and the files they name."""
    groups = []
    for header in _headers(files):
        names = {header}
        for segment in _segments_of(files[header]):
            inner = f"{segment}.hea"
            names |= {inner, *_named_in(files.get(inner, b""))}
        if len(names) > 1:
            groups.append({name: content for name, content in files.items() if name in names})
    return groups


def _segments_of(header: bytes) -> tuple[str, ...]:
    try:
        return tuple(segment.name for segment in parse_header(header, "header").segments)
    except RecordError:
        return ()


def _by_stem(files: Mapping[str, bytes]) -> list[dict[str, bytes]]:
    stems = dict.fromkeys(PurePath(name).stem for name in files)
    return [
        {name: content for name, content in files.items() if PurePath(name).stem == stem}
        for stem in stems
    ]


def _is_whole(name: str, content: bytes) -> bool:
    """Whether a file is an ECG by itself; what is named like a part of a WFDB record is not."""
    found = detect_format(content[:HEAD_BYTES])
    return (
        PurePath(name).suffix.lower() not in _WFDB_SUFFIXES
        and found not in NOT_AN_ECG
        and found != "WFDB"
    )


def _named_in(header: bytes) -> set[str]:
    """Return the signal files that a WFDB header names: the first word of each line but the first.

    Also what is none in a damaged header, which is then not found.
    """
    lines = [line.split() for line in header.decode("latin-1").splitlines()]
    spoken = [words[0] for words in lines if words and not words[0].startswith("#")]
    return {plain_name(name) for name in spoken[1:]}
