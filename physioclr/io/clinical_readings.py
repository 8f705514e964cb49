"""The device's own reading in clinical exports, from what ecgdatakit parsed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from physioclr.device_reading import DEVICE_MEASUREMENTS, DeviceReading, DeviceStatement
from physioclr.io.name_masking import mask_person, reader_name

if TYPE_CHECKING:
    from ecgdatakit.models import ECGRecord, PatientInfo

__all__ = ["device_reading", "plausible_measurements"]

_MOST_STATEMENTS = 100
# Measurement → field of the library.
_FIELDS = {
    "heart_rate_bpm": "heart_rate",
    "rr_ms": "rr_interval",
    "pr_ms": "pr_interval",
    "qrs_ms": "qrs_duration",
    "qt_ms": "qt_interval",
    "qtc_bazett_ms": "qtc_bazett",
    "qtc_fridericia_ms": "qtc_fridericia",
    "p_axis_deg": "p_axis",
    "axis_deg": "qrs_axis",
    "t_axis_deg": "t_axis",
}
# Measurement → annotation of the library: GE MUSE, HL7 aECG, SCP-ECG and Philips.
_ANNOTATIONS = {
    "qtc_ms": ("QTCorrected", "MDC_ECG_TIME_PD_QTc", "qtc"),
    "p_ms": ("MDC_ECG_TIME_PD_P",),
}
_UNDEFINED_MS = 29999.0  # SCP-ECG
_MOST_DEG = 360.0


def device_reading(parsed: ECGRecord) -> DeviceReading | None:
    """Collect the interpretation, measurements and filters of a clinical export.

    Parameters
    ----------
    parsed : ECGRecord
        Of the library.

    Returns
    -------
    DeviceReading or None
        None where the file has none of these.
    """
    names = _names(parsed.patient)
    found = parsed.interpretation
    statements = _statements(parsed, names)
    severity = mask_person(found.severity or "", names)
    filters = parsed.recording.acquisition.filters
    by_person = found.source in ("overread", "confirmed")
    reader = reader_name(found.interpreter or "", names) if by_person else ""
    reading = DeviceReading(
        source=found.source if (statements or severity) and found.source else None,  # type: ignore[arg-type]
        statements=statements,
        machine_statements=_machine_statements(parsed, names),
        severity=severity or None,
        confirmed_by=reader or None,
        confirmed_at=_moment(found.interpretation_date) if by_person else None,
        acquired_at=_moment(parsed.recording.date),
        measurements=_measurements(parsed),
        high_pass_hz=_hertz(filters.highpass),
        low_pass_hz=_hertz(filters.lowpass),
        notch_hz=_hertz(filters.notch),
        notch_on=filters.notch_active,
        device=_device(parsed),
        software=_known(parsed.recording.device.software_version),
    )
    return reading if reading != DeviceReading() else None


def plausible_measurements(values: Mapping[str, float | None]) -> dict[str, float]:
    """Keep the numbers that can be a measurement.

    Parameters
    ----------
    values : mapping of str to float or None

    Returns
    -------
    dict of str to float
        Finite ones; of rates and durations those above 0 (0 stands for "not measured").
    """
    kept = {}
    for name in DEVICE_MEASUREMENTS:
        value = values.get(name)
        if value is None or not math.isfinite(value):
            continue
        is_axis = name.endswith("_deg")
        if (is_axis and abs(value) <= _MOST_DEG) or (not is_axis and 0 < value < _UNDEFINED_MS):
            kept[name] = float(value)
    return kept


def _names(patient: PatientInfo) -> tuple[str, ...]:
    return (patient.first_name, patient.last_name, patient.patient_id)


def _statements(parsed: ECGRecord, names: tuple[str, ...]) -> tuple[DeviceStatement, ...]:
    """Return the statements, with Philips's codes."""
    stated = parsed.raw_metadata.get("statements") or ()
    codes = {(line["left"], line["right"]): line["code"] for line in stated}
    pairs = parsed.interpretation.statements[:_MOST_STATEMENTS]
    lines = [
        DeviceStatement(
            text=mask_person(left or right, names),
            reason=mask_person(right, names) if left else "",
            code=mask_person(codes.get((left, right), ""), names),
        )
        for left, right in pairs
    ]
    return tuple(line for line in lines if line.text)


def _machine_statements(parsed: ECGRecord, names: tuple[str, ...]) -> tuple[DeviceStatement, ...]:
    """Return the device's lines, which the library joins; Philips's reason follows a bar."""
    lines = str(parsed.annotations.get("machine_interpretation") or "").splitlines()
    pairs = [line.partition(" | ") for line in lines[:_MOST_STATEMENTS]]
    return tuple(
        DeviceStatement(text=mask_person(text, names), reason=mask_person(reason, names))
        for text, _, reason in pairs
        if text.strip()
    )


def _measurements(parsed: ECGRecord) -> dict[str, float]:
    values: dict[str, float | None] = {
        name: getattr(parsed.measurements, field) for name, field in _FIELDS.items()
    }
    for name, keys in _ANNOTATIONS.items():
        values[name] = _first_number(parsed.annotations.get(key) for key in keys)
    values |= {
        name: value
        for name, value in _scp_intervals(parsed.raw_metadata).items()
        if values.get(name) is None
    }
    return plausible_measurements(values)


def _scp_intervals(metadata: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the intervals between the boundaries of SCP-ECG's reference beat (EN 1064, 5.10)."""
    blocks = metadata.get("measurement_blocks") or ()
    if not blocks:
        return {}
    p_on, p_off, qrs_on, qrs_off, t_off = (
        float(blocks[0][name]) if blocks[0][name] < _UNDEFINED_MS else math.nan
        for name in ("p_onset", "p_offset", "qrs_onset", "qrs_offset", "t_offset")
    )
    return {
        "p_ms": p_off - p_on,
        "pr_ms": qrs_on - p_on,
        "qrs_ms": qrs_off - qrs_on,
        "qt_ms": t_off - qrs_on,
    }


def _first_number(values: Iterable[object]) -> float | None:
    """Return the number that the first value present begins with."""
    for value in values:
        try:
            return float(str(value or "").split(maxsplit=1)[0])
        except (IndexError, ValueError):
            continue
    return None


def _device(parsed: ECGRecord) -> str:
    device = parsed.recording.device
    return f"{_known(device.manufacturer)} {_known(device.model)}".strip()


def _known(text: str | None) -> str:
    line = mask_person(text or "", ())
    return "" if line.casefold() in ("unknown", "unspecified", "none") else line


def _hertz(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) and value > 0 else None


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
