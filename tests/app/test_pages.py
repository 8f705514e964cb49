"""Every page opens on every kind of ECG, says what it must, and raises nothing."""

import base64
import html
import json
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.frame import DISCLAIMER
from app.navigation import PAGES
from app.read_an_ecg.report import file_stem
from app.state import AppState, ReadState
from physioclr.physiology.measurements import MEASUREMENTS, measure
from physioclr.physiology.repeatability import repeatability_of
from physioclr.records import EcgRecord
from physioclr.runtime.shipped_files import bundled
from physioclr.simulate import simulate_record

pytestmark = pytest.mark.usefixtures("small_app")


def flat_lead(record):
    signal = record.signal_mv.copy()
    signal[record.leads.index("V2")] = 0.0
    return replace(record, signal_mv=signal)


def two_seconds(record):
    return replace(record, signal_mv=record.signal_mv[:, :1000])


def missing_samples(record):
    signal = record.signal_mv.copy()
    signal[:, 1000:1500] = np.nan
    return replace(record, signal_mv=signal)


def two_leads(record):
    return EcgRecord(record.signal_mv[[1, 6]], record.fs_hz, ("II", "V1"), "two-leads")


def one_lead(record):
    return EcgRecord(record.signal_mv[[1]], record.fs_hz, ("II",), "one-lead")


def all_flat(record):
    return replace(record, signal_mv=np.zeros_like(record.signal_mv))


KINDS = {
    "good": lambda record: record,
    "flat lead": flat_lead,
    "2 s": two_seconds,
    "missing samples": missing_samples,
    "two leads": two_leads,
    "one lead": one_lead,
    "all flat": all_flat,
}


def open_page(url_path, record=None):
    app = AppTest.from_file(str(bundled("app") / "main.py"), default_timeout=120)
    state = AppState()
    if record is not None:
        state.read.open(record)
    app.session_state["physioclr"] = state
    app.run()
    if url_path != next(iter(PAGES)):
        app.switch_page(str(bundled("pages") / PAGES[url_path][0])).run()
    return app


def figures_of(app):
    """The figures of the page, but for the one that only fetches the charts' code."""
    return [figure for figure in app.get("plotly_chart") if "chart_code" not in figure.proto.id]


def html_of(app):
    return "\n".join(element.proto.body for element in app.get("html"))


@pytest.mark.parametrize("kind", ["none", *KINDS])
def test_every_page_opens_on_every_ecg(kind, good_record):
    app = open_page("read", None if kind == "none" else KINDS[kind](good_record))
    for file, title, _ in PAGES.values():
        app.switch_page(str(bundled("pages") / file)).run()
        assert not app.exception, title
        assert DISCLAIMER in html_of(app)
        assert f"<h1>{title}</h1>" in html_of(app)


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
    assert "QTc (Fridericia)</td>" in html_of(app).split("Rhythm")[0]
    app.segmented_control(key="qt_formula").set_value("bazett").run()
    first_table = next(text for text in html_of(app).split("<table") if "Heart rate" in text)
    assert "QTc (Bazett)" in first_table
    assert "QTc (Fridericia)" not in first_table


def test_a_value_outside_the_normal_limits_is_marked(good_record):
    fast = simulate_record("sinus_tachycardia", seed=1)
    assert "▲" in html_of(open_page("read", fast))
    assert "100 bpm" in html_of(open_page("read", good_record))


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


def compare_page(read, other):
    app = open_page("read", read)
    app.session_state["physioclr"].compare.other.open(other)
    app.switch_page(str(bundled("pages") / PAGES["compare"][0])).run()
    assert not app.exception
    return app


def table_named(app, label):
    return html_of(app).split(f'aria-label="{label}"')[1].split("</table>")[0]


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


def thirty_seconds(record):
    return replace(record, signal_mv=np.tile(record.signal_mv, (1, 3)))


def drawn(app, key):
    """The figure of one place on the page."""
    return json.loads(
        next(one.proto.spec for one in figures_of(app) if f"paper_figure_{key}" in one.proto.id)
    )


def test_every_page_of_a_long_record_can_be_augmented(good_record):
    app = open_page("augmentations", thirty_seconds(good_record))
    slider = app.slider(key="start_augmented_1_10")
    assert slider.max == pytest.approx(20.0)
    slider.set_value(15.0).run()
    assert not app.exception
    assert app.session_state["physioclr"].read.start_s == 15.0
    assert drawn(app, "augmented")["data"][0]["x0"] == 15.0


def test_a_short_record_has_no_slider_beside_its_augmentation(good_record):
    app = open_page("augmentations", good_record)
    assert not any("Page begins" in slider.label for slider in app.slider)
    assert "raw · each lead about its median" in json.dumps(
        drawn(app, "augmented"), ensure_ascii=False
    )


