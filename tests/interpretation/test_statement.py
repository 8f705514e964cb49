from __future__ import annotations

import math

import pytest

from physioclr.interpretation.statement import Evidence, Interpretation, Statement


def test_evidence_says_value_leads_and_limit():
    evidence = Evidence("ST elevation at J", 0.254, "mV", "≥", 0.1, ("II", "aVF"))
    assert evidence.met is True
    assert evidence.text == "ST elevation at J in II, aVF 0.25 mV (limit ≥ 0.10 mV)"


@pytest.mark.parametrize(
    ("relation", "value", "met"),
    [
        ("≥", 1.0, True),
        (">", 1.0, False),
        ("≤", 1.0, True),
        ("<", 1.0, False),
        ("≥", math.nan, None),
        ("", 1.0, None),
    ],
)
def test_evidence_is_met_on_its_limits_side(relation, value, met):
    assert Evidence("x", value, "mV", relation, 1.0).met is met


def test_an_unknown_value_is_said_to_be_not_measurable():
    assert Evidence("PR interval", math.nan, "ms").text == "PR interval not measurable"
    assert Evidence("PR interval", math.nan, "ms").to_dict()["value"] is None


def test_a_statement_that_is_not_assessable_says_why():
    with pytest.raises(ValueError, match="reason"):
        Statement("AFIB", "not assessable", "rule", "source")


def test_an_unknown_code_is_refused():
    with pytest.raises(ValueError, match="code must be one of"):
        Statement("XYZ", "present", "rule", "source")


def test_only_what_is_present_is_critical():
    assert Statement("STEMI", "present", "rule", "source").is_critical
    assert not Statement("STEMI", "borderline", "rule", "source").is_critical
    assert not Statement("SR", "present", "rule", "source").is_critical


def test_critical_findings_come_first_and_a_code_comes_once():
    sinus, acute = (Statement(code, "present", "rule", "s") for code in ("SR", "STEMI"))
    said = Interpretation("x", (sinus, acute))
    assert said.findings == (acute, sinus)
    assert said.abnormal == (acute,)
    with pytest.raises(ValueError, match="twice"):
        Interpretation("x", (sinus, sinus))
