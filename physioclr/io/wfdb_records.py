"""WFDB records: a header (``.hea``) and signal files (``.dat``, ``.mat``).

The header is parsed and its claims are checked against the files before samples are decoded. No
name from a file or an upload is ever a path.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from physioclr.io.ecg_records import ecg_record
from physioclr.io.limits import current_limits
from physioclr.io.source_files import SourceFiles
from physioclr.io.wfdb_channels import read_channels
from physioclr.io.wfdb_comments import stated_by_comments
from physioclr.io.wfdb_header import parse_header
from physioclr.io.wfdb_segments import read_segments
from physioclr.records import EcgRecord

__all__ = ["is_header_of_segments", "read_wfdb"]


def read_wfdb(files: SourceFiles, header_name: str) -> EcgRecord:
    """Read a WFDB record.

    Parameters
    ----------
    files : SourceFiles
    header_name : str
        One of `files`.

    Returns
    -------
    EcgRecord
        As `physioclr.io.read_ecg` describes it. Gains are the header's own, also those of LUDB,
        which scale each lead to 1 mV peak to peak. Of signals at several rates those at the rate
        of most standard leads are read. `record_id` is the header's file name: the name in the
        header may be a person's.

    Raises
    ------
    RecordError
        If the header is damaged, a signal file is missing or does not fit it, or no sample of a
        voltage is left.
    """
    header = parse_header(files.read(header_name, current_limits().header_bytes), header_name)
    read = read_segments if header.segments else read_channels
    channels = read(files, header, header_name)
    return ecg_record(
        channels,
        source=header_name,
        file_format="WFDB",
        record_id=PurePosixPath(header_name).stem,
        stated=stated_by_comments(header.comments),
    )


def is_header_of_segments(files: SourceFiles, header_name: str) -> bool:
    """Return whether a file is the header of a record whose segments have headers of their own."""
    content = files.read(header_name, current_limits().header_bytes)
    return bool(parse_header(content, header_name).segments)
