"""What a device wrote into its file comes out, and no patient's name with it."""

from __future__ import annotations

import io
import pickle
import struct

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from physioclr.device_reading import DeviceReading, DeviceStatement
from physioclr.io import read_ecg
from physioclr.io.name_masking import mask_person
from tests.io import ecg_bytes
from tests.shared_data import SHARED_DATA, needs_shared_data

UNITS = np.random.default_rng(0).integers(-500, 500, (12, 1000))
FORMATS = SHARED_DATA / "formats"
NAMED = f"Mrs {ecg_bytes.SURNAME}: sinus rhythm"
MASKED = "Mrs [name]: sinus rhythm"


def reading_of(content):
    reading = read_ecg(content, name="a.ecg").device_reading
    assert reading is not None
    assert not any(secret in repr(reading) for secret in ecg_bytes.SECRETS)
    return reading


def texts(statements):
    return [statement.text for statement in statements]


def test_muse_keeps_the_devices_statements_beside_the_physicians():
    statement = "<DiagnosisStatement><StmtText>{}</StmtText></DiagnosisStatement>".format
    more = (
        "<TestDemographics><Status>CONFIRMED</Status><OverreaderLastName>Reader</OverreaderLastName>"
        "<AcquisitionDate>05-03-2021</AcquisitionDate><AcquisitionTime>10:00:00</AcquisitionTime>"
        "</TestDemographics><RestingECGMeasurements><PRInterval>160</PRInterval>"
        "<QTCorrected>410</QTCorrected><QRSDuration>0</QRSDuration><RAxis>0</RAxis>"
        f"</RestingECGMeasurements><Diagnosis>{statement(NAMED)}</Diagnosis>"
        f"<OriginalDiagnosis>{statement('Atrial fibrillation')}</OriginalDiagnosis></RestingECG>"
    )
    content = ecg_bytes.muse(UNITS[:8], ecg_bytes.LEADS_OF_8)
    reading = reading_of(content.replace(b"</RestingECG>", more.encode()))
    assert (reading.source, reading.confirmed_by) == ("confirmed", "Reader")
    assert texts(reading.statements) == [MASKED]
    assert texts(reading.machine_statements) == ["Atrial fibrillation"]
    # 0 ms is "not measured", an axis of 0° is an axis.
    assert reading.measurements == {"pr_ms": 160, "qtc_ms": 410, "axis_deg": 0}
    assert reading.acquired_at.isoformat() == "2021-05-03T10:00:00"


def test_philips_keeps_code_reason_and_severity():
    more = (
        '<interpretations><interpretation><severity code="AB">- ABNORMAL -</severity>'
        "<globalmeasurements><qrsdur>135</qrsdur></globalmeasurements><statement>"
        "<statementcode>SB</statementcode><leftstatement>Sinus bradycardia</leftstatement>"
        "<rightstatement>rate&lt; 50</rightstatement></statement></interpretation>"
        "</interpretations></restingecgdata>"
    )
    reading = reading_of(ecg_bytes.philips(UNITS).replace(b"</restingecgdata>", more.encode()))
    expected = DeviceStatement(text="Sinus bradycardia", reason="rate< 50", code="SB")
    assert reading.statements == (expected,)
    assert (reading.source, reading.severity) == ("machine", "ABNORMAL")
    assert reading.measurements == {"qrs_ms": 135}


def test_scp_intervals_lie_between_the_boundaries_of_the_reference_beat():
    block = struct.pack("<5H3h", 100, 200, 250, 350, 29999, 40, -30, 999)
    measured = struct.pack("<BBHH", 1, 0, 800, 29999) + block
    statements = struct.pack("<BHBB3BB", 1, 2021, 5, 4, 9, 30, 0, 1)
    text = b"Left bundle branch block\0"
    statements += struct.pack("<BH", 1, len(text)) + text
    reading = reading_of(ecg_bytes.scp(UNITS, more={7: measured, 8: statements}))
    assert texts(reading.statements) == ["Left bundle branch block"]
    assert reading.source == "confirmed"
    assert reading.confirmed_at.isoformat() == "2021-05-04T09:30:00"
    assert reading.measurements == {
        "rr_ms": 800,
        "p_ms": 100,
        "pr_ms": 150,
        "qrs_ms": 100,
        "p_axis_deg": 40,
        "axis_deg": -30,
    }


def test_aecg_keeps_filters_and_the_time_of_the_recording():
    control = (
        "<controlVariable><controlVariable><code code='MDC_ECG_CTL_VBL_ATTR_FILTER_LOW_PASS'/>"
        "<component><controlVariable><code code='MDC_ECG_CTL_VBL_ATTR_FILTER_CUTOFF_FREQ'/>"
        "<value value='40' unit='Hz'/></controlVariable></component></controlVariable>"
        "</controlVariable></series>"
    )
    reading = reading_of(ecg_bytes.aecg(UNITS).replace(b"</series>", control.encode()))
    assert (reading.low_pass_hz, reading.notch_on) == (40, None)
    assert reading.acquired_at.isoformat() == "2021-05-03T10:00:00"
    assert (reading.source, reading.statements) == (None, ())


