"""What a file is, by its content."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

import physioclr.io
from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.io.file_formats import HEAD_BYTES, detect_format
from tests.io import ecg_bytes


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"", "binary"),
        (b"\0\1\2", "binary"),
        (b"%PDF-1.7", "PDF"),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"ANN  1.0", "ISHNE annotations"),
        (b"<html><body>", "HTML"),
        (b"<svg/>", "XML"),
        (b"<?xml version='1.0'?><!-- <RestingECG> --><x:AnnotatedECG xmlns:x='y'>", "HL7 aECG"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE RestingECG [<!ELEMENT a (b)>]><RestingECG>", "GE MUSE XML"),
        ("\ufeff<restingecgdata>".encode("utf-16-le"), "Philips XML"),
        ("<restingecgdata>".encode("utf-16-be"), "Philips XML"),
        (b"<!--" * 10_000, "XML"),
        (b"100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n", "WFDB"),
        (b"# a comment\nrec 1\nrec.dat 16\n", "WFDB"),
        (b"all/2 12 500 450\nseg1 300\n~ 150\n", "WFDB"),
        (b"0 1 2\n3 4 5\n", "table"),
        (b"I,II\n1,2\n", "table"),
        (b"-1.5e-3;2,5\n", "table"),
        (b"Dear colleague,\nI send you an ECG.\n", "text"),
    ],
)
def test_formats_are_told_by_content(head, found):
    assert detect_format(head) == found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.7 ...", "a PDF, which shows an ECG but holds none of its samples"),
        (b"\x89PNG...", "a picture, which shows"),
        (b"<svg/>", "XML of another kind"),
        (b"<?xml version='1.0'?><examdescript/>", "a Schiller EDI file.* export DICOM"),
        (b"<x><maker>SCHILLER AG</maker></x>", "a Schiller EDI file.* export DICOM"),
        (b"<CardiologyXML><StripData/></CardiologyXML>", "CardioSoft or CASE XML.* export DICOM"),
        (b"<sapphire/>", "GE Sapphire XML.* export MUSE XML"),
        (b"ANN  1.0" + bytes(600), "annotations of an ISHNE recording"),
        (b"MATLAB 5.0 MAT-file", "a MATLAB file without the WFDB header"),
        (b"\0\1\2\3" * 50, "a format that is not known"),
        (b"", "0 bytes"),
    ],
)
def test_what_is_no_ecg_is_named(content, message):
    with pytest.raises(RecordError, match=message):
        read_ecg(content, name="7.bin")


HOSTILE = {
    "digits": "1" * HEAD_BYTES,
    "digits before a letter": "1" * (HEAD_BYTES - 1) + "x",
    "cells": "1," * (HEAD_BYTES // 2),
    "exponents": "1e" * (HEAD_BYTES // 2),
    "points": "0." * 8000 + "\n" + "0." * 8000,
    "white space": " " * (HEAD_BYTES - 1) + "x",
    "quotes": '"' * HEAD_BYTES,
    "a rate of digits": "r 1 " + "9" * 16000 + "\nf 1",
    "a name of colons": "<" + "a:" * 16000,
    "comments": "<!--" * 16000,
    "brackets": "{" * HEAD_BYTES,
    "lines": "\n" * HEAD_BYTES,
    "words": "a " * (HEAD_BYTES // 2),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_text_takes_longer_to_tell_than_its_length_allows(kind):
    """A pattern that backtracked took 31 s for 16,000 characters and held the interpreter."""
    started = time.perf_counter()
    detect_format(HOSTILE[kind].encode())
    assert time.perf_counter() - started < 2  # 0.2 s on one core of 2023, tests beside it


def test_a_signature_line_of_spaces_is_refused_before_a_pattern_meets_it():
    content = ecg_bytes.philips(np.ones((12, 500), int))
    line = f"<mdsignatureline>a{' ' * 100_000}b</mdsignatureline></restingecgdata>"
    started = time.perf_counter()
    with pytest.raises(RecordError, match="statements of at most 2,000 characters"):
        read_ecg(content.replace(b"</restingecgdata>", line.encode()), name="a.xml")
    assert time.perf_counter() - started < 2


def test_io_has_no_pattern_that_can_backtrack_over_untrusted_text():
    """Every pattern left has quantifiers of disjoint classes, or is bounded."""
    allowed = {"dicom.py": 3, "edf.py": 1, "wfdb_comments.py": 4}
    found = {
        path.name: path.read_text().count("re.compile(")
        for path in Path(physioclr.io.__file__).parent.glob("*.py")
    }
    assert {name: n for name, n in found.items() if n} == allowed


ENTITIES = (
    '<?xml version="1.0"{encoding}?><!DOCTYPE {root} [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><{root}>&b;</{root}>'
)


@pytest.mark.parametrize("root", ["AnnotatedECG", "RestingECG", "restingecgdata"])
@pytest.mark.parametrize("encoding", ["", "utf-16"])
def test_entities_are_refused_before_they_expand(root, encoding):
    declared = f' encoding="{encoding}"' if encoding else ""
    document = ENTITIES.format(root=root, encoding=declared).encode(encoding or "utf-8")
    with pytest.raises(RecordError, match="without entity declarations"):
        read_ecg(document, name="7.xml")


@pytest.mark.parametrize("root", ["AnnotatedECG", "RestingECG", "restingecgdata"])
def test_xml_without_a_rhythm_is_refused(root):
    with pytest.raises(RecordError, match=r"7\.xml: expected"):
        read_ecg(f"<{root}/>".encode(), name="7.xml")
    with pytest.raises(RecordError, match="a whole XML document, found one that is damaged"):
        read_ecg(f"<{root}><a></{root}>".encode(), name="7.xml")
