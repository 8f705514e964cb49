"""XML documents of any declared encoding, as UTF-8 that cannot expand or nest without bound.

expat knows UTF-8, UTF-16, ASCII and Latin-1; the exports of East Asian carts declare GB2312, GBK,
GB18030, Shift_JIS, EUC-KR or Big5. The text is decoded here first.
"""

from __future__ import annotations

import codecs
from xml.parsers import expat

from physioclr.errors import RecordError
from physioclr.io.limits import check_time, current_limits

__all__ = ["utf8_document"]

_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WITHOUT_BOM = {b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be"}
# Files that declare the older name use characters of the later one.
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "cp950",
    "ascii": "utf-8",
}
# Names of vendors and of Java that Python does not know.
_OTHER_NAMES = {
    "windows-31j": "cp932",
    "ms932": "cp932",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "x-windows-949": "cp949",
    "x-windows-950": "cp950",
}
_KNOWN = ("gb", "big5", "cp", "euc", "iso", "shift", "koi8", "utf", "mac", "tis", "johab", "latin")
_UNTRUSTED = ("utf-7", "utf_7")
_DECLARATION_CHARS = 500
_MARK = "encoding"
_ENTITY = "<!ENTITY"
_CHUNK_BYTES = 2**20
# Texts that a library searches with patterns whose time grows with the square of their length.
_SHORT_TEXTS = ("mdsignatureline", "lhsstatement", "rhsstatement", "unparsedstatement")
_LONGEST_SHORT_TEXT = 2000


def utf8_document(content: bytes, name: str) -> bytes:
    """Return an XML document as UTF-8, without its declaration.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name.

    Returns
    -------
    bytes

    Raises
    ------
    RecordError
        If the encoding is unknown, the document declares entities, is not well formed, or has more
        elements or levels than an ECG needs.
    """
    most = current_limits().xml_bytes
    if len(content) > most:
        raise RecordError(
            name, expected=f"XML of at most {most // 2**20} MiB", found=f"{len(content):,} bytes"
        )
    document = _decoded(content, name).lstrip("\ufeff \t\r\n")
    if document.startswith("<?xml"):
        end = document.find("?>")
        document = document[end + 2 :] if end >= 0 else document
    if _ENTITY in document:
        raise RecordError(
            name,
            expected="XML without entity declarations, which can expand without bound",
            found="some",
        )
    encoded = document.encode("utf-8", errors="replace")
    del document
    _check_structure(encoded, name)
    return encoded


def _decoded(content: bytes, name: str) -> str:
    for bom, encoding in _BOMS.items():
        if content.startswith(bom):
            return content[len(bom) :].decode(encoding, errors="replace")
    if wide := _WITHOUT_BOM.get(content[:4]):
        return content.decode(wide, errors="replace")
    declared = _declared_encoding(content[:_DECLARATION_CHARS].decode("latin-1"))
    encoding = _codec(declared or "utf-8")
    if encoding.startswith(("utf-16", "utf-32")):  # saved again as 8-bit text by another program
        encoding = "utf-8"
    if not encoding:
        raise RecordError(
            name, expected="XML in an encoding that is known", found=f"encoding {declared[:40]!r}"
        )
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        # One wrong byte in a name is no reason to lose an ECG, whose samples are ASCII.
        rest = "latin-1" if encoding == "utf-8" else encoding
        return content.decode(rest, errors="replace")


def _declared_encoding(beginning: str) -> str:
    """Return what ``<?xml … encoding="…"?>`` says, nothing where it says nothing."""
    beginning = beginning.lstrip()
    end = beginning.find("?>")
    if not beginning.startswith("<?xml") or end < 0:
        return ""
    declaration = beginning[:end]
    at = declaration.find(_MARK)
    rest = declaration[at + len(_MARK) :].lstrip() if at >= 0 else ""
    value = rest[1:].lstrip() if rest.startswith("=") else ""
    quote = value[:1]
    return value[1:].partition(quote)[0].strip() if quote in ("'", '"') else ""


def _codec(declared: str) -> str:
    """Return Python's name of an encoding, or of the larger one that contains it."""
    if other := _OTHER_NAMES.get(declared.lower()):
        return other
    try:
        known = codecs.lookup(declared).name
    except (LookupError, UnicodeError, ValueError):
        return ""
    if known in _UNTRUSTED or not known.replace("-", "_").startswith((*_KNOWN, "ascii", "hz")):
        return ""
    return _SUPERSETS.get(known.replace("-", "_"), known)


def _check_structure(document: bytes, name: str) -> None:
    """Read the document once, keeping nothing: it is well formed and of a bounded size."""
    limits = current_limits()
    parser = expat.ParserCreate()
    elements = 0
    depth = 0
    short_text: int | None = None

    def start(tag: str, attributes: list[str]) -> None:
        nonlocal elements, depth, short_text
        short_text = 0 if tag.rpartition(":")[2] in _SHORT_TEXTS else None
        elements += 1 + len(attributes) // 2
        depth += 1
        if elements > limits.xml_elements or depth > limits.xml_depth:
            raise RecordError(
                name,
                expected=f"XML of at most {limits.xml_elements:,} elements and attributes, "
                f"{limits.xml_depth} levels deep",
                found="more",
            )

    def end(_tag: str) -> None:
        nonlocal depth, short_text
        depth -= 1
        short_text = None

    def data(text: str) -> None:
        nonlocal short_text
        if short_text is None:
            return
        short_text += len(text)
        if short_text > _LONGEST_SHORT_TEXT:
            raise RecordError(
                name,
                expected=f"statements of at most {_LONGEST_SHORT_TEXT:,} characters",
                found="a longer one",
            )

    parser.ordered_attributes = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = data
    view = memoryview(document)
    try:
        for at in range(0, len(view), _CHUNK_BYTES):
            check_time(name)
            parser.Parse(bytes(view[at : at + _CHUNK_BYTES]), False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise RecordError(
            name,
            expected="a whole XML document",
            found=f"one that is damaged or cut short in line {error.lineno}",
        ) from None
