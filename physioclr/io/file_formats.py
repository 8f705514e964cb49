"""Which format a file has, told by its first bytes and never by its name."""

from __future__ import annotations

from physioclr.io.plugin_formats import FORMATS
from physioclr.io.self_described_tables import is_waveform_cell_table
from physioclr.io.table_text import is_number, table_shape

__all__ = ["HEAD_BYTES", "NOT_AN_ECG", "OFFICE_MARK", "detect_format"]

HEAD_BYTES = 65536
OFFICE_MARK = "[Content_Types].xml"  # what a zip of a spreadsheet or a text document holds

_MAGIC = {
    b"ISHNE1.0": "ISHNE",
    b"0       ": "EDF",
    b"\xffBIOSEMI": "BDF",
    b"\x93NUMPY": "NPY",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
    b"ANN  1.0": "ISHNE annotations",
    b"%PDF": "PDF",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"II*\0": "picture",
    b"MM\0*": "picture",
    b"MATLAB ": "MATLAB",
    b"\xd0\xcf\x11\xe0": "Office",
    b"7z\xbc\xaf'\x1c": "archive",
    b"Rar!": "archive",
    b"BZh": "archive",
    b"\xfd7zXZ": "archive",
    b"fLaC": "FLAC",
}

# What a file holds instead of an ECG's samples, where its first bytes say so.
NOT_AN_ECG = {
    "ISHNE annotations": "the annotations of an ISHNE recording, without its signal",
    "PDF": "a PDF, which shows an ECG but holds none of its samples",
    "picture": "a picture, which shows an ECG but holds none of its samples",
    "MATLAB": "a MATLAB file without the WFDB header that would say what it holds",
    "Office": "an Office document, whose sheet can be saved as CSV",
    "archive": "an archive other than zip or gzip",
    "FLAC": "audio",
    "Schiller EDI": "a Schiller EDI file, which no open library reads: export DICOM, SCP-ECG or "
    "HL7 aECG from SEMA or the ECG device instead",
    "CardioSoft XML": "CardioSoft or CASE XML, which no open library reads: export DICOM, HL7 aECG "
    "or MUSE XML instead",
    "GE Sapphire XML": "GE Sapphire XML, which no open library reads: export MUSE XML, DICOM or "
    "HL7 aECG instead",
    "XML": "XML of another kind",
    "HTML": "a web page",
    "text": "a text that is no table of numbers",
    "binary": "a format that is not known",
}

_XML_ROOTS = {
    "annotatedecg": "HL7 aECG",
    "restingecg": "GE MUSE XML",
    "restingecgdata": "Philips XML",
    "html": "HTML",
    "examdescript": "Schiller EDI",
    "schilleredi": "Schiller EDI",
    "edi": "Schiller EDI",
    "cardiologyxml": "CardioSoft XML",
    "sapphire": "GE Sapphire XML",
}
_SCP_SECTION_HEADER = 16
_SCP_POINTER = 10
_SAY_NOTHING_OF_LEADS = ("table", "JSON", "NPY", "HDF5", "zip", "gzip")
_LONGEST_NAME = 80
_MOST_LINES = 60
_MAKER_CHARS = 4000
_CONTROL = bytes(range(9)) + bytes(range(0x0E, 0x20))


def detect_format(head: bytes) -> str:
    """Tell a file's format.

    Parameters
    ----------
    head : bytes
        Its first `HEAD_BYTES`.

    Returns
    -------
    str
        ``"DICOM"``, ``"EDF"``, ``"BDF"``, ``"SCP-ECG"``, ``"ISHNE"``, ``"MFER"``, ``"HL7 aECG"``,
        ``"GE MUSE XML"``, ``"Philips XML"``, ``"WFDB"`` (a header), ``"table"`` (of numbers, as
        text), ``"JSON"``, ``"NPY"``, ``"HDF5"``, ``"zip"``, ``"gzip"``, a name of `FORMATS` (a
        plug-in's), or a key of `NOT_AN_ECG`.
    """
    found = _own_format(head)
    if found in NOT_AN_ECG or found in _SAY_NOTHING_OF_LEADS:
        return FORMATS.first(lambda plugged: plugged.recognises(head)) or found
    return found


