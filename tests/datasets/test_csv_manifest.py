"""A cohort of one's own, as a CSV."""

from __future__ import annotations

import math

import numpy as np
import pytest

from physioclr.datasets.csv_manifest import read_csv_manifest
from physioclr.datasets.prepare import prepare
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.store import Store
from physioclr.errors import DatasetError, RecordError
from physioclr.io import ArrayLayout
from physioclr.leads import STANDARD_LEADS
from tests.conftest import pulse_train, write_wfdb_pair

MILLIVOLTS = ArrayLayout(fs_hz=500, unit="mV", leads=STANDARD_LEADS, orientation="leads_first")


def manifest(folder, *lines, name="icu.csv"):
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def write_ecgs(folder, n):
    for row in range(n):
        write_wfdb_pair(folder, f"ecg{row}", pulse_train(400, seed=row)[0], STANDARD_LEADS)


def test_an_icu_cohort_with_one_outcome_becomes_a_store(tmp_path):
    write_ecgs(tmp_path, 3)
    file = manifest(
        tmp_path,
        "path,patient,age,sex,fold,died",
        "ecg0.hea,P1,71,F,1,1",
        "ecg1,P1,72,female,1,",
        "ecg2.dat,P2,,m,2,0",
    )
    report = prepare(str(file), tmp_path / "store", workers=1)
    assert report.left_out == ()
    store = Store(tmp_path / "store")
    assert store.source == "icu"
    assert list(store.records["patient_id"]) == ["P1", "P1", "P2"]
    assert list(store.records["sex"]) == ["female", "female", "male"]
    assert list(store.records["fold"]) == [1, 1, 2]
    np.testing.assert_array_equal(store.labels("label")["died"], [1, np.nan, 0])
    np.testing.assert_array_equal(store.records["age_years"], [71, 72, np.nan])


def test_any_number_of_labels_in_sets_of_their_own(tmp_path):
    file = manifest(
        tmp_path,
        "path;rhythm/AF;rhythm/SR;died;#ward",
        "a.dcm;1;0;;north",
        "b.dcm;;;1;south",
    )
    cohort = find_cohort(file)
    assert cohort.label_sets == {"rhythm": {"AF": "AF", "SR": "SR"}, "label": {"died": "died"}}
    assert [r.labels for r in cohort.records] == [
        {"rhythm": {"AF": 1, "SR": 0}},
        {"label": {"died": 1}},
    ]
    assert [r.patient_id for r in cohort.records] == ["a", "b"]
    assert all(math.isnan(r.age_years) and r.sex is None and r.fold is None for r in cohort.records)


def test_roles_and_labels_can_be_declared(tmp_path):
    file = manifest(
        tmp_path, "File,MRN,Name,Died,Ward", "a.xml,17,Someone,1,3", "b.xml,17,Someone,0,4"
    )
    cohort = read_csv_manifest(file, columns={"path": "File", "patient": "MRN"}, labels=["Died"])
    assert cohort.label_sets == {"label": {"Died": "Died"}}
    assert {record.patient_id for record in cohort.records} == {"17"}
    with pytest.raises(ValueError, match="columns may name path, record"):
        read_csv_manifest(file, columns={"file": "File"})


def test_stems_that_repeat_are_named_by_their_paths(tmp_path):
    file = manifest(tmp_path, "path", "p1/ecg.dcm", "p2\\ecg.dcm")
    assert [r.record_id for r in read_csv_manifest(file).records] == ["p1/ecg.dcm", "p2/ecg.dcm"]


def test_the_layout_of_arrays_is_an_argument_or_columns_of_the_manifest(tmp_path):
    signal = pulse_train(400, seed=1)[0]
    np.save(tmp_path / "a.npy", signal)
    np.save(tmp_path / "b.npy", (1000 * signal).T)
    leads = " ".join(STANDARD_LEADS)
    file = manifest(
        tmp_path,
        "path,fs_hz,unit,orientation,leads",
        "a.npy,,,,",
        f"b.npy,500,uV,samples_first,{leads}",
    )
    first, second = (r.read() for r in read_csv_manifest(file, layout=MILLIVOLTS).records)
    # The second went through µV in 32-bit floats: half a unit in their last place, 24 bits.
    np.testing.assert_allclose(first.signal_mv, second.signal_mv, rtol=2**-22)
    with pytest.raises(RecordError, match="its layout declared"):
        read_csv_manifest(file).records[0].read()


