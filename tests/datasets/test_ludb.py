"""LUDB: the official layout as written here, and the shared records."""

from __future__ import annotations

import math

import numpy as np
import pytest

from physioclr.datasets.ludb import read_ludb
from physioclr.datasets.sources import find_cohort
from physioclr.errors import DatasetError
from physioclr.leads import STANDARD_LEADS
from tests.io.wfdb_bytes import wfdb_record
from tests.shared_data import SHARED_DATA, needs_shared_data

HEADER = (
    "ID,Sex,Age,Rhythms,Electric axis of the heart,Conduction abnormalities,Extrasystolies,"
    "Hypertrophies,Cardiac pacing,Ischemia,Non-specific repolarization abnormalities,Other states"
)
UNITS = np.random.default_rng(0).integers(-900, 900, size=(12, 50))


def write(folder, *rows):
    (folder / "data").mkdir()
    (folder / "ludb.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    files = wfdb_record(
        UNITS, leads=[lead.lower() for lead in STANDARD_LEADS], gain="1716(6)/mV", name="1"
    )
    for name, content in files.items():
        (folder / "data" / name).write_bytes(content)


def test_the_official_layout_gives_a_label_set_a_column(tmp_path):
    write(
        tmp_path,
        '1,"F\n","51\n",Sinus bradycardia,Electric axis of the heart: vertical,,,'
        '"Left ventricular overload\nLeft ventricular hypertrophy",,,,',
        '2,"M\n",">89\n",Sinus rhythm,,,,Left ventricular hypertrophy,,,,',
    )
    cohort = find_cohort(tmp_path)
    first, second = cohort.records
    assert list(cohort.label_sets) == ["rhythm", "axis", "hypertrophy"]  # the others have no label
    assert cohort.label_sets["axis"] == {"vertical": "vertical"}
    assert first.labels["rhythm"] == {"sinus_bradycardia": 1, "sinus_rhythm": 0}
    assert second.labels["hypertrophy"] == {
        "left_ventricular_hypertrophy": 1,
        "left_ventricular_overload": 0,
    }
    assert "axis" not in second.labels
    assert (first.age_years, first.sex, second.sex) == (51, "female", "male")
    assert math.isnan(second.age_years)
    assert [r.patient_id for r in cohort.records] == ["1", "2"]


def test_the_header_s_gain_is_undone(tmp_path):
    write(tmp_path, "1,F,51,Sinus rhythm,,,,,,,,")
    record = read_ludb(tmp_path).records[0].read()
    # Millivolts of 32-bit floats: a unit of 1 µV comes back to within 24 bits of ±0.9 mV.
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=1e-6)


def test_a_row_without_a_number_is_refused(tmp_path):
    write(tmp_path, "../x,F,51,Sinus rhythm,,,,,,,,")
    with pytest.raises(DatasetError, match="a number as ID in each row"):
        read_ludb(tmp_path)


@needs_shared_data
def test_shared_ludb_is_in_true_proportions():
    cohort = find_cohort(SHARED_DATA / "ludb")
    assert len(cohort.records) == 100
    for entry in cohort.records[:20]:
        signal_mv = entry.read().signal_mv
        # Einthoven and Goldberger hold where proportions are true. The recorder derived III, aVR
        # from whole units: exact, and half a unit of 1 µV off; 32-bit floats add 1e-7 of a mV.
        i, ii, iii, avr = signal_mv[:4]
        assert np.median(np.abs(i + iii - ii)) <= 1e-6
        assert np.median(np.abs(avr + (i + ii) / 2)) <= 0.0005 + 1e-6
        assert len(set(np.ptp(signal_mv, axis=1).round(2))) > 6  # not 1 mV in every lead
    assert cohort.records[0].labels["rhythm"]["sinus_bradycardia"] == 1
