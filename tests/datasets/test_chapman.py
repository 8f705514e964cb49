"""Chapman-Shaoxing: the figshare layout as written here, and the shared records."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from physioclr.datasets.chapman import read_chapman
from physioclr.datasets.sources import find_cohort
from physioclr.errors import DatasetError
from physioclr.leads import STANDARD_LEADS
from tests.shared_data import SHARED_DATA, needs_shared_data

NAMES = ("MUSE_20180111_155115_19000", "MUSE_20180111_155203_15000")
SIGNAL_UV = np.random.default_rng(0).integers(-900, 900, size=(5000, 12))


def write(folder, rows=None, signals="ECGDataDenoised", header=False):
    table = pd.DataFrame(
        rows
        or [
            (NAMES[0], "AFIB", "RBBB TWC", 85, "MALE"),
            (NAMES[1], "SB", "NONE", 59, "FEMALE"),
        ],
        columns=["FileName", "Rhythm", "Beat", "PatientAge", "Gender"],
    )
    table.to_excel(folder / "Diagnostics.xlsx", index=False)
    (folder / signals).mkdir()
    lines = [",".join(map(str, row)) for row in SIGNAL_UV]
    first = [",".join(lead.upper() for lead in STANDARD_LEADS)] if header else []
    for name in NAMES:
        (folder / signals / f"{name}.csv").write_text("\n".join(first + lines) + "\n")


def test_the_figshare_layout_gives_rhythm_and_beats(tmp_path):
    write(tmp_path)
    cohort = find_cohort(tmp_path)
    assert cohort.name == "Chapman-Shaoxing"
    first, second = cohort.records
    assert cohort.label_sets["rhythm"]["AFIB"] == "Atrial fibrillation"
    assert first.labels == {"rhythm": {"AFIB": 1, "SB": 0}, "beat": {"RBBB": 1, "TWC": 1}}
    assert second.labels == {"rhythm": {"AFIB": 0, "SB": 1}, "beat": {"RBBB": 0, "TWC": 0}}
    assert (first.patient_id, first.age_years, first.sex) == (NAMES[0], 85, "male")


@pytest.mark.parametrize(("signals", "header"), [("ECGData", True), ("ECGDataDenoised", False)])
def test_signals_are_read_as_microvolts_with_and_without_a_first_line(tmp_path, signals, header):
    write(tmp_path, signals=signals, header=header)
    record = read_chapman(tmp_path).records[0].read()
    assert record.leads == STANDARD_LEADS
    # One unit is 1 µV, rounded to 24 bits.
    np.testing.assert_allclose(record.signal_mv, SIGNAL_UV.T / 1000, rtol=2**-23)


def test_conditions_are_named_by_the_table_that_comes_with_them(tmp_path):
    write(tmp_path)
    names = pd.DataFrame({"Acronym Name": ["TWC"], "Full Name": ["T wave change"]})
    names.to_excel(tmp_path / "ConditionNames.xlsx", index=False)
    assert read_chapman(tmp_path).label_sets["beat"] == {"RBBB": "RBBB", "TWC": "T wave change"}


def test_without_openpyxl_the_extra_is_named(tmp_path, monkeypatch):
    write(tmp_path)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DatasetError, match=r"openpyxl, .*physioclr\[excel\].*not installed"):
        read_chapman(tmp_path)


def test_what_is_missing_or_damaged_is_refused(tmp_path):
    (tmp_path / "Diagnostics.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(DatasetError, match="found a damaged file"):
        read_chapman(tmp_path)
    pd.DataFrame({"FileName": ["a"]}).to_excel(tmp_path / "Diagnostics.xlsx")
    with pytest.raises(DatasetError, match="found none named Rhythm, Beat, PatientAge, Gender"):
        read_chapman(tmp_path)
    write(tmp_path, rows=[("../../x", "SB", "NONE", 3, "MALE")])
    with pytest.raises(DatasetError, match="FileName without a folder"):
        read_chapman(tmp_path)


@needs_shared_data
def test_shared_chapman_is_recognised_and_every_record_is_read():
    cohort = find_cohort(SHARED_DATA / "chapman")
    assert len(cohort.records) == 18
    for entry in cohort.records:
        record = entry.read()
        assert record.leads == STANDARD_LEADS
        assert record.duration_s == 10
        # Millivolts, not µV: of an adult's ECG the largest lead has 0.5 to 10 mV.
        assert 0.5 < np.ptp(record.signal_mv, axis=1).max() < 10
    rhythms = {r.record_id: r.labels["rhythm"] for r in cohort.records}
    assert rhythms["MUSE_20180111_155115_19000"]["ST"] == 1
