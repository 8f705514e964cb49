"""File formats of other packages: `FileFormat`, and their table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from physioclr.errors import PhysioclrError, RecordError
from physioclr.io.channels import Channels, unique_leads
from physioclr.io.ecg_records import ecg_record
from physioclr.records import EcgRecord
from physioclr.runtime.plugins import PluginTable

__all__ = ["FORMATS", "FileFormat", "read_plugin_format"]


@dataclass(frozen=True)
class FileFormat:
    """A format of files that hold one ECG each, as a plug-in of ``physioclr.formats`` brings it.

    Its functions should be those of a module and not lambdas, so that `prepare` can send them to
    its other processes.

    Parameters
    ----------
    name : str
        The format's, as a record's `meta` and messages have it.
    recognises : callable
        Takes the first 64 KiB of a file; returns whether it is of this format. Asked where a
        file is of no format that states its own leads and unit, so that a table, a NumPy array
        or an HDF5 file of a known layout can be one too.
    read : callable
        Takes the content of a file and its name; returns an `EcgRecord` in mV, or raises a
        `RecordError`. Leads that follow are then added and all put in order, as for every format.
    """

    plugin_group: ClassVar[str] = "physioclr.formats"
    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes, str], EcgRecord]


def _format(name: str, found: object) -> FileFormat:  # noqa: ARG001
    if not isinstance(found, FileFormat):
        raise TypeError(f"a FileFormat, got {found!r}")
    return found


FORMATS: PluginTable[FileFormat] = PluginTable("physioclr.formats", _format)
"""The formats that plug-ins read, by the plug-in's name."""


def read_plugin_format(content: bytes, name: str, plugin: str) -> EcgRecord:
    """Read an ECG of a plug-in's format.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.
    plugin : str
        A name of `FORMATS`.

    Returns
    -------
    EcgRecord

    Raises
    ------
    RecordError
        If the plug-in says so, fails otherwise, or returns something else.
    """
    found = FORMATS[plugin]
    try:
        read = found.read(content, name)
    except PhysioclrError:
        raise
    except Exception as error:  # its text may repeat what the file says of a person
        raise RecordError(
            name,
            expected=f"a file that the plug-in {plugin} can read as {found.name}",
            found=f"its {type(error).__name__}",
        ) from error
    if not isinstance(read, EcgRecord):
        raise RecordError(
            name,
            expected=f"an EcgRecord from the plug-in {plugin}",
            found=type(read).__name__,
        )
    channels = Channels(
        signal_mv=np.array(read.signal_mv, dtype=np.float32),
        fs_hz=read.fs_hz,
        leads=unique_leads(read.leads, name),
    )
    return ecg_record(
        channels,
        source=name,
        file_format=found.name,
        record_id=read.record_id,
        stated=read.meta,
        device_reading=read.device_reading,
    )
