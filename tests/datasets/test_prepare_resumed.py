"""A prepare that is killed, repeated, or asked for something else."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.prepare import prepare_cohort
from physioclr.datasets.store import Store
from physioclr.errors import DatasetError, PhysioclrError
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord

N_ECGS = 40
RECORDS_PER_SHARD = 4


def noise(seed, *, slow_s=0.0):
    time.sleep(slow_s)
    signal_mv = np.random.default_rng(seed).normal(0, 0.5, (12, 500)).astype(np.float32)
    leads = STANDARD_LEADS if seed % 7 else (*STANDARD_LEADS[:11], "X")
    return EcgRecord(signal_mv, 100.0, leads, f"r{seed}")


def noise_cohort(n=N_ECGS, *, slow_s=0.0):
    """Every seventh ECG lacks a lead; two ECGs a patient."""
    records = tuple(
        CohortRecord(f"r{i}", f"p{i // 2}", partial(noise, i, slow_s=slow_s)) for i in range(n)
    )
    return Cohort("noise", records)


def prepared(out, cohort=None, **options):
    given = {"fs_hz": 100, "duration_s": 5, "workers": 1, "physiology": False}
    given |= {"records_per_shard": RECORDS_PER_SHARD} | options
    return prepare_cohort(cohort or noise_cohort(), out, **given)


SLOW_PREPARE = """
import sys
from tests.datasets.test_prepare_resumed import noise_cohort, prepared
prepared(sys.argv[1], noise_cohort(slow_s=0.05))
"""


@pytest.fixture(scope="module")
def in_one_go(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "S"
    return prepared(out), Store(out)


def kill_after_two_shards(out):
    process = subprocess.Popen([sys.executable, "-c", SLOW_PREPARE, str(out)])
    partial_folder = out.with_name("S.partial")
    deadline = time.monotonic() + 60
    while not (partial_folder / "beats-00001.part").exists():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_a_killed_prepare_goes_on_and_ends_in_the_same_store(tmp_path, in_one_go):
    report_of_whole, whole = in_one_go
    out = tmp_path / "S"
    kill_after_two_shards(out)
    assert not out.exists()
    report = prepared(out)
    # Two shards of 4; the ECG 0 or 7 that lacks a lead lies before each.
    assert 4 + 1 <= report.n_found_done < N_ECGS
    assert report.left_out == report_of_whole.left_out
    store = Store(out)
    assert store.fingerprint == whole.fingerprint
    assert store.manifest.checksums == whole.manifest.checksums
    np.testing.assert_array_equal(store.signals_raw(), whole.signals_raw())
    assert sorted(file.name for file in out.iterdir()) == sorted(
        file.name for file in whole.path.iterdir()
    )
    assert [path.name for path in tmp_path.iterdir()] == ["S"]


def test_an_interrupted_prepare_keeps_its_whole_shards(tmp_path, in_one_go):
    def stop(done, _total):
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path / "S", on_progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["S.partial"]
    report = prepared(tmp_path / "S")
    assert report.n_found_done == 19  # four shards of 4, and the ECGs 0, 7 and 14
    assert Store(tmp_path / "S").fingerprint == in_one_go[1].fingerprint


def test_a_line_of_the_journal_cut_short_is_a_shard_not_written(tmp_path, in_one_go):
    def stop(done, _total):
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path / "S", on_progress=stop)
    journal = tmp_path / "S.partial" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-5])
    # Three shards of 4, and the ECGs 0, 7 and 14; 14 lies between the third and the fourth.
    assert prepared(tmp_path / "S").n_found_done == 14
    assert Store(tmp_path / "S").fingerprint == in_one_go[1].fingerprint


def test_the_same_prepare_again_does_nothing_and_says_so(in_one_go):
    first, store = in_one_go
    before = {file: file.stat().st_mtime_ns for file in store.path.iterdir()}
    again = prepared(store.path)
    assert again.nothing_to_do
    assert not first.nothing_to_do
    assert (again.n_prepared, again.left_out) == (first.n_prepared, first.left_out)
    assert {file: file.stat().st_mtime_ns for file in store.path.iterdir()} == before


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"fs_hz": 50}, "fs_hz"),
        ({"cohort": noise_cohort(12)}, "number of ECGs"),
        ({"cohort": replace(noise_cohort(), name="other")}, "source"),
        ({"physiology": True}, "physiology"),
    ],
)
def test_another_source_or_setting_is_refused_whether_whole_or_not(
    tmp_path, in_one_go, change, found
):
    store = in_one_go[1]
    with pytest.raises(DatasetError, match=f"a store of the {found} asked for"):
        prepared(store.path, **change)

    def stop(done, _total):
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path / "S", on_progress=stop)
    with pytest.raises(DatasetError, match=f"the {found} it was begun with"):
        prepared(tmp_path / "S", **change)
    assert prepared(tmp_path / "S").n_found_done == 19  # nothing was lost by asking


def test_two_at_once_do_not_write_one_store(tmp_path):
    def start_another(done, _total):
        if done == 20:
            prepared(tmp_path / "S")

    with pytest.raises(DatasetError, match="another process at work"):
        prepared(tmp_path / "S", on_progress=start_another)


def test_what_was_left_out_is_kept_in_the_store(in_one_go):
    report, store = in_one_go
    assert store.left_out["record_id"].tolist() == [f"r{i}" for i in range(0, N_ECGS, 7)]
    assert tuple(store.left_out["reason"]) == tuple(reason for _, reason in report.left_out)
    assert store.left_out["reason"].str.contains("twelve standard leads").all()


def repeated(fold_of_first, fold_of_again):
    records = (
        CohortRecord("a", "pa", partial(noise, 1), fold=fold_of_first),
        CohortRecord("b", "pb", partial(noise, 2), fold=1),
        CohortRecord("c", "pc", partial(noise, 1), fold=fold_of_again),
    )
    return Cohort("repeated", records)


@pytest.mark.parametrize("folds", [(1, 1), (1, None), (None, None)])
def test_a_repeated_ecg_is_left_out_and_names_the_first(tmp_path, folds):
    report = prepared(tmp_path / "S", repeated(*folds))
    assert dict(report.left_out) == {"c": "c: expected each ECG once, found the signal of a again."}
    assert Store(tmp_path / "S").records["record_id"].tolist() == ["a", "b"]


def test_a_repeated_ecg_is_also_found_behind_a_kill(tmp_path):
    def stop(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    cohort = repeated(None, None)
    with pytest.raises(KeyboardInterrupt):
        prepared(tmp_path / "S", cohort, records_per_shard=1, on_progress=stop)
    report = prepared(tmp_path / "S", cohort, records_per_shard=1)
    assert report.n_found_done == 2
    assert [record_id for record_id, _ in report.left_out] == ["c"]


def test_an_ecg_in_two_folds_is_left_out_the_second_time_and_the_split_is_named(tmp_path):
    report = prepared(tmp_path / "S", repeated(1, 2))
    (reason,) = dict(report.left_out).values()
    assert reason.endswith("found the signal of a again, across the split: folds 1 and 2.")


def test_a_patient_in_two_folds_is_refused_before_anything_is_read(tmp_path):
    records = tuple(replace(r, patient_id="p") for r in repeated(1, 2).records)
    unread = tuple(replace(r, read=partial(pytest.fail, "it was read")) for r in records)
    with pytest.raises(DatasetError, match="patient p in folds 1 and 2"):
        prepared(tmp_path / "S", Cohort("divided", unread))
    assert list(tmp_path.iterdir()) == []


def test_without_physiology_a_store_holds_signals_and_what_the_cohort_says(in_one_go):
    store = in_one_go[1]
    assert store.measurements.shape == store.physiology.shape == (len(store), 0)
    assert store.records[["quality_score", "acceptable"]].isna().all(axis=None)
    assert store.beats["r_peaks_samples"].map(len).eq(0).all()


def stopped_after_shards(out, n_shards):
    """Leave the folder of a prepare that was stopped after some shards."""

    def stop(done, _total):
        if done > n_shards * RECORDS_PER_SHARD + 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepared(out, on_progress=stop)
    return out.with_name("S.partial")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("signals-00001.i16", None),
        ("signals-00001.i16", lambda content: content[:-100]),
        ("signals-00000.i16", lambda content: content[:50] + b"\xff" + content[51:]),
        ("records-00001.part", lambda content: content[: len(content) // 2]),
        ("records-00001.part", None),
        ("beats-00000.part", lambda _: b""),
    ],
)
def test_a_shard_that_was_damaged_meanwhile_is_made_again(tmp_path, in_one_go, name, damage):
    out = tmp_path / "S"
    file = stopped_after_shards(out, 3) / name
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage(file.read_bytes()))
    report = prepared(out)
    number = int(name.split("-")[1][:5])
    assert number * RECORDS_PER_SHARD <= report.n_found_done < (number + 1) * RECORDS_PER_SHARD + 3
    assert Store(out).fingerprint == in_one_go[1].fingerprint
    Store(out).verify()


def test_a_full_disk_is_one_sentence_and_what_was_whole_is_kept(tmp_path, monkeypatch, in_one_go):
    out = tmp_path / "S"
    real, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(PhysioclrError, match=r"S: expected a disk with room .* no space left"):
            prepared(out)
    report = prepared(out)
    assert report.n_found_done > 0
    assert Store(out).fingerprint == in_one_go[1].fingerprint


ORPHANED = """
import os, sys, time
from tests.datasets.test_prepare_resumed import noise_cohort, prepared
prepared(sys.argv[1], noise_cohort(slow_s=0.2), workers=2)
"""


def workers_of(pid):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == str(pid) and fields[0] != "Z":
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_workers_end_with_a_parent_that_was_killed(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ORPHANED, str(tmp_path / "S")])
    deadline = time.monotonic() + 60
    journal = tmp_path / "S.partial" / "signals-00000.i16"
    while not journal.exists() or not journal.stat().st_size:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    workers = workers_of(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10  # they look twice a second
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.1)
