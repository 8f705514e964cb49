"""Numbers of XML exports that scale amplitude or time, checked before a library reads them.

The library replaces some that it cannot read by a default: an exponent by 0, a sample size by 2, a
resolution by that of another element. What is stated must be a number; what is not stated is left
to the library, which then leaves the unit open.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

from physioclr.errors import RecordError

__all__ = ["check_stated_numbers"]

# Elements and attributes by format: those above 0, and those of any sign.
_POSITIVE = {
    "GE MUSE XML": ("LeadAmplitudeUnitsPerBit", "SampleBase", "LeadSampleSize"),
    "Philips XML": (
        "resolution",
        "signalresolution",
        "samplespersecond",
        "samplingrate",
        "durationperchannel",
    ),
}
_ANY_SIGN = {"GE MUSE XML": ("SampleExponent",), "Philips XML": ("signaloffset",)}


def check_stated_numbers(document: bytes, name: str, file_format: str) -> None:
    """Refuse a document in which a number that scales the signal cannot be read.

    Parameters
    ----------
    document : bytes
        Well-formed UTF-8 without entities.
    name : str
        The file's name.
    file_format : {"GE MUSE XML", "Philips XML"}

    Raises
    ------
    RecordError
        If one is not a number, or not above 0.
    """
    reader = _Reader(_POSITIVE[file_format], _ANY_SIGN[file_format], name)
    parser = ET.XMLParser(target=reader)  # noqa: S314 (no entities, bounded: see utf8_document)
    try:
        parser.feed(document)
        parser.close()
    except ET.ParseError:
        raise RecordError(
            name, expected="a whole XML document", found="one that is damaged"
        ) from None


class _Reader:
    """Checks elements and attributes as they pass; keeps nothing."""

    def __init__(self, positive: tuple[str, ...], any_sign: tuple[str, ...], name: str) -> None:
        self._positive, self._any_sign, self._name = positive, any_sign, name
        self._text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        for attribute, text in attributes.items():
            self._check(attribute, text)
        local = tag.rpartition("}")[2]
        self._text = [] if local in (*self._positive, *self._any_sign) else None

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        if self._text is not None:
            self._check(tag.rpartition("}")[2], "".join(self._text))
        self._text = None

    def close(self) -> None:
        """Nothing is built."""

    def _check(self, what: str, text: str) -> None:
        stated = text.strip().replace(",", ".")
        if what not in (*self._positive, *self._any_sign) or not stated.strip("-"):
            return
        try:
            number = float(stated)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and (number > 0 or what in self._any_sign):
            return
        bound = "" if what in self._any_sign else " above 0"
        raise RecordError(
            self._name,
            expected=f"a number{bound} as {what}: a gain or rate is never guessed",
            found=repr(stated[:20]),
        )