def _own_format(head: bytes) -> str:
    if head[128:132] == b"DICM" or _is_dicom_without_preamble(head):
        return "DICOM"
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head[:1] == b"@" and head[2:6] == b"MFR ":
        return "MFER"
    if _is_scp(head):
        return "SCP-ECG"
    text = _text(head)
    if text is None:
        return "binary"
    if text.startswith("<"):
        found = _XML_ROOTS.get(_xml_root(text), "XML")
        is_schiller = found == "XML" and "schiller" in text[:_MAKER_CHARS].lower()
        return "Schiller EDI" if is_schiller else found
    if _is_json(text):
        return "JSON"
    lines = [line for line in text.splitlines()[:_MOST_LINES] if line.strip(" ")]
    stated = [line for line in lines if not line.startswith("#")]
    if _is_wfdb_header([line.strip() for line in stated[:2]]):
        return "WFDB"
    if len(head) >= HEAD_BYTES and len(stated) > 1:
        stated = stated[:-1]  # cut within a number
    is_table = is_waveform_cell_table(stated) or table_shape(stated) is not None
    return "table" if is_table else "text"


def _is_dicom_without_preamble(head: bytes) -> bool:
    """Whether the first element is one of group 2 or 8 with a plausible short length."""
    if len(head) < 8 or head[:2] not in (b"\x02\0", b"\x08\0") or head[3] != 0:
        return False
    explicit = head[4:6] in (b"UL", b"CS", b"UI", b"DA", b"TM", b"SH", b"LO")
    implicit = head[:4] == b"\x08\0\x05\0" and int.from_bytes(head[4:8], "little") <= 64
    return explicit or implicit


def _is_scp(head: bytes) -> bool:
    """Whether the file begins with section 0, the pointers to the others (EN 1064, 5.3)."""
    length = int.from_bytes(head[10:14], "little")
    return (
        len(head) >= 6 + _SCP_SECTION_HEADER + _SCP_POINTER
        and head[8:10] == b"\0\0"
        and _SCP_SECTION_HEADER + _SCP_POINTER <= length < HEAD_BYTES
        and (length - _SCP_SECTION_HEADER) % _SCP_POINTER == 0
        and head[22:24] == b"\0\0"
        and head[24:28] == head[10:14]
    )


def _text(head: bytes) -> str | None:
    """Return the beginning as text, None where it is binary."""
    wide = {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(head[:2])
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        wide = "utf-16"
    if wide:
        return head[: len(head) // 2 * 2].decode(wide, errors="replace").lstrip("\ufeff \t\r\n")
    is_xml = head[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    told = head.replace(b"\x1b", b"") if is_xml else head
    if not head or len(told.translate(None, _CONTROL)) < len(told):
        return None  # ISO-2022-JP marks its alphabets by escapes
    return head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")


def _xml_root(text: str) -> str:
    """Return the root element's name in lower case, past declarations and comments."""
    at = 0
    while at >= 0:
        if text.startswith("<!--", at):
            end = text.find("-->", at)
        elif text.startswith(("<?", "<!"), at):
            end = text.find(">", at)
            inner = text.find("[", at)
            if 0 <= inner < end and text.startswith("<!", at):
                end = text.find("]", inner)
                end = text.find(">", end) if end >= 0 else -1
        else:
            return _element_name(text[at + 1 : at + 2 * _LONGEST_NAME])
        at = text.find("<", end) if end >= 0 else -1
    return ""


def _element_name(text: str) -> str:
    """Return the name at the beginning, without its namespace."""
    name = ""
    for char in text:
        if not (char.isalnum() or char in "_.-:"):
            break
        name += char
    return name.rpartition(":")[2].lower()


def _is_wfdb_header(lines: list[str]) -> bool:
    """Whether a record's line is followed by one that begins with the name of a file or segment."""
    if len(lines) < 2:
        return False
    record, signal = lines[0].split(maxsplit=4), lines[1].split(maxsplit=2)
    if not 2 <= len(record) <= 5 or len(signal) < 2:
        return False
    name, slash, n_segments = record[0].partition("/")
    counts = [record[1], *([n_segments] if slash else []), *record[3:4]]
    return (
        0 < len(name) <= _LONGEST_NAME
        and len(signal[0]) <= _LONGEST_NAME
        and all(count.isascii() and count.isdigit() and len(count) < 16 for count in counts)
        and (len(record) < 3 or is_number(record[2].partition("/")[0].partition("(")[0]))
        and signal[1][:1].isdigit()
        and not is_number(signal[0])
        and not any(mark in lines[1] for mark in ";\t" if mark in lines[0])
    )


def _is_json(text: str) -> bool:
    return text.startswith("{") and text[1:].lstrip()[:1] in ('"', "}", "")
