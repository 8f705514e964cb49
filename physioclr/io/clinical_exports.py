"""SCP-ECG, HL7 aECG, GE MUSE XML, Philips XML, ISHNE and MFER, decoded by ecgdatakit.

The library reads from a path: the content is written into a private temporary folder that is
removed before this module returns. Its messages may repeat what a file says about a person, so
none of them is passed on: what a file claims is checked here, and the reasons are given here.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

import numpy as np
from ecgdatakit.exceptions import ECGDataKitError, MissingElementError, UnsupportedFormatError
from ecgdatakit.parsing.parsers.ge_muse_xml import GEMuseXMLParser
from ecgdatakit.parsing.parsers.hl7_aecg import HL7aECGParser
from ecgdatakit.parsing.parsers.ishne_holter import ISHNEHolterParser
from ecgdatakit.parsing.parsers.mfer import MFERParser
from ecgdatakit.parsing.parsers.scp_ecg import SCPECGParser
from ecgdatakit.parsing.parsers.sierra_xml import SierraXMLParser

from physioclr.errors import RecordError
from physioclr.io.aecg_digits import LeadDigits, take_digits
from physioclr.io.channels import FileSignal, join_signals
from physioclr.io.clinical_claims import check_claims
from physioclr.io.clinical_numbers import check_stated_numbers
from physioclr.io.clinical_readings import device_reading
from physioclr.io.ecg_records import ecg_record
from physioclr.io.person import stated_person
from physioclr.io.private_folder import private_folder
from physioclr.io.scp_layout import standard_scp
from physioclr.io.xml_documents import utf8_document
from physioclr.records import EcgRecord

if TYPE_CHECKING:
    from ecgdatakit.models import ECGRecord, Lead
    from ecgdatakit.parsing.parser import Parser

__all__ = ["is_mfer", "read_clinical_export"]

_PARSERS: dict[str, Callable[[], Parser]] = {
    "GE MUSE XML": GEMuseXMLParser,
    "HL7 aECG": HL7aECGParser,
    "ISHNE": ISHNEHolterParser,
    "MFER": MFERParser,
    "Philips XML": SierraXMLParser,
    "SCP-ECG": SCPECGParser,
}
_XML = ("GE MUSE XML", "HL7 aECG", "Philips XML")
# What the parsers raise on a damaged file besides the library's own errors.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    ExpatError,
    LookupError,
    MemoryError,
    ParseError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
# The library's remarks that matter to the reader of an ECG, in words that name nobody.
_REMARKS = {
    "checksum": "A checksum in the file differs from its content's.",
    "crc": "A checksum in the file differs from its content's.",
    "only the first": "The file holds further recordings: the first is read.",
    "additional rhythm": "The file holds further recordings: the first is read.",
    "not applied": "The file states offsets of its leads that no document explains: left as is.",
    "not loaded": "The file holds further recordings: the first is read.",
    "default of 1000": "No sampling rate is stated: the format's default of 1000 Hz is assumed.",
}
_FEWER_SAMPLES = ("missing sample", "no waveform data")  # than claimed, in MFER
_FAULTY_SAMPLE = -32768.0  # what ISHNE stores for a lead that is off


def read_clinical_export(content: bytes, name: str, file_format: str) -> EcgRecord:
    """Read the rhythm of a clinical export.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.
    file_format : str
        A key of this module's parsers: ``"SCP-ECG"``, ``"HL7 aECG"``, …

    Returns
    -------
    EcgRecord
        With the `device_reading`. Median beats and everything about the person but age and sex
        stay in the file.

    Raises
    ------
    RecordError
        If the file is damaged, of a variant that is not known, states no unit, or holds no rhythm.
    """
    more_remarks: tuple[str, ...] = ()
    if file_format == "SCP-ECG":
        content, more_remarks = standard_scp(content)
    check_claims(content, name, file_format)
    if file_format in _XML:
        content = utf8_document(content, name)
    digits: dict[int, LeadDigits] = {}
    if file_format == "HL7 aECG":
        content, digits = take_digits(content, name)
    elif file_format in _XML:
        check_stated_numbers(content, name, file_format)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            parsed = _parse(content, name, file_format)
        except RecordError:
            if not more_remarks:
                raise
            raise RecordError(
                name,
                expected="SCP-ECG as EN 1064 lays it out, section 0 pointing to itself at byte 7",
                found="a layout of the maker's, with a pointer to byte 6 and damaged sections: "
                "export DICOM, HL7 aECG or EDF instead",
            ) from None
    signals, left_out = _signals(parsed, file_format, digits, name)
    if not left_out and not any(len(signal.samples) for signal in signals):
        found = "a median beat and no more" if parsed.median_beats else "none"
        raise RecordError(name, expected="a rhythm", found=found)
    said = " ".join(str(warning.message).lower() for warning in caught)
    if any(mark in said for mark in _FEWER_SAMPLES):
        raise RecordError(
            name, expected="as many samples as the file claims", found="one that is cut short"
        )
    remarks = dict.fromkeys(text for mark, text in _REMARKS.items() if mark in said)
    return ecg_record(
        join_signals(signals, name, left_out=left_out, warnings=(*more_remarks, *remarks)),
        source=name,
        file_format=file_format,
        record_id=PurePosixPath(name).stem,
        stated=stated_person(age_years=parsed.patient.age, sex=parsed.patient.sex),
        device_reading=device_reading(parsed),
    )


def is_mfer(head: bytes) -> bool:
    """Return whether a file begins with a chain of MFER definitions, which has no mark of its own.

    Parameters
    ----------
    head : bytes

    Returns
    -------
    bool
    """
    try:
        return bool(MFERParser.can_parse(Path("record"), head))
    except _DAMAGE:
        return False


def _parse(content: bytes, name: str, file_format: str) -> ECGRecord:
    with private_folder() as folder:
        path = folder / "record"
        path.write_bytes(content)
        try:
            return _PARSERS[file_format]().parse(path)
        except UnsupportedFormatError:
            raise RecordError(
                name, expected=f"a variant of {file_format} that is known", found="another"
            ) from None
        except (ECGDataKitError, *_DAMAGE) as error:
            expected, found = _reason(error, file_format)
            raise RecordError(name, expected=expected, found=found) from None


def _reason(error: Exception, file_format: str) -> tuple[str, str]:
    """Return what was expected and found, without a word of the library's message."""
    if str(error).startswith(("No rhythm", "No ECG lead", "MFER: no waveform")):
        return "a rhythm", "none"
    if file_format in _XML and isinstance(error.__cause__ or error, ParseError | ExpatError):
        return "a whole XML document", "one that is damaged or cut short"
    if isinstance(error, MissingElementError):
        return f"the parts of {file_format} that hold a rhythm", "one of them missing"
    return f"a whole {file_format} file", "one that is damaged, cut short or contradicts itself"


