"""What tables and strips say can be reached without a mouse, and by a screen reader."""

import html
import re

import pytest

from app.components.html_table import html_table
from app.components.prediction_table import prediction_table
from app.read_an_ecg.findings_table import critical_notice, findings_table, others_table
from app.read_an_ecg.summary_strip import call_strip, number_strip
from physioclr import load_encoder
from physioclr.interpretation.interpret import interpret
from physioclr.physiology.measurements import MEASUREMENTS, measure
from physioclr.prediction.prediction import predict
from physioclr.prediction.reading import read_with_prediction
from physioclr.simulate import simulate_record


@pytest.fixture(scope="module")
def prediction(good_record):
    return predict(good_record, load_encoder())


@pytest.fixture(scope="module")
def reading(good_record, prediction):
    return read_with_prediction(interpret(good_record), prediction)


def test_every_header_says_what_it_heads():
    table = html_table(["A", "B"], [["1", "2"]], numeric=(1,))
    assert table.count("<th ") == table.count('<th scope="col"') == 2
    assert '<th scope="col" class="pc-number">B</th>' in table


def test_what_an_interval_stands_on_is_text(prediction, reading):
    shown = prediction_table(prediction, reading.model)
    assert "title=" not in shown
    for label, like in zip(prediction.card.labels, prediction.like_it, strict=True):
        if like is not None:
            assert f"<li>{label.display_name}: of {like.n} labelled ECGs" in shown
            assert f"{like.n_positive} had it.</li>" in shown
    assert "<summary>What the intervals stand on</summary>" in shown


def test_whatever_has_a_name_has_a_role(reading, good_record):
    strips = call_strip(reading.model) + number_strip(
        measure(good_record), list(MEASUREMENTS), age_years=None, sex=None
    )
    named = re.findall(r"<div[^>]*aria-label[^>]*>", strips)
    assert len(named) == 2
    assert all("role=" in tag for tag in named)


@pytest.fixture(scope="module")
def acute():
    record = simulate_record("stemi_inferior", seed=3, st_mv=0.35)
    return read_with_prediction(interpret(record), predict(record, load_encoder()))


def test_critical_values_are_announced_with_their_values(acute, reading):
    notice = critical_notice(acute)
    assert 'role="alert"' in notice
    assert "Acute ST elevation infarction pattern" in notice
    assert re.search(r"ST elevation at J in II \d", notice)
    assert critical_notice(reading) == ""


def test_no_call_on_screen_is_absent_where_the_criteria_find_it(acute):
    strip = call_strip(acute.model)
    absent = re.search(r"Absent: ([^<]*)<", strip)
    said = "" if absent is None else absent.group(1)
    assert "ST/T change" not in said
    assert "Myocardial infarction" not in said


def test_each_finding_has_its_evidence_and_its_criterion(acute):
    table = findings_table(acute)
    assert table.index("Acute ST elevation") < table.index("Sinus rhythm")
    assert "Fourth Universal Definition" in table
    assert table.count("criterion</summary>") == len(acute.findings)


def test_what_could_not_be_assessed_is_listed_with_the_reason(acute):
    others = others_table(acute)
    assert others.count("<tr>") == 1 + len(acute.statements) - len(acute.findings)
    for row in acute.not_assessable:
        assert html.escape(row.reason) in others
