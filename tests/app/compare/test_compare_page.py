"""The page that compares two ECGs."""

import html
from dataclasses import replace

import pytest

from app.navigation import PAGES
from physioclr.physiology.measurements import MEASUREMENTS, measure
from physioclr.physiology.repeatability import repeatability_of
from physioclr.runtime.shipped_files import bundled
from physioclr.simulate import simulate_record
from tests.app.altered_ecgs import all_flat, flat_lead
from tests.app.opened_page import html_of, open_page, table_named

pytestmark = pytest.mark.usefixtures("small_app")


def compare_page(read, other):
    app = open_page("read", read)
    app.session_state["physioclr"].compare.other.open(other)
    app.switch_page(str(bundled("pages") / PAGES["compare"][0])).run()
    assert not app.exception
    return app


def test_two_ecgs_are_compared_with_their_order_said(good_record, small_cohort):
    app = open_page("compare", good_record)
    assert any("second ECG" in element.value for element in app.info)
    app.selectbox[0].set_value(3).run()
    assert not app.exception
    table = next(text for text in html_of(app).split("<table") if "Difference" in text)
    other = measure(small_cohort.record(3)).heart_rate_bpm
    read = measure(good_record).heart_rate_bpm
    change = f"{round(read - other):+d}".replace("-", "−")
    assert change in table
    app.segmented_control(key="read_is_later").set_value("earlier").run()
    table = next(text for text in html_of(app).split("<table") if "Difference" in text)
    assert f"{round(other - read):+d}".replace("-", "−") in table


def test_compare_says_the_quality_of_both_and_a_suspected_reversal(good_record):
    swapped = good_record.signal_mv.copy()
    i, ii, iii, avr, avl, avf = swapped[:6].copy()
    swapped[:6] = -i, iii, ii, avl, avr, avf  # the arms exchanged
    app = compare_page(good_record, replace(good_record, signal_mv=swapped))
    said = [element.value for element in [*app.warning, *app.caption]]
    assert any("quality of the earlier ECG" in line and "reversal" in line for line in said)
    assert any("quality of the later ECG" in line and " acceptable" in line for line in said)


def test_compare_shows_every_measurement_and_amplitude(good_record):
    other = simulate_record("sinus_rhythm", seed=8)
    app = compare_page(good_record, other)
    shown = table_named(app, "Differences") + table_named(app, "Further differences")
    for kind in MEASUREMENTS.values():
        assert f">{html.escape(kind.label)}</td>" in shown
    amplitudes = table_named(app, "Differences of amplitudes")
    for lead in good_record.leads:
        assert f"<td>{lead}</td>" in amplitudes
    old, new = (float(measure(each).leads.loc["V5", "r_mv"]) for each in (other, good_record))
    assert f"{new - old:+.2f}".replace("-", "−") in amplitudes
    assert f"{old:.2f} → {new:.2f}" in amplitudes


def test_compare_says_which_noise_a_difference_exceeds(good_record):
    app = compare_page(good_record, simulate_record("sinus_tachycardia", seed=1))
    table = table_named(app, "Differences")
    for header in ("Noise in one recording", "Noise between two"):
        assert f">{header}</th>" in table
    for kind in repeatability_of("heart_rate_bpm").values():
        assert f"± {kind.limit:.0f}" in table
    assert "more than noise in one recording" in table
    assert any("8 to 11 pairs" in element.value for element in app.caption)


def test_compare_says_why_a_measurement_is_not_there(good_record):
    app = compare_page(good_record, all_flat(good_record))
    table = table_named(app, "Differences")
    assert "earlier: " in table
    assert measure(all_flat(good_record)).reasons["qrs_ms"].split(": ")[1] in table


def test_compare_asks_for_the_formula_of_qtc(good_record):
    app = compare_page(good_record, flat_lead(good_record))
    assert "QTc (Fridericia)" in table_named(app, "Differences")
    app.segmented_control(key="qt_formula_compare").set_value("hodges").run()
    assert "QTc (Hodges)" in table_named(app, "Differences")
    assert "QTc (Fridericia)" in table_named(app, "Further differences")
    assert app.session_state["physioclr"].qt_formula == "hodges"
