from __future__ import annotations

import json

import numpy as np
import pytest

import physioclr
from physioclr.evaluation.probe_run_files import open_probe_run
from physioclr.leads import STANDARD_LEADS
from physioclr.simulate import simulate_record
from tests.conftest import write_wfdb_pair


@pytest.fixture(scope="session")
def ecg():
    return simulate_record("sinus_rhythm", seed=1)


@pytest.fixture
def ecg_file(tmp_path, ecg):
    return write_wfdb_pair(tmp_path, "ecg", ecg.signal_mv, STANDARD_LEADS)


def bad_files(folder, signal):
    """Each bad input of the issue, and what its sentence must say."""
    (folder / "text.dat").write_text("these are not samples\n" * 50)
    yield folder / "text.dat", "found no text.hea beside it"
    lonely = write_wfdb_pair(folder, "lonely", signal, STANDARD_LEADS)
    lonely.with_suffix(".dat").unlink()
    yield lonely, "lonely.dat"
    renamed = write_wfdb_pair(folder, "renamed", signal, STANDARD_LEADS)
    renamed.with_suffix(".dat").write_text("text " * 24_000)
    yield renamed, "renamed.dat"
    empty = folder / "empty.hea"
    empty.write_bytes(b"")
    yield empty, "empty.hea"
    claim = write_wfdb_pair(folder, "claim", signal, STANDARD_LEADS)
    claim.write_text(claim.read_text().replace(" 5000\n", " 1000000000\n"))
    yield claim, "claim.dat"
    yield write_wfdb_pair(folder, "short", signal[:, :1000], STANDARD_LEADS), "found 2.0 s"


@pytest.mark.parametrize("verb", ["measure", "predict"])
def test_bad_input_is_one_line_and_exit_code_2(run_cli, tmp_path, ecg, verb):
    for file, says in bad_files(tmp_path, ecg.signal_mv):
        code, out, err = run_cli(verb, file)
        assert (code, out) == (2, ""), file
        assert len(err.strip().splitlines()) == 1
        assert says in err
        assert "expected" in err


@pytest.mark.parametrize(
    ("damage", "lead", "says"),
    [("flat", 7, "lead V2 flat"), ("gap", 2, "samples of lead III missing")],
)
def test_a_lead_without_a_signal_is_measured_around_and_not_predicted(
    run_cli, tmp_path, ecg, damage, lead, says
):
    signal = ecg.signal_mv.copy()
    if damage == "flat":
        signal[lead] = 0.1
    else:
        signal[lead, 1000:1100] = np.nan
    file = write_wfdb_pair(tmp_path, "faulty", signal, STANDARD_LEADS)
    code, out, err = run_cli("measure", file, "--json")
    assert code == 0
    measured = json.loads(out)
    assert measured["measurements"]["heart_rate_bpm"]["value"] == pytest.approx(
        ecg.meta["parameters"]["heart_rate_bpm"],
        abs=1,  # R peaks within a sample or two of 10 s
    )
    assert STANDARD_LEADS[lead] in " ".join(measured["quality"]["reasons"])
    code, _, err = run_cli("predict", file)
    assert code == 2
    assert says in err


def test_measure_prints_what_the_api_measures(run_cli, ecg_file):
    code, out, _ = run_cli("measure", ecg_file, "--json")
    assert code == 0
    measured = physioclr.measure(physioclr.read_ecg(ecg_file))
    printed = json.loads(out)["measurements"]
    assert printed["qrs_ms"]["value"] == pytest.approx(measured.qrs_ms)
    assert printed["qrs_ms"]["unit"] == "ms"
    code, out, _ = run_cli("measure", ecg_file)
    assert code == 0
    assert f"{measured.qrs_ms:.0f}" in out
    assert "ms" in out


def test_predict_prints_each_label_with_its_evidence(run_cli, ecg_file):
    code, out, _ = run_cli("predict", ecg_file, "--json")
    assert code == 0
    printed = json.loads(out)
    prediction = physioclr.predict(physioclr.read_ecg(ecg_file), physioclr.load_encoder())
    assert list(printed["probabilities"]) == list(prediction.labels)
    assert all(0 <= p <= 1 for p in printed["probabilities"].values())
    assert {label["name"] for label in printed["evidence"]["labels"]} == set(prediction.labels)


def test_report_writes_what_is_asked_and_goes_on_after_a_bad_file(run_cli, tmp_path, ecg_file):
    bad = tmp_path / "text.csv"
    bad.write_text("no numbers here")
    folder = tmp_path / "reports"
    asked = ("--pdf", "--fhir", "--csv", "--json")
    code, out, err = run_cli("report", bad, ecg_file, *asked, "--out", folder)
    assert code == 2
    assert "text.csv" in err
    endings = ("pdf", "fhir.json", "csv", "json")
    assert {file.name for file in folder.iterdir()} == {f"ecg.{ending}" for ending in endings}
    assert all(f"ecg.{ending}" in out.replace("\n", "") for ending in endings)
    assert (folder / "ecg.pdf").read_bytes().startswith(b"%PDF")
    bundle = json.loads((folder / "ecg.fhir.json").read_text())
    assert bundle["resourceType"] == "Bundle"


