"""The Challenges' folders as downloaded."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.datasets.challenge import COHORTS
from physioclr.datasets.sources import find_cohort
from tests.io.wfdb_bytes import wfdb_record
from tests.shared_data import SHARED_DATA, needs_shared_data

UNITS = np.random.default_rng(0).integers(-900, 900, size=(12, 50))


def write(folder, name, *codes):
    folder.mkdir(parents=True, exist_ok=True)
    comments = ("Age: 60", f"Dx: {','.join(codes)}")
    for file, content in wfdb_record(UNITS, name=name, comments=comments).items():
        (folder / file).write_bytes(content)


def test_the_layout_as_downloaded_gives_the_scored_classes_and_every_code(tmp_path):
    write(tmp_path / "training/georgia/g1", "E00001", "426783006")
    write(tmp_path / "training/ningbo/g2", "JS10647", "713427006", "59118001", "164873001")
    write(tmp_path / "training/ptb/g1", "S0001", "Unknown")
    cohort = find_cohort(tmp_path)
    assert cohort.name == "Georgia, Chapman-Shaoxing and Ningbo, PTB"
    assert list(cohort.label_sets) == ["challenge_2021", "diagnosis_code"]
    assert len(cohort.label_sets["challenge_2021"]) == 26
    assert cohort.label_sets["diagnosis_code"]["164873001"] == "Left ventricular hypertrophy"
    labels = {record.record_id: record.labels for record in cohort.records}
    assert [c for c, one in labels["E00001"]["challenge_2021"].items() if one] == ["NSR"]
    assert [c for c, one in labels["JS10647"]["challenge_2021"].items() if one] == ["RBBB"]
    assert sum(labels["JS10647"]["diagnosis_code"].values()) == 3
    assert labels["S0001"] == {}  # unknown, not healthy


def test_incart_as_the_challenge_has_it_257_hz_for_half_an_hour(tmp_path):
    """st-petersburg_incart: I0001 and on, twelve leads, 462,600 samples; here the first 30 s."""
    folder = tmp_path / "training/st_petersburg_incart/g1"
    folder.mkdir(parents=True)
    units = np.random.default_rng(1).integers(-900, 900, size=(12, 257 * 30))
    comments = ("Age: 65", "Sex: Male", "Dx: 164909002,251146004")
    record = wfdb_record(units, name="I0001", fs="257", comments=comments)
    for file, content in record.items():
        (folder / file).write_bytes(content)
    cohort = find_cohort(tmp_path)
    assert cohort.name == "INCART"
    (entry,) = cohort.records
    assert {c for c, one in entry.labels["challenge_2021"].items() if one} == {"LBBB", "LQRSV"}
    read = entry.read()
    assert (read.n_leads, read.fs_hz, read.duration_s) == (12, 257.0, 30.0)


def test_another_folder_of_wfdb_records_stays_as_it_is(tmp_path):
    write(tmp_path, "ecg-1", "426783006")
    assert list(find_cohort(tmp_path).label_sets) == ["diagnosis_code"]


@needs_shared_data
@pytest.mark.parametrize(
    ("folder", "mark"),
    [
        ("chapman-ningbo", "JS"),
        ("georgia", "E"),
        ("cpsc2018", "A"),
        ("cpsc2018-extra", "Q"),
        ("ptb-xl-challenge", "HR"),
        ("ptb", "S"),
    ],
)
def test_shared_challenge_cohorts_are_recognised_and_every_record_is_read(folder, mark):
    path = SHARED_DATA / "challenge2021" / folder
    cohort = find_cohort(path)
    assert cohort.name == COHORTS[mark]
    assert len(cohort.records) == len(list(path.glob("*.mat")))
    for entry in cohort.records:
        assert entry.record_id.startswith(mark)
        assert set(entry.labels["challenge_2021"]) == set(cohort.label_sets["challenge_2021"])
        assert entry.read().n_leads == 12


@needs_shared_data
def test_an_atrial_fibrillation_of_the_shared_records_is_one():
    cohort = find_cohort(SHARED_DATA / "challenge2021" / "chapman-ningbo")
    first = next(record for record in cohort.records if record.record_id == "JS00001")
    present = {label for label, one in first.labels["challenge_2021"].items() if one}
    assert present == {"AF", "RBBB", "TAb"}  # its header: 164889003,59118001,164934002
