from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from physioclr.datasets import store_append
from physioclr.datasets.manifest import MANIFEST_NAME
from physioclr.datasets.store import Store
from physioclr.datasets.store_append import StoreAppender
from physioclr.errors import DatasetError
from tests.datasets.test_store import N_SAMPLES, write


@pytest.fixture
def signals():
    return np.random.default_rng(1).normal(0, 1, size=(7, 12, N_SAMPLES))


@pytest.fixture
def store(tmp_path, signals):
    return write(tmp_path / "S", signals[:5], records_per_shard=2)


def add(path, signals, **options):
    with StoreAppender(path, **options) as writer:
        for number, signal_mv in enumerate(signals):
            metadata = {"record_id": f"new{number}", "patient_id": "q", "fold": 2}
            writer.append(
                signal_mv,
                metadata,
                labels={"class": {"b": 1.0}},
                measurements={"heart_rate_bpm": 70.0, "qt_ms": 400.0},
            )
        writer.leave_out("bad", "It is too short.")
    return Store(path)


def test_what_was_there_is_not_rewritten_and_the_new_comes_behind(store, signals):
    before = {file: file.stat() for file in store.path.iterdir() if file.name != MANIFEST_NAME}
    appended = add(store.path, signals[5:])
    for file, was in before.items():
        assert (file.stat().st_ino, file.stat().st_mtime_ns) == (was.st_ino, was.st_mtime_ns)
    assert len(appended) == 7
    # Rounding to 1 µV, and float32 on top.
    np.testing.assert_allclose(appended.signals_mv(), signals, atol=0.0005 + 1e-6)
    assert appended.records["record_id"].tolist()[4:] == ["r4", "new0", "new1"]
    assert appended.labels("class")["b"].tolist()[5:] == [1, 1]
    assert appended.labels("class")["a"].isna()[5:].all()
    assert appended.measurements["qt_ms"].isna().tolist() == [True] * 5 + [False] * 2
    assert appended.physiology.shape == (7, 1)
    assert appended.left_out["record_id"].tolist() == ["bad"]
    assert appended.fingerprint != store.fingerprint
    appended.verify()
    assert not store.path.with_name("S.partial").exists()


def test_a_store_is_appended_to_more_than_once(store, signals):
    add(store.path, signals[5:6])
    with StoreAppender(store.path) as writer:
        writer.append(signals[6], {"record_id": "last", "patient_id": "q"})
    again = Store(store.path)
    assert again.manifest.parts == (5, 1, 1)
    np.testing.assert_allclose(again.signals_mv([6])[0], signals[6], atol=0.0005 + 1e-6)  # as above
    again.verify()


def test_an_open_store_does_not_see_what_is_appended(store, signals):
    add(store.path, signals[5:])
    assert len(store) == len(store.records) == 5


def test_a_record_of_the_store_is_not_added_again(store, signals):
    with StoreAppender(store.path) as writer:
        writer.append(signals[5], {"record_id": "new", "patient_id": "q"})
        with pytest.raises(DatasetError, match=r"r3: .*a second time"):
            writer.append(signals[6], {"record_id": "r3", "patient_id": "q"})


@pytest.mark.parametrize("with_hashes", [True, False])
def test_an_ecg_of_the_store_is_known_by_its_signal(store, with_hashes, monkeypatch):
    hashes = store.records["signal_hash"].tolist()
    if not with_hashes:  # as in a store of the version before
        monkeypatch.setattr(Store, "records", store.records.drop(columns="signal_hash"))
    with StoreAppender(store.path) as writer:
        assert writer.first_with(hashes[3]) == ("r3", 3)
        assert writer.first_with("0" * 32) is None
        writer.append(np.ones((12, N_SAMPLES)), {"record_id": "new", "patient_id": "q"})


def test_an_append_that_stops_leaves_the_store_as_it_was(store, signals):
    files = sorted(file.name for file in store.path.iterdir())
    with pytest.raises(ValueError, match="signal_mv"):
        add(store.path, [signals[5], signals[6][:3]])
    assert sorted(file.name for file in store.path.iterdir()) == files
    assert Store(store.path).fingerprint == store.fingerprint


KILLED_BEFORE_THE_MANIFEST = """
import os, signal, sys
import numpy as np
from physioclr.datasets import store_append
store_append.replace_file = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with store_append.StoreAppender(sys.argv[1]) as writer:
    writer.append(np.ones((12, 40)), {"record_id": "new", "patient_id": "q"})
"""


def test_an_append_killed_just_before_its_manifest_is_no_append(store, signals):
    assert callable(store_append.replace_file)  # what the process is killed in place of
    command = [sys.executable, "-c", KILLED_BEFORE_THE_MANIFEST, str(store.path)]
    assert subprocess.run(command, env=dict(os.environ)).returncode == -signal.SIGKILL
    assert Store(store.path).fingerprint == store.fingerprint
    Store(store.path).verify()
    appended = add(store.path, signals[5:])
    np.testing.assert_allclose(appended.signals_mv(), signals, atol=0.0005 + 1e-6)  # as above
    appended.verify()


def test_a_store_older_than_checksums_has_them_once_it_is_appended_to(store, signals):
    file = store.path / MANIFEST_NAME
    old = json.loads(file.read_text())
    for name in ("checksums", "parts", "prepared"):
        del old[name]
    file.write_text(json.dumps(old))
    with pytest.raises(DatasetError, match="before there were any"):
        Store(store.path).verify()
    add(store.path, signals[5:]).verify()
