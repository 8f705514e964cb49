"""Files that hold an ECG, each given to the reader of its format: `read_ecg`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from physioclr.errors import RecordError
from physioclr.io.archives import unpack_gzip, unpack_zip
from physioclr.io.array_layout import ArrayLayout
from physioclr.io.choice import ReadChoice, choosing
from physioclr.io.file_formats import HEAD_BYTES, NOT_AN_ECG, OFFICE_MARK, detect_format
from physioclr.io.limits import ReadLimits, reading_within
from physioclr.io.plugin_formats import FORMATS, read_plugin_format
from physioclr.io.source_files import FolderFiles, SourceFiles, UploadedFiles
from physioclr.records import EcgRecord

__all__ = ["read_ecg"]

_EXPECTED = (
    "an ECG as WFDB, DICOM, SCP-ECG, HL7 aECG, GE MUSE XML, Philips XML, EDF, BDF, ISHNE, MFER, "
    "CSV, TSV, NPY, NPZ or HDF5"
)
_SIGNAL_SUFFIXES = (".dat", ".mat")
_CLINICAL = ("SCP-ECG", "HL7 aECG", "GE MUSE XML", "Philips XML", "ISHNE", "MFER")


def read_ecg(
    source: str | Path | bytes | Mapping[str, bytes],
    *,
    name: str | None = None,
    layout: ArrayLayout | None = None,
    limits: ReadLimits | None = None,
    choice: ReadChoice | None = None,
) -> EcgRecord:
    """Read one ECG, of whatever format its content has.

    Parameters
    ----------
    source : path-like, bytes, or mapping of str to bytes
        A file (of a WFDB record the header, the signal file or their common stem); the content of
        a file; or, for a record of several files, their contents by file name. Any of them may be
        in a zip, a single file also in gzip.
    name : str, optional
        The file's name, required with bytes and with nothing else.
    layout : ArrayLayout, optional
        Sampling rate, unit, leads and orientation of a table or an array (CSV, TSV, NPY, NPZ,
        HDF5), which do not state them. Other formats state their own, and it is not used.
    limits : ReadLimits, optional
        How many bytes, files, samples and seconds one ECG may take.
    choice : ReadChoice, optional
        Channels, time and part to read, where a file holds more than one ECG.

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
        If the file is missing, damaged, of no format that is known, or does not say what its
        numbers mean.
    TypeError
        If `source` is of another type, or `name` does not go with it.

    Examples
    --------
    >>> import numpy as np
    >>> from physioclr import ArrayLayout, read_ecg
    >>> np.save("strip.npy", np.zeros((2, 5000)))
    >>> layout = ArrayLayout(fs_hz=500, unit="mV", leads=("I", "II"), orientation="leads_first")
    >>> record = read_ecg("strip.npy", layout=layout)
    >>> record.leads, record.fs_hz
    (('I', 'II', 'III', 'aVR', 'aVL', 'aVF'), 500.0)
    """
    with reading_within(limits), choosing(choice):
        return _read_source(source, name, layout)


def _read_source(
    source: str | Path | bytes | Mapping[str, bytes],
    name: str | None,
    layout: ArrayLayout | None,
) -> EcgRecord:
    if isinstance(source, bytes):
        if name is None:
            raise TypeError("name must be given with bytes, such as name='00001.hea'")
        return _read_uploaded({name: source}, layout)
    if name is not None:
        raise TypeError(f"name goes with bytes only, got it with {type(source).__name__}")
    if isinstance(source, Mapping):
        return _read_uploaded(source, layout)
    if isinstance(source, str | Path):
        return _read_path(Path(source), layout)
    raise TypeError(
        f"source must be a path, bytes or a mapping of file names to bytes, got "
        f"{type(source).__name__}"
    )


def _read_path(path: Path, layout: ArrayLayout | None) -> EcgRecord:
    stem_of = path.with_name(f"{path.name}.hea")
    if not path.is_file() and stem_of.is_file():
        path = stem_of
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise RecordError(path.name, expected=_EXPECTED, found=found)
    return _read_file(FolderFiles(path.parent), path.name, layout)


def _read_uploaded(contents: Mapping[str, bytes], layout: ArrayLayout | None) -> EcgRecord:
    files = UploadedFiles(contents)
    if len(files.names) == 1:
        return _read_file(files, files.names[0], layout)
    formats = {name: detect_format(files.read(name, HEAD_BYTES)) for name in files.names}
    headers = [
        name for name in files.names if name.lower().endswith(".hea") or formats[name] == "WFDB"
    ]
    if len(headers) > 1:
        headers = _headers_of_segments(files, headers) or headers
    # A signal file may look like anything: beside a header nothing else is looked for.
    ecgs = headers or [
        name for name, found in formats.items() if found not in NOT_AN_ECG or found == "binary"
    ]
    if len(ecgs) == 1:
        return _read_file(files, ecgs[0], layout)
    named = ", ".join(files.names) or "an upload"
    if headers:
        raise RecordError(named, expected="the files of one ECG", found=f"{len(headers)} headers")
    if len(ecgs) > 1:
        raise RecordError(named, expected="the files of one ECG", found=f"{len(ecgs)} files")
    raise RecordError(named, expected=_EXPECTED, found="no header among them")


def _headers_of_segments(files: SourceFiles, headers: list[str]) -> list[str]:
    from physioclr.io.wfdb_records import is_header_of_segments

    return [name for name in headers if is_header_of_segments(files, name)]


def _read_file(files: SourceFiles, name: str, layout: ArrayLayout | None) -> EcgRecord:
    """Read the ECG that a file is, or is a part of."""
    path = PurePosixPath(name)
    header = f"{path.stem}.hea"
    head = files.read(name, HEAD_BYTES)
    found = detect_format(head)
    if path.suffix.lower() == ".hea" or found == "WFDB":
        return _read_wfdb(files, name)
    if path.suffix.lower() in _SIGNAL_SUFFIXES and header in files:
        return _read_wfdb(files, header)
    if not head:
        raise RecordError(name, expected=_EXPECTED, found="0 bytes")
    if found == "binary" and path.suffix.lower() not in _SIGNAL_SUFFIXES and _is_mfer(head):
        found = "MFER"
    if found in NOT_AN_ECG:
        if path.suffix.lower() in _SIGNAL_SUFFIXES:
            raise RecordError(
                name, expected="a WFDB signal file with its header", found=f"no {header} beside it"
            )
        raise RecordError(name, expected=_EXPECTED, found=NOT_AN_ECG[found])
    return _read_content(files.read(name), name, found, layout)


def _read_wfdb(files: SourceFiles, header: str) -> EcgRecord:
    from physioclr.io.wfdb_records import read_wfdb

    return read_wfdb(files, header)


def _is_mfer(head: bytes) -> bool:
    from physioclr.io.clinical_exports import is_mfer

    return is_mfer(head)


def _read_content(
    content: bytes, name: str, file_format: str, layout: ArrayLayout | None
) -> EcgRecord:
    """Read a file by its format. Each reader's library is imported when it is first needed."""
    if file_format in _CLINICAL:
        from physioclr.io.clinical_exports import read_clinical_export

        return read_clinical_export(content, name, file_format)
    if file_format == "DICOM":
        from physioclr.io.dicom import read_dicom

        return read_dicom(content, name)
    if file_format in ("EDF", "BDF"):
        from physioclr.io.edf import read_edf

        return read_edf(content, name, file_format)
    if file_format in FORMATS:
        return read_plugin_format(content, name, file_format)
    if file_format in ("zip", "gzip"):
        return _read_archive(content, name, file_format, layout)
    return _read_array(content, name, file_format, layout)


