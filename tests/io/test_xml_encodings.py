"""XML in the encodings that carts around the world declare."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.io.limits import ReadLimits
from tests.io import ecg_bytes

UNITS = np.random.default_rng(0).integers(-500, 500, (12, 1000))
NAMES = {
    "GB2312": "张伟",
    "GBK": "張偉",
    "GB18030": "𠮷田",
    "Shift_JIS": "山田",
    "Windows-31J": "髙橋",
    "EUC-JP": "山田",
    "ISO-2022-JP": "山田",
    "EUC-KR": "김철수",
    "Big5": "陳大文",
    "windows-1251": "Иванов",
    "KOI8-R": "Иванов",
    "ISO-8859-2": "Łukasz",
    "UTF-8": "Zoë",
    "UTF-16": "Zoë",
    "utf-8": "Zoë",
    "ISO-8859-1": "Zoë",
}
WRITERS = {
    "HL7 aECG": ecg_bytes.aecg,
    "Philips XML": ecg_bytes.philips,
    "GE MUSE XML": lambda units: ecg_bytes.muse(units[[0, 1, *range(6, 12)]], ecg_bytes.LEADS_OF_8),
}


def declared(file_format, encoding, name, codec=None):
    text = WRITERS[file_format](UNITS).decode("latin-1")
    body = text[text.index("?>") + 2 :].replace(ecg_bytes.SURNAME, name)
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{body}'.encode(codec or encoding)


@pytest.mark.parametrize("file_format", WRITERS)
@pytest.mark.parametrize("encoding", NAMES)
def test_a_document_is_read_in_the_encoding_it_declares(file_format, encoding):
    codec = "cp932" if encoding == "Windows-31J" else None
    content = declared(file_format, encoding, NAMES[encoding], codec)
    record = read_ecg(content, name="a.xml")
    rows = [0, 1, *range(6, 12)]  # GE MUSE stores eight leads
    np.testing.assert_allclose(record.signal_mv[rows], UNITS[rows] / 1000, rtol=2**-22)  # float32
    assert NAMES[encoding] not in repr(record.device_reading)


def test_a_character_of_the_larger_set_is_read_under_the_older_name():
    record = read_ecg(declared("Philips XML", "GB2312", "朱镕基", "gb18030"), name="a.xml")
    assert record.n_leads == 12


def test_an_8_bit_text_that_declares_utf_16_is_read():
    assert read_ecg(declared("Philips XML", "UTF-16", "Zoë", "utf-8"), name="a.xml").n_leads == 12


def test_one_wrong_byte_in_a_name_loses_no_ecg():
    for encoding in ("GB2312", "UTF-8", "Shift_JIS"):
        content = declared("HL7 aECG", encoding, "Zoe").replace(b"Zoe", b"Z\xff e")
        assert read_ecg(content, name="a.xml").n_leads == 12


@pytest.mark.parametrize("encoding", ["x-unknown", "rot13", "hex", "unicode_escape", "utf-7"])
def test_an_encoding_that_is_no_text_is_refused_by_its_name(encoding):
    with pytest.raises(RecordError, match=f"found encoding '{encoding}'"):
        read_ecg(declared("HL7 aECG", encoding, "Zoe", "ascii"), name="a.xml")


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_entities_are_refused_in_every_encoding(codec):
    name = codec if codec != "utf-16-le" else "UTF-16"
    text = WRITERS["HL7 aECG"](UNITS).decode()
    body = text[text.index("?>") + 2 :]
    entities = '<!DOCTYPE AnnotatedECG [<!ENTITY a "aaaa">]>'
    content = f'<?xml version="1.0" encoding="{name}"?>{entities}{body}'.encode(codec)
    with pytest.raises(RecordError, match="entity declarations"):
        read_ecg(content, name="a.xml")


def test_a_cut_document_is_refused_with_the_line():
    content = ecg_bytes.philips(UNITS)
    with pytest.raises(RecordError, match="cut short in line 1"):
        read_ecg(content[: len(content) // 2], name="a.xml")


@pytest.mark.parametrize("extra", ["<a/>" * 2000, "<a>" * 200 + "</a>" * 200])
def test_more_elements_or_levels_than_an_ecg_needs_are_refused(extra):
    content = ecg_bytes.aecg(UNITS).replace(b"</AnnotatedECG>", f"{extra}</AnnotatedECG>".encode())
    with pytest.raises(RecordError, match=r"at most 1,500 elements and attributes, 100 levels"):
        read_ecg(content, name="a.xml", limits=ReadLimits(xml_elements=1500))
