from __future__ import annotations

import math
import shutil

import numpy as np
import pytest

from physioclr.datasets.prepare import prepare, prepare_cohort
from physioclr.datasets.ptb_xl import SUPERCLASSES, read_ptb_xl
from physioclr.datasets.simulated import simulated_cohort
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.store import Store
from physioclr.datasets.store_view import where
from physioclr.datasets.wfdb_folder import read_wfdb_folder
from physioclr.errors import DatasetError
from physioclr.interpretation.interpret import interpret
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.io import read_ecg
from tests.io.wfdb_bytes import wfdb_record
from tests.shared_data import SHARED_DATA, needs_shared_data


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "S"
    cohort = simulated_cohort(3, seed=5)
    prepare_cohort(cohort, out, fs_hz=500, duration_s=10, workers=1)
    return cohort, Store(out)


def test_a_simulated_store_says_so_and_holds_the_simulators_signals(simulated):
    cohort, store = simulated
    assert store.simulated
    assert store.record(0).simulated
    assert store.records["record_id"].tolist() == ["sim-0001", "sim-0002", "sim-0003"]
    expected = np.stack([record.read().signal_mv for record in cohort.records])
    # Half a unit of 1 µV, and float32 on top.
    np.testing.assert_allclose(store.signals_mv(), expected, atol=0.0005 + 1e-6)
    assert (store.labels("condition").sum(axis=1) == 1).all()


def test_the_store_does_not_depend_on_the_number_of_processes(simulated, tmp_path):
    cohort, store = simulated
    done = []
    report = prepare_cohort(
        cohort,
        tmp_path / "T",
        fs_hz=500,
        duration_s=10,
        workers=2,
        on_progress=lambda n, total: done.append((n, total)),
    )
    assert Store(tmp_path / "T").fingerprint == store.fingerprint
    assert report.n_prepared == 3
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_a_store_holds_the_state_of_every_finding_and_conditions_select_by_it(simulated):
    cohort, store = simulated
    statements = store.statements
    assert list(statements) == [code.lower() for code in VOCABULARY]
    for row, record in enumerate(cohort.records):
        said = interpret(store.record(row))
        assert statements["sr"][row] == said.state("SR"), record.record_id
    sinus = statements["sr"] == "present"
    assert sinus.any()
    chosen = where(store, "sr == 'present'")
    assert chosen.records["record_id"].tolist() == store.records["record_id"][sinus].tolist()
    assert (chosen.statements["sr"] == "present").all()
    assert len(where(store, "`1avb` != 'borderline'")) == len(store)


def test_a_store_without_physiology_has_no_statements(tmp_path):
    out = tmp_path / "S"
    cohort = simulated_cohort(1, seed=5)
    prepare_cohort(cohort, out, fs_hz=100, duration_s=10, workers=1, physiology=False)
    assert Store(out).statements.shape == (1, 0)


def test_beats_lie_in_the_record_and_cuts_between_them(simulated):
    _, store = simulated
    for beats in store.beats.itertuples():
        peaks, cuts = beats.r_peaks_samples, beats.cuts_samples
        assert (np.diff(peaks) > 0).all()
        assert peaks[0] >= 0
        assert peaks[-1] < store.n_samples
        assert (np.diff(cuts) > 0).all()
        assert not set(cuts) & set(peaks)


@pytest.fixture
def folder_with_one_good_ecg(tmp_path, simulated):
    _, store = simulated
    folder = tmp_path / "cohort"
    (folder / "inner").mkdir(parents=True)
    units = store.signals_raw([0])[0].astype(int)
    records = {
        "good": wfdb_record(units, name="good", comments=("Dx: 426783006", "Age: 40")),
        "short": wfdb_record(units[:, :1000], name="short"),
        "two": wfdb_record(units[:2], leads=("V1", "V2"), name="two"),
        "broken": {"broken.hea": b"nothing"},
    }
    for files in records.values():
        for name, content in files.items():
            (folder / "inner" / name).write_bytes(content)
    return folder


