"""MIMIC-IV-ECG in its official layout, written here: no real part of it is at hand."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.datasets.mimic_iv_ecg import read_mimic_iv_ecg
from physioclr.datasets.sources import find_cohort
from physioclr.errors import DatasetError
from tests.io.wfdb_bytes import wfdb_record

# The order of its headers, which is not the standard one.
LEADS = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")
UNITS = np.random.default_rng(0).integers(-200, 200, size=(12, 5000))
STUDIES = {"40689238": "10000032", "44458630": "10000032", "49036311": "10000117"}


def write(folder):
    lines = ["subject_id,study_id,file_name,ecg_time,path"]
    for study, subject in STUDIES.items():
        path = f"files/p{subject[:4]}/p{subject}/s{study}"
        (folder / path).mkdir(parents=True)
        files = wfdb_record(UNITS, leads=LEADS, gain="200.0(0)/mV", name=study)
        for name, content in files.items():
            (folder / path / name).write_bytes(content)
        lines.append(f"{subject},{study},{study},2180-07-23 08:44:00,{path}/{study}")
    (folder / "record_list.csv").write_text("\n".join(lines) + "\n")


def test_the_official_layout_gives_records_of_patients(tmp_path):
    write(tmp_path)
    cohort = find_cohort(tmp_path)
    assert cohort.name == "MIMIC-IV-ECG"
    assert {r.record_id: r.patient_id for r in cohort.records} == STUDIES
    assert cohort.label_sets == {}
    record = cohort.records[0].read()
    # One unit is 1/200 mV, exact in 32 bits but for the last of 24.
    np.testing.assert_allclose(record.lead_mv("aVF"), UNITS[4] / 200, rtol=2**-23)


def test_a_path_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "record_list.csv").write_text("subject_id,study_id,path\n1,2,../../etc/x\n")
    with pytest.raises(DatasetError, match="paths within its folder"):
        read_mimic_iv_ecg(tmp_path)


def test_a_row_without_a_patient_is_refused(tmp_path):
    (tmp_path / "record_list.csv").write_text("subject_id,study_id,path\n,2,files/x\n")
    with pytest.raises(DatasetError, match="subject_id, study_id, path in each row, found gaps"):
        read_mimic_iv_ecg(tmp_path)
