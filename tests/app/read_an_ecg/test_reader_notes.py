"""What the reader writes about an ECG stays with that ECG."""

from dataclasses import replace

import pytest

from app.navigation import PAGES
from app.state import ReadState
from physioclr.runtime.shipped_files import bundled
from tests.app.altered_ecgs import flat_lead
from tests.app.opened_page import open_page

pytestmark = pytest.mark.usefixtures("small_app")


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
