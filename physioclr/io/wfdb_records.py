"""WFDB records: a header (``.hea``) and signal files (``.dat``, ``.mat``).

The header is parsed and its claims are checked against the files before the wfdb library decodes
the samples. The library is given a plain header of its own and links to the signal files in a
private folder, so that no name from a file or an upload is ever a path.
"""

from __future__ import annotations

from physioclr.io.ecg_records import ecg_record
from physioclr.io.source_files import SourceFiles
from physioclr.io.wfdb_channels import read_channels
from physioclr.io.wfdb_comments import stated_by_comments
from physioclr.io.wfdb_header import parse_header
from physioclr.io.wfdb_segments import read_segments
from physioclr.records import EcgRecord

__all__ = ["is_header_of_segments", "read_wfdb"]

_LONGEST_HEADER_BYTES = 1_000_000


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
        which scale each lead to 1 mV peak to peak. Signals that were sampled faster than the
        slowest are averaged to its rate, as the wfdb library does.

    Raises
    ------
    RecordError
        If the header is damaged, a signal file is missing or does not fit it, or no sample of a
        voltage is left.
    """
    header = parse_header(files.read(header_name, _LONGEST_HEADER_BYTES), header_name)
    read = read_segments if header.segments else read_channels
    channels = read(files, header, header_name)
    return ecg_record(
        channels,
        source=header_name,
        file_format="WFDB",
        record_id=header.record_name,
        stated=stated_by_comments(header.comments),
    )


def is_header_of_segments(files: SourceFiles, header_name: str) -> bool:
    """Return whether a file is the header of a record whose segments have headers of their own."""
    content = files.read(header_name, _LONGEST_HEADER_BYTES)
    return bool(parse_header(content, header_name).segments)