def _read_array(
    content: bytes, name: str, file_format: str, layout: ArrayLayout | None
) -> EcgRecord:
    if file_format == "NPY":
        from physioclr.io.numpy_files import read_npy

        return read_npy(content, name, layout)
    if file_format == "HDF5":
        from physioclr.io.hdf5_files import read_hdf5

        return read_hdf5(content, name, layout)
    if file_format == "JSON":
        from physioclr.io.json_recordings import read_json

        return read_json(content, name)
    from physioclr.io.tables import read_table

    return read_table(content, name, layout)


def _read_archive(
    content: bytes, name: str, file_format: str, layout: ArrayLayout | None
) -> EcgRecord:
    from physioclr.io.numpy_files import is_npz, read_npz

    if file_format == "gzip":
        inner = PurePosixPath(name).stem if name.lower().endswith(".gz") else name
        members = {inner: unpack_gzip(content, name)}
    else:
        members = unpack_zip(content, name)
        if is_npz(tuple(members)):
            return read_npz(content, name, layout)
        if OFFICE_MARK in members:
            raise RecordError(name, expected=_EXPECTED, found=NOT_AN_ECG["Office"])
    for member, inside in members.items():
        if detect_format(inside[:HEAD_BYTES]) in ("zip", "gzip"):
            raise RecordError(
                name, expected="an ECG in an archive", found=f"another archive in it, {member}"
            )
    return _read_uploaded(members, layout)
