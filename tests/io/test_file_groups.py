"""Many files at once, told apart."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.io import group_files, is_undeclared
from tests.io.ecg_bytes import dicom, edf
from tests.io.test_archives import zipped
from tests.io.test_arrays import ARRAYS, npz
from tests.io.wfdb_bytes import wfdb_record

UNITS = np.random.default_rng(0).integers(-900, 900, size=(12, 100))
RECORD, OTHER = wfdb_record(UNITS), wfdb_record(UNITS, name="b")


@pytest.mark.parametrize(
    ("files", "groups"),
    [
        ({}, []),
        (RECORD, [{"rec.hea", "rec.dat"}]),
        ({**RECORD, **OTHER}, [{"rec.hea", "rec.dat"}, {"b.hea", "b.dat"}]),
        (
            {"rec.hea": RECORD["rec.hea"], "x.dat": RECORD["rec.dat"], "7.dcm": dicom(UNITS)},
            [{"rec.hea", "x.dat"}, {"7.dcm"}],
        ),
        ({"a.edf": edf(UNITS), "a.dcm": dicom(UNITS)}, [{"a.edf"}, {"a.dcm"}]),
        ({"z.zip": zipped({**RECORD, **OTHER})}, [{"rec.hea", "rec.dat"}, {"b.hea", "b.dat"}]),
        ({"y.zip": zipped(RECORD), "z.zip": zipped(RECORD)}, [{"rec.hea", "rec.dat"}] * 2),
        ({"a.npz": npz(ecg=UNITS), "b.zip": b"PK\3\4 damaged"}, [{"a.npz"}, {"b.zip"}]),
    ],
)
def test_each_ecg_gets_its_files(files, groups):
    assert [set(group) for group in group_files(files)] == groups


@pytest.mark.parametrize("content", [*ARRAYS.values(), zipped({"a.csv": ARRAYS["CSV"]})])
def test_tables_and_arrays_have_to_be_explained(content):
    assert is_undeclared(content)


@pytest.mark.parametrize("content", [dicom(UNITS), zipped(RECORD), b"%PDF", b"PK\3\4 damaged"])
def test_other_files_explain_themselves(content):
    assert not is_undeclared(content)


def test_a_file_the_header_does_not_name_is_not_swallowed():
    header = b"a 1 500 5000\nb.dat 16 200 16 0 0 0 0 I\n# Dx: 1\n"
    files = {"a.hea": header, "b.dat": b"signal", "a.atr": b"beats", "broken.dcm": b"no ECG"}
    assert [set(group) for group in group_files(files)] == [
        {"a.hea", "b.dat", "a.atr"},
        {"broken.dcm"},
    ]


def test_signals_under_another_name_stay_with_the_only_header():
    header = b"a 1 500 5000\nb.dat 16 200 16 0 0 0 0 I\n"
    files = {"a.hea": header, "renamed.dat": b"signal"}
    assert [set(group) for group in group_files(files)] == [set(files)]