def test_report_wants_to_know_what_to_write_and_how(run_cli, tmp_path, ecg_file):
    code, _, err = run_cli("report", ecg_file, "--out", tmp_path / "none")
    assert code == 2
    assert "--pdf" in err
    code, _, err = run_cli("report", ecg_file, "--pdf", "--speed", "30", "--out", tmp_path / "none")
    assert code == 2
    assert "speed_mm_per_s must be one of" in err
    assert not (tmp_path / "none").exists()


def test_report_takes_a_readers_words_for_one_ecg_only(run_cli, tmp_path, ecg_file):
    asked = ("--json", "--out", tmp_path / "out")
    said = ("--findings", "Sinus.", "--agree", "NORM", "--disagree", "MI", "--reader", "A. Reader")
    assert run_cli("report", ecg_file, *asked, *said)[0] == 0
    reader = json.loads((tmp_path / "out" / "ecg.json").read_text())["reader"]
    assert reader["agreement"] == {"NORM": "agree", "MI": "disagree"}
    assert (reader["reader"], reader["findings"]) == ("A. Reader", "Sinus.")
    for wrong, says in (
        ((ecg_file, ecg_file, "--findings", "x"), "about one ECG"),
        ((ecg_file, "--agree", "AFIB"), "NORM"),
        ((ecg_file, "--agree", "MI", "--disagree", "MI"), "different labels"),
    ):
        code, _, err = run_cli("report", *wrong, *asked)
        assert code == 2
        assert says in err


def test_reports_of_one_name_do_not_replace_each_other(run_cli, tmp_path, ecg_file):
    folder = tmp_path / "out"
    assert run_cli("report", ecg_file, ecg_file, "--csv", "--out", folder)[0] == 0
    assert {file.name for file in folder.iterdir()} == {"ecg.csv", "ecg-2.csv"}


def test_a_page_that_begins_after_the_end_is_one_line(run_cli, tmp_path, ecg_file):
    code, out, err = run_cli(
        "report", ecg_file, "--pdf", "--start", "60", "--out", tmp_path / "out"
    )
    assert (code, out) == (2, "")
    assert "expected signal from 60 s on" in err


def test_a_table_is_measured_once_its_layout_is_declared(run_cli, tmp_path, ecg):
    table = tmp_path / "table.csv"
    np.savetxt(table, 1000 * ecg.signal_mv.T, delimiter=",")
    code, _, err = run_cli("measure", table)
    assert code == 2
    assert "layout" in err
    declared = (
        "--layout",
        "fs_hz=500",
        "--layout",
        "unit=uV",
        "--layout",
        "orientation=samples_first",
    )
    leads = ("--layout", f"leads={','.join(STANDARD_LEADS)}")
    code, out, _ = run_cli("measure", table, *declared, *leads, "--json")
    assert code == 0
    printed = json.loads(out)["measurements"]["qrs_ms"]["value"]
    assert printed == pytest.approx(physioclr.measure(ecg).qrs_ms, abs=2)  # one sample


@pytest.mark.parametrize("wrong", ["fs_hz", "rate=500", "unit=uV", "fs_hz=fast"])
def test_a_layout_that_does_not_say_enough_is_an_error(run_cli, ecg_file, wrong):
    assert run_cli("measure", ecg_file, "--layout", wrong)[0] == 2


def test_an_unknown_checkpoint_is_one_line(run_cli, ecg_file):
    code, _, err = run_cli("predict", ecg_file, "--checkpoint", "nowhere")
    assert code == 2
    assert "nowhere: expected a checkpoint folder" in err


