"""The device's own reading in DICOM waveforms: annotations, filters, acquisition time.

PS3.3 C.10.10 (Waveform Annotation Module); the filters are those of the channels, C.10.9.1.4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from physioclr.device_reading import DeviceReading, DeviceStatement
from physioclr.io.clinical_readings import plausible_measurements
from physioclr.io.name_masking import mask_person, reader_name

if TYPE_CHECKING:
    import pydicom

__all__ = ["READING_ELEMENTS", "dicom_reading"]

READING_ELEMENTS = (
    "AcquisitionDateTime",
    "Manufacturer",
    "ManufacturerModelName",
    "NameOfPhysiciansReadingStudy",
    "PatientID",
    "PatientName",
    "SoftwareVersions",
    "WaveformAnnotationSequence",
)
_MOST_STATEMENTS = 100
_MOST_ANNOTATIONS = 20_000
# Meaning of the concept, in lower case and without "interval", "duration" … → measurement.
_CONCEPTS = {
    "rr": "rr_ms",
    "mean rr": "rr_ms",
    "pr": "pr_ms",
    "pq": "pr_ms",
    "p": "p_ms",
    "qrs": "qrs_ms",
    "qt": "qt_ms",
    "qtc": "qtc_ms",
    "qtc bazett": "qtc_bazett_ms",
    "qtc fridericia": "qtc_fridericia_ms",
    "heart rate": "heart_rate_bpm",
    "ventricular heart rate": "heart_rate_bpm",
    "ventricular rate": "heart_rate_bpm",
    "p axis": "p_axis_deg",
    "qrs axis": "axis_deg",
    "t axis": "t_axis_deg",
}
_FILLERS = frozenset({"interval", "duration", "global", "wave", "ecg", "the", "of", "frontal"})
_MS_PER_UNIT = {"ms": 1.0, "s": 1000.0}
_RATE_UNITS = frozenset({"bpm", "/min", "1/min", "{beats}/min", "{h.b.}/min", "{heart beats}/min"})
_AXIS_UNITS = frozenset({"deg", "°"})
_SCP_AXES = "5.10.3-"  # SCP-ECG defines its axes in degrees, whatever unit a writer puts beside


def dicom_reading(
    dataset: pydicom.Dataset, groups: Sequence[pydicom.Dataset]
) -> DeviceReading | None:
    """Collect the interpretation, measurements and filters of a DICOM waveform.

    Parameters
    ----------
    dataset : pydicom.Dataset
        With `READING_ELEMENTS`.
    groups : sequence of pydicom.Dataset
        The multiplex groups of the rhythm.

    Returns
    -------
    DeviceReading or None
        None where the file has none of these.
    """
    names = _names(dataset)
    annotations = list(dataset.get("WaveformAnnotationSequence") or ())[:_MOST_ANNOTATIONS]
    statements = _statements(annotations, names)
    reader = reader_name(_person(dataset.get("NameOfPhysiciansReadingStudy")), names)
    channels = [channel for group in groups for channel in group.ChannelDefinitionSequence]
    reading = DeviceReading(
        source=("overread" if reader else "machine") if statements else None,
        statements=statements,
        confirmed_by=reader or None,
        acquired_at=_moment(str(dataset.get("AcquisitionDateTime") or "")),
        measurements=_measurements(annotations),
        # PS3.3: the low frequency is where a high-pass filter begins to let through.
        high_pass_hz=_common(channels, "FilterLowFrequency"),
        low_pass_hz=_common(channels, "FilterHighFrequency"),
        notch_hz=_common(channels, "NotchFilterFrequency"),
        notch_on=_notch_on(channels),
        device=mask_person(
            f"{dataset.get('Manufacturer') or ''} {dataset.get('ManufacturerModelName') or ''}",
            (),
        ),
        software=mask_person(str(dataset.get("SoftwareVersions") or ""), ()),
    )
    return reading if reading != DeviceReading() else None


def _names(dataset: pydicom.Dataset) -> tuple[str, ...]:
    return (_person(dataset.get("PatientName")), str(dataset.get("PatientID") or ""))


def _person(value: object) -> str:
    """Return a person's name without the carets and equals signs that part it."""
    return " ".join(str(value or "").replace("^", " ").replace("=", " ").split())


