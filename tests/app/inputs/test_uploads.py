"""What a visitor drops becomes the ECG that is read, whatever its format."""

import io
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.inputs.uploads import named_apart, read_uploads, undeclared_among
from physioclr.io import ArrayLayout
from physioclr.leads import STANDARD_LEADS
from physioclr.runtime.shipped_files import bundled
from tests.io.ecg_bytes import WRITERS, dicom
from tests.io.wfdb_bytes import wfdb_record


@pytest.fixture(scope="module")
def units(good_record):
    return np.round(good_record.signal_mv * 1000).astype(int)


def table(units):
    return ("\n".join(",".join(map(str, row)) for row in units.T) + "\n").encode()


@pytest.mark.parametrize("file_format", WRITERS)
def test_a_file_of_any_format_is_read(file_format, units):
    records, problems = read_uploads({"7.bin": WRITERS[file_format](units)})
    assert problems == ()
    np.testing.assert_allclose(records[0].signal_mv, units / 1000, atol=1e-5)  # float32 at 10 mV


def test_two_ecgs_of_one_file_name_are_both_read(units):
    """Exports call every file ecg.xml: case 13."""
    one, other = dicom(units), dicom(2 * units)
    files, repeated = named_apart([("ecg.dcm", one), ("ecg.dcm", other)])
    assert (list(files), repeated) == (["ecg.dcm", "ecg (2).dcm"], ())
    records, problems = read_uploads(files)
    assert problems == ()
    assert [record.record_id for record in records] == ["ecg", "ecg (2)"]
    np.testing.assert_allclose(records[1].signal_mv, 2 * records[0].signal_mv, atol=1e-5)


def test_one_content_uploaded_twice_is_said():
    files, repeated = named_apart([("a.xml", b"x"), ("a.xml", b"x"), ("b.xml", b"x")])
    assert list(files) == ["a.xml", "b.xml"]
    assert [sentence.partition(" has")[0] for sentence in repeated] == ["a.xml", "b.xml"]


def test_one_bad_file_costs_one_sentence_and_no_other_ecg(units):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in {**wfdb_record(units), **wfdb_record(units, name="b")}.items():
            archive.writestr(name, part)
    files = {
        "a.dcm": dicom(units),
        "cut.dcm": dicom(units)[:5000],
        "two.zip": content.getvalue(),
        "cut.zip": content.getvalue()[:-40],
        "scan.pdf": b"%PDF",
    }
    records, problems = read_uploads(files)
    assert {record.record_id for record in records} == {"a", "rec", "b"}
    assert [problem.split(":")[0] for problem in sorted(problems)] == [
        "cut.dcm",
        "cut.zip",
        "scan.pdf",
    ]


def test_a_table_is_read_as_it_is_declared(units):
    files = {"7.csv": table(units)}
    assert undeclared_among({**files, "a.dcm": dicom(units)}) == {"7.csv"}
    assert "layout" in read_uploads(files)[1][0]
    layout = ArrayLayout(fs_hz=500, unit="uV", leads=STANDARD_LEADS, orientation="samples_first")
    records, _ = read_uploads(files, layout=layout)
    assert records[0].leads == STANDARD_LEADS


@pytest.mark.usefixtures("small_app")
def test_the_page_asks_what_a_table_means_and_then_reads_it(units):
    app = AppTest.from_file(str(bundled("app") / "main.py"), default_timeout=120).run()
    assert not any(box.label == "Sampling rate (Hz)" for box in app.number_input)
    app.file_uploader[0].upload("7.csv", table(units), "text/csv").run()
    assert not app.error  # the question says what is missing
    next(box for box in app.number_input if box.label == "Sampling rate (Hz)").set_value(500.0)
    next(box for box in app.selectbox if box.label == "Unit").set_value("uV")
    next(box for box in app.selectbox if box.label == "Rows").set_value("samples_first")
    app.text_input[0].set_value(" ".join(STANDARD_LEADS))
    app.button[0].click().run()
    assert not app.exception
    assert app.session_state["physioclr"].read.record.record_id == "7"
