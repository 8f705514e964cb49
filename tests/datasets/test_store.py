from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from physioclr.datasets.manifest import MANIFEST_NAME
from physioclr.datasets.store import Store, StoreWriter
from physioclr.errors import DatasetError
from physioclr.leads import STANDARD_LEADS

N_SAMPLES = 40
LABEL_SETS = {"class": {"a": "Class A", "b": "Class B"}, "code": {"1/2": "One of two"}}
HALF_A_STEP_MV = 0.0005
"""Rounding to 1 µV."""


@pytest.fixture
def signals():
    signals = np.random.default_rng(0).normal(0, 2, size=(5, 12, N_SAMPLES))
    signals[2, 3, 10:20] = np.nan
    return signals


def write(out, signals, **options):
    arguments = {"fs_hz": 250.0, "n_samples": N_SAMPLES, "source": "test"} | options
    with StoreWriter(out, label_sets=LABEL_SETS, **arguments) as writer:
        for row, signal in enumerate(signals):
            writer.append(
                signal,
                {
                    "record_id": f"r{row}",
                    "patient_id": f"p{row // 2}",
                    "age_years": 50.0 if row else float("nan"),
                    "sex": "female" if row else None,
                    "fold": row or None,
                    "acceptable": True,
                },
                labels={"class": {"a": float(row % 2)}} if row else {},
                measurements={"heart_rate_bpm": 60.0 + row, "pr_ms": float("nan")},
                physiology={"x": float(row)},
                beats={"r_peaks_samples": [row, row + 10], "cuts_samples": [row + 5]},
            )
    return Store(out)


@pytest.fixture
def store(tmp_path, signals):
    return write(tmp_path / "S", signals, records_per_shard=2)


def test_signals_come_back_to_half_a_microvolt(store, signals):
    # float32 on top of it: 2^-24 of 10 mV.
    np.testing.assert_allclose(store.signals_mv(), signals, atol=HALF_A_STEP_MV + 1e-6)


def test_rows_come_in_the_order_asked_for_across_shards(store, signals):
    rows = [4, 0, 3, 0]
    np.testing.assert_allclose(
        store.signals_mv(rows), signals[rows], atol=HALF_A_STEP_MV + 1e-6
    )  # as above
    assert store.signals_raw(rows).dtype == np.int16
    assert store.signals_mv([]).shape == (0, 12, N_SAMPLES)


@pytest.mark.parametrize("rows", [[5], [-1], [0, 7]])
def test_a_row_that_is_not_there_is_an_index_error(store, rows):
    with pytest.raises(IndexError, match="rows"):
        store.signals_raw(rows)


def test_what_a_store_states_about_itself(store):
    assert (len(store), store.n_records, store.n_samples, store.fs_hz) == (5, 5, N_SAMPLES, 250.0)
    assert store.leads == STANDARD_LEADS
    assert not store.simulated
    assert store.source == "test"
    assert dict(store.label_sets) == {"class": ("a", "b"), "code": ("1/2",)}
    assert store.label_names["class"]["a"] == "Class A"


def test_tables_have_one_row_a_record_in_order(store):
    assert store.records["record_id"].tolist() == [f"r{row}" for row in range(5)]
    assert store.physiology["x"].tolist() == [0, 1, 2, 3, 4]
    assert store.measurements["pr_ms"].isna().all()
    assert [list(peaks) for peaks in store.beats["r_peaks_samples"]] == [
        [row, row + 10] for row in range(5)
    ]
    assert store.records is store.records


def test_an_unknown_label_is_nan_not_0(store):
    labels = store.labels("class")
    np.testing.assert_array_equal(labels["a"], [np.nan, 1, 0, 1, 0])
    assert labels["b"].isna().all()
    assert store.labels("code").columns.tolist() == ["1/2"]
    with pytest.raises(DatasetError, match="class, code"):
        store.labels("other")


def test_a_record_states_what_is_known_and_nothing_else(store, signals):
    record = store.record(2)
    assert (record.record_id, record.leads, record.fs_hz) == ("r2", STANDARD_LEADS, 250.0)
    assert dict(record.meta) == {
        "age_years": 50.0,
        "sex": "female",
        "fold": 2,
        "format": "store",
        "simulated": False,
    }
    assert np.isnan(record.signal_mv[3, 10:20]).all()
    assert set(store.record(0).meta) == {"format", "simulated"}


def test_records_are_found_by_id(store):
    assert store.index_of("r3") == 3
    with pytest.raises(DatasetError, match="'r9'"):
        store.index_of("r9")


def test_the_fingerprint_is_of_the_content(tmp_path, signals, store):
    again = write(tmp_path / "T", signals, records_per_shard=2)
    assert again.fingerprint == store.fingerprint
    signals[0, 0, 0] += 0.01
    assert write(tmp_path / "U", signals).fingerprint != store.fingerprint


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_write_that_stops_leaves_nothing(tmp_path, signals, error):
    def stopped():
        yield signals[0]
        raise error

    with pytest.raises(error):
        write(tmp_path / "S", stopped())
    assert list(tmp_path.iterdir()) == []