def test_from_a_store_to_a_probe(run_cli, tmp_path, pulse_store):
    """Pretrain, resume, embed, probe and fit a head, each by its verb."""
    store, out = pulse_store.path, tmp_path / "run"
    arguments = ("pretrain", store, "--out", out, "--steps", 2, "--batch", 4)
    assert run_cli(*arguments)[0] == 0
    code, _, err = run_cli(*arguments)
    assert code == 2
    assert "--resume" in err
    code, printed, _ = run_cli(*arguments, "--resume", "--json")
    assert code == 0
    card = json.loads(printed)
    assert card["training"]["steps"] == 2

    code, _, _ = run_cli(
        "embed", store, "--checkpoint", out / "checkpoint", "--out", tmp_path / "e.npz"
    )
    assert code == 0
    with np.load(tmp_path / "e.npz", allow_pickle=False) as saved:
        assert saved["embeddings"].shape == (24, 128)
        assert str(saved["encoder_fingerprint"]) == card["fingerprint"]
        assert saved["record_ids"].tolist() == pulse_store.records["record_id"].tolist()

    probe = ("probe", store, "--labels", "rate", "--checkpoint", out / "checkpoint")
    code, printed, _ = run_cli(*probe, "--out", tmp_path / "probe")
    assert code == 0
    assert "random init" in printed.replace("\n", " ")
    found = open_probe_run(tmp_path / "probe")
    assert found.models == ("run", "random init", "physiology vector", "median beat")
    assert found.cohort.simulated

    drawn = tmp_path / "compared.html"
    compared = ("probe", store, "--labels", "rate", "--compare", out / "checkpoint")
    code, printed, _ = run_cli(*compared, "physioclr-tiny", "--figure", drawn, "--json")
    assert code == 0
    result = json.loads(printed)
    assert [row["model"] for row in result["results"]][:2] == ["run", "physioclr-tiny"]
    assert len(result["cohort"]["encoders"]) == 2
    pairs = {(row["label"], row["model"]) for row in result["paired"]}
    assert ("macro", "physioclr-tiny") in pairs
    assert "AUROC [95 % CI]" in drawn.read_text()
    code, _, err = run_cli(*probe, "--out", tmp_path / "r.json")
    assert code == 2
    assert "folder" in err
    code, _, err = run_cli(*compared, "--checkpoint", "physioclr-tiny")
    assert code == 2
    assert "--compare" in err

    assert (
        run_cli("fit-head", store, "--labels", "rate", "--checkpoint", out / "checkpoint")[0] == 0
    )
    encoder = physioclr.load_encoder(out / "checkpoint")
    assert encoder.card.fingerprint == card["fingerprint"]
    prediction = physioclr.predict(pulse_store.record(0), encoder)
    assert prediction.labels == ("fast", "slow")
    assert prediction.probabilities[0] < 0.5 < prediction.probabilities[1]

    file = write_wfdb_pair(tmp_path, "pulse", pulse_store.signals_mv([0])[0], STANDARD_LEADS)
    predict = ("predict", file, "--checkpoint", out / "checkpoint")
    code, printed, _ = run_cli(*predict, "--json")
    assert code == 0
    written = json.loads(printed)
    assert written["calls"]["fast"] == {
        "call": "no call",
        "reason": "too few with and without the label",  # six patients each
        "correct": None,
    }
    assert written["nearest"][0]["record_id"] == "pulse-00"
    assert len(written["nearest"]) == 5
    assert set(written["nearest"][0]["difference"]) > {"heart_rate_bpm", "qrs_ms"}
    code, printed, _ = run_cli(*predict)
    assert code == 0
    assert "no call" in printed
    assert "Nearest labelled ECGs, pulse trains, simulated" in printed
    assert all(near["record_id"] in printed for near in written["nearest"])


def test_labels_a_store_does_not_have_are_one_line(run_cli, pulse_store):
    code, _, err = run_cli("probe", pulse_store.path, "--labels", "superclass")
    assert code == 2
    assert "its label sets (rate)" in err


def test_prepare_lists_what_is_left_out_and_goes_on(run_cli, tmp_path, ecg):
    folder = tmp_path / "cohort"
    folder.mkdir()
    write_wfdb_pair(folder, "good", ecg.signal_mv, STANDARD_LEADS)
    write_wfdb_pair(folder, "two", ecg.signal_mv[:1], STANDARD_LEADS[:1])
    code, out, err = run_cli("prepare", folder, "--out", tmp_path / "store", "--workers", 1)
    assert code == 0
    assert "1 ECGs" in out
    assert "left out two" in err
    assert len(physioclr.Store(tmp_path / "store")) == 1


def test_a_source_that_is_none_leaves_nothing(run_cli, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = run_cli("prepare", tmp_path / "empty", "--out", tmp_path / "store")
    assert code == 2
    assert "expected" in err
    assert not list(tmp_path.glob("store*"))


def test_what_noise_costs_and_how_few_labels_do(run_cli, pulse_store):
    store = pulse_store.path
    code, printed, _ = run_cli("robustness", store, "--labels", "rate", "--json")
    assert code == 0
    rows = json.loads(printed)["rows"]
    assert rows[0]["kind"] == "clean"
    assert {row["origin"] for row in rows if row["kind"] == "noise"} == {"simulated"}
    code, printed, _ = run_cli(
        *("label-efficiency", store, "--labels", "rate", "--fraction", 0.5, "--fraction", 1),
        *("--seeds", 1, "--json"),
    )
    assert code == 0
    assert {row["fraction"] for row in json.loads(printed)["rows"]} == {0.5, 1.0}
    code, _, err = run_cli("label-efficiency", store, "--labels", "rate", "--fraction", 2)
    assert code == 2
    assert "fractions must lie in" in err


def test_the_probe_stands_beside_the_fine_tuned_encoder(run_cli, tmp_path, pulse_store):
    out = tmp_path / "tuned.json"
    asked = ("finetune", pulse_store.path, "--labels", "rate", "--epochs", 1, "--out", out)
    code, printed, _ = run_cli(*asked)
    assert code == 0
    assert "fine-tuned" in printed
    models = json.loads(out.read_text())["models"]
    assert list(models) == ["linear probe, frozen", "fine-tuned", "from scratch"]
    assert models["fine-tuned"]["folds"] == models["linear probe, frozen"]["folds"]


def test_too_few_ecgs_to_describe_are_one_line(run_cli, pulse_store):
    code, _, err = run_cli("describe", pulse_store.path)
    assert code == 2
    assert "expected more than 30 ECGs that can be embedded, found 24" in err
