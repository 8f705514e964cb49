"""DICOM waveforms, decoded from what pydicom reads.

PS3.3 C.10.9 (Waveform Module): a multiplex group is (samples, channels) in C order; a physical
value is ``sample * sensitivity * correction + baseline`` in the units of the channel's sensitivity.
Only the waveforms, the device's reading, age, sex and dates are asked of the library.
"""

from __future__ import annotations

import io
import math
import re
import struct
import warnings
import zlib
from collections.abc import Sequence
from datetime import date
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.errors import BytesLengthException, InvalidDicomError

from physioclr.errors import RecordError
from physioclr.io.channels import FileSignal, join_signals, unique_leads
from physioclr.io.choice import current_choice
from physioclr.io.dicom_reading import READING_ELEMENTS, dicom_reading
from physioclr.io.ecg_records import ecg_record
from physioclr.io.limits import check_samples, current_limits
from physioclr.io.person import age_on, stated_person
from physioclr.leads import canonical_lead
from physioclr.records import EcgRecord

__all__ = ["read_dicom"]

_ELEMENTS = [
    *READING_ELEMENTS,
    "PatientAge",
    "PatientBirthDate",
    "PatientSex",
    "SOPClassUID",
    "StudyDate",
    "WaveformSequence",
]
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_EXPLICIT = b"1.2.840.10008.1.2.1"
# Value representations whose length takes four bytes (PS3.5 7.1.2).
_LONG_VRS = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT")

# Waveform Sample Interpretation (PS3.3 C.10.9.1.5) → numpy's kind and size
_SAMPLE_TYPES = {
    "SB": "i1",
    "UB": "u1",
    "SS": "i2",
    "US": "u2",
    "SL": "i4",
    "UL": "u4",
    "SV": "i8",
    "UV": "u8",
}

# Lead codes of ISO 11073-10102, which SCP-ECG and CID 3001 of PS3.16 share.
_LEAD_CODES = {
    **dict(enumerate(("I", "II", "V1", "V2", "V3", "V4", "V5", "V6", "V7"), start=1)),
    **dict(enumerate(("V2R", "V3R", "V4R", "V5R", "V6R", "V7R", "X", "Y", "Z"), start=10)),
    **dict(enumerate(("III", "aVR", "aVL", "aVF", "-aVR", "V8", "V9", "V8R", "V9R"), start=61)),
}
_CODE_NUMBER = re.compile(r"(?:2:|5\.6\.3-9-)(\d{1,3})")

