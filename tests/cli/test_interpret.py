"""The verb that interprets an ECG, with and without a learned head."""

from __future__ import annotations

import json

import pytest

from physioclr.leads import STANDARD_LEADS
from physioclr.simulate import simulate_record
from tests.conftest import write_wfdb_pair


@pytest.fixture
def fibrillation(tmp_path):
    signal = simulate_record("atrial_fibrillation", seed=5).signal_mv
    return write_wfdb_pair(tmp_path, "af", signal, STANDARD_LEADS)


def found(run_cli, *arguments):
    code, out, err = run_cli("interpret", *arguments)
    assert code == 0, err
    return json.loads(out)


def test_a_checkpoint_adds_its_head_and_changes_no_state(run_cli, fibrillation):
    alone = found(run_cli, fibrillation, "--json")
    read = found(run_cli, fibrillation, "--checkpoint", "physioclr-tiny", "--json")
    assert alone["model"] == []
    assert "AFIB" in {row["code"] for row in read["model"]}
    said = [
        {row["code"]: row["statement"]["state"] for row in one["statements"]}
        for one in (alone, read)
    ]
    assert said[0] == said[1]
    basis = {row["code"]: row["statement"]["certainty_basis"] or "" for row in read["statements"]}
    assert basis["AFIB"].startswith("criterion and learned head")


def test_the_table_has_certainties_and_the_heads_calls(run_cli, fibrillation):
    code, out, err = run_cli("interpret", fibrillation, "--checkpoint", "physioclr-tiny")
    assert code == 0, err
    assert "Certainty" in out
    assert "Learned head" in out


def test_an_unknown_checkpoint_is_one_line(run_cli, fibrillation):
    code, out, err = run_cli("interpret", fibrillation, "--checkpoint", "nothing")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "physioclr-tiny" in err
