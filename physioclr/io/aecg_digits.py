"""The samples of HL7 aECG, taken out of the document before a library reads the rest.

Each lead is an SLIST_PQ: ``value = origin + scale * digit`` (HL7 V3 data types; the aECG
implementation guide of 2005). A scale or origin that cannot be read is never replaced by another.
"""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physioclr.errors import RecordError
from physioclr.io.decimals import decimal
from physioclr.io.limits import check_samples
from physioclr.io.units import millivolts_per

__all__ = ["LeadDigits", "take_digits"]


@dataclass(frozen=True, eq=False)
class LeadDigits:
    """The samples of one sequence.

    Parameters
    ----------
    samples : (n_samples,) float32
        In `unit`; as the file has them where `missing` says why there is no unit.
    unit : str
    missing : str
        Why amplitudes are not known; empty where they are.
    """

    samples: NDArray[np.float32]
    unit: str
    missing: str


def take_digits(document: bytes, name: str) -> tuple[bytes, dict[int, LeadDigits]]:
    """Take the samples out of a document.

    Parameters
    ----------
    document : bytes
        Well-formed UTF-8 without entities.
    name : str
        The file's name.

    Returns
    -------
    document : bytes
        With a number in place of each sequence's digits.
    digits : dict of int to LeadDigits
        By that number.

    Raises
    ------
    RecordError
        If digits are no numbers.
    """
    builder = _Builder(name)
    parser = ET.XMLParser(target=builder)  # noqa: S314 (no entities, bounded: see utf8_document)
    try:
        parser.feed(document)
        root = parser.close()
    except ET.ParseError:
        raise RecordError(
            name, expected="a whole XML document", found="one that is damaged"
        ) from None
    by_place: dict[int, LeadDigits] = {}
    for value in root.iter():
        place = "" if (digits := _child(value, "digits")) is None else digits.text or ""
        if digits is not None and not place.isdecimal():
            raise RecordError(name, expected="digits that are numbers", found="something else")
        if digits is not None:
            by_place[int(place)] = _scaled(value, builder.arrays[int(place)])
    return ET.tostring(root, encoding="utf-8"), by_place


class _Builder:
    """Builds the tree; digits become arrays as soon as their element ends."""

    def __init__(self, name: str) -> None:
        self.arrays: list[NDArray[np.float64]] = []
        self._name = name
        self._tree = ET.TreeBuilder()
        self._digits: list[str] | None = None
        self._n_samples = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._tree.start(tag, attributes)
        if _local(tag) == "digits":
            self._digits = []

    def data(self, text: str) -> None:
        if self._digits is None:
            self._tree.data(text)
        else:
            self._digits.append(text)

    def end(self, tag: str) -> None:
        if self._digits is not None:
            if _local(tag) == "digits":
                self._tree.data(str(len(self.arrays)))
                self.arrays.append(self._numbers("".join(self._digits)))
            self._digits = None
        self._tree.end(tag)

    def close(self) -> ET.Element:
        return self._tree.close()

    def _numbers(self, text: str) -> NDArray[np.float64]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # text after the last number is only warned of
                numbers = np.fromstring(text, np.float64, sep=" ")
        except (ValueError, DeprecationWarning):
            raise RecordError(
                self._name, expected="digits that are numbers", found="something else"
            ) from None
        self._n_samples += len(numbers)
        check_samples(self._n_samples, self._name)
        return numbers


def _scaled(value: ET.Element, digits: NDArray[np.float64]) -> LeadDigits:
    scale, unit, missing = _quantity(_child(value, "scale"), "scale")
    if not missing and (millivolts_per(unit) is None or not scale):
        stated = f"{unit}, not one of voltage" if unit and scale else "not stated"
        missing = f"its unit is {stated}" if scale else "its scale is 0"
    origin = 0.0
    if not missing and (element := _child(value, "origin")) is not None:
        origin, origin_unit, missing = _quantity(element, "origin")
        in_mv, per_mv = millivolts_per(origin_unit), millivolts_per(unit)
        if origin and in_mv is None:
            missing = missing or f"its origin is in {origin_unit or 'no unit'}, not in voltage"
        elif origin and per_mv:
            origin *= (in_mv or 0.0) / per_mv
    if missing:
        return LeadDigits(digits.astype(np.float32), "", missing)
    with np.errstate(over="ignore", invalid="ignore"):  # refused with the record
        return LeadDigits((origin + scale * digits).astype(np.float32), unit, "")


def _quantity(element: ET.Element | None, what: str) -> tuple[float, str, str]:
    """Return a value, its unit, and why it cannot be read."""
    if element is None or not (element.get("value") or "").strip():
        return 0.0, "", f"its {what} has no value"
    value = decimal(element.get("value") or "")
    if value is None:
        return 0.0, "", f"its {what} is {(element.get('value') or '')[:20]!r}, not a number"
    return value, (element.get("unit") or "").strip(), ""


def _child(element: ET.Element, name: str) -> ET.Element | None:
    return next((child for child in element if _local(str(child.tag)) == name), None)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
