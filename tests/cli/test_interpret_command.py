from __future__ import annotations

import json

import pytest

from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.leads import STANDARD_LEADS
from physioclr.simulate import simulate_record
from tests.conftest import write_wfdb_pair


@pytest.fixture
def acute_file(tmp_path):
    record = simulate_record("stemi_inferior", seed=3, st_mv=0.35)
    return write_wfdb_pair(tmp_path, "acute", record.signal_mv, STANDARD_LEADS)


def test_the_findings_are_printed_critical_values_first(run_cli, acute_file):
    code, out, err = run_cli("interpret", acute_file)
    assert code == 0
    assert out.index("STEMI") < out.index("Sinus rhythm")
    assert "The sex is unknown" in err


def test_everything_comes_as_json_with_states_and_evidence(run_cli, acute_file):
    code, out, _ = run_cli("interpret", acute_file, "--json")
    said = json.loads(out)
    assert code == 0
    assert said["critical"][0] == "STEMI"
    by_code = {entry["code"]: entry for entry in said["statements"]}
    assert set(by_code) == set(VOCABULARY)
    evidence = by_code["STEMI"]["statement"]["evidence"]
    assert all(entry["value"] is None or entry["unit"] == "mV" for entry in evidence)
    assert by_code["AFIB"]["call"] == "absent"


def test_what_cannot_be_read_is_one_line_and_exit_code_2(run_cli, tmp_path):
    (tmp_path / "text.dat").write_text("these are not samples\n" * 50)
    code, out, err = run_cli("interpret", tmp_path / "text.dat")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
