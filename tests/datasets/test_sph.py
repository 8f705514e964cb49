"""SPH: the official layout as written here, and the shared records."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from physioclr.datasets.sources import find_cohort
from physioclr.datasets.sph import read_sph
from physioclr.errors import DatasetError
from tests.conftest import pulse_train
from tests.shared_data import SHARED_DATA, needs_shared_data

SIGNAL_MV = pulse_train(400, seed=3)[0].astype(np.float16)


def write(folder, *rows, header="ECG_ID,AHA_Code,Patient_ID,Age,Sex,N,Date"):
    (folder / "records").mkdir(exist_ok=True)
    (folder / "metadata.csv").write_text("\n".join([header, *rows]) + "\n")
    for row in rows:
        with h5py.File(folder / "records" / f"{row.partition(',')[0]}.h5", "w") as file:
            file.create_dataset("ecg", data=SIGNAL_MV)


def test_the_official_layout_gives_statements_categories_and_patients(tmp_path):
    write(
        tmp_path,
        "A00001,22;23,S00001,55,M,5000,2020-03-04",
        "A00002,145+362;22,S00001,56,M,5000,2020-03-05",
        "A00003,1,S00002,32,F,5000,2019-09-03",
    )
    cohort = find_cohort(tmp_path)
    assert cohort.name == "SPH"
    assert cohort.label_sets["aha_statement"] == {
        "22": "Sinus bradycardia",
        "23": "Sinus arrhythmia",
        "145": "ST deviation",
        "1": "Normal ECG",
    }
    assert [r.patient_id for r in cohort.records] == ["S00001", "S00001", "S00002"]
    second = cohort.records[1]
    assert second.labels["aha_statement"] == {"22": 1, "23": 0, "145": 1, "1": 0}
    assert {name for name, one in second.labels["aha_category"].items() if one} == {
        "sinus_node_rhythms_and_arrhythmias",
        "st_segment_t_wave_and_u_wave",
    }
    assert (second.age_years, second.sex, second.fold) == (56, "male", None)
    record = second.read()
    assert record.fs_hz == 500
    np.testing.assert_array_equal(record.signal_mv, SIGNAL_MV)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A00001,22,,55,M,5000,2020-03-04", "ECG_ID, AHA_Code, Patient_ID in each row, found gaps"),
        ("A00001,,S1,55,M,5000,2020-03-04", "ECG_ID, AHA_Code, Patient_ID in each row, found gaps"),
    ],
)
def test_a_row_without_patient_or_codes_is_refused(tmp_path, row, said):
    write(tmp_path, row)
    with pytest.raises(DatasetError, match=said):
        read_sph(tmp_path)


def test_an_id_that_is_a_path_is_refused(tmp_path):
    (tmp_path / "metadata.csv").write_text(
        "ECG_ID,AHA_Code,Patient_ID,Age,Sex\n../../secret,1,S1,3,M\n"
    )
    with pytest.raises(DatasetError, match="ECG_ID without a folder"):
        read_sph(tmp_path)


def test_a_table_without_a_column_is_refused(tmp_path):
    (tmp_path / "metadata.csv").write_text("ECG_ID,AHA_Code\nA00001,1\n")
    with pytest.raises(DatasetError, match="found none named Patient_ID, Age, Sex"):
        read_sph(tmp_path)


@needs_shared_data
def test_shared_sph_is_recognised_and_every_record_is_read():
    cohort = find_cohort(SHARED_DATA / "sph")
    assert len(cohort.records) == 9  # the table has no row for SPH00005
    for entry in cohort.records:
        record = entry.read()
        assert record.n_leads == 12
        assert record.fs_hz == 500
        # Einthoven, I + III = II: float16 has 11 bits, so each lead is off by up to 2**-11 of it.
        i, ii, iii = record.signal_mv[:3]
        off_mv = np.abs(i + iii - ii).max()
        assert off_mv <= np.abs(record.signal_mv[:3]).max() * 3 * 2**-11 + 0.001  # and by rounding
    assert cohort.records[0].labels["aha_statement"]["22"] == 1  # sinus bradycardia