def test_a_store_is_never_replaced_unasked(tmp_path, signals, store):
    before = store.fingerprint
    with pytest.raises(DatasetError, match="already there"):
        write(tmp_path / "S", signals[:1])
    assert Store(tmp_path / "S").fingerprint == before
    assert len(write(tmp_path / "S", signals[:1], overwrite=True)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["S"]


def test_a_failed_overwrite_keeps_the_old_store(tmp_path, signals, store):
    signals[1, 0, 0] = 40.0
    with pytest.raises(DatasetError, match=r"within ±32\.767 mV, found 40 mV"):
        write(tmp_path / "S", signals, overwrite=True)
    assert len(Store(tmp_path / "S")) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["S"]


def test_only_a_store_is_ever_overwritten(tmp_path, signals):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    (tmp_path / "S.partial").mkdir()
    (tmp_path / "S.partial" / "mine.txt").write_text("not a store's")
    for name in ("thesis", "S"):
        with pytest.raises(DatasetError):
            write(tmp_path / name, signals, overwrite=True)
    assert (tmp_path / "thesis" / "chapter.txt").exists()
    assert (tmp_path / "S.partial" / "mine.txt").exists()


def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path, signals):
    (tmp_path / "S.partial").mkdir()
    (tmp_path / "S.partial" / "signals-00000.i16").write_bytes(b"half")
    assert len(write(tmp_path / "S", signals)) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["S"]


def test_a_store_of_nothing_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="at least one ECG"):
        write(tmp_path / "S", [])
    assert list(tmp_path.iterdir()) == []


def test_a_record_is_written_once(tmp_path, signals):
    metadata = {"record_id": "a", "patient_id": "a"}
    with StoreWriter(tmp_path / "S", fs_hz=250, n_samples=N_SAMPLES, source="t") as writer:
        writer.append(signals[0], metadata)
        with pytest.raises(DatasetError, match="a second time"):
            writer.append(signals[1], metadata)
    assert len(Store(tmp_path / "S")) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"signal_mv": np.zeros((12, 3))},
        {"metadata": {"record_id": "a", "patient_id": "a", "name": "Jane"}},
        {"labels": {"class": {"z": 1.0}}},
        {"beats": {"r_peaks": [1]}},
    ],
)
def test_a_callers_mistake_is_a_value_error(tmp_path, arguments):
    right = {
        "signal_mv": np.zeros((12, N_SAMPLES)),
        "metadata": {"record_id": "a", "patient_id": "a"},
    }
    with (
        pytest.raises(ValueError, match=r"must|may"),
        StoreWriter(tmp_path / "S", fs_hz=250, n_samples=N_SAMPLES, source="t") as writer,
    ):
        writer.append(**right | arguments)


def test_opening_reads_the_manifest_alone(store):
    for table in store.path.glob("*.parquet"):
        table.write_bytes(b"damaged")
    opened = Store(store.path)
    assert len(opened) == 5
    with pytest.raises(DatasetError, match=r"records\.parquet: .*damaged"):
        _ = opened.records


def test_what_cannot_be_opened_is_named(tmp_path, store):
    with pytest.raises(DatasetError, match=r"^gone: .*no such folder"):
        Store(tmp_path / "gone")
    with pytest.raises(DatasetError, match=r"without store\.json"):
        Store(tmp_path)
    shard = store.path / "signals-00001.i16"
    shard.write_bytes(shard.read_bytes()[:-2])
    with pytest.raises(
        DatasetError, match=r"S/signals-00001\.i16: expected 1920 bytes, found 1918"
    ):
        Store(store.path)
    shard.unlink()
    with pytest.raises(DatasetError, match="no such file"):
        Store(store.path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "store version 1, found version 2"),
        ({"format": "else"}, "something else"),
        ({"n_records": 4}, "shards hold 5 records, not 4"),
        ({"fs_hz": "fast"}, "fs_hz"),
        ({"shards": [{"file": "../../secret", "n_records": 5}]}, "shards"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(store, change, message):
    file = store.path / MANIFEST_NAME
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(DatasetError, match=message):
        Store(store.path)


def test_a_manifest_that_is_not_json_is_refused(store):
    (store.path / MANIFEST_NAME).write_bytes(b"\xff{")
    with pytest.raises(DatasetError, match="not JSON"):
        Store(store.path)


@pytest.mark.parametrize("name", ["signals-00001.i16", "labels.parquet"])
def test_one_changed_byte_is_found(store, name):
    store.verify()
    file = store.path / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"S/{name}: expected the bytes that were written"):
        Store(store.path).verify()
    file.unlink()
    with pytest.raises(DatasetError, match="no file that can be read"):
        store.verify()


def test_a_shard_that_goes_missing_after_opening_is_named(store):
    (store.path / "signals-00001.i16").unlink()
    with pytest.raises(DatasetError, match=r"S/signals-00001\.i16: .*when the store was opened"):
        store.signals_raw()


def test_the_signal_hash_is_of_the_stored_samples(store, signals):
    hashes = store.records["signal_hash"]
    assert hashes.is_unique
    raw = store.signals_raw([3]).astype("<i2").tobytes()
    assert hashes[3] == hashlib.sha256(raw).hexdigest()[:32]


def test_rows_without_a_column_in_one_shard_are_missing_there(tmp_path, signals):
    with StoreWriter(
        tmp_path / "S", fs_hz=250, n_samples=N_SAMPLES, source="t", records_per_shard=1
    ) as writer:
        for row, numbers in enumerate(({}, {"a": 1.0}, {"b": 2.0})):
            metadata = {"record_id": str(row), "patient_id": "p"}
            writer.append(signals[row], metadata, measurements=numbers)
    table = Store(tmp_path / "S").measurements
    np.testing.assert_array_equal(table[["a", "b"]], [[np.nan] * 2, [1, np.nan], [np.nan, 2]])
