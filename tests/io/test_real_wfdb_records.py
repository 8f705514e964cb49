"""Every WFDB record of the shared data, against the wfdb library or the raw samples."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
import wfdb

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.leads import STANDARD_LEADS
from tests.shared_data import SHARED_DATA, needs_shared_data

pytestmark = needs_shared_data

MOST_PER_FOLDER = 12


def headers(*parts):
    return sorted(SHARED_DATA.joinpath(*parts).rglob("*.hea"))


def spread(files):
    """Return some of many files, from the first to the last."""
    return files[:: max(1, len(files) // MOST_PER_FOLDER)]


@pytest.mark.parametrize("folder", ["ptb-xl/records500", "ptb-xl/records100", "ludb", "cinc2011"])
def test_samples_are_those_of_the_wfdb_library(folder):
    for file in spread(headers(folder)):
        record, reference = read_ecg(file), wfdb.rdrecord(str(file.with_suffix("")))
        assert record.leads == STANDARD_LEADS
        assert record.fs_hz == reference.fs
        assert "warnings" not in record.meta
        rows = [STANDARD_LEADS.index(_spelt(name)) for name in reference.sig_name]
        # One rounding to float32, below 2^-24 of 32.767 mV.
        np.testing.assert_allclose(record.signal_mv[rows], reference.p_signal.T, atol=2e-6)


@pytest.mark.parametrize("name", ["mitdb/101", "mitdb/207", "nstdb/bw", "nstdb/ma"])
def test_half_an_hour_of_two_leads_is_read(name):
    record = read_ecg(SHARED_DATA / name)
    reference = wfdb.rdrecord(str(SHARED_DATA / name))
    assert (record.n_leads, record.n_samples, record.fs_hz) == (2, 650_000, 360.0)
    rows = [record.leads.index(_spelt(name)) for name in reference.sig_name]
    np.testing.assert_allclose(record.signal_mv[rows], reference.p_signal.T, atol=2e-6)  # float32


def test_every_challenge_record_is_read_also_those_whose_header_the_library_rejects():
    rejected = 0
    files = headers("challenge2021")
    for file in files:
        try:
            wfdb.rdheader(str(file.with_suffix("")))
        except (ValueError, IndexError):
            rejected += 1
        record = read_ecg(file)
        assert record.leads == STANDARD_LEADS
        assert record.record_id == file.stem
        assert record.meta["diagnosis_codes"]
        raw = np.frombuffer(file.with_suffix(".mat").read_bytes()[24:], "<i2").reshape(-1, 12)
        gain = float(re.search(r"\.mat 16\S* ([\d.]+)", file.read_text())[1])
        np.testing.assert_allclose(record.signal_mv, raw.T / gain, atol=2e-6)  # float32
    assert len(files) >= 60
    assert rejected >= 3


def test_a_record_without_one_of_its_files_keeps_the_leads_of_the_other():
    record = read_ecg(SHARED_DATA / "formats" / "wfdb" / "s0010_re.hea")
    assert record.leads == STANDARD_LEADS
    assert set(record.meta["left_out"]) == {"vx", "vy", "vz"}
    assert record.meta["age_years"] == 81.0
    assert record.meta["sex"] == "female"


def test_goldbergers_leads_derived_from_i_and_ii_are_those_recorded():
    file = headers("ptb-xl", "records500")[0]
    text = file.read_text().splitlines()
    content = np.frombuffer(file.with_suffix(".dat").read_bytes(), "<i2").reshape(-1, 12)
    header = [text[0].replace(" 12 ", " 2 "), *text[1:3]]
    derived = read_ecg(
        {file.name: "\n".join(header).encode(), f"{file.stem}.dat": content[:, :2].tobytes()}
    )
    recorded = read_ecg(file)
    for lead in derived.meta["derived_leads"]:
        # The recorder rounds each lead to 1 µV or, in part of PTB-XL, 5 µV: three roundings.
        np.testing.assert_allclose(derived.lead_mv(lead), recorded.lead_mv(lead), atol=0.0076)


@pytest.mark.parametrize("folder", ["ludb", "mitdb", "formats/wfdb", "challenge2021"])
def test_meta_holds_no_more_than_is_listed(folder):
    allowed = {"source", "format", "age_years", "sex", "diagnosis_codes", "left_out", "warnings"}
    for file in spread(headers(folder)):
        assert set(read_ecg(file).meta) <= allowed


def test_a_text_file_with_a_real_header_is_refused():
    file = headers("cinc2011")[0]
    text = b"0.012;0.015;0.020\r\n" * 10_000
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        copy.write_bytes(file.read_bytes())
        copy.with_suffix(".dat").write_bytes(text[:120_000])
        with pytest.raises(RecordError, match="found text"):
            read_ecg(copy)


def _spelt(name):
    spellings = {lead.upper(): lead for lead in STANDARD_LEADS} | {"MLII": "II"}
    return spellings.get(name.upper(), name)
