"""A probe that learns on one cohort and is scored on another."""

from __future__ import annotations

import json

import numpy as np
import pytest

from physioclr.cli import app
from physioclr.datasets.store import Store
from physioclr.datasets.store_writer import StoreWriter
from physioclr.encoders.checkpoint import load_encoder
from physioclr.errors import DatasetError
from physioclr.evaluation.probe_features import RANDOM_INIT
from physioclr.evaluation.transfer import SHARED_DIAGNOSES, shared_targets, transfer_probe
from tests.conftest import pulse_train


def cohort(folder, label_set, slow, n, *, seed, rare=None):
    """Pulse trains, half of them slow, labelled in the words of one vocabulary."""
    labels = {slow: "Slow"} | ({rare: "Rare"} if rare else {})
    with StoreWriter(
        folder,
        fs_hz=500.0,
        n_samples=5000,
        source=label_set,
        simulated=True,
        label_sets={label_set: labels},
    ) as writer:
        for row in range(n):
            is_slow = row % 2
            signal, r_peaks = pulse_train(
                560 + 4 * row if is_slow else 300 + 4 * row, seed=seed + row
            )
            known = {slow: float(is_slow)} | ({rare: float(row < 2)} if rare else {})
            writer.append(
                signal,
                {"record_id": f"{label_set}-{row}", "patient_id": str(row)},
                labels={label_set: known},
                physiology={"rr_ms_median": 1000.0},
                beats={
                    "r_peaks_samples": r_peaks.tolist(),
                    "cuts_samples": (r_peaks[1:] - 120).tolist(),
                    "t_peaks_samples": (r_peaks + 100).tolist(),
                },
            )
    return Store(folder)


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    return (
        cohort(folder / "a", "rhythm", "SBRAD", 24, seed=0, rare="AFIB"),
        cohort(folder / "b", "challenge_2021", "SB", 14, seed=100, rare="AF"),
    )


@pytest.fixture(scope="module")
def table(cohorts):
    return transfer_probe(*cohorts, load_encoder(), n_bootstrap=50)


def test_what_one_cohort_calls_slow_is_found_in_the_other(table):
    measured = table[table["reason"] == ""].set_index("model")
    assert set(measured["diagnosis"]) == {"sinus bradycardia"}
    assert RANDOM_INIT in measured.index
    shipped = measured.loc["physioclr-tiny"]
    # 60 a minute and below against twice as fast: the encoder knows the rate (R² above .9).
    assert shipped["auroc"] > 0.95
    assert shipped["within"] > 0.95
    assert (shipped["n_train"], shipped["n_test"]) == (12, 7)


def test_a_rare_diagnosis_has_its_reason(table):
    rare = table[table["diagnosis"] == "atrial fibrillation"].iloc[0]
    assert rare["reason"] == "needs 5 patients with it, has 2 to learn on"
    assert np.isnan(rare["auroc"])


def test_the_labels_of_the_second_cohort_are_for_the_score_alone(cohorts, table, monkeypatch):
    def turned(store):
        known = shared_targets(store)
        return 1 - known if store is cohorts[1] else known

    monkeypatch.setattr("physioclr.evaluation.transfer.shared_targets", turned)
    found = transfer_probe(*cohorts, load_encoder(), n_bootstrap=50)
    ours, theirs = (t[t["model"] == "physioclr-tiny"].iloc[0] for t in (table, found))
    # The same scores against the opposite labels.
    assert theirs["auroc"] == pytest.approx(1 - ours["auroc"], abs=1e-12)
    assert theirs["within"] == ours["within"]


def test_cohorts_without_a_shared_diagnosis_are_refused(cohorts, pulse_store):
    with pytest.raises(DatasetError, match=r"expected labels of PTB-XL.*label sets \(rate\)"):
        transfer_probe(cohorts[0], pulse_store, load_encoder())


def test_no_label_stands_for_two_diagnoses():
    labels = [label for means in SHARED_DIAGNOSES.values() for label in means]
    assert len(labels) == len(set(labels))


def test_the_verb_prints_what_was_found(cohorts):
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, ["transfer", *(str(c.path) for c in cohorts), "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert {row["diagnosis"] for row in rows} == {"sinus bradycardia", "atrial fibrillation"}
