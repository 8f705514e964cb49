"""The data types of FHIR R4 that a report is made of."""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = [
    "TERMINOLOGY",
    "UCUM",
    "Json",
    "as_sentence",
    "data_absent",
    "fhir_coding",
    "fhir_measure",
    "fhir_quantity",
    "observation_category",
    "plain_words",
    "unknown_value",
    "value_in_words",
]

Json = dict[str, Any]
UCUM = {
    "bpm": "/min",
    "/min": "/min",
    "ms": "ms",
    "°": "deg",
    "%": "%",
    "": "1",
    "mV": "mV",
    "mV·ms": "mV.ms",
}
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_CONTROL = re.compile(r"[^\S \t\r\n]|[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


def fhir_quantity(value: float, unit: str, why: str) -> Json:
    """Return a value with its unit, or why there is none."""
    if not math.isfinite(value):
        return data_absent("unknown", "Unknown", why)
    return fhir_measure(value, {"bpm": "beats/minute", "": "1"}.get(unit, unit), UCUM[unit])


def fhir_measure(value: float, unit: str, ucum: str) -> Json:
    """Return a value with its unit as UCUM has it."""
    system = "http://unitsofmeasure.org"
    return {"valueQuantity": {"value": value, "unit": unit, "system": system, "code": ucum}}


def data_absent(code: str, display: str, why: str) -> Json:
    """Return why there is no value."""
    reason = fhir_coding(f"{TERMINOLOGY}data-absent-reason", code, display)
    return {"dataAbsentReason": {"coding": [reason], "text": as_sentence(why)}}


def unknown_value() -> Json:
    """Return a primitive whose value is unknown."""
    return {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}


def value_in_words(words: str) -> Json:
    """Return a value that is a text."""
    return {"valueCodeableConcept": {"text": words}}


def observation_category(code: str, display: str) -> Json:
    """Return a category of observations."""
    return {"coding": [fhir_coding(f"{TERMINOLOGY}observation-category", code, display)]}


def fhir_coding(system: str, code: str, display: str) -> Json:
    """Return a code of a system."""
    return {"system": system, "code": code, "display": display}


def plain_words(text: str) -> str:
    """Return a text without control characters."""
    return _CONTROL.sub(" ", text).strip()


def as_sentence(text: str) -> str:
    """Return a text with a capital and a full stop."""
    words = plain_words(text)
    return words[:1].upper() + words[1:].rstrip(".") + "."
