"""The study of criteria, head and both, on made-up labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from studies.rhythm_head import evidence
from studies.rhythm_head.ecgs import EMBEDDING, PHYSIOLOGY, RANDOM, LabelledEcgs
from studies.rhythm_head.evidence import (
    MIN_PATIENTS,
    OutOfFold,
    fittable_codes,
    grouped_states,
    out_of_fold,
    scores_of,
)
from studies.rhythm_head.tables import nine_words_table

STATES = ("absent", "borderline", "present")


@pytest.fixture(scope="module")
def ecgs():
    """240 ECGs of 120 patients; AFIB is told by features and criterion, PVC by neither."""
    rng = np.random.default_rng(0)
    n = 240
    targets = pd.DataFrame(
        {
            "AFIB": (rng.random(n) < 0.3).astype(float),
            "PVC": (rng.random(n) < 0.3).astype(float),
            "WPW": (np.arange(n) < 4).astype(float),
        }
    )
    features = rng.normal(size=(n, 6))
    features[:, 0] += 2.0 * targets["AFIB"]
    measured = rng.normal(2.0 * targets["AFIB"], 1.0)
    states = pd.DataFrame(
        {
            "AFIB": [STATES[int(v > 0.8) + int(v > 1.6)] for v in measured],
            "PVC": rng.choice(STATES, n),
            "WPW": "absent",
            **dict.fromkeys(("CRBBB", "IRBBB", "CLBBB", "ILBBB"), "absent"),
        }
    )
    patients = np.array([f"p{i // 2}" for i in range(n)])
    folders = np.where(np.arange(n) < 100, "cpsc2018", "ludb")
    made = {EMBEDDING: features, RANDOM: rng.normal(size=(n, 6)), PHYSIOLOGY: features}
    return LabelledEcgs(np.arange(n).astype(str), folders, patients, targets, made, states, ())


@pytest.fixture(scope="module")
def found(ecgs):
    return out_of_fold(ecgs, ("AFIB", "PVC"), seed=0)


def test_a_code_of_few_patients_is_left_out_by_name(ecgs):
    codes, left_out = fittable_codes(ecgs)
    assert codes == ("AFIB", "PVC")
    assert left_out == {"WPW": f"needs {MIN_PATIENTS} patients with it, has 2"}


def test_both_are_above_either_where_each_knows_something(ecgs, found):
    area = {s: scores_of(ecgs, found, s, "AFIB")["auroc"] for s in ("criteria", "head", "both")}
    assert area["both"] > max(area["criteria"], area["head"])


def test_a_label_that_nothing_tells_is_not_told(ecgs, found):
    score = scores_of(ecgs, found, "both", "PVC")
    assert score["auroc_low"] < 0.5 + 0.05  # chance, with folds that learn a little noise


def test_no_label_of_a_held_out_patient_reaches_its_scores(ecgs, monkeypatch):
    def dealt(targets, groups, *, n_folds, seed):
        return np.array([int(patient[1:]) % n_folds for patient in groups])

    monkeypatch.setattr(evidence, "patient_folds", dealt)
    held_out = dealt(None, ecgs.patients, n_folds=5, seed=0) == 0
    turned = ecgs.targets.copy()
    turned.loc[held_out, ["AFIB", "PVC"]] = 1 - turned.loc[held_out, ["AFIB", "PVC"]]
    before = out_of_fold(ecgs, ("AFIB", "PVC"), seed=0)
    after = out_of_fold(replace(ecgs, targets=turned), ("AFIB", "PVC"), seed=0)
    for source in ("head", "both"):
        pd.testing.assert_frame_equal(
            before.scores[source].loc[held_out], after.scores[source].loc[held_out]
        )
        assert not before.scores[source].equals(after.scores[source])


def test_a_group_is_present_with_a_member_and_absent_only_with_none():
    states = pd.DataFrame(
        {
            "CRBBB": ["present", "absent", "absent", "not assessable", "not assessable"],
            "IRBBB": ["not assessable", "borderline", "absent", "absent", "present"],
            "CLBBB": ["absent"] * 5,
            "ILBBB": ["absent"] * 5,
        }
    )
    grouped = grouped_states(states)["RBBB"].tolist()
    assert grouped == ["present", "borderline", "absent", "not assessable", "present"]


def test_normal_is_said_where_no_other_word_is_and_st_stands_alone(ecgs):
    words = ("NORM", "AFIB", "1AVB", "LBBB", "RBBB", "PAC", "PVC", "STD_", "STE_")
    targets = pd.DataFrame(0.0, index=range(240), columns=words)
    targets["AFIB"] = ecgs.targets["AFIB"]
    targets["NORM"] = 1 - targets["AFIB"]
    calls = targets.copy()
    calls["NORM"] = 0.0
    calls["STD_"] = calls["AFIB"]  # ST depression of the fibrillation's ECGs
    states = pd.DataFrame("absent", index=range(240), columns=[*words, *ecgs.states.columns])
    states = states.loc[:, ~states.columns.duplicated()].drop(columns=["LBBB", "RBBB"])
    states.loc[calls["AFIB"] == 1, ["AFIB", "STD_"]] = "present"
    same = dict.fromkeys(("criteria", "head", "both"), calls)
    made = replace(ecgs, targets=targets, states=states)
    lines = nine_words_table(made, OutOfFold(same, same)).splitlines()
    for word in ("Normal", "AF"):
        row = next(line for line in lines if line.startswith(f"| {word} |"))
        assert row.count("1.00 [1.00, 1.00]") == 3
    assert "STD | 0 | – | – | –" in "\n".join(lines)