def test_the_end_of_both_shuffles_is_drawn_with_the_authors_zeros(good_record):
    app = open_page("augmentations", thirty_seconds(good_record))
    app.selectbox[0].set_value("authors_shuffle").run()
    assert not app.exception
    assert sum("The last 10 of 30 s" in element.value for element in app.caption) == 2
    assert drawn(app, "heartbeat_shuffle")["data"][1]["x0"] == 20.0
    tail = drawn(app, "authors_shuffle")["data"][1]
    assert tail["x0"] == 20.0
    steps = np.diff(np.frombuffer(base64.b64decode(tail["customdata"]["bdata"]), np.int16)[-50:])
    assert not steps.any()


def test_augmentations_say_the_quality_of_both_ecgs(good_record):
    app = open_page("augmentations", good_record)
    said = [element.value for element in [*app.warning, *app.caption]]
    for which in ("the original", "the augmented ECG"):
        assert any(f"quality of {which}" in line for line in said)


def test_why_is_drawn_for_the_label_that_is_asked_about(good_record):
    app = open_page("read", good_record)
    n_figures = len(figures_of(app))
    app.segmented_control(key="why_1").set_value("fast").run()
    assert not app.exception
    assert len(figures_of(app)) == n_figures + 1
    assert "speaks against Sinus tachycardia" in html_of(app)
    assert any("isoelectric line" in element.value for element in app.caption)


def test_what_the_reader_wrote_survives_a_page_change(good_record):
    app = open_page("read", good_record)
    app.text_area(key="findings_1").set_value("Sinus rhythm.").run()
    app.segmented_control(key="agreement_fast_1").set_value("disagree").run()
    app.switch_page(str(bundled("pages") / PAGES["map"][0])).run()
    app.switch_page(str(bundled("pages") / PAGES["read"][0])).run()
    assert app.text_area(key="findings_1").value == "Sinus rhythm."
    assert app.session_state["physioclr"].read.agreement == {"fast": "disagree"}


def test_each_ecg_keeps_what_the_reader_wrote_about_it(good_record):
    records = [replace(good_record, record_id=f"ecg-{row}") for row in range(20)]
    state = ReadState()
    for row, record in enumerate(records):
        state.open(record, uploaded_row=row)
        assert (state.findings, state.comment, state.agreement) == ("", "", {})
        state.findings, state.comment = f"Findings {row}", f"Comment {row}"
        state.agreement["fast"] = "agree" if row % 2 else "disagree"
    for row, record in reversed(list(enumerate(records))):
        state.open(record, uploaded_row=row)
        assert (state.findings, state.comment) == (f"Findings {row}", f"Comment {row}")
        assert state.agreement == {"fast": "agree" if row % 2 else "disagree"}


def test_notes_go_by_the_signal_and_not_by_the_name(good_record):
    state = ReadState()
    state.open(good_record)
    state.findings = "Sinus rhythm."
    state.open(flat_lead(good_record))  # of the same name
    assert state.findings == ""
    state.open(replace(good_record))
    assert state.findings == "Sinus rhythm."


def test_words_that_were_taken_away_stay_away(good_record):
    state = ReadState()
    for record in (good_record, flat_lead(good_record), good_record):
        state.open(record)
        state.findings = "" if state.findings else "Sinus rhythm."
    state.open(flat_lead(good_record))
    state.open(good_record)
    assert state.findings == ""


def test_the_ecg_survives_a_page_change(good_record):
    app = open_page("read", good_record)
    for url_path in ("augmentations", "map", "read"):
        app.switch_page(str(bundled("pages") / PAGES[url_path][0])).run()
        assert good_record.record_id in html_of(app) or url_path == "map"
    assert app.session_state["physioclr"].read.record is good_record


def said_anywhere(app):
    """Everything a page sends to the browser, and the names of its downloads."""

    def sent(block):
        for child in block.children.values():
            yield str(child.proto)
            if hasattr(child, "children"):
                yield from sent(child)

    return "\n".join(sent(app.main))


@pytest.mark.parametrize("url_path", PAGES)
def test_of_where_an_ecg_comes_from_a_page_says_no_more_than_its_id(url_path, good_record):
    record = replace(
        good_record, record_id="id-7", meta={"source": "Vogelsang Jane/1970-01-01.dcm"}
    )
    said = said_anywhere(open_page(url_path, record))
    assert "Vogelsang" not in said
    assert "1970-01-01" not in said
    assert "id-7" in said or url_path not in ("read", "compare", "augmentations")


def test_a_download_is_named_by_the_id_alone(good_record):
    record = replace(
        good_record, record_id="id-7", meta={"source": "Vogelsang Jane/1970-01-01.dcm"}
    )
    assert file_stem(record) == "id-7"


def test_picking_from_the_demo_cohort_opens_that_ecg(small_cohort):
    app = open_page("read")
    app.selectbox[0].set_value(3).run()
    assert small_cohort.record(3).record_id in html_of(app)


def test_a_store_that_is_none_is_said_in_one_sentence(good_record):
    app = open_page("map", good_record)
    app.session_state["physioclr"].map.open("no/such/store")
    app.run()
    assert not app.exception
    assert "expected" in app.error[0].value
