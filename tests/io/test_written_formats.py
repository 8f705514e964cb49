"""Every format in its official layout, and everything that may be wrong with a file of it."""

from __future__ import annotations

import gzip
import io
import logging
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.leads import STANDARD_LEADS, derive_limb_leads
from tests.io.ecg_bytes import LEADS_OF_8, SECRETS, WRITERS, ishne, mfer, scp

UNITS = np.random.default_rng(7).integers(-900, 900, size=(12, 300))
FORMATS = pytest.mark.parametrize("file_format", WRITERS)
# float32 holds a thousandth of an integer below 2^15 to 1 part in 2^24.
FLOAT32_MV = 1e-6


@FORMATS
def test_samples_in_microvolts_become_millivolts_in_standard_order(file_format):
    order = np.random.default_rng(1).permutation(12)
    leads = [STANDARD_LEADS[i] for i in order]
    record = read_ecg(WRITERS[file_format](UNITS[order], leads), name="7.bin")
    assert record.leads == STANDARD_LEADS
    assert record.fs_hz == 500
    assert record.meta["format"] == file_format
    assert "warnings" not in record.meta
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=FLOAT32_MV)


@FORMATS
def test_of_the_person_only_age_and_sex_come_out(file_format, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    record = read_ecg(WRITERS[file_format](UNITS), name="7.bin")
    assert dict(record.meta) == {
        "source": "7.bin",
        "format": file_format,
        "age_years": 60.0,
        "sex": "female",
    }
    assert record.record_id == "7"
    said = caplog.text + "".join(capfd.readouterr()) + repr(record)
    assert not any(secret in said for secret in SECRETS)


@FORMATS
@pytest.mark.parametrize("name", ["ecg.csv", "ecg.dcm", "ecg.xml", "ecg", "ecg.hea.txt"])
def test_the_content_decides_whatever_the_suffix_says(file_format, name):
    assert read_ecg(WRITERS[file_format](UNITS), name=name).meta["format"] == file_format


@FORMATS
def test_a_path_bytes_gzip_and_zip_give_the_same(file_format, tmp_path):
    content = WRITERS[file_format](UNITS)
    (tmp_path / "ecg.bin").write_bytes(content)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/ecg.bin", content)
        archive.writestr("__MACOSX/export/._ecg.bin", b"litter")
    for source in (
        tmp_path / "ecg.bin",
        {"ecg.bin": content},
        {"ecg.bin.gz": gzip.compress(content)},
        {"upload.zip": packed.getvalue()},
    ):
        record = read_ecg(source)
        assert record.record_id == "ecg"
        np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=FLOAT32_MV)


@FORMATS
def test_limb_leads_of_an_ecg_of_8_leads_are_derived(file_format):
    rows = [STANDARD_LEADS.index(lead) for lead in LEADS_OF_8]
    record = read_ecg(WRITERS[file_format](UNITS[rows], LEADS_OF_8), name="7.bin")
    assert record.leads == STANDARD_LEADS
    assert set(record.meta["derived_leads"]) == {"III", "aVR", "aVL", "aVF"}
    derived, names = derive_limb_leads(UNITS[:2] / 1000, ("I", "II"))
    for row, lead in zip(derived, names, strict=True):
        np.testing.assert_allclose(record.lead_mv(lead), row, atol=FLOAT32_MV)


@FORMATS
@pytest.mark.parametrize("leads", [("II",), ("I", "V1", "V5")])
def test_one_lead_and_three_are_an_ecg(file_format, leads):
    record = read_ecg(WRITERS[file_format](UNITS[: len(leads)], leads), name="7.bin")
    assert record.leads == leads


@FORMATS
def test_ten_samples_a_second_are_too_few_and_ten_thousand_are_read(file_format):
    few = 20 if file_format == "SCP-ECG" else 10  # its 16 bits of microseconds end at 15.3 Hz
    with pytest.raises(RecordError, match=rf"at least 50 samples a second.* found {few} Hz"):
        read_ecg(WRITERS[file_format](UNITS, fs_hz=few), name="7.bin")
    record = read_ecg(WRITERS[file_format](UNITS, fs_hz=10_000), name="7.bin")
    assert record.fs_hz == pytest.approx(10_000)  # aECG states an interval in decimals