def _signals(
    parsed: ECGRecord, file_format: str, digits: dict[int, LeadDigits], name: str
) -> tuple[list[FileSignal], dict[str, str]]:
    """Return the leads of the rhythm, and why others are left out."""
    if file_format != "HL7 aECG":
        return [_signal(parsed, index, file_format) for index in range(len(parsed.leads))], {}
    signals, left_out = [], {}
    for index, lead in enumerate(parsed.leads):
        of_lead = digits[int(lead.samples[0])]
        if of_lead.missing:
            left_out[lead.label] = of_lead.missing
        else:
            fs_hz = _fs_hz(parsed, lead, index, file_format)
            signals.append(FileSignal(lead.label, of_lead.samples, of_lead.unit, fs_hz))
    if left_out and not signals:
        raise RecordError(
            name,
            expected="a lead in mV, µV or V",
            found=_why_none(set(left_out.values())),
        )
    return signals, left_out


def _why_none(reasons: set[str]) -> str:
    if reasons == {"its unit is not stated"}:
        return "only no unit"
    return f"none: of each lead, {' or '.join(sorted(reasons))}"


def _signal(parsed: ECGRecord, index: int, file_format: str) -> FileSignal:
    lead = parsed.leads[index]
    samples = np.asarray(lead.samples, dtype=np.float64)
    lead.samples = samples[:0]  # held once
    if file_format == "ISHNE":
        samples = np.where(samples == _FAULTY_SAMPLE, np.nan, samples)
    unit = lead.units
    if lead.is_raw:
        unit = lead.resolution_unit if lead.resolution else ""
        samples = samples * lead.resolution + lead.offset
    start = lead.annotations.get("start_sample", "1") if file_format == "SCP-ECG" else "1"
    return FileSignal(
        name=lead.label,
        samples=samples.astype(np.float32),
        unit=unit or "",
        fs_hz=_fs_hz(parsed, lead, index, file_format),
        start_samples=int(start) - 1,
    )


def _fs_hz(parsed: ECGRecord, lead: Lead, index: int, file_format: str) -> float:
    """Return the rate as the file states it: the library rounds it to whole Hz."""
    stated = parsed.raw_metadata
    if file_format == "HL7 aECG":
        return float(stated["rhythm_time"]["sampling_rate_exact"])
    if file_format == "SCP-ECG":
        return 1e6 / float(stated["rhythm_sample_interval_us"])
    if file_format == "MFER":
        return float(stated["sampling_rates"][index])
    return float(lead.sampling_rate)
