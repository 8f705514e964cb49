"""What the ECG device, or a physician on it, wrote into the file: `DeviceReading`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

__all__ = ["DEVICE_MEASUREMENTS", "DeviceReading", "DeviceStatement"]

DEVICE_MEASUREMENTS = (
    "heart_rate_bpm",
    "rr_ms",
    "pr_ms",
    "p_ms",
    "qrs_ms",
    "qt_ms",
    "qtc_ms",
    "qtc_bazett_ms",
    "qtc_fridericia_ms",
    "p_axis_deg",
    "axis_deg",
    "t_axis_deg",
)
"""Names of measurements, as in `physioclr.physiology.MEASUREMENTS`; ``qtc_ms`` is a QTc whose
formula the file does not state."""

_SOURCES = ("machine", "overread", "confirmed")


@dataclass(frozen=True, kw_only=True)
class DeviceStatement:
    """One line of the interpretation.

    Parameters
    ----------
    text : str
        As the file writes it, in its language: ``"SINUS BRADYCARDIA"``.
    reason : str
        The criterion the device gives (Philips: ``"V-rate<60"``); empty where it gives none.
    code : str
        The device's own code (Philips: ``"SB"``); empty where it gives none.
    """

    text: str
    reason: str = ""
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class DeviceReading:
    """The interpretation and measurements stored in an ECG file.

    For comparison only: no analysis uses it. It never contains the patient's name or identifier.

    Parameters
    ----------
    source : {"machine", "overread", "confirmed"} or None
        Who wrote `statements`: the device; a physician, without confirming; a physician who
        confirmed. None where the file has no statements and no severity.
    statements : tuple of DeviceStatement
        The latest version in the file.
    machine_statements : tuple of DeviceStatement
        The device's statements, where the file stores them beside a physician's.
    severity : str or None
        As the file writes it: ``"ABNORMAL"``, ``"OTHERWISE NORMAL"``.
    confirmed_by : str or None
        The physician who read or confirmed the ECG; None with ``source="machine"``.
    confirmed_at : datetime or None
    acquired_at : datetime or None
        Local time of the device, with a time zone only where the file states one.
    measurements : mapping of str to float
        Keys from `DEVICE_MEASUREMENTS`, only those the file states.
    high_pass_hz, low_pass_hz, notch_hz : float or None
        Filters applied to the stored signal; None where not stated.
    notch_on : bool or None
        False where the file states that no notch filter was applied.
    device : str
        Manufacturer and model; empty where not stated.
    software : str
        Version of the device's software or of its criteria; empty where not stated.

    Raises
    ------
    ValueError
        If `source` or a measurement's name is unknown, or a number is not finite.
    """

    source: Literal["machine", "overread", "confirmed"] | None = None
    statements: tuple[DeviceStatement, ...] = ()
    machine_statements: tuple[DeviceStatement, ...] = ()
    severity: str | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    acquired_at: datetime | None = None
    measurements: Mapping[str, float] = field(default_factory=dict)
    high_pass_hz: float | None = None
    low_pass_hz: float | None = None
    notch_hz: float | None = None
    notch_on: bool | None = None
    device: str = ""
    software: str = ""

    def __post_init__(self) -> None:
        if self.source not in (None, *_SOURCES):
            raise ValueError(f"source must be one of {', '.join(_SOURCES)}, got {self.source!r}")
        unknown = [name for name in self.measurements if name not in DEVICE_MEASUREMENTS]
        if unknown:
            raise ValueError(
                f"measurements must be named as in DEVICE_MEASUREMENTS, got {', '.join(unknown)}"
            )
        filters = (self.high_pass_hz, self.low_pass_hz, self.notch_hz)
        numbers = [*self.measurements.values(), *(hz for hz in filters if hz is not None)]
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"measurements and filters must be finite, got {numbers}")
        ordered = {
            name: float(self.measurements[name])
            for name in DEVICE_MEASUREMENTS
            if name in self.measurements
        }
        object.__setattr__(self, "measurements", MappingProxyType(ordered))
        object.__setattr__(self, "statements", tuple(self.statements))
        object.__setattr__(self, "machine_statements", tuple(self.machine_statements))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy cannot be pickled."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return _rebuild, (values | {"measurements": dict(self.measurements)},)

    def __hash__(self) -> int:
        return hash((self.statements, self.acquired_at, tuple(self.measurements.items())))


def _rebuild(values: dict[str, object]) -> DeviceReading:
    return DeviceReading(**values)  # type: ignore[arg-type]
