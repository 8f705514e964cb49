"""Zip and gzip files: what comes out of them, and what stays in."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from physioclr.errors import RecordError
from physioclr.io import ArrayLayout, read_ecg
from physioclr.io.limits import ReadLimits
from physioclr.leads import STANDARD_LEADS
from tests.io.ecg_bytes import edf
from tests.io.wfdb_bytes import wfdb_record

UNITS = np.random.default_rng(0).integers(-900, 900, size=(12, 300))
RECORD = wfdb_record(UNITS)


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, file in files.items():
            archive.writestr(name, file)
    return content.getvalue()


@pytest.mark.parametrize("folder", ["", "records/", "a/b/c/"])
@pytest.mark.parametrize("name", ["upload.zip", "upload.dat", "upload"])
def test_a_zipped_pair_is_what_the_pair_is(folder, name):
    packed = zipped({f"{folder}{file}": content for file, content in RECORD.items()})
    record = read_ecg(packed, name=name)
    assert (record.record_id, record.meta["source"]) == ("rec", "rec.hea")
    np.testing.assert_array_equal(record.signal_mv, read_ecg(RECORD).signal_mv)


def test_what_operating_systems_add_is_no_part_of_the_record():
    litter = {"__MACOSX/._rec.hea": b"\0\5\x16\7", "x/.DS_Store": b"\0", "x/": b""}
    assert read_ecg(zipped({**RECORD, **litter}), name="a.zip").n_leads == 12


@pytest.mark.parametrize(
    "name", ["../rec.hea", "/etc/rec.hea", "a/../../rec.hea", "..\\rec.hea", "C:\\rec.hea"]
)
def test_a_name_that_leaves_the_archive_is_refused(name):
    with pytest.raises(RecordError, match="a name that points outside"):
        read_ecg(zipped({**RECORD, name: b"x"}), name="a.zip")


def test_a_password_is_said():
    packed = bytearray(zipped(RECORD))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = packed.find(mark)
        packed[at + place] |= 1
    with pytest.raises(RecordError, match="protected by a password"):
        read_ecg(bytes(packed), name="a.zip")


@pytest.mark.parametrize(
    "pack", [lambda b: zipped({"rec.dat": b}), gzip.compress], ids=["zip", "gzip"]
)
def test_a_bomb_is_refused_before_it_grows(pack):
    bomb = pack(bytes(2**28))
    tracemalloc.start()
    with pytest.raises(RecordError, match="times its own size"):
        read_ecg(bomb, name="a.bin")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**27  # half of what it would be; gzip is opened up to 32 MiB, and once copied


def test_a_bomb_that_lies_about_its_size_is_not_believed():
    packed = bytearray(zipped({"rec.dat": bytes(2**26)}))
    for mark, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", packed, packed.find(mark) + place, 1000)
    with pytest.raises(RecordError, match="damaged or cut short"):
        read_ecg(bytes(packed), name="a.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_opens_a_whole_block_at_once_is_not_read(method):
    with pytest.raises(RecordError, match="compressed by deflate, found another compression"):
        read_ecg(zipped({"rec.dat": bytes(2**20)}, method), name="a.zip")


@pytest.mark.parametrize("claimed", [0, 1000, 2**26 - 1, 2**26 + 1, 2**32 - 2])
@pytest.mark.parametrize("packed", [7, None, 2**31])
def test_a_false_size_costs_no_memory(claimed, packed):
    content = bytearray(zipped({"rec.dat": bytes(2**26)}))
    for mark, place in ((b"PK\3\4", 18), (b"PK\1\2", 20)):
        at = content.find(mark) + place
        if packed is not None:
            struct.pack_into("<I", content, at, packed)
        struct.pack_into("<I", content, at + 4, claimed)
    tracemalloc.start()
    with pytest.raises(RecordError, match=r"damaged or cut short|times its own size"):
        read_ecg(bytes(content), name="a.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**26


def test_more_entries_than_files_of_an_ecg_are_refused_before_they_are_objects():
    many = zipped(RECORD) + b"PK\1\2" * 100
    with pytest.raises(RecordError, match="10 files"):
        read_ecg(many, name="a.zip", limits=ReadLimits(members=10))


def test_the_time_for_one_ecg_ends():
    with pytest.raises(RecordError, match=r"read within 1e-06 s, found one that takes longer"):
        read_ecg(zipped(RECORD), name="a.zip", limits=ReadLimits(seconds=1e-6))


def test_many_files_are_refused():
    with pytest.raises(RecordError, match="10000 files"):
        read_ecg(
            zipped(dict.fromkeys(map(str, range(10_001)), b""), zipfile.ZIP_STORED), name="a.zip"
        )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({}), "an empty one"),
        (zipped(RECORD)[:-30], "damaged or cut short"),
        (zipped(RECORD)[:200], "damaged or cut short"),
        (zipped({"inner.zip": zipped(RECORD)}), "another archive in it, inner.zip"),
        (zipped({"rec.hea": RECORD["rec.hea"]}), "rec.dat beside it"),
        (zipped({**RECORD, "b.hea": RECORD["rec.hea"]}), "found 2 headers"),
        (zipped({"a/rec.hea": b"x", "b/rec.hea": b"x"}), "one name in several folders"),
        (zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"}), "Office"),
        (gzip.compress(RECORD["rec.dat"])[:-9], "cut short"),
        (b"\x1f\x8b" + b"x" * 40, "damaged"),
        (gzip.compress(zipped(RECORD)), "another archive in it"),
    ],
)
def test_an_archive_that_is_no_ecg_is_refused_in_one_sentence(content, message):
    with pytest.raises(RecordError, match=message) as caught:
        read_ecg(content, name="a.bin")
    assert "\n" not in str(caught.value)


def test_gzip_in_several_parts_is_one_file():
    text = ("\n".join(",".join(map(str, row)) for row in UNITS.T) + "\n").encode()
    layout = ArrayLayout(fs_hz=500, unit="uV", leads=STANDARD_LEADS, orientation="samples_first")
    parts = gzip.compress(text[:1000]) + gzip.compress(text[1000:])
    assert read_ecg(parts, name="a.csv.gz", layout=layout).n_samples == 300


SMALL = {"zip": zipped(wfdb_record(UNITS[:3, :20], leads=("I", "II", "V1")))}
SMALL["gzip"] = gzip.compress(edf(UNITS[:3, :20], ("I", "II", "V1")))


@pytest.mark.parametrize("archive", SMALL)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    at=st.floats(0, 1, exclude_max=True),
    value=st.binary(max_size=4),
    n_cut=st.integers(0, 4),
    end=st.booleans(),
)
def test_damaged_bytes_are_read_or_refused_with_a_record_error(archive, at, value, n_cut, end):
    content = bytearray(SMALL[archive])
    place = int(at * len(content))
    content[place : len(content) if end else place + n_cut] = value
    try:
        record = read_ecg(bytes(content), name="a.bin")
    except RecordError:
        return
    assert np.isfinite(record.signal_mv).any()
