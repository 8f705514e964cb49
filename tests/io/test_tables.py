"""CSV as the world writes it: missing samples, quotes, commas, times, watches and chest straps."""

from __future__ import annotations

import json

import numpy as np
import pytest

from physioclr.errors import RecordError
from physioclr.io import ArrayLayout, is_undeclared, read_ecg
from physioclr.io.limits import ReadLimits
from physioclr.leads import LIMB_LEADS
from tests.shared_data import SHARED_DATA, needs_shared_data

UNITS = np.random.default_rng(8).integers(-900, 900, size=(300, 2))
NAMED = ArrayLayout(fs_hz=500, unit="uV")
EXACT = {"atol": 1e-6}  # float32 below 1 mV


def rows(*, header="V1,V2", separator=",", values=None):
    values = UNITS if values is None else values
    lines = [separator.join(str(value) for value in row) for row in values]
    return ("\n".join([*([header] if header else []), *lines]) + "\n").encode()


def read(content, layout=NAMED, **options):
    return read_ecg(content, name="7.csv", layout=layout, **options)


@pytest.mark.parametrize(
    "missing", ["NaN", "nan", "NA", "N/A", "null", "NULL", "None", "", "-", "#N/A", '""', '"NA"']
)
@pytest.mark.parametrize("row", [0, 1, 299])
def test_a_missing_sample_is_nan_in_any_row(missing, row):
    values = [list(map(str, line)) for line in UNITS]
    values[row] = [missing, missing] if row else [missing, values[row][1]]
    record = read(rows(values=values))
    assert np.isnan(record.signal_mv[0, row])
    assert np.isnan(record.signal_mv).sum() == (1 if row == 0 else 2)


def test_the_first_row_may_hold_no_sample_at_all():
    values = [["NaN", "NA"], ["", ""], *UNITS.tolist()]
    record = read(rows(values=values))
    assert record.n_samples == 302
    assert np.isnan(record.signal_mv[:, :2]).all()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_cells_may_be_quoted(separator):
    values = [[f'"{value}"' for value in line] for line in UNITS]
    record = read(rows(header=separator.join(['"V1"', '"V2"']), separator=separator, values=values))
    np.testing.assert_allclose(record.signal_mv, UNITS.T / 1000, **EXACT)


@pytest.mark.parametrize(("separator", "quote"), [(",", '"'), (";", ""), ("\t", ""), (";", '"')])
def test_decimal_commas_are_told_by_any_number_that_can_be_nothing_else(separator, quote):
    values = [
        [f"{quote}{value / 8:.3f}{quote}".replace(".", ",") for value in line] for line in UNITS
    ]
    record = read(
        rows(header=None, separator=separator, values=values),
        ArrayLayout(fs_hz=500, unit="uV", leads=("V1", "V2"), orientation="samples_first"),
    )
    np.testing.assert_allclose(record.signal_mv, UNITS.T / 8000, **EXACT)


def test_thousands_are_told_by_a_decimal_point_or_a_second_comma():
    values = [["1,234.5", "1,234,567"], ["-0.5", "1,234"]]
    record = read(rows(separator=";", header="V1;V2", values=values))
    np.testing.assert_allclose(record.signal_mv[1], [1234.567, 1.234], rtol=1e-6)  # float32


def test_a_comma_that_may_be_either_is_asked_about():
    values = [["1,234", "5"], ["-2,500", "7"]]
    content = rows(separator=";", header="V1;V2", values=values)
    with pytest.raises(RecordError, match=r"decimal=',' or decimal='\.' .* numbers like 1,234,"):
        read(content)
    for mark, first in ((",", 1.234), (".", 1234.0)):
        record = read(content, ArrayLayout(fs_hz=500, unit="uV", decimal=mark))
        assert record.signal_mv[0, 0] == pytest.approx(first / 1000)
    with pytest.raises(ValueError, match="decimal must be"):
        ArrayLayout(fs_hz=500, unit="uV", decimal=";")


def test_both_marks_in_one_file_are_asked_about():
    with pytest.raises(RecordError, match="decimal mark declared"):
        read(rows(separator=";", header="V1;V2", values=[["0,5", "1,234.5"], ["1", "2"]]))


