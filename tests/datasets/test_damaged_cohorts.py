"""Tables and annotations of cohorts with some of their bytes changed: one sentence or a cohort."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from physioclr.datasets.mit_bih import read_mit_bih
from physioclr.datasets.sources import find_cohort
from physioclr.errors import PhysioclrError
from tests.datasets import (
    test_chapman,
    test_code15,
    test_csv_manifest,
    test_ludb,
    test_mimic_iv_ecg,
    test_mit_bih,
    test_sph,
)

CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([b"", b",", b"\n", b'"', b"\0", b"\xff", b"-9e99"])),
    min_size=1,
    max_size=6,
)


def sph(folder):
    test_sph.write(folder, "A1,22;23,S1,55,M,5000,2020-03-04", "A2,145+362,S1,56,M,5000,2020-03-05")
    return folder, folder / "metadata.csv", find_cohort


def code15(folder):
    rows = [f"{row}exams_part0.hdf5" for row in (test_code15.FIRST, test_code15.LATER)]
    test_code15.write(folder, *rows, exams_part0={1169160: test_code15.tracing(4000)})
    return folder, folder / "exams.csv", find_cohort


def code15_part(folder):
    code15(folder)
    return folder, folder / "exams_part0.hdf5", find_cohort


def mimic_iv_ecg(folder):
    test_mimic_iv_ecg.write(folder)
    return folder, folder / "record_list.csv", find_cohort


def ludb(folder):
    test_ludb.write(folder, "1,F,51,Sinus rhythm,Electric axis of the heart: normal,,,,,,,")
    return folder, folder / "ludb.csv", find_cohort


def chapman(folder):
    test_chapman.write(folder)
    return folder, folder / "Diagnostics.xlsx", find_cohort


def mit_bih(folder):
    test_mit_bih.write(folder)
    return folder, folder / "100.atr", read_mit_bih


def mit_bih_header(folder):
    test_mit_bih.write(folder)
    return folder, folder / "100.hea", read_mit_bih


def csv_manifest(folder):
    file = test_csv_manifest.manifest(
        folder, "path,patient,age,sex,fold,fs_hz,unit,died", "a.npy,P1,71,F,1,500,mV,1"
    )
    return file, file, find_cohort


def outcome(read, source):
    """Return what is said of a source, nothing where each record has a name and a patient."""
    try:
        cohort = read(source)
    except PhysioclrError as error:
        return str(error)
    assert all(record.record_id and record.patient_id for record in cohort.records)
    return ""


@pytest.mark.parametrize(
    "write",
    [
        sph,
        code15,
        code15_part,
        mimic_iv_ecg,
        ludb,
        chapman,
        mit_bih,
        mit_bih_header,
        csv_manifest,
    ],
)
def test_damaged_bytes_raise_nothing_but_our_own_errors(write, tmp_path):
    source, file, read = write(tmp_path)
    whole = tmp_path / "whole"
    shutil.copy(file, whole)
    content = whole.read_bytes()

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(changes=CHANGES, keep=st.floats(0.2, 1))
    def check(changes, keep):
        damaged = bytearray(content[: max(1, round(keep * len(content)))])
        for place, change in changes:
            at = round(place * (len(damaged) - 1))
            damaged[at : at + 1] = change
            if not damaged:
                damaged = bytearray(b"\n")
        file.write_bytes(damaged)
        assert "\n" not in outcome(read, source)

    check()