def test_records_that_cannot_be_prepared_are_listed_and_the_others_go_on(
    folder_with_one_good_ecg, tmp_path
):
    report = prepare(folder_with_one_good_ecg, tmp_path / "S", workers=1)
    reasons = dict(report.left_out)
    assert report.n_prepared == 1
    assert set(reasons) == {"broken", "short", "two"}
    assert "found 2 s" in reasons["short"]
    assert "twelve standard leads" in reasons["two"]
    assert "WFDB header" in reasons["broken"]
    store = Store(tmp_path / "S")
    assert store.records["patient_id"].tolist() == ["good"]
    assert store.records["age_years"].tolist() == [40.0]
    assert store.labels("diagnosis_code")["426783006"].tolist() == [1.0]


def test_a_cohort_of_nothing_usable_is_refused_and_leaves_nothing(
    folder_with_one_good_ecg, tmp_path
):
    for file in folder_with_one_good_ecg.glob("inner/good.*"):
        file.unlink()
    with pytest.raises(DatasetError, match="none of 3"):
        prepare(folder_with_one_good_ecg, tmp_path / "S", workers=1)
    assert not list(tmp_path.glob("S*"))


def test_ctrl_c_leaves_nothing(simulated, tmp_path):
    def stop(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_cohort(
            simulated[0], tmp_path / "S", fs_hz=500, duration_s=10, workers=1, on_progress=stop
        )
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_source_is_answered_with_what_is_known(tmp_path):
    (tmp_path / "photos").mkdir()
    for source in (tmp_path / "photos", tmp_path / "gone", "simulated:x"):
        with pytest.raises(DatasetError, match=r"ptbxl_database\.csv.*WFDB records.*simulated:N"):
            find_cohort(source)
    with pytest.raises(DatasetError, match="1 to 10000"):
        find_cohort("simulated:0")


@pytest.mark.parametrize("option", ["fs_hz", "duration_s", "workers", "limit"])
def test_a_number_below_0_is_a_callers_mistake(option, tmp_path):
    with pytest.raises(ValueError, match=option):
        prepare(tmp_path, tmp_path / "S", **{option: -1})


def test_repeated_stems_are_told_apart_by_their_folder(tmp_path):
    for inner in ("a", "b"):
        (tmp_path / inner).mkdir()
        (tmp_path / inner / "1.hea").write_bytes(b"")
    ids = [record.record_id for record in read_wfdb_folder(tmp_path).records]
    assert ids == ["a/1", "b/1"]


@pytest.fixture
def ptb_xl_of_two(tmp_path):
    (tmp_path / "scp_statements.csv").write_text(
        ",description,diagnostic,form,rhythm,diagnostic_class,diagnostic_subclass\n"
        "NORM,normal ECG,1,,,NORM,NORM\n"
        "IMI,inferior myocardial infarction,1,,,MI,IMI\n"
        "ASMI,anteroseptal myocardial infarction,1,,,MI,AMI\n"
        "LVH,left ventricular hypertrophy,1,,,HYP,LVH\n"
        "PVC,ventricular premature complex,,1,,,\n"
        "SR,sinus rhythm,,,1,,\n"
    )
    header = "ecg_id,patient_id,age,sex,scp_codes,strat_fold,filename_hr\n"
    (tmp_path / "ptbxl_database.csv").write_text(
        header
        + "1,10.0,300.0,1,\"{'IMI': 0.0, 'LVH': 50.0, 'SR': 0.0}\",3,r/1\n"
        + "2,11.0,50.0,0,{'SR': 0.0},4,r/2\n"
    )
    return tmp_path


def test_ptb_xl_superclasses_are_those_of_all_diagnostic_statements(ptb_xl_of_two):
    first, second = read_ptb_xl(ptb_xl_of_two).records
    of_first = {"NORM": 0, "MI": 1, "STTC": 0, "CD": 0, "HYP": 1}
    assert first.labels["superclass"] == of_first
    assert second.labels["superclass"] == {}  # no diagnostic statement: unknown, not absent
    assert {label for label, one in first.labels["subclass"].items() if one} == {"IMI", "LVH"}
    assert (first.labels["rhythm"], first.labels["form"]) == ({"SR": 1.0}, {})
    assert math.isnan(first.age_years)  # 300 stands for any age above 89
    assert (first.sex, second.sex, second.age_years, second.fold) == ("female", "male", 50.0, 4)
    assert (first.record_id, first.patient_id) == ("00001", "10")


@pytest.mark.parametrize("codes", ["__import__('os').getcwd()", "[1]", "{"])
def test_scp_codes_are_read_and_never_run(ptb_xl_of_two, codes):
    file = ptb_xl_of_two / "ptbxl_database.csv"
    file.write_text(file.read_text().replace("{'SR': 0.0}", codes))
    with pytest.raises(DatasetError, match="ECG 00002"):
        read_ptb_xl(ptb_xl_of_two)


@pytest.mark.parametrize(("content", "found"), [("a,b\n1,2\n", "none named"), ("", "no table")])
def test_a_damaged_table_is_named(ptb_xl_of_two, content, found):
    (ptb_xl_of_two / "ptbxl_database.csv").write_text(content)
    with pytest.raises(DatasetError, match=rf"ptbxl_database\.csv: .*{found}"):
        read_ptb_xl(ptb_xl_of_two)


@needs_shared_data
def test_ptb_xl_prepared_holds_the_cohorts_labels_and_samples(tmp_path):
    report = prepare(SHARED_DATA / "ptb-xl", tmp_path / "S", limit=2, workers=1)
    store = Store(tmp_path / "S")
    assert (report.n_prepared, report.left_out) == (2, ())
    assert store.records["record_id"].tolist() == ["00001", "00002"]
    assert store.records["patient_id"].tolist() == ["15709", "13243"]
    assert store.records["sex"].tolist() == ["female", "male"]
    assert store.records["fold"].tolist() == [3, 2]
    assert store.labels("superclass").columns.tolist() == list(SUPERCLASSES)
    file = SHARED_DATA / "ptb-xl" / "records500" / "00000" / "00002_hr.hea"
    # PTB-XL is in steps of 1 µV: nothing is rounded but float32.
    np.testing.assert_allclose(store.signals_mv([1])[0], read_ecg(file).signal_mv, atol=1e-6)


@needs_shared_data
def test_ptb_xl_lists_353_records_of_339_patients():
    cohort = read_ptb_xl(SHARED_DATA / "ptb-xl")
    assert len(cohort.records) == 353
    # Strodthoff 2021: 5 superclasses, 23 subclasses, 19 statements of form, 12 of rhythm.
    assert [len(labels) for labels in cohort.label_sets.values()] == [5, 23, 19, 12]
    assert cohort.label_sets["rhythm"]["AFIB"] == "Atrial fibrillation"
    assert len({record.patient_id for record in cohort.records}) == 339
    assert {record.fold for record in cohort.records} == set(range(1, 9))


@needs_shared_data
def test_the_challenge_cohorts_are_a_folder_of_wfdb_records():
    cohort = find_cohort(SHARED_DATA / "challenge2021")
    assert len(cohort.records) == 66
    assert "426783006" in cohort.label_sets["diagnosis_code"]
    assert all(record.labels for record in cohort.records)


@needs_shared_data
def test_another_rate_is_resampled(tmp_path):
    file = SHARED_DATA / "challenge2021" / "ptb" / "S0001"
    for suffix in (".hea", ".mat"):
        shutil.copy(file.with_suffix(suffix), tmp_path)
    prepare(tmp_path, tmp_path / "out" / "S", workers=1)
    assert Store(tmp_path / "out" / "S").signals_raw().shape == (1, 12, 5000)
