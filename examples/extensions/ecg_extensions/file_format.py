"""A file format: text, its first lines the sampling rate and the leads, then microvolts."""

import io

import numpy as np

from physioclr import EcgRecord, RecordError
from physioclr.io.plugin_formats import FileFormat


def is_microvolt_text(head: bytes) -> bool:
    return head.startswith(b"#MICROVOLTS")


def read_microvolt_text(content: bytes, name: str) -> EcgRecord:
    _, rate, leads, samples = content.decode("ascii").split("\n", 3)
    signal_uv = np.loadtxt(io.StringIO(samples), ndmin=2).T
    if len(signal_uv) != len(leads.split()):
        raise RecordError(name, expected=leads, found=f"{len(signal_uv)} columns")
    return EcgRecord(
        signal_mv=signal_uv / 1000,
        fs_hz=float(rate),
        leads=tuple(leads.split()),
        record_id=name.partition(".")[0],
    )


MICROVOLT_TEXT = FileFormat(
    name="microvolt text",
    recognises=is_microvolt_text,
    read=read_microvolt_text,
)
