"""The page that reads an ECG: strip, paper, tables."""

import html
from dataclasses import replace

import numpy as np
import pytest

from app.navigation import PAGES
from app.read_an_ecg.report import file_stem
from physioclr.physiology.measurements import measure
from physioclr.runtime.shipped_files import bundled
from physioclr.simulate import simulate_record
from tests.app.altered_ecgs import KINDS, all_flat, flat_lead, two_leads, two_seconds
from tests.app.opened_page import figures_of, html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


def test_the_table_shows_what_measure_returns(good_record):
    shown = html_of(open_page("read", good_record))
    measured = measure(good_record)
    assert f"{measured.heart_rate_bpm:.0f} <span" in shown
    assert f"{measured.qrs_ms:.0f} <span" in shown


def summary_of(app):
    return html_of(app).split('role="group" aria-label="Summary"')[1].split("</dl>")[0]


def test_the_strip_above_the_paper_says_what_the_tables_say(good_record, small_encoder):
    app = open_page("read", good_record)
    strip = summary_of(app)
    assert f"{measure(good_record).qrs_ms:.0f} <span" in strip
    calls = next(line for line in html_of(app).splitlines() if 'aria-label="Calls"' in line)
    for label in small_encoder.card.heads["rhythm"].labels:
        assert label.display_name in calls
    app.segmented_control(key="qt_formula").set_value("bazett").run()
    assert "QTc (Bazett)" in summary_of(app)


def test_the_strip_says_what_is_not_measurable(good_record):
    record = all_flat(good_record)
    strip = summary_of(open_page("read", record))
    assert strip.count(">not measurable<") == strip.count("<dt>") > 0
    why = html.escape(measure(record).reasons["qrs_ms"].split(": ")[1])
    assert f"</summary>{why}</details>" in strip
    assert "title=" not in strip


def test_a_simulated_ecg_says_so(good_record):
    assert "Simulated ECG" in html_of(open_page("read", good_record))


def test_an_ecg_of_a_person_does_not(good_record):
    real = replace(good_record, meta={})
    assert "Simulated ECG" not in html_of(open_page("read", real))


def test_a_flat_lead_is_said_in_a_sentence_and_gets_no_call(good_record):
    app = open_page("read", flat_lead(good_record))
    said = " ".join(element.value for element in [*app.warning, *app.success])
    assert "Lead V2 is flat" in said
    assert any("No call" in element.value for element in app.warning)


def test_two_seconds_are_refused_in_one_sentence(good_record):
    app = open_page("read", two_seconds(good_record))
    assert any("2" in element.value and "found" in element.value for element in app.warning)


def test_missing_leads_are_named(good_record):
    app = open_page("read", two_leads(good_record))
    assert any("I, III, aVR, aVL, aVF, V2" in element.value for element in app.caption)


def test_a_long_record_gets_a_time_slider(good_record):
    long = replace(good_record, signal_mv=np.tile(good_record.signal_mv, (1, 3)))
    app = open_page("read", long)
    assert app.slider[0].max == pytest.approx(20.0)
    app.slider[0].set_value(7.0).run()
    assert not app.exception
    state = app.session_state["physioclr"].read
    assert state.start_s == 7.0
    app.radio(key="paper_speed").set_value(50.0).run()
    assert app.slider[0].max == pytest.approx(25.0)
    assert state.start_s == 7.0


def test_a_page_that_would_begin_after_the_last_begins_earlier(good_record):
    app = open_page("read", good_record)
    app.radio(key="paper_speed").set_value(50.0).run()
    app.slider[0].set_value(4.0).run()
    app.radio(key="paper_speed").set_value(25.0).run()
    assert not app.exception
    assert app.session_state["physioclr"].read.start_s == 0.0  # the page holds all of it


def test_the_paper_stays_as_it_was_set_over_a_page_change(good_record):
    app = open_page("read", good_record)
    app.radio(key="paper_speed").set_value(50.0).run()
    app.radio(key="paper_band").set_value((0.5, 40.0)).run()
    app.switch_page(str(bundled("pages") / PAGES["map"][0])).run()
    app.switch_page(str(bundled("pages") / PAGES["read"][0])).run()
    assert not app.exception
    assert app.radio(key="paper_speed").value == 50.0
    assert app.radio(key="paper_band").value == (0.5, 40.0)
    assert app.slider[0].max == pytest.approx(5.0)  # of 10 s a page shows 5


@pytest.mark.parametrize("kind", KINDS)
def test_waves_and_filters_can_be_asked_of_every_ecg(kind, good_record):
    app = open_page("read", KINDS[kind](good_record))
    app.toggle(key="paper_waves").set_value(True).run()
    app.radio(key="paper_band").set_value((0.5, 40.0)).run()
    app.radio(key="paper_mains").set_value(50.0).run()
    assert not app.exception
    assert figures_of(app)


def test_the_formula_of_qtc_is_the_readers_choice(good_record):
    app = open_page("read", good_record)

    def main_table():
        tables = html_of(app).split("<table")
        return next(table for table in tables if 'aria-label="Measurements"' in table)

    assert "QTc (Fridericia)</td>" in main_table()
    app.segmented_control(key="qt_formula").set_value("bazett").run()
    assert "QTc (Bazett)" in main_table()
    assert "QTc (Fridericia)" not in main_table()


def test_a_value_outside_the_normal_limits_is_marked(good_record):
    fast = simulate_record("sinus_tachycardia", seed=1)
    assert "▲" in html_of(open_page("read", fast))
    assert "100 bpm" in html_of(open_page("read", good_record))


def test_why_is_drawn_for_the_label_that_is_asked_about(good_record):
    app = open_page("read", good_record)
    n_figures = len(figures_of(app))
    app.segmented_control(key="why_1").set_value("fast").run()
    assert not app.exception
    assert len(figures_of(app)) == n_figures + 1
    assert "speaks against Sinus tachycardia" in html_of(app)
    assert any("isoelectric line" in element.value for element in app.caption)


def test_a_download_is_named_by_the_id_alone(good_record):
    record = replace(
        good_record, record_id="id-7", meta={"source": "Vogelsang Jane/1970-01-01.dcm"}
    )
    assert file_stem(record) == "id-7"


def test_picking_from_the_demo_cohort_opens_that_ecg(small_cohort):
    app = open_page("read")
    app.selectbox[0].set_value(3).run()
    assert small_cohort.record(3).record_id in html_of(app)
