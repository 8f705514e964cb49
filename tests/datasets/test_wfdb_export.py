from __future__ import annotations

import numpy as np
import pytest
import wfdb

from physioclr.datasets.sources import find_cohort
from physioclr.datasets.store import Store
from physioclr.datasets.store_writer import StoreWriter
from physioclr.datasets.wfdb_export import export_wfdb
from physioclr.errors import DatasetError
from physioclr.io import read_ecg

IDS = ("a/1", "a-1", "../../etc/passwd")


@pytest.fixture
def store(tmp_path):
    rng = np.random.default_rng(3)
    with StoreWriter(
        tmp_path / "S",
        fs_hz=500,
        n_samples=600,
        source="t",
        label_sets={"class": {"mi": "Infarction", "norm": "Normal"}},
    ) as writer:
        for row, record_id in enumerate(IDS):
            signal_mv = rng.normal(0, 2, (12, 600))
            signal_mv[0, :2] = 32.767, -32.767
            signal_mv[row, 5:9] = np.nan
            metadata = {"record_id": record_id, "patient_id": f"p{row}", "fold": row or None}
            metadata |= {"age_years": 61.0, "sex": "female"} if row else {}
            writer.append(signal_mv, metadata, labels={"class": {"mi": float(row % 2)}})
    return Store(tmp_path / "S")


def test_every_sample_comes_back_to_the_microvolt(store, tmp_path):
    export_wfdb(store, tmp_path / "W")
    records = (tmp_path / "W" / "RECORDS").read_text().split()
    assert len(records) == len(set(records)) == len(store)
    for row, record in enumerate(records):
        read = wfdb.rdrecord(str(tmp_path / "W" / record), physical=False)
        np.testing.assert_array_equal(read.d_signal.T, store.signals_raw([row])[0])
        ecg = read_ecg(tmp_path / "W" / f"{record}.hea")
        assert ecg.leads == store.leads
        # float32 of 32.767 mV: 2^-24 of it, and far below 1 µV.
        np.testing.assert_allclose(ecg.signal_mv, store.signals_mv([row])[0], atol=4e-6)


def test_the_folder_is_a_cohort_with_what_the_store_says(store, tmp_path):
    export_wfdb(store, tmp_path / "W")
    cohort = find_cohort(tmp_path / "W" / "records.csv")
    assert [record.record_id for record in cohort.records] == list(IDS)
    assert [record.patient_id for record in cohort.records] == ["p0", "p1", "p2"]
    assert [record.fold for record in cohort.records] == [None, 1, 2]
    assert [record.sex for record in cohort.records] == [None, "female", "female"]
    assert [dict(record.labels) for record in cohort.records] == [
        {"class": {"mi": 0.0}},
        {"class": {"mi": 1.0}},
        {"class": {"mi": 0.0}},
    ]


def test_an_id_names_no_file_outside_the_folder(store, tmp_path):
    export_wfdb(store, tmp_path / "W")
    files = {file.relative_to(tmp_path) for file in tmp_path.rglob("*.hea")}
    assert {file.parts[:2] for file in files} == {("W", "00000")}
    assert len(files) == 3


def test_a_folder_that_is_there_is_left_alone(store, tmp_path):
    (tmp_path / "W").mkdir()
    with pytest.raises(DatasetError, match="W: expected a new folder"):
        export_wfdb(store, tmp_path / "W")
    assert list((tmp_path / "W").iterdir()) == []
