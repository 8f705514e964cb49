from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from physioclr.errors import SignalError
from physioclr.interpretation.interpret import CRITERIA, interpret, interpret_findings
from physioclr.interpretation.vocabulary import FAMILIES, VOCABULARY
from physioclr.io import read_ecg
from physioclr.records import EcgRecord
from physioclr.simulate import simulate_record
from tests.interpretation.hand_built import findings
from tests.shared_data import SHARED_DATA, needs_shared_data

DERIVED = {"NORM", "ABNORM"}
PHILIPS_INFARCTION = SHARED_DATA / "formats" / "philips_sierra" / "129DYPRG.XML"


def test_every_finding_of_the_vocabulary_has_one_criterion_with_a_source():
    codes = [criterion.code for criterion in CRITERIA]
    assert len(set(codes)) == len(codes)
    assert set(codes) | DERIVED == set(VOCABULARY)
    assert all(criterion.rule and criterion.source for criterion in CRITERIA)
    assert {term.family for term in VOCABULARY.values()} <= set(FAMILIES)


def test_a_normal_ecg_is_called_normal_with_every_finding_assessed():
    said = interpret_findings(findings(), "hand")
    assert said.state("NORM") == "present"
    assert said.state("ABNORM") == "absent"
    assert list(said) == list(VOCABULARY)
    assert not said.in_state("not assessable")


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("sinus_rhythm", "SR"),
        ("sinus_tachycardia", "STACH"),
        ("atrial_fibrillation", "AFIB"),
        ("av_block_1", "1AVB"),
        ("lbbb", "CLBBB"),
        ("rbbb", "CRBBB"),
        ("pvc", "PVC"),
        ("stemi_anterior", "STEMI"),
        ("stemi_inferior", "STEMI"),
        ("lvh", "LVH"),
        ("long_qt", "LNGQT"),
    ],
)
@pytest.mark.parametrize("seed", [3, 11])
def test_a_simulated_condition_is_said(condition, code, seed):
    said = interpret(simulate_record(condition, seed=seed))
    assert said.state(code) == "present"
    if said[code].term.abnormal:
        assert said.state("NORM") == "absent"


@pytest.mark.parametrize(
    ("condition", "code", "least"),
    [
        ("av_block_2_mobitz_2", "2AVB", 4),
        ("av_block_2_2to1", "2AVB", 3),
        ("av_block_3", "3AVB", 4),
        ("paced_ventricle", "VPACE", 4),
        ("paced_without_p", "VPACE", 4),
        ("atrial_flutter", "AFLT", 3),
    ],
)
def test_blocked_paced_and_fluttering_hearts_are_not_passed_over(condition, code, least):
    """A P wave within T is not found, so not every block is: borderline counts."""
    states = [interpret(simulate_record(condition, seed=seed)).state(code) for seed in range(4)]
    assert sum(state in ("present", "borderline") for state in states) >= least


def test_the_form_of_a_paced_qrs_is_no_bundle_branch_block():
    said = interpret(simulate_record("paced_ventricle", seed=0))
    for code in ("CLBBB", "CRBBB", "LAFB", "STEMI", "QWAVE"):
        assert said.state(code) == "not assessable"
        assert "paced" in said[code].reason


@pytest.mark.parametrize("condition", ["stemi_anterior", "stemi_inferior"])
@pytest.mark.parametrize("seed", range(4))
def test_no_acute_st_elevation_of_the_simulator_is_absent(condition, seed):
    said = interpret(simulate_record(condition, seed=seed))
    assert said.critical
    assert "absent" not in (said.state("STE_"), said.state("STEMI"))


@pytest.mark.parametrize(("pr_ms", "state"), [(190.0, "absent"), (225.0, "present")])
def test_the_pr_of_a_simulated_ecg_is_judged_on_both_sides_of_200_ms(pr_ms, state):
    # Found PR is 6.7 ± 4.5 ms longer than the simulated one (docs/physiology.md).
    said = interpret(simulate_record("av_block_1", seed=5, pr_ms=pr_ms))
    assert said.state("1AVB") == state


