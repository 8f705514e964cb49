"""The page about pairs says what the objective would do, and sees δ move."""

from __future__ import annotations

import pytest

from app.navigation import PAGES
from app.resources import physiology_of
from physioclr.physiology.explanation import explain_similarity
from physioclr.runtime.shipped_files import bundled
from physioclr.simulate import simulate_record
from tests.app.opened_page import figures_of, html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


def pair_page(read, other):
    app = open_page("read", read)
    app.session_state["physioclr"].pairs.other.record = other
    app.switch_page(str(bundled("pages") / PAGES["pairs"][0])).run()
    assert not app.exception
    return app


def test_the_verdict_is_that_of_the_rule_at_every_delta(good_record):
    other = simulate_record("atrial_fibrillation", seed=3)
    similarity = explain_similarity(physiology_of(good_record), physiology_of(other)).similarity
    app = pair_page(good_record, other)
    for delta in (-1.0, 0.25, 1.0):
        app.slider[0].set_value(delta).run()
        said = "A positive" if similarity >= delta else "A negative"
        assert said in html_of(app)
        assert ("A negative" in html_of(app)) != ("A positive" in html_of(app))


def test_without_a_second_ecg_the_page_asks_for_one(good_record):
    app = open_page("pairs", good_record)
    assert "to pair with" in app.info[0].value


def test_a_cohort_whose_vector_is_another_is_said(good_record):
    app = pair_page(good_record, good_record)
    assert "prepare the cohort again" in app.error[0].value  # the small cohort has one entry
    assert len(figures_of(app)) == 1


def test_an_ecg_paired_with_itself_is_as_alike_as_can_be(good_record):
    assert "similarity +1.00" in html_of(pair_page(good_record, good_record))
