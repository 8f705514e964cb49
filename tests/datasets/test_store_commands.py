from __future__ import annotations

import json

import numpy as np
import pytest
import wfdb

from tests.datasets.test_store import N_SAMPLES, write


@pytest.fixture
def store(tmp_path):
    return write(tmp_path / "S", np.random.default_rng(0).normal(0, 1, (3, 12, N_SAMPLES)))


def test_export_writes_the_ecgs_a_condition_holds_for(run_cli, store, tmp_path):
    out = tmp_path / "W"
    code, printed, _ = run_cli("export", store.path, "--out", out, "--where", "fold > 1", "--json")
    assert code == 0
    assert json.loads(printed)["records"] == 1
    read = wfdb.rdrecord(str(out / "00000" / "r2"), physical=False)
    np.testing.assert_array_equal(read.d_signal.T, store.signals_raw([2])[0])
    code, _, err = run_cli("export", store.path, "--out", tmp_path / "X", "--where", "fold >")
    assert (code, err.count("\n")) == (2, 1)
    assert not (tmp_path / "X").exists()


def test_verify_says_what_is_damaged(run_cli, store):
    assert run_cli("verify", store.path)[0] == 0
    (store.path / "beats.parquet").write_bytes(b"else")
    code, _, err = run_cli("verify", store.path)
    assert code == 2
    assert "beats.parquet" in err


def test_prepare_again_says_that_the_store_is_there(run_cli, tmp_path):
    command = ("prepare", "simulated:2", "--out", tmp_path / "S", "--workers", 1)
    code, printed, _ = run_cli(*command, "--no-physiology")
    assert (code, "2 ECGs" in printed) == (0, True)
    code, printed, _ = run_cli(*command, "--no-physiology")
    assert (code, "is there already" in " ".join(printed.split())) == (0, True)
    code, _, err = run_cli(*command)
    assert code == 2
    assert "physiology" in err