def with_annotations(*annotations):
    dataset = pydicom.dcmread(io.BytesIO(ecg_bytes.dicom(UNITS)))
    dataset.NameOfPhysiciansReadingStudy = "Reader^Ann"
    dataset.WaveformAnnotationSequence = annotations
    for channel in dataset.WaveformSequence[0].ChannelDefinitionSequence:
        channel.FilterLowFrequency, channel.NotchFilterFrequency = "0.05", "0"
    content = io.BytesIO()
    dataset.save_as(content)
    return content.getvalue()


def annotation(meaning=None, number=None, unit=None, text=None):
    made = Dataset()
    if text is not None:
        made.UnformattedTextValue = text
        return made
    concept, of_unit = Dataset(), Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = "x", "y", meaning
    of_unit.CodeValue = unit
    made.ConceptNameCodeSequence, made.MeasurementUnitsCodeSequence = [concept], [of_unit]
    made.NumericValue = number
    return made


def test_dicom_annotations_in_another_unit_are_converted_or_left_out():
    reading = reading_of(
        with_annotations(
            annotation(text=NAMED),
            annotation("QRS Duration", "0.12", "s"),
            annotation("PR Interval", "160", "furlong"),
            annotation("QRS Axis", "-30", "deg"),
        )
    )
    assert texts(reading.statements) == [MASKED]
    assert reading.measurements == {"qrs_ms": 120, "axis_deg": -30}
    assert (reading.source, reading.confirmed_by) == ("overread", "Reader Ann")
    assert (reading.high_pass_hz, reading.low_pass_hz, reading.notch_on) == (0.05, None, False)


def test_a_format_without_a_reading_has_none():
    assert read_ecg(ecg_bytes.edf(UNITS), name="a.edf").device_reading is None


def test_a_patient_named_like_a_word_of_ecg_statements_leaves_them_whole():
    assert mask_person("Left bundle branch block", ("Ann", "Block")) == "Left bundle branch block"
    assert mask_person("Block, Ann: normal", ("Ann", "Block")) == "[name], [name]: normal"
    assert mask_person("QRS 120 ms", ("", "", "120")) == "QRS 120 ms"
    assert mask_person("ID 0012345", ("0012345",)) == "ID [name]"


def test_a_physician_of_the_patients_name_is_not_named():
    content = with_annotations(annotation(text="Normal ECG"))
    named = content.replace(b"Reader^Ann", f"{ecg_bytes.SURNAME[:9]}r".encode())
    assert reading_of(named).confirmed_by == f"{ecg_bytes.SURNAME[:9]}r"
    dataset = pydicom.dcmread(io.BytesIO(content))
    dataset.NameOfPhysiciansReadingStudy = dataset.PatientName
    saved = io.BytesIO()
    dataset.save_as(saved)
    assert reading_of(saved.getvalue()).confirmed_by is None


def test_a_reading_is_immutable_and_pickles():
    reading = DeviceReading(measurements={"qrs_ms": 100.0}, device="A")
    with pytest.raises(TypeError):
        reading.measurements["qrs_ms"] = 1.0
    with pytest.raises(AttributeError):
        reading.device = "B"
    assert pickle.loads(pickle.dumps(reading)) == reading
    with pytest.raises(ValueError, match="DEVICE_MEASUREMENTS, got qrs"):
        DeviceReading(measurements={"qrs": 100.0})
    with pytest.raises(ValueError, match="finite"):
        DeviceReading(notch_hz=float("nan"))


@needs_shared_data
def test_the_acute_infarction_of_the_philips_sample_is_the_devices_own_reading():
    reading = read_ecg(FORMATS / "philips_sierra/129DYPRG.XML").device_reading
    assert "Inferior infarct, acute (LCx)" in texts(reading.statements)
    assert (reading.severity, reading.measurements["qrs_ms"]) == ("ABNORMAL", 135)
    assert (reading.high_pass_hz, reading.low_pass_hz) == (0.05, 150)


@needs_shared_data
@pytest.mark.parametrize(
    ("file", "qtc_ms"), [("hl7_aecg/ecgkit_ecg_hl7.xml", 443), ("scp/ecgtoolkit_Example.scp", 443)]
)
def test_a_qtc_without_a_formula_is_kept_as_one(file, qtc_ms):
    assert read_ecg(FORMATS / file).device_reading.measurements["qtc_ms"] == qtc_ms