@pytest.mark.parametrize(("st_mv", "state"), [(0.06, "absent"), (0.2, "present")])
def test_st_of_a_simulated_ecg_is_judged_on_both_sides_of_0_1_mv(st_mv, state):
    # The least of II, III and aVF has this level; III or aVF may have more.
    said = interpret(simulate_record("stemi_inferior", seed=2, st_mv=st_mv, noise=False))
    assert (said.state("STEMI") == "present") == (state == "present")


@needs_shared_data
def test_the_acute_inferior_infarction_of_the_philips_sample_is_a_critical_value():
    said = interpret(read_ecg(PHILIPS_INFARCTION))
    statement = said["STEMI"]
    assert statement.state == "present"
    assert said.critical == (statement,)
    assert {"II", "III", "aVF"} <= set(statement.leads)
    # J point of II, III, aVF: +0.25, +0.28, +0.27 mV as issue 17 gives them; 0.03 mV for the level.
    levels = {each.leads[0]: each.value for each in statement.evidence if each.limit > 0}
    assert [levels[lead] for lead in ("II", "III", "aVF")] == pytest.approx(
        [0.25, 0.28, 0.27], abs=0.03
    )
    assert said.state("NORM") == "absent"


def test_an_incomplete_analysis_is_never_normal():
    record = simulate_record("sinus_rhythm", seed=4)
    keep = [row for row, lead in enumerate(record.leads) if lead != "V2"]
    fewer = EcgRecord(
        record.signal_mv[keep],
        record.fs_hz,
        tuple(record.leads[row] for row in keep),
        "fewer",
        record.meta,
    )
    assert interpret(record).state("NORM") == "present"
    said = interpret(fewer)
    assert said.state("NORM") == "not assessable"
    assert "V2" in said["STE_"].reason
    assert said.state("SR") == "present"


def test_one_lead_still_says_the_rhythm():
    record = simulate_record("atrial_fibrillation", seed=1)
    row = record.leads.index("II")
    one = EcgRecord(record.signal_mv[row : row + 1], record.fs_hz, ("II",), "one", record.meta)
    said = interpret(one)
    assert said.state("AFIB") == "present"
    assert said.state("CLBBB") == "not assessable"


def test_noise_is_not_assessable_and_never_normal():
    rng = np.random.default_rng(0)
    leads = simulate_record("sinus_rhythm", seed=0).leads
    noise = EcgRecord(rng.normal(0, 0.5, (12, 5000)), 500.0, leads, "noise")
    said = interpret(noise)
    assert said.state("NORM") in ("absent", "not assessable")
    if said.state("BADREC") == "present":
        assert {each.term.family for each in said.in_state("absent")} <= {"technical"}


def test_in_a_poor_record_nothing_is_absent():
    poor = replace(findings(), acceptable=False, quality_reason="lead V1 is noisy")
    said = interpret_findings(poor, "poor")
    assert said.state("NORM") == "not assessable"
    absent = [each for each in said.in_state("absent") if each.term.family != "technical"]
    assert not absent
    assert "V1" in said["AFIB"].reason


def test_unknown_age_and_sex_are_said():
    said = interpret_findings(findings(age_years=float("nan"), sex=None), "unknown")
    assert len(said.notes) == 2
    assert said.state("NORM") == "present"


def test_a_child_is_not_held_against_the_limits_of_adults():
    said = interpret_findings(findings(age_years=7.0), "child")
    for code in ("STE_", "VCLVH", "WPW", "XFAST"):
        assert said.state(code) == "not assessable"
    assert said.state("NORM") == "not assessable"


def test_a_record_shorter_than_five_seconds_is_refused():
    record = simulate_record("sinus_rhythm", seed=0, duration_s=4.0)
    with pytest.raises(SignalError):
        interpret(record)


def test_an_interpretation_survives_pickling_and_becomes_json():
    said = interpret_findings(findings(), "hand")
    again = pickle.loads(pickle.dumps(said))
    assert again.to_dict() == said.to_dict()
    assert {entry["code"] for entry in said.to_dict()["statements"]} == set(VOCABULARY)