@pytest.mark.parametrize(
    ("file_format", "without_unit"),
    [
        ("EDF", {"unit": ""}),
        ("BDF", {"unit": ""}),
        ("ISHNE", {"resolution_nv": 0}),
        ("MFER", {"unit": False}),
        ("HL7 aECG", {"unit": ""}),
        ("GE MUSE XML", {"unit": ""}),
        ("Philips XML", {"resolution": ""}),
        ("DICOM", {"unit": ""}),
    ],
)
def test_amplitudes_without_a_unit_are_refused(file_format, without_unit):
    with pytest.raises(RecordError, match="mV, µV or V, found only no unit"):
        read_ecg(WRITERS[file_format](UNITS, **without_unit), name="7.bin")


@FORMATS
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9, 0.999])
def test_a_file_cut_short_is_refused_in_one_sentence_that_names_nobody(file_format, part):
    content = WRITERS[file_format](UNITS)
    with pytest.raises(RecordError) as caught:
        read_ecg(content[: int(part * len(content))], name="7.bin")
    message = str(caught.value)
    assert message.startswith("7.bin: expected ")
    assert "\n" not in message
    assert not any(secret in message for secret in SECRETS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (scp(UNITS, n_claimed=10**9), "12000000000 samples, as section 3 claims"),
        (ishne(UNITS)[:14] + (10**9).to_bytes(4, "little") + ishne(UNITS)[18:], "1000000000"),
        (mfer(UNITS, n_claimed=10**7), "as many samples as the file claims"),
        (WRITERS["EDF"](UNITS, n_records=10**7), "10000000 records of 3600 samples"),
        (WRITERS["BDF"](UNITS, n_records=10**7), "10000000 records of 3600 samples"),
        (WRITERS["DICOM"](UNITS).replace(b"\x2c\x01\0\0", b"\0\xca\x9a\x3b"), "1000000000"),
        (WRITERS["Philips XML"](UNITS).replace(b'"600"', b'"2000000000"'), "Philips XML"),
        (WRITERS["GE MUSE XML"](UNITS).replace(b">300<", b">1000000000<"), "GE MUSE XML"),
    ],
    ids=["SCP-ECG", "ISHNE", "MFER", "EDF", "BDF", "DICOM", "Philips XML", "GE MUSE XML"],
)
def test_a_claim_of_a_thousand_million_samples_is_refused(content, message):
    with pytest.raises(RecordError, match=message):
        read_ecg(content, name="7.bin")


def test_mfer_in_either_byte_order_is_the_same():
    for big_endian in (True, False):
        record = read_ecg(mfer(UNITS, big_endian=big_endian), name="7.mwf")
        np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=FLOAT32_MV)


def test_mfer_is_told_without_its_optional_preamble():
    assert read_ecg(mfer(UNITS)[34:], name="7.bin").meta["format"] == "MFER"


def test_a_lead_that_was_off_is_nan_in_ishne():
    units = UNITS.copy()
    units[4, 50:90] = -32768
    record = read_ecg(ishne(units), name="7.ecg")
    assert np.isnan(record.lead_mv("aVL")[50:90]).all()
    assert np.isnan(record.signal_mv).sum() == 40


def test_nothing_stays_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for write in WRITERS.values():
        content = write(UNITS)
        read_ecg(content, name="7.bin")
        with pytest.raises(RecordError):
            read_ecg(content[: len(content) // 2], name="7.bin")
    assert list(Path(tmp_path).iterdir()) == []


SMALL = {name: write(UNITS[:3, :40], ("I", "II", "V1")) for name, write in WRITERS.items()}


@FORMATS
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    kind=st.sampled_from(["flip", "cut", "insert", "digit", "end", "repeat"]),
    at=st.floats(0, 1, exclude_max=True),
    value=st.binary(min_size=1, max_size=6),
)
def test_damaged_bytes_are_read_or_refused_with_a_record_error(file_format, kind, at, value):
    content = bytearray(SMALL[file_format])
    place = int(at * len(content))
    if kind == "flip":
        content[place] ^= value[0] or 1
    elif kind == "cut":
        del content[place : place + len(value)]
    elif kind == "insert":
        content[place:place] = value
    elif kind == "digit":
        content[place : place + 1] = str(value[0]).encode()
    elif kind == "end":
        del content[place:]
    else:
        content[place:place] = content[place : place + 20]
    said = ""
    try:
        assert np.isfinite(read_ecg(bytes(content), name="7.bin").signal_mv).any()
    except RecordError as error:
        said = str(error)
    assert not any(secret in said for secret in SECRETS)
