"""Files that hold an ECG, one module a format: `read_ecg`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from physioclr.errors import RecordError
from physioclr.io.source_files import FolderFiles, SourceFiles, UploadedFiles
from physioclr.io.wfdb_records import is_header_of_segments, read_wfdb
from physioclr.records import EcgRecord

__all__ = ["read_ecg"]

_EXPECTED = "a WFDB header (.hea) and its signal file (.dat or .mat)"
_SIGNAL_SUFFIXES = (".dat", ".mat")


def read_ecg(
    source: str | Path | bytes | Mapping[str, bytes], *, name: str | None = None
) -> EcgRecord:
    """Read one ECG.

    Parameters
    ----------
    source : path-like, bytes, or mapping of str to bytes
        A file (of a WFDB record the header, the signal file or their common stem); the content of
        a file; or, for a record of several files, their contents by file name.
    name : str, optional
        The file's name, required with bytes and with nothing else.

    Returns
    -------
    EcgRecord
        In mV. The standard leads come first, in the product's order; limb leads that follow from
        the ones present are added. `meta` holds ``source``, ``format``, and where the file states
        them ``age_years``, ``sex`` and ``diagnosis_codes``; ``derived_leads`` names what was added,
        ``left_out`` why a channel of the file is not a lead here, ``warnings`` what was assumed.

    Raises
    ------
    RecordError
        If the file is missing, damaged, or of no format that is known.
    TypeError
        If `source` is of another type, or `name` does not go with it.
    """
    if isinstance(source, bytes):
        if name is None:
            raise TypeError("name must be given with bytes, such as name='00001.hea'")
        return _read_uploaded({name: source})
    if name is not None:
        raise TypeError(f"name goes with bytes only, got it with {type(source).__name__}")
    if isinstance(source, Mapping):
        return _read_uploaded(source)
    if isinstance(source, str | Path):
        return _read_path(Path(source))
    raise TypeError(
        f"source must be a path, bytes or a mapping of file names to bytes, got "
        f"{type(source).__name__}"
    )


def _read_path(path: Path) -> EcgRecord:
    stem_of = path.with_name(f"{path.name}.hea")
    if not path.is_file() and stem_of.is_file():
        return read_wfdb(FolderFiles(path.parent), stem_of.name)
    if path.is_dir():
        raise RecordError(path.name, expected=_EXPECTED, found="a folder")
    if not path.is_file():
        raise RecordError(path.name, expected=_EXPECTED, found="no such file")
    return _read_wfdb_part(FolderFiles(path.parent), path.name)


def _read_uploaded(contents: Mapping[str, bytes]) -> EcgRecord:
    files = UploadedFiles(contents)
    headers = [file for file in files.names if file.lower().endswith(".hea")]
    if len(headers) > 1:
        headers = [file for file in headers if is_header_of_segments(files, file)] or headers
    if len(headers) == 1:
        return read_wfdb(files, headers[0])
    named = ", ".join(files.names) or "an upload"
    if headers:
        raise RecordError(named, expected="the files of one ECG", found=f"{len(headers)} headers")
    if len(files.names) != 1:
        raise RecordError(named, expected=_EXPECTED, found="no header among them")
    return _read_wfdb_part(files, files.names[0])


def _read_wfdb_part(files: SourceFiles, given: str) -> EcgRecord:
    """Read a record by the name of its header or its signal file."""
    path = PurePosixPath(given)
    suffix = path.suffix.lower()
    if suffix == ".hea":
        return read_wfdb(files, given)
    header = f"{path.stem}.hea"
    if suffix not in _SIGNAL_SUFFIXES:
        ending = f"a file ending in {suffix}" if suffix else "a file without an ending"
        raise RecordError(given, expected=_EXPECTED, found=f"{ending}, a format that is not known")
    if header not in files:
        raise RecordError(given, expected=_EXPECTED, found=f"no {header} beside it")
    return read_wfdb(files, header)