@pytest.mark.parametrize("cell", ["1_000", "٣", "0x10", "1e", "one"])
def test_what_python_alone_takes_for_a_number_is_none(cell):
    values = [list(map(str, line)) for line in UNITS]
    values[7][1] = cell
    with pytest.raises(RecordError, match="something else in row 8, column 2"):
        read(rows(values=values))


@pytest.mark.parametrize(
    ("title", "step", "rate"),
    [
        ("time", 0.004, "250"),
        ("time [ms]", 4, "250"),
        ("Time_s", 0.001, "1000"),
        ("t (us)", 1e4, "100"),
    ],
)
def test_a_time_column_that_contradicts_the_declared_rate_is_said(title, step, rate):
    values = [[f"{i * step:.6f}", *line] for i, line in enumerate(UNITS)]
    record = read(rows(header=f"{title},V1,V2", values=values))
    assert (
        f"contradicts the declared 500 Hz: its steps of {step:g} would be {rate} Hz"
        in (record.meta["warnings"][0])
    )
    assert record.leads == ("V1", "V2")
    assert record.fs_hz == 500


@pytest.mark.parametrize(
    ("title", "step"), [("time", 0.002), ("time", 2), ("sample time", 1), ("time_ms", 2)]
)
def test_a_time_column_that_agrees_or_counts_says_nothing(title, step):
    values = [[f"{i * step:.6f}", *line] for i, line in enumerate(UNITS)]
    assert "warnings" not in read(rows(header=f"{title},V1,V2", values=values)).meta


def test_a_table_that_names_units_and_times_needs_no_layout():
    values = [[f"{i * 4}", *(value / 1000 for value in line)] for i, line in enumerate(UNITS)]
    record = read(rows(header="time [ms],I [mV],II (mV)", values=values), None)
    assert (record.fs_hz, record.leads[:2]) == (250, ("I", "II"))
    np.testing.assert_allclose(record.signal_mv[:2], UNITS.T / 1000, **EXACT)
    with pytest.raises(RecordError, match="its layout declared"):
        read(rows(header="time [ms],I,II", values=values), None)
    values[150][0] = "9999"
    with pytest.raises(RecordError, match="its layout declared"):
        read(rows(header="time [ms],I [mV],II (mV)", values=values), None)


APPLE = """Name,{name}
Date of Birth,"Jan 1, 1980"
Recorded Date,2021-05-03 10:00:00 +0200
Classification,Sinus Rhythm
Symptoms,
Software Version,1.90
Device,"Watch6,1"
Sample Rate,512 hertz


Lead,Lead I
Unit,µV

"""
GERMAN = APPLE.replace("Name", "Name").replace(
    "Sample Rate,512 hertz", '"Messrate","511,991 Hertz"'
)
GERMAN = GERMAN.replace("Lead,Lead I", "Ableitung,Ableitung I").replace("Unit", "Einheit")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_apple_watch_export_is_read_as_it_comes(end):
    body = "".join(f"{value / 8:.3f}\n" for value in UNITS[:, 0])
    content = (APPLE.format(name="Jane Quillfeather") + body).replace("\n", end).encode()
    assert not is_undeclared(content)
    record = read(content, None)
    assert (record.leads, record.fs_hz, record.meta["format"]) == (("I",), 512, "Apple Watch CSV")
    np.testing.assert_allclose(record.signal_mv[0], UNITS[:, 0] / 8000, **EXACT)
    assert "Quillfeather" not in repr(record) + repr(dict(record.meta))


def test_an_apple_watch_export_of_another_language_has_decimal_commas():
    body = "".join(f"{value / 8:.2f}\n".replace(".", ",") for value in UNITS[:, 0])
    record = read((GERMAN.format(name="J") + body).encode(), None)
    assert record.fs_hz == pytest.approx(511.991)
    np.testing.assert_allclose(record.signal_mv[0], UNITS[:, 0] / 8000, atol=1e-5)  # 0.01 µV


