"""CODE-15 % in its official layout, written here: no real part of it is at hand."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from physioclr.datasets.code15 import read_code15
from physioclr.datasets.prepare import prepare
from physioclr.datasets.sources import find_cohort
from physioclr.errors import DatasetError, RecordError
from tests.conftest import pulse_train

HEADER = (
    "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey,"
    "normal_ecg,trace_file"
)
FIRST = "1169160,38,True,40.1,False,False,True,False,False,False,523632,True,2.1,False,"
LATER = "2873686,73,False,67.0,False,False,False,False,False,True,523632,,,True,"
SIGNAL_MV = pulse_train(400, seed=2)[0].T[:4000]


def tracing(n_samples):
    """A tracing as Zenodo has it: zeros on both sides up to 4096 samples."""
    filled = np.zeros((4096, 12), dtype=np.float32)
    before = (4096 - n_samples) // 2
    filled[before : before + n_samples] = SIGNAL_MV[:n_samples]
    return filled


def write_part(file, exams):
    with h5py.File(file, "w") as part:
        part.create_dataset("exam_id", data=np.array([*exams, 0]))
        empty = np.zeros((4096, 12), dtype=np.float32)
        part.create_dataset("tracings", data=np.stack([*exams.values(), empty]))


def write(folder, *rows, **parts):
    (folder / "exams.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    for name, exams in parts.items():
        write_part(folder / f"{name}.hdf5", exams)


def test_the_official_layout_gives_labels_patients_and_outcome(tmp_path):
    write(
        tmp_path,
        f"{FIRST}exams_part0.hdf5",
        f"{LATER}exams_part0.hdf5",
        "77,50,True,50,False,False,False,False,False,False,9,,,True,exams_part3.hdf5",
        exams_part0={2873686: tracing(2800), 1169160: tracing(4000)},
    )
    cohort = find_cohort(tmp_path)
    assert cohort.name == "CODE-15"
    first, later = cohort.records  # the third lies in a part that is not there
    assert first.patient_id == later.patient_id == "523632"
    assert (first.sex, later.sex, first.age_years, first.fold) == ("male", "female", 38, None)
    assert [k for k, one in first.labels["abnormality"].items() if one] == ["LBBB"]
    assert first.labels["outcome"] == {"death": 1}
    assert "outcome" not in later.labels  # known for a patient's first exam only
    assert later.labels["normal_ecg"] == {"normal_ecg": 1}


def test_the_zeros_that_fill_a_tracing_are_cut_off(tmp_path):
    write(
        tmp_path,
        f"{FIRST}exams_part0.hdf5",
        f"{LATER}exams_part0.hdf5",
        exams_part0={2873686: tracing(2800), 1169160: tracing(4000)},
    )
    first, later = (entry.read() for entry in read_code15(tmp_path).records)
    assert (first.fs_hz, first.duration_s, later.duration_s) == (400, 10, 7)
    np.testing.assert_array_equal(first.signal_mv, SIGNAL_MV.T)
    assert first.leads[:6] == ("I", "II", "III", "aVR", "aVL", "aVF")


def test_an_exam_of_7_s_is_left_out_of_a_store_of_10_s(tmp_path):
    write(
        tmp_path,
        f"{FIRST}exams_part0.hdf5",
        f"{LATER}exams_part0.hdf5",
        exams_part0={2873686: tracing(2800), 1169160: tracing(4000)},
    )
    report = prepare(tmp_path, tmp_path / "store", workers=1)
    assert report.n_prepared == 1
    assert report.left_out == (("2873686", "2873686: expected at least 10 s, found 7 s."),)


def test_an_exam_that_is_nothing_but_zeros_or_not_in_its_part_is_refused(tmp_path):
    write(
        tmp_path,
        f"{FIRST}exams_part0.hdf5",
        f"{LATER}exams_part0.hdf5",
        exams_part0={1169160: np.zeros((4096, 12))},
    )
    empty, missing = read_code15(tmp_path).records
    with pytest.raises(RecordError, match="at least one valid sample, found none"):
        empty.read()
    with pytest.raises(RecordError, match=r"expected it in exams_part0.hdf5, found other exams"):
        missing.read()


def test_parts_in_folders_of_their_own_are_found(tmp_path):
    write(tmp_path, f"{FIRST}exams_part0.hdf5")
    (tmp_path / "exams_part0").mkdir()
    write_part(tmp_path / "exams_part0" / "exams_part0.hdf5", {1169160: tracing(4000)})
    assert read_code15(tmp_path).records[0].read().duration_s == 10


def test_a_missing_or_damaged_part_is_refused(tmp_path):
    write(tmp_path, f"{FIRST}exams_part0.hdf5")
    with pytest.raises(DatasetError, match=r"a part such as exams_part0.hdf5, found none"):
        read_code15(tmp_path)
    (tmp_path / "exams_part0.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(DatasetError, match="exam_id and tracings in HDF5, found a damaged file"):
        read_code15(tmp_path)


def test_a_part_of_another_shape_or_that_claims_more_than_it_holds_is_refused(tmp_path):
    write(tmp_path, f"{FIRST}exams_part0.hdf5")
    for n_claimed, shape in [(3, (3, 2800, 12)), (3, (4, 4096, 12)), (10**9, (10**9, 4096, 12))]:
        with h5py.File(tmp_path / "exams_part0.hdf5", "w") as part:
            part.create_dataset("exam_id", (n_claimed,), "i8")
            part.create_dataset("tracings", shape, "f4", chunks=(1, 100, 12))
        with pytest.raises(DatasetError, match="an exam_id for each of its tracings"):
            read_code15(tmp_path)
