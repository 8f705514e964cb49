from __future__ import annotations

import math
from dataclasses import replace

from physioclr.interpretation.interpret import interpret_findings
from physioclr.interpretation.reading import RULES, STATEMENTS_OF_LABEL, ModelCall, reconcile
from physioclr.interpretation.statement import Interpretation
from physioclr.interpretation.vocabulary import VOCABULARY
from tests.interpretation.hand_built import findings
from tests.interpretation.test_ischaemia import INFERIOR, st

NORMAL = interpret_findings(findings(), "normal")
ACUTE = interpret_findings(findings(changed={**INFERIOR, "aVL": st(-0.1)}), "acute")


def call(label: str, said: str, probability: float = math.nan, reason: str = "") -> ModelCall:
    return ModelCall(label, label, said, probability, 0.98, reason)


def only(interpretation: Interpretation, model: ModelCall):
    return reconcile(interpretation, [model]).model[0]


def test_a_models_absence_is_undecided_where_a_criterion_finds_it():
    row = only(ACUTE, call("STTC", "absent", 0.02))
    assert row.shown == "undecided"
    assert "ST elevation" in row.reason
    assert "the model disagrees" in row.reason
    assert math.isnan(row.certainty)
    assert row.rule == "criterion over absence"


def test_a_models_absence_stands_where_no_criterion_contradicts_it():
    row = only(NORMAL, call("STTC", "absent", 0.02))
    assert row.shown == "absent"
    assert row.certainty == 0.98


def test_a_models_normal_never_stands_beside_a_finding():
    row = only(ACUTE, call("NORM", "present", 0.9))
    assert row.shown == "undecided"
    assert only(NORMAL, call("NORM", "present", 0.9)).shown == "present"


def test_normal_by_criteria_is_undecided_beside_a_models_finding():
    reading = reconcile(NORMAL, [call("MI", "present", 0.8)])
    assert reading.row("NORM").shown == "undecided"
    assert reconcile(NORMAL, [call("MI", "present", 0.3)]).row("NORM").shown == "present"


def test_a_models_normal_is_undecided_where_the_analysis_is_incomplete():
    partly = interpret_findings(findings(without=("V2",)), "partly")
    row = only(partly, call("NORM", "present", 0.9))
    assert row.shown == "undecided"
    assert row.rule == "incomplete is not normal"


def test_present_below_one_half_is_possible():
    assert only(NORMAL, call("HYP", "present", 0.4)).shown == "possible"
    assert only(NORMAL, call("HYP", "present", 0.6)).shown == "present"


def test_a_models_finding_without_a_criterion_says_so():
    assert only(NORMAL, call("HYP", "present", 0.6)).rule == "model alone"


def test_withheld_calls_keep_their_reason():
    row = only(NORMAL, call("MI", "no call", 0.4, "lead V2 is flat"))
    assert (row.shown, row.reason) == ("undecided", "lead V2 is flat")


def test_critical_values_stand_first_and_no_model_changes_them():
    reading = reconcile(ACUTE, [call("NORM", "present", 0.99), call("MI", "absent", 0.01)])
    assert reading.statements[0].code == "STEMI"
    assert reading.statements[0].shown == "present"
    assert [row.code for row in reading.critical] == ["STEMI"]
    assert reading.to_dict()["critical"] == ["STEMI"]


def test_a_statement_of_low_certainty_is_possible_but_a_critical_one_stays():
    def doubted(code: str) -> Interpretation:
        return Interpretation(
            "x",
            tuple(
                replace(each, certainty=0.3) if each.code == code else each
                for each in ACUTE.statements
            ),
        )

    assert reconcile(doubted("STE_")).row("STE_").shown == "possible"
    assert reconcile(doubted("STEMI")).row("STEMI").shown == "present"


def test_a_label_that_is_a_code_stands_for_that_statement():
    assert only(ACUTE, call("STE_", "absent", 0.1)).shown == "undecided"
    assert {code for codes in STATEMENTS_OF_LABEL.values() for code in codes} <= set(VOCABULARY)


def test_every_rule_that_changes_a_row_is_written_down():
    calls = [call(label, said, 0.4) for label in ("NORM", "MI", "STTC") for said in ("present",)]
    rows = reconcile(ACUTE, calls).model + reconcile(NORMAL, calls).model
    assert {row.rule for row in rows if row.rule} <= set(RULES)