def _statements(
    annotations: Iterable[pydicom.Dataset], names: tuple[str, ...]
) -> tuple[DeviceStatement, ...]:
    """Return the texts that mark no position in the signal."""
    texts: dict[str, None] = {}
    for annotation in annotations:
        text = mask_person(str(annotation.get("UnformattedTextValue") or ""), names)
        if text and annotation.get("ReferencedSamplePositions") is None:
            texts[text] = None
    return tuple(DeviceStatement(text=text) for text in list(texts)[:_MOST_STATEMENTS])


def _measurements(annotations: Iterable[pydicom.Dataset]) -> dict[str, float]:
    values: dict[str, float | None] = {}
    for annotation in annotations:
        concept = _first(annotation.get("ConceptNameCodeSequence"))
        number = annotation.get("NumericValue")
        if concept is None or number is None or isinstance(number, str | bytes | Sequence):
            continue
        words = str(concept.get("CodeMeaning") or "").lower().replace("'", "").split()
        name = _CONCEPTS.get(" ".join(word for word in words if word not in _FILLERS))
        if name is None or name in values:
            continue
        unit = _first(annotation.get("MeasurementUnitsCodeSequence"))
        value = _in_own_unit(name, float(number), concept, unit)
        if value is not None:
            values[name] = value
    return plausible_measurements(values)


def _in_own_unit(name: str, number: float, concept: Any, unit: Any) -> float | None:
    code = str((unit.get("CodeValue") if unit is not None else "") or "")
    if name.endswith("_deg"):
        is_scp = str(concept.get("CodeValue") or "").startswith(_SCP_AXES)
        return number if code in _AXIS_UNITS or is_scp else None
    if name.endswith("_bpm"):
        return number if code.lower() in _RATE_UNITS else None
    return number * _MS_PER_UNIT[code] if code in _MS_PER_UNIT else None


def _first(sequence: Any) -> Any:
    return sequence[0] if sequence else None


def _stated(channels: Iterable[pydicom.Dataset], element: str) -> set[float]:
    return {float(c.get(element)) for c in channels if c.get(element) is not None}


def _common(channels: Sequence[pydicom.Dataset], element: str) -> float | None:
    """Return a filter's frequency, if all channels that state one agree and it is above 0."""
    found = _stated(channels, element)
    value = found.pop() if len(found) == 1 else math.nan
    return value if math.isfinite(value) and value > 0 else None


def _notch_on(channels: Sequence[pydicom.Dataset]) -> bool | None:
    found = _stated(channels, "NotchFilterFrequency")
    return any(value > 0 for value in found) if found else None


def _moment(text: str) -> datetime | None:
    """Return a DICOM DT (YYYYMMDDHHMMSS.F&ZZXX) that is exact to the minute at least."""
    sign = next((mark for mark in "+-" if mark in text), "")
    stamp, _, offset = text.strip().partition(sign) if sign else (text.strip(), "", "")
    digits = stamp.partition(".")[0]
    if not digits.isascii() or not digits.isdigit() or len(digits) not in (12, 14):
        return None
    try:
        moment = datetime.fromisoformat(f"{digits[:8]}T{digits[8:].ljust(6, '0')}")
        if sign and len(offset) == 4 and offset.isdigit():
            minutes = int(offset[:2]) * 60 + int(offset[2:])
            zone = timezone((1 if sign == "+" else -1) * timedelta(minutes=minutes))
            moment = moment.replace(tzinfo=zone)
    except ValueError:
        return None
    return moment
