"""The verbs that predict and report say the same of an ECG that cannot be trusted."""

import json

import numpy as np
import pytest

from physioclr.leads import STANDARD_LEADS
from physioclr.simulate import simulate_record
from tests.conftest import write_wfdb_pair


@pytest.fixture
def ecg_file(tmp_path):
    signal_mv = simulate_record("sinus_rhythm", seed=1).signal_mv
    return write_wfdb_pair(tmp_path, "ecg", signal_mv, STANDARD_LEADS)


@pytest.fixture
def noise_file(tmp_path):
    noise_mv = np.random.default_rng(0).normal(0, 0.3, (12, 5000))
    return write_wfdb_pair(tmp_path, "noise", noise_mv, STANDARD_LEADS)


def risk_in(folder, name):
    bundle = json.loads((folder / f"{name}.fhir.json").read_text())
    resources = [entry["resource"] for entry in bundle["entry"]]
    return next(each for each in resources if each["resourceType"] == "RiskAssessment")


def test_predict_and_report_call_nothing_of_noise(run_cli, tmp_path, noise_file):
    code, out, err = run_cli("predict", noise_file)
    assert code == 0
    assert out.count("no call") == 5
    assert "no call is made" in " ".join(err.split())
    folder = tmp_path / "out"
    assert run_cli("report", noise_file, "--fhir", "--json", "--out", folder)[0] == 0
    printed = json.loads(run_cli("predict", noise_file, "--json")[1])
    reported = json.loads((folder / "noise.json").read_text())["prediction"]
    assert printed["calls"] == reported["calls"]
    assert {call["call"] for call in reported["calls"].values()} == {"no call"}
    risks = risk_in(folder, "noise")["prediction"]
    assert {risk["qualitativeRisk"]["text"] for risk in risks} == {"no call"}


def test_the_sheet_goes_into_the_bundle_and_the_qtc_is_the_readers_choice(
    run_cli, tmp_path, ecg_file
):
    folder = tmp_path / "out"
    assert run_cli("report", ecg_file, "--attach-pdf", "--out", folder)[0] == 0
    bundle = json.loads((folder / "ecg.fhir.json").read_text())
    assert bundle["entry"][0]["resource"]["presentedForm"][0]["contentType"] == "application/pdf"
    asked = ("--json", "--out", folder)
    assert run_cli("report", ecg_file, *asked, "--qtc", "hodges")[0] == 0
    assert json.loads((folder / "ecg.json").read_text())["qt_formula"] == "hodges"
    code, _, err = run_cli("report", ecg_file, *asked, "--qtc", "none")
    assert code == 2
    assert "qt_formula must be one of" in " ".join(err.split())
