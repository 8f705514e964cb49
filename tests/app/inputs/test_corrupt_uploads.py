"""A file that is no ECG costs one sentence: what was open stays open, on every page."""

import numpy as np
import pytest

from app.navigation import PAGES
from physioclr.runtime.shipped_files import bundled
from physioclr.simulate import simulate_record
from tests.app.altered_ecgs import all_flat, two_seconds
from tests.app.opened_page import html_of, open_page
from tests.io.ecg_bytes import dicom

pytestmark = pytest.mark.usefixtures("small_app")


@pytest.fixture(scope="module")
def cut_dicom(good_record):
    return dicom(np.round(good_record.signal_mv * 1000).astype(int))[:5000]


CORRUPT = {
    "empty.dcm": b"",
    "text.dat": b"this is no ECG",
    "scan.pdf": b"%PDF-1.7",
    "cut.zip": b"PK\x03\x04 and no more",
}


def dropped(app, name, content):
    app.file_uploader[0].upload(name, content, "application/octet-stream").run()
    assert not app.exception
    return app


@pytest.mark.parametrize("name", CORRUPT)
def test_a_corrupt_upload_is_said_and_the_old_ecg_is_kept(name, good_record):
    app = dropped(open_page("read", good_record), name, CORRUPT[name])
    state = app.session_state["physioclr"].read
    assert state.record is good_record
    assert len(state.problems) == 1
    assert name in state.problems[0]
    assert state.unread == ()  # of the upload before, which stays
    assert len(app.error) == 1
    assert good_record.record_id in html_of(app)


def test_every_page_opens_after_a_corrupt_upload(good_record, cut_dicom):
    app = dropped(open_page("read", good_record), "cut.dcm", cut_dicom)
    for file, title, _ in PAGES.values():
        app.switch_page(str(bundled("pages") / file)).run()
        assert not app.exception, title
        assert f"<h1>{title}</h1>" in html_of(app)
    assert app.session_state["physioclr"].read.record is good_record


@pytest.mark.parametrize("url_path", ["compare", "pairs"])
def test_a_corrupt_second_ecg_is_said_and_the_first_stays(url_path, good_record, cut_dicom):
    app = dropped(open_page(url_path, good_record), "cut.dcm", cut_dicom)
    state = app.session_state["physioclr"]
    other = getattr(state, url_path).other
    assert other.record is None
    assert "cut.dcm" in other.problems[0]
    assert state.read.record is good_record
    assert state.read.problems == ()
    assert "second ECG" in app.info[0].value or "to pair with" in app.info[0].value


@pytest.mark.parametrize("url_path", ["compare", "pairs"])
def test_a_corrupt_third_ecg_leaves_the_second_one_compared(url_path, good_record, cut_dicom):
    app = open_page(url_path, good_record)
    second = simulate_record("sinus_tachycardia", seed=2)
    getattr(app.session_state["physioclr"], url_path).other.open(second)
    dropped(app.run(), "cut.dcm", cut_dicom)
    other = getattr(app.session_state["physioclr"], url_path).other
    assert other.record is second
    assert len(app.error) >= 1
    assert second.record_id in html_of(app)


@pytest.mark.parametrize("url_path", ["compare", "pairs"])
@pytest.mark.parametrize("worsen", [all_flat, two_seconds])
def test_a_second_ecg_that_cannot_be_measured_is_said(url_path, worsen, good_record):
    app = open_page(url_path, good_record)
    getattr(app.session_state["physioclr"], url_path).other.open(worsen(good_record))
    app.run()
    assert not app.exception
    said = " ".join(element.value for element in [*app.warning, *app.error]) + html_of(app)
    assert "not acceptable" in said or "found" in said or "Neither" in said
