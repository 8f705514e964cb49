"""Many uploaded ECGs: one after the other, each in a line, none losing what was written."""

from dataclasses import replace

import numpy as np
import pytest

from app.resources import measurements_of
from physioclr.simulate import simulate_record
from tests.app.opened_page import html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


@pytest.fixture(scope="module")
def uploaded(good_record):
    flat = replace(good_record, record_id="flat", signal_mv=np.zeros_like(good_record.signal_mv))
    short = replace(good_record, record_id="short", signal_mv=good_record.signal_mv[:, :1000])
    return (good_record, simulate_record("sinus_tachycardia", seed=2), flat, short)


def page_with(uploaded):
    app = open_page("read", uploaded[0])
    state = app.session_state["physioclr"].read
    state.uploaded, state.uploaded_row, state.demo_row = uploaded, 0, None
    return app.run()


def being_read(app):
    return app.session_state["physioclr"].read.record.record_id


def test_previous_and_next_go_through_the_upload(uploaded):
    app = page_with(uploaded)
    assert ">1 of 4<" in html_of(app)
    assert app.button(key="previous_read").disabled
    for row in (1, 2, 3):
        app.button(key="next_read").click().run()
        assert not app.exception
        assert being_read(app) == uploaded[row].record_id
        assert f">{row + 1} of 4<" in html_of(app)
    assert app.button(key="next_read").disabled
    app.button(key="previous_read").click().run()
    assert being_read(app) == "flat"
    picker = next(box for box in app.selectbox if "uploaded" in box.label)
    assert picker.value == 2


def test_the_picker_and_the_demo_cohort_lead_away_and_next_leads_back(uploaded, small_cohort):
    app = page_with(uploaded)
    next(box for box in app.selectbox if "uploaded" in box.label).set_value(3).run()
    assert being_read(app) == "short"
    app.selectbox[0].set_value(2).run()
    assert being_read(app) == small_cohort.record(2).record_id
    assert ">none of 4<" in html_of(app)
    app.button(key="next_read").click().run()
    assert being_read(app) == uploaded[0].record_id


def test_words_typed_just_before_the_next_ecg_stay_with_theirs(uploaded):
    app = page_with(uploaded)
    app.text_area(key="findings_1").set_value("Sinus rhythm.")
    app.button(key="next_read").click().run()  # both reach the app in one run
    assert app.text_area(key="findings_2").value == ""
    app.button(key="previous_read").click().run()
    assert app.text_area(key="findings_3").value == "Sinus rhythm."


def test_one_upload_needs_no_steps(good_record):
    app = page_with((good_record,))
    assert "previous_read" not in [button.key for button in app.button]


def test_all_uploads_are_summed_up_once_that_is_asked_for(uploaded):
    app = page_with(uploaded)
    state = app.session_state["physioclr"].read
    assert not state.overview
    app.session_state["all_read"] = True
    app.run()
    assert not app.exception
    rate = measurements_of(uploaded[0]).heart_rate_bpm
    assert f"{rate:.0f} <span" in state.overview["", 0]
    assert "quality acceptable" in state.overview["", 0]
    assert "quality not acceptable" in state.overview["", 2]
    assert "rate not measurable" in state.overview["", 2]
    assert "short" in state.overview["", 3]  # what is wrong with it, in a sentence
    app.button(key="open_read_1").click().run()
    assert being_read(app) == uploaded[1].record_id
    assert app.button(key="open_read_1").disabled


def test_what_could_not_be_read_stays_said_among_all_uploads(uploaded):
    app = page_with(uploaded)
    app.session_state["physioclr"].read.unread = ("cut.dcm: expected an ECG, found half",)
    app.run()
    app.session_state["all_read"] = True
    app.run()
    assert app.expander[0].label == "All 4 uploaded ECGs, 1 not read"
    assert any("cut" in element.value and "half" in element.value for element in app.caption)
    app.button(key="next_read").click().run()
    assert app.expander[0].label == "All 4 uploaded ECGs, 1 not read"
