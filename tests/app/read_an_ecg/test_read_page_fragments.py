"""The sections of the page that reads an ECG, where one has to follow another or to be silent."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from pypdf import PdfReader

from app.read_an_ecg import report as reporting
from app.read_an_ecg.facts import predicted_of
from app.state import PaperState, ReadState
from physioclr.records import EcgRecord
from physioclr.simulate import simulate_record
from tests.app.altered_ecgs import two_seconds
from tests.app.opened_page import figures_of, html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


def said_by(app):
    shown = [*app.warning, *app.success, *app.caption, *app.info, *app.error]
    return [element.value for element in shown]


def state_of(app):
    return app.session_state["physioclr"]


def figure_named(app, name):
    (figure,) = (f for f in figures_of(app) if f"paper_figure_{name}" in f.proto.id)
    return json.loads(figure.proto.spec)


def texts_on(app, name):
    return " | ".join(each["text"] for each in figure_named(app, name)["layout"]["annotations"])


def noise_of(record):
    noise_mv = np.random.default_rng(0).normal(0, 0.3, record.signal_mv.shape)
    return replace(record, signal_mv=noise_mv.astype(np.float32))


def long_of(record):
    return replace(record, signal_mv=np.tile(record.signal_mv, (1, 3)))


def test_a_label_of_another_checkpoint_does_not_break_why_or_the_report(good_record):
    app = open_page("read", good_record)
    state = state_of(app).read
    state.why, state.agreement = "MI", {"MI": "agree"}
    app.segmented_control(key=f"agreement_fast_{state.opened}").set_value("disagree").run()
    assert not app.exception
    assert app.segmented_control(key=f"why_{state.opened}").value is None
    made = reporting.report_of(good_record, state, predicted_of(good_record, ""))
    assert dict(made.reader.agreement) == {"fast": "disagree"}


def test_noise_gets_no_call_and_the_strip_says_why(good_record):
    app = open_page("read", noise_of(good_record))
    calls = next(line for line in html_of(app).splitlines() if 'aria-label="Calls"' in line)
    assert "Undecided:" in calls
    assert "Present:" not in calls
    strip = html_of(app).split('aria-label="Caveats"')[1].split("</div>")[0]
    assert "signal quality not acceptable" in strip
    assert any("no call is made" in text for text in said_by(app))


def test_the_strip_says_that_the_head_was_trained_on_other_ecgs(good_record):
    assert 'aria-label="Caveats"' not in html_of(open_page("read", good_record))
    of_a_person = replace(good_record, meta={})
    strip = html_of(open_page("read", of_a_person)).split('aria-label="Caveats"')[1]
    assert "the head was trained on simulated ones" in strip.split("</div>")[0]


def test_two_seconds_are_refused_once_and_leave_no_empty_heading(good_record):
    app = open_page("read", two_seconds(good_record))
    assert not app.exception
    assert sum("found 2.0 s" in text for text in said_by(app)) == 1
    assert not app.subheader
    assert len(figures_of(app)) == 1  # the paper


def test_the_report_is_of_the_stretch_on_the_screen_and_of_now(good_record):
    record, read = long_of(good_record), ReadState()
    read.open(record)
    made = reporting.report_of(record, read, predicted_of(record, ""))
    made = replace(made, made_at=datetime.now(UTC) - timedelta(days=400))
    read.start_s = 12.5  # the slider moved after the button was drawn
    pdf = reporting.report_file("PDF", made, PaperState(), read)
    text = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "12.5 to 22.5 s" in text
    assert f"{datetime.now(UTC):%Y}-" in text
    assert f"{made.made_at:%Y-%m-%d}" not in text


def test_why_has_a_slider_of_its_own_and_says_what_it_is_drawn_on(good_record):
    app = open_page("read", long_of(good_record))
    state = state_of(app)
    app.radio(key="paper_band").set_value((0.5, 40.0)).run()
    app.slider[0].set_value(7.0).run()
    app.segmented_control(key=f"why_{state.read.opened}").set_value("fast").run()
    assert not app.exception
    assert app.slider[1].value == 7.0
    app.slider[1].set_value(15.0).run()
    assert "0.5–40 Hz · each lead about its median" in texts_on(app, "why")
    leads = [trace for trace in figure_named(app, "why")["data"] if trace["name"] == "I"]
    assert leads[0]["x0"] == 15.0
    assert state.read.start_s == 7.0  # the paper above keeps its own


def test_the_median_beat_follows_the_scale_of_the_paper(good_record):
    app = open_page("read", good_record)
    app.radio(key="paper_speed").set_value(50.0).run()
    app.radio(key="paper_gain").set_value(20.0).run()
    assert "50 mm/s · 20 mm/mV" in texts_on(app, "median_beat")


def test_raw_is_one_click_from_any_filter_which_stays_chosen(good_record):
    app = open_page("read", good_record)
    app.radio(key="paper_band").set_value((0.5, 40.0)).run()
    (raw,) = (toggle for toggle in app.toggle if toggle.label == "Raw")
    assert raw.value is False
    raw.set_value(True).run()
    assert "raw · each lead" in texts_on(app, "read")
    assert state_of(app).paper.band_hz == (0.5, 40.0)
    (raw,) = (toggle for toggle in app.toggle if toggle.label == "Raw")
    raw.set_value(False).run()
    assert "0.5–40 Hz · each lead" in texts_on(app, "read")


def test_the_filter_states_what_it_does_at_the_sampling_rate_of_the_ecg(good_record):
    slow = replace(good_record, signal_mv=good_record.signal_mv[:, ::5], fs_hz=100.0)
    app = open_page("read", slow)
    app.radio(key="paper_band").set_value((0.05, 150.0)).run()
    assert "0.05–50 Hz · each lead" in texts_on(app, "read")


def test_one_lead_is_drawn_over_the_page_and_others_can_be_chosen(good_record):
    one = EcgRecord(good_record.signal_mv[[7]], good_record.fs_hz, ("ECG1",), "one")
    app = open_page("read", one)
    shown = texts_on(app, "read")
    assert "not recorded" not in shown
    assert "<b>ECG1</b>" in shown
    more = (*good_record.leads, "V7")
    signal = np.vstack([good_record.signal_mv, good_record.signal_mv[[11]]])
    app = open_page("read", EcgRecord(signal, good_record.fs_hz, more, "thirteen"))
    (leads,) = (each for each in app.multiselect if each.label == "Leads")
    assert leads.options == list(more)
    leads.set_value(["V6", "V7"]).run()
    assert state_of(app).paper.leads == ("V6", "V7")
    assert "<b>V7</b>" in texts_on(app, "read")


def test_leads_of_one_ecg_do_not_hide_those_of_the_next(good_record):
    app = open_page("read", good_record)
    (leads,) = (each for each in app.multiselect if each.label == "Leads")
    leads.set_value(["V1", "V2"]).run()
    one = EcgRecord(good_record.signal_mv[[1]], good_record.fs_hz, ("II",), "one")
    state_of(app).read.open(one)
    app.run()
    assert not app.exception
    assert "<b>II</b>" in texts_on(app, "read")


def test_two_typed_times_are_measured_without_a_mouse(good_record):
    app = open_page("read", good_record)
    ends = {each.label: each for each in app.number_input}
    ends["From (s)"].set_value(1.0)
    ends["To (s)"].set_value(1.75).run()
    assert "750 ms · 80 bpm" in html_of(app)
    assert "± 9 ms at 1 ×" in html_of(app)


def test_a_wide_qrs_is_said_to_lengthen_qtc(good_record):
    wide = simulate_record("lbbb", seed=5)
    assert any("QTc overestimates" in text for text in said_by(open_page("read", wide)))
    assert not any("overestimates" in text for text in said_by(open_page("read", good_record)))
