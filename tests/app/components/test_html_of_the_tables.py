"""What tables and strips say can be reached without a mouse, and by a screen reader."""

import re

import pytest

from app.components.html_table import html_table
from app.components.prediction_table import prediction_table
from app.read_an_ecg.summary_strip import call_strip, number_strip
from physioclr import load_encoder
from physioclr.physiology.measurements import MEASUREMENTS, measure
from physioclr.prediction.prediction import predict


@pytest.fixture(scope="module")
def prediction(good_record):
    return predict(good_record, load_encoder())


def test_every_header_says_what_it_heads():
    table = html_table(["A", "B"], [["1", "2"]], numeric=(1,))
    assert table.count("<th ") == table.count('<th scope="col"') == 2
    assert '<th scope="col" class="pc-number">B</th>' in table


def test_what_an_interval_stands_on_is_text(prediction):
    shown = prediction_table(prediction)
    assert "title=" not in shown
    for label, like in zip(prediction.card.labels, prediction.like_it, strict=True):
        if like is not None:
            assert f"<li>{label.display_name}: of {like.n} labelled ECGs" in shown
            assert f"{like.n_positive} had it.</li>" in shown
    assert "<summary>What the intervals stand on</summary>" in shown


def test_whatever_has_a_name_has_a_role(prediction, good_record):
    strips = call_strip(prediction) + number_strip(
        measure(good_record), list(MEASUREMENTS), age_years=None, sex=None
    )
    named = re.findall(r"<div[^>]*aria-label[^>]*>", strips)
    assert len(named) == 2
    assert all("role=" in tag for tag in named)