# A median beat lasts one beat; a rhythm, even a short strip, more than two seconds.
_MEDIAN_WORDS = ("MEDIAN", "REPRESENTATIVE", "AVERAGE", "TEMPLATE", "DOMINANT")
_LONGEST_BEAT_S = 2.0
_SIMULTANEOUS = (
    "Not every group of leads states its time: those of one length count as simultaneous."
)
_MEDIAN_OFFERED = (
    "The file also holds a median beat: read it with choice=ReadChoice(part='median')."
)
_AGE = re.compile(r"(\d{1,3})([DWMY])")
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
# What pydicom and the values it gives raise on a damaged file.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def read_dicom(content: bytes, name: str) -> EcgRecord:
    """Read the rhythm of a DICOM waveform.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.

    Returns
    -------
    EcgRecord
        The multiplex groups of the rhythm on one time axis. Median beats are left out.

    Raises
    ------
    RecordError
        If the file is damaged, or holds no waveform of an ECG.
    """
    content = _inflated(content, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's remarks repeat values of the file
            dataset = pydicom.dcmread(io.BytesIO(content), force=True, specific_tags=_ELEMENTS)
            groups = list(dataset.get("WaveformSequence") or ())
            if not groups:
                raise RecordError(
                    name, expected="a DICOM waveform of an ECG", found=_other_content(dataset)
                )
            little_endian = _is_little_endian(dataset)
            signals, left_out, remarks = _rhythm(groups, little_endian, name)
            stated = _person(dataset)
            reading = dicom_reading(dataset, [group for group in groups if not _is_median(group)])
    except _DAMAGE:
        raise RecordError(
            name, expected="a whole DICOM file", found="one that is damaged or cut short"
        ) from None  # the library's message may repeat what the file says about a person
    return ecg_record(
        join_signals(signals, name, left_out=left_out, warnings=remarks),
        source=name,
        file_format="DICOM",
        record_id=PurePosixPath(name).stem,
        stated=stated,
        device_reading=reading,
    )


def _inflated(content: bytes, name: str) -> bytes:
    """Return a deflated file inflated, within bounds: the library would inflate it whole.

    PS3.10 7.1: the file meta information is a chain of explicit elements of group 2, whatever its
    group length claims.
    """
    if content[128:132] != b"DICM":
        return content
    at, syntax = 132, (0, 0)
    while content[at : at + 2] == b"\x02\0" and at + 8 <= len(content):
        is_long = content[at + 4 : at + 6] in _LONG_VRS
        start = at + (12 if is_long else 8)
        size = int.from_bytes(content[start - (4 if is_long else 2) : start], "little")
        if content[at + 2 : at + 4] == b"\x10\0":
            syntax = (start, start + size)
        at = start + size
    if content[syntax[0] : syntax[1]].rstrip(b"\0 ") != _DEFLATED:
        return content
    most = current_limits().most_unpacked(len(content))
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = stream.decompress(content[at:], most)
    except zlib.error as error:
        raise RecordError(
            name, expected="a whole DICOM file", found="one that is damaged or cut short"
        ) from error
    if stream.unconsumed_tail or (not stream.eof and stream.decompress(b"", 1)):
        raise RecordError(
            name,
            expected=f"at most {most} bytes",
            found="more, in a deflated DICOM file",
        )
    size = syntax[1] - syntax[0]
    explicit = _EXPLICIT.ljust(size, b"\0")
    return content[: syntax[0]] + explicit + content[syntax[1] : at] + inflated


def _other_content(dataset: pydicom.Dataset) -> str:
    kind = getattr(dataset.get("SOPClassUID"), "name", "")
    return f"a DICOM file of {kind} without one" if "Storage" in kind else "DICOM without one"


def _is_little_endian(dataset: pydicom.Dataset) -> bool:
    encoding = dataset.original_encoding[1]
    return encoding is None or bool(encoding)


def _rhythm(
    groups: Sequence[pydicom.Dataset], little_endian: bool, name: str
) -> tuple[list[FileSignal], dict[str, str], tuple[str, ...]]:
    """Return the signals of every group that is no median beat, each lead once; and remarks."""
    medians = [group for group in groups if _is_median(group)]
    rhythms = [group for group in groups if not _is_median(group)]
    if current_choice().part == "median":
        rhythms, medians = medians, []
    if not rhythms:
        asked = "a median beat" if current_choice().part == "median" else "a rhythm"
        found = "a rhythm and no more" if asked == "a median beat" else "a median beat and no more"
        raise RecordError(name, expected=asked, found=found)
    rhythms.sort(key=lambda group: -int(group.NumberOfWaveformChannels))
    signals: list[FileSignal] = []
    left_out: dict[str, str] = {}
    assumed = False
    for group in rhythms:
        offset_ms = group.get("MultiplexGroupTimeOffset")
        placed = offset_ms is not None or not signals
        read = _group_signals(group, little_endian, float(offset_ms or 0), name)
        present = {canonical_lead(signal.name) for signal in signals}
        for signal in read:
            if canonical_lead(signal.name) in present:
                left_out[f"{signal.name} of another group"] = "the lead is read already"
            elif placed or len(signal.samples) == len(signals[0].samples):
                signals.append(signal)
                assumed = assumed or not placed
            else:
                left_out[signal.name] = "when it was recorded is not stated"
    remarks = [_SIMULTANEOUS] if assumed else []
    if medians:
        remarks.append(_MEDIAN_OFFERED)
    return signals, left_out, tuple(remarks)


def _is_median(group: pydicom.Dataset) -> bool:
    label = str(group.get("MultiplexGroupLabel") or "").upper()
    if any(word in label for word in _MEDIAN_WORDS):
        return True
    lasts_s = float(group.NumberOfWaveformSamples) / float(group.SamplingFrequency)
    return group.get("WaveformOriginality") == "DERIVED" and lasts_s < _LONGEST_BEAT_S


def _group_signals(
    group: pydicom.Dataset, little_endian: bool, offset_ms: float, name: str
) -> list[FileSignal]:
    samples = _samples(group, little_endian, name)
    channels = list(group.ChannelDefinitionSequence)
    if len(channels) != len(samples):
        raise RecordError(
            name,
            expected=f"{len(samples)} channel definitions",
            found=f"{len(channels)}",
        )
    fs_hz = float(group.SamplingFrequency)
    start_samples = round(offset_ms * fs_hz / 1000)
    leads = unique_leads([_lead(channel) for channel in channels], name)
    return [
        FileSignal(lead, _physical(row, channel), _unit(channel), fs_hz, start_samples)
        for lead, row, channel in zip(leads, samples, channels, strict=True)
    ]


def _samples(group: pydicom.Dataset, little_endian: bool, name: str) -> NDArray[np.float64]:
    """Return (n_channels, n_samples) values of the converter, NaN where they are padding."""
    kind = str(group.WaveformSampleInterpretation)
    bits = int(group.WaveformBitsAllocated)
    if _SAMPLE_TYPES.get(kind, "")[1:] != str(bits // 8):
        raise RecordError(
            name,
            expected=f"samples as one of {', '.join(_SAMPLE_TYPES)}",
            found=f"{kind} in {bits} bits",
        )
    dtype = np.dtype(_SAMPLE_TYPES[kind]).newbyteorder("<" if little_endian else ">")
    n_channels, n_samples = int(group.NumberOfWaveformChannels), int(group.NumberOfWaveformSamples)
    data = bytes(group.WaveformData)
    needed = n_channels * n_samples * dtype.itemsize
    if needed == 0 or not needed <= len(data) <= needed + 1:
        raise RecordError(
            name,
            expected=f"{needed} bytes for {n_samples} samples of {n_channels} channels",
            found=f"{len(data)} bytes",
        )
    check_samples(n_channels * n_samples, name)
    raw = np.frombuffer(data, dtype=dtype, count=n_channels * n_samples)
    samples = raw.reshape(n_samples, n_channels).T
    padding = _padding(group, dtype)
    if padding is None:
        return samples.astype(np.float64)
    return np.where(_is_padding(samples, padding), np.nan, samples)


def _padding(group: pydicom.Dataset, dtype: np.dtype[Any]) -> int | None:
    padding = group.get("WaveformPaddingValue")
    if isinstance(padding, bytes) and len(padding) >= dtype.itemsize:
        return int(np.frombuffer(padding, dtype=dtype, count=1)[0])
    return padding if isinstance(padding, int) else None


def _is_padding(samples: NDArray[np.integer[Any]], padding: int) -> NDArray[np.bool_]:
    """Return where samples are padding: nowhere in a channel that reaches above and below it.

    Some writers name a value as padding, 0, that the signal crosses.
    """
    above = (samples > padding).any(axis=1, keepdims=True)
    below = (samples < padding).any(axis=1, keepdims=True)
    found: NDArray[np.bool_] = (samples == padding) & ~(above & below)
    return found


def _physical(row: NDArray[np.float64], channel: pydicom.Dataset) -> NDArray[np.float64]:
    sensitivity, correction, baseline = _scale(channel)
    return row * (sensitivity * correction) + baseline


def _scale(channel: pydicom.Dataset) -> tuple[float, float, float]:
    """Return sensitivity, correction and baseline; NaN where one is stated that cannot be.

    PS3.3 C.10.9.1.4.1: the sensitivity has no default; the correction (1) and the baseline (0) are
    what calibration adds to it.
    """
    sensitivity = _stated(channel, "ChannelSensitivity", math.nan)
    correction = _stated(channel, "ChannelSensitivityCorrectionFactor", 1.0)
    return sensitivity or math.nan, correction or math.nan, _stated(channel, "ChannelBaseline", 0.0)


def _stated(channel: pydicom.Dataset, element: str, otherwise: float) -> float:
    value = channel.get(element)
    return otherwise if value is None or value == "" else float(value)


def _unit(channel: pydicom.Dataset) -> str:
    """Return the unit's code, or nothing where the sensitivity is not stated or 0."""
    units = channel.get("ChannelSensitivityUnitsSequence")
    if not units or not all(math.isfinite(number) for number in _scale(channel)):
        return ""
    return str(units[0].get("CodeValue") or "")


def _lead(channel: pydicom.Dataset) -> str:
    sources = channel.get("ChannelSourceSequence")
    source: Any = sources[0] if sources else {}
    code = _CODE_NUMBER.fullmatch(str(source.get("CodeValue") or ""))
    if code and int(code[1]) in _LEAD_CODES:
        return _LEAD_CODES[int(code[1])]
    spelt = source.get("CodeMeaning") or channel.get("ChannelLabel") or ""
    return re.split(r"[,(]", str(spelt))[0].strip() or "channel"


def _person(dataset: pydicom.Dataset) -> dict[str, Any]:
    age = _AGE.fullmatch(str(dataset.get("PatientAge") or "").strip().upper())
    recorded = _date(dataset.get("AcquisitionDateTime")) or _date(dataset.get("StudyDate"))
    return stated_person(
        age_years=float(age[1]) * _YEARS[age[2]]
        if age
        else age_on(_date(dataset.get("PatientBirthDate")), recorded),
        sex=str(dataset.get("PatientSex") or ""),
    )


def _date(value: object) -> date | None:
    match = _DATE.match(str(value or ""))
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None
