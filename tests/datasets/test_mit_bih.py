"""MIT-BIH: the shared records, and annotations written here."""

from __future__ import annotations

import numpy as np
import pytest
import wfdb

from physioclr.datasets.mit_bih import read_mit_bih
from physioclr.datasets.prepare import prepare
from physioclr.datasets.sources import find_cohort
from physioclr.errors import DatasetError
from tests.io.wfdb_bytes import wfdb_record
from tests.shared_data import SHARED_DATA, needs_shared_data

UNITS = np.random.default_rng(0).integers(-900, 900, size=(2, 360 * 35))
BEATS = {100: "N", 3700: "V", 3800: "L", 7300: "A", 9000: "!"}


def write(folder, name="100", beats=BEATS, rhythms=None):
    files = wfdb_record(UNITS, leads=("MLII", "V5"), fs="360", gain="200(0)/mV", name=name)
    for file, content in files.items():
        (folder / file).write_bytes(content)
    notes = {18: "(N", 5000: "(AFIB"} if rhythms is None else rhythms
    marks = sorted(
        [(at, mark, "") for at, mark in beats.items()]
        + [(at, "+", note) for at, note in notes.items()]
    )
    samples, symbols, aux = zip(*marks, strict=True)
    wfdb.wrann(
        name,
        "atr",
        sample=np.array(samples),
        symbol=list(symbols),
        aux_note=list(aux),
        write_dir=str(folder),
    )


def present(record, label_set):
    return {label for label, one in record.labels[label_set].items() if one}


def test_a_record_becomes_consecutive_segments_with_beats_and_rhythms(tmp_path):
    write(tmp_path)
    first, second, third = read_mit_bih(tmp_path).records  # 35 s: 5 s are left over
    assert [r.record_id for r in (first, second, third)] == ["100-0s", "100-10s", "100-20s"]
    assert [present(r, "beat") for r in (first, second, third)] == [{"N"}, {"V", "N"}, {"S"}]
    assert [present(r, "rhythm") for r in (first, second, third)] == [
        {"N"},
        {"N", "AFIB"},
        {"AFIB"},
    ]
    segment = second.read()
    assert segment.leads == ("II", "V5")
    assert (segment.fs_hz, segment.duration_s, segment.record_id) == (360, 10, "100-10s")
    # One unit is 1/200 mV, exact in 32 bits but for the last of 24.
    np.testing.assert_allclose(segment.lead_mv("II"), UNITS[0, 3600:7200] / 200, rtol=2**-23)


def test_the_rhythm_is_unknown_before_it_is_first_annotated(tmp_path):
    write(tmp_path, rhythms={5000: "(AFIB"})
    assert ["rhythm" in r.labels for r in read_mit_bih(tmp_path).records] == [False, True, True]


def test_records_201_and_202_are_one_person(tmp_path):
    write(tmp_path, "201")
    write(tmp_path, "202")
    assert {r.patient_id for r in read_mit_bih(tmp_path).records} == {"201"}


def test_a_store_refuses_two_leads_in_one_sentence(tmp_path):
    write(tmp_path)
    with pytest.raises(DatasetError, match="expected ECGs with the twelve standard leads"):
        prepare(tmp_path, tmp_path / "store")


def test_what_is_missing_or_damaged_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"records such as 100.hea, found none"):
        read_mit_bih(tmp_path)
    write(tmp_path)
    (tmp_path / "100.atr").unlink()
    with pytest.raises(DatasetError, match=r"100.atr: expected the annotations of MIT-BIH"):
        read_mit_bih(tmp_path)
    with pytest.raises(ValueError, match="segment_s must be a positive number"):
        read_mit_bih(tmp_path, segment_s=0)


@needs_shared_data
def test_shared_mit_bih_is_cut_and_read():
    cohort = read_mit_bih(SHARED_DATA / "mitdb")
    assert len(cohort.records) == 8 * 180  # 650000 samples hold 180 segments of 3600
    assert len({r.patient_id for r in cohort.records}) == 8
    by_record = [r for r in cohort.records if r.patient_id == "207"]
    assert "VFL" in set().union(*(present(r, "rhythm") for r in by_record))
    assert by_record[10].read().n_leads == 2
    with pytest.raises(DatasetError, match="found MIT-BIH with two leads"):
        find_cohort(SHARED_DATA / "mitdb")