@pytest.mark.parametrize(
    "path", ["../outside.dcm", "inner/../../outside.dcm", "/etc/hostname", "C:\\ecg\\a.dcm"]
)
def test_a_path_out_of_the_folder_is_refused_unless_asked_for(tmp_path, path):
    file = manifest(tmp_path, "path,died", f"{path},1")
    with pytest.raises(DatasetError, match="row 2, column path: expected a path within"):
        read_csv_manifest(file)
    assert len(read_csv_manifest(file, allow_absolute_paths=True).records) == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["patient,died", "P1,1"], "icu.csv: expected a column named path, found none"),
        (["path,died"], "a row for each ECG, found only the first line"),
        (["path,died,Died", "a,1,1"], "a name for each column, once, found died twice"),
        (["path,,died", "a,1,1"], "found one without a name"),
        (["path,died,label/died", "a,1,0"], "labels as name or set/name, once"),
        (["path,rhythm/", "a,1"], "labels as name or set/name, once"),
        (["path,died", "a,1", "", "b,2"], "row 4, column died: expected 1, 0 or nothing"),
        (["path,died", "a,yes"], "row 2, column died: expected 1, 0 or nothing"),
        (["path,died", "a,1", "a,0"], "row 3: expected each file once, found that of row 2 again"),
        (["path,died", "a.hea,1", "./a.dat,0"], "row 3: expected each file once"),
        (["path,record", "a,x", "b,x"], "row 3: expected each record once"),
        (["path,patient", "a,", "b,x"], "row 2, column patient: expected a patient in each row"),
        (["path,died", ",1"], "row 2, column path: expected a path in each row, found nothing"),
        (["path,age", "a,300"], "row 2, column age: expected 0 to 120 years"),
        (["path,age", "a,old"], "row 2, column age: expected 0 to 120 years"),
        (["path,sex", "a,1"], "row 2, column sex: expected female, male"),
        (["path,fold", "a,0"], "row 2, column fold: expected a whole number"),
        (["path,fold", "a,1.5"], "row 2, column fold: expected a whole number"),
        (["path,died", "a,1,1"], "row 2: expected 2 cells, as the first line has, found 3"),
        (["path,died", '"a,1'], "expected quotes that close"),
        (["path,fs_hz", "a,500"], "row 2, column fs_hz: expected fs_hz and unit"),
        (["path,fs_hz,unit", "a,500,kg"], "column layout: expected unit must be one of mV"),
        (["path,fs_hz,unit", "a,many,mV"], "column layout: expected fs_hz must be a positive"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_the_row(tmp_path, lines, said):
    with pytest.raises(DatasetError) as caught:
        read_csv_manifest(manifest(tmp_path, *lines))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_value_of_a_person_is_repeated(tmp_path):
    file = manifest(tmp_path, "path,name,age", "a.dcm,Jane Roe,41")
    with pytest.raises(DatasetError) as caught:
        read_csv_manifest(file)
    assert "Roe" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"PK\x03\x04\0\0\0"])
def test_what_is_no_text_is_refused(tmp_path, content):
    file = tmp_path / "icu.csv"
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=r"expected a CSV whose first line names its columns"):
        read_csv_manifest(file)


def test_a_missing_file_is_refused():
    with pytest.raises(DatasetError, match="No such file"):
        read_csv_manifest("nowhere.csv")


def test_a_file_that_is_not_there_is_left_out_and_the_others_go_on(tmp_path):
    write_ecgs(tmp_path, 1)
    file = manifest(tmp_path, "path", "ecg0", "ecg7")
    report = prepare(file, tmp_path / "store", workers=1)
    assert report.n_prepared == 1
    assert [name for name, _ in report.left_out] == ["ecg7"]