def test_a_polar_export_states_rate_and_unit_in_its_columns():
    lines = ["Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]"]
    for i, value in enumerate(UNITS[:, 0]):
        nanoseconds = 599618164814402794 + i * 7692307
        lines.append(f"2021-05-03T10:00:{i % 60:02d}.123;{nanoseconds};{i * 7.692307:.6f};{value}")
    record = read("\n".join(lines).encode(), None)
    assert record.meta["format"] == "Polar CSV"
    assert record.fs_hz == pytest.approx(130, abs=0.01)
    np.testing.assert_allclose(record.signal_mv[0], UNITS[:, 0] / 1000, **EXACT)


FITBIT = (
    "reading_id,reading_time,result_classification,heart_rate,waveform_samples,"
    "sampling_frequency_hertz,scaling_factor,number_of_waveform_samples,lead_number\n"
)


def test_a_fitbit_export_is_scaled_by_its_own_factor():
    samples = ", ".join(str(value) for value in UNITS[:, 0])
    row = f'1,2021-05-03T10:00:00,NSR,61,"[{samples}]",250,{{scale}},300,1\n'
    record = read((FITBIT + row.format(scale=10922) * 2).encode(), None)
    assert (record.leads, record.fs_hz, record.meta["format"]) == (("I",), 250, "Fitbit CSV")
    np.testing.assert_allclose(record.signal_mv[0], UNITS[:, 0] / 10922, **EXACT)
    assert record.meta["warnings"] == ("The file holds 2 recordings: the first is read.",)
    for scale in ("", "0", "x"):
        with pytest.raises(RecordError, match="neither is guessed"):
            read((FITBIT + row.format(scale=scale)).encode(), None)
    reading = {
        "waveformSamples": UNITS[:, 0].tolist(),
        "samplingFrequencyHz": "250",
        "scalingFactor": 10922,
    }
    as_json = read(json.dumps({"ecgReadings": [reading]}).encode(), None)
    np.testing.assert_array_equal(as_json.signal_mv, record.signal_mv)


def test_a_kardia_recording_is_scaled_by_its_resolution():
    raw = {
        "frequency": 300,
        "amplitudeResolution": 500,
        "mainsFrequency": 50,
        "samples": {"leadI": UNITS[:, 0].tolist(), "leadII": UNITS[:, 1].tolist()},
    }
    document = {
        "recordedAt": "2021-05-03T10:00:00Z",
        "patientID": "PID-7734-X",
        "data": {"raw": raw},
    }
    record = read(json.dumps(document).encode(), None)
    assert (record.fs_hz, record.meta["format"]) == (300, "Kardia JSON")
    np.testing.assert_allclose(record.signal_mv[:2], UNITS.T / 2000, **EXACT)
    for change in ({"amplitudeResolution": None}, {"frequency": 0}, {"samples": {"leadI": [{}]}}):
        with pytest.raises(RecordError, match=r"none is guessed|a list of numbers"):
            read(json.dumps({**document, "data": {"raw": raw | change}}).encode(), None)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b'{"a": 1}', "found another"), (b'{"data12L": {}}', "states no amplitude"),
     (b'{"a": ', "whole JSON, found damaged"), (b'{"a":' * 5000, "whole JSON, found damaged")],
)  # fmt: skip
def test_json_of_another_kind_is_refused_in_one_sentence(content, message):
    with pytest.raises(RecordError, match=message):
        read(content, None)


def test_more_rows_than_an_ecg_has_are_refused_before_they_are_read():
    with pytest.raises(RecordError, match="at most 100 samples"):
        read(rows(), limits=ReadLimits(samples=100))


@needs_shared_data
def test_the_table_of_case_05_is_read():
    layout = ArrayLayout(fs_hz=500, unit="mV")
    record = read_ecg(SHARED_DATA / "cases/05/upper.csv", layout=layout)
    assert record.leads == (*LIMB_LEADS, "V1", "V5")
    assert np.isnan(record.signal_mv).any()


@pytest.mark.parametrize("separator", [" ", ",", ";", "\t"])
def test_a_short_row_beside_a_long_one_is_not_made_up_for(separator):
    content = separator.join("12") + "\n3\n" + separator.join("456") + "\n" + separator.join("78")
    layout = ArrayLayout(fs_hz=500, unit="uV", leads=("I", "II"), orientation="samples_first")
    with pytest.raises(RecordError, match="2 numbers in every row, found 1 in row 2"):
        read(content.encode(), layout)
