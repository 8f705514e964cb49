"""The clinical export files of the shared data, one beside another and beside their own bytes."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from physioclr import measure
from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.leads import STANDARD_LEADS
from tests.shared_data import SHARED_DATA, needs_shared_data

pytestmark = needs_shared_data

FORMATS = SHARED_DATA / "formats"
# File → format, sampling rate in Hz, shortest and longest plausible duration in s, age, sex.
FILES = {
    "dicom/anonymous_ecg_12lead_1000hz.dcm": ("DICOM", 1000, 10, 42, "female"),
    "dicom/ecgtoolkit_Example.dcm": ("DICOM", 500, 10, 52, "male"),
    "ge_muse/muse_resting_ecg.xml": ("GE MUSE XML", 500, 10, 40, "male"),
    "hl7_aecg/cvrg_test.xml": ("HL7 aECG", 1000, 10, 32, None),
    "hl7_aecg/ecgkit_ecg_hl7.xml": ("HL7 aECG", 500, 10, 46, "male"),
    "hl7_aecg/fda_hl7_Example_aECG.xml": ("HL7 aECG", 500, 10, 46, "male"),
    "hl7_aecg/fda_subject1_0.xml": ("HL7 aECG", 500, 10, 46, "male"),
    "philips_sierra/129DYPRG.XML": ("Philips XML", 500, 10.5, 50, "male"),
    "philips_sierra/2020-5-18_15-48-11.xml": ("Philips XML", 500, 10.5, 69, None),
    "philips_sierra/3191723_ZZDEMOPTONLY_1-04_orig.xml": ("Philips XML", 500, 10.5, 60, "male"),
    "philips_sierra/ad4d3d80-d165_1-04_converted.xml": ("HL7 aECG", 500, 10.5, 32, "female"),
    "philips_sierra/ad4d3d80-d165_1-04_orig.xml": ("Philips XML", 500, 10.5, 32, "female"),
    "scp/ecgtoolkit_Example.scp": ("SCP-ECG", 500, 10, 49, "male"),
}
EVERY_FILE = pytest.mark.parametrize("file", FILES)


def test_every_file_of_the_folder_is_tested_here():
    found = {
        path.relative_to(FORMATS).as_posix()
        for path in FORMATS.rglob("*.*")
        if path.parent.name != "wfdb" and path.is_file()
    }
    assert found == {*FILES, "scp/healforce_62.SCP"}


@EVERY_FILE
def test_a_clinical_file_has_twelve_leads_of_a_plausible_ecg(file):
    file_format, fs_hz, at_least_s, age, sex = FILES[file]
    record = read_ecg(FORMATS / file)
    assert record.leads == STANDARD_LEADS
    assert (record.meta["format"], record.fs_hz) == (file_format, fs_hz)
    assert at_least_s <= record.duration_s < at_least_s + 0.2
    assert record.meta.get("age_years") == age
    assert record.meta.get("sex") == sex
    assert np.isfinite(record.signal_mv).all()
    # 0.4 to 6 mV peak to peak, but for V3 of ad4d3d80, whose electrode drifts by 13 mV.
    size_mv = np.median(np.ptp(record.signal_mv, axis=1))
    assert 0.4 < size_mv < 6


@EVERY_FILE
def test_einthoven_holds_and_goldberger_too(file):
    record = read_ecg(FORMATS / file)
    i, ii, iii, avr, avl, avf = record.signal_mv[:6]
    # 5 µV are a unit of Philips; the converted file was rounded and filtered once more.
    tolerance_mv = 0.035 if "converted" in file else 0.0125
    np.testing.assert_allclose(ii, i + iii, atol=tolerance_mv)
    np.testing.assert_allclose(avr, -(i + ii) / 2, atol=tolerance_mv)
    np.testing.assert_allclose(avl, (i - iii) / 2, atol=tolerance_mv)
    np.testing.assert_allclose(avf, (ii + iii) / 2, atol=tolerance_mv)


@EVERY_FILE
def test_its_rhythm_and_qrs_are_those_of_a_heart(file):
    measured = measure(read_ecg(FORMATS / file))
    assert 35 < measured.heart_rate_bpm < 130
    assert 60 < measured.qrs_ms < 200
    assert measured.n_beats >= 6  # a median beat would be one


def test_one_ecg_in_three_formats_is_one_ecg():
    dicom = read_ecg(FORMATS / "dicom/ecgtoolkit_Example.dcm")
    for other in ("scp/ecgtoolkit_Example.scp", "hl7_aecg/ecgkit_ecg_hl7.xml"):
        # A unit of 2.5 µV, and half of one from halving the sum of two leads.
        np.testing.assert_allclose(
            read_ecg(FORMATS / other).signal_mv, dicom.signal_mv, atol=0.00376
        )


def test_philips_own_xml_is_what_its_conversion_to_aecg_is():
    own, converted = (
        read_ecg(FORMATS / f"philips_sierra/ad4d3d80-d165_1-04_{which}.xml").signal_mv[:, :5000]
        for which in ("orig", "converted")
    )
    for row, lead in enumerate(STANDARD_LEADS):
        assert np.corrcoef(own[row], converted[row])[0, 1] > 0.99, lead
        # Amplitudes to a twentieth: a wrong unit or resolution would be a factor.
        assert np.ptp(own[row]) == pytest.approx(np.ptp(converted[row]), rel=0.05), lead


def test_muse_samples_are_those_of_its_base64():
    file = FORMATS / "ge_muse/muse_resting_ecg.xml"
    record = read_ecg(file)
    rhythm = next(
        part
        for part in ET.parse(file).getroot().iter("Waveform")
        if part.findtext("WaveformType") == "Rhythm"
    )
    leads = {part.findtext("LeadID"): part for part in rhythm.iter("LeadData")}
    assert set(record.meta["derived_leads"]) == set(STANDARD_LEADS) - set(leads)
    for name, lead in leads.items():
        units = np.frombuffer(base64.b64decode(lead.findtext("WaveFormData")), "<i2")
        microvolts = units * float(lead.findtext("LeadAmplitudeUnitsPerBit"))
        np.testing.assert_allclose(record.lead_mv(name), microvolts / 1000, atol=1e-6)  # float32


def test_aecg_samples_are_its_digits():
    file = FORMATS / "hl7_aecg/cvrg_test.xml"
    record = read_ecg(file)
    text = file.read_text(encoding="utf-8")
    digits = re.search(
        r'MDC_ECG_LEAD_V2".*?<scale value="([\d.]+)" unit="uV".*?<digits>(.*?)<', text, re.S
    )
    microvolts = np.array(digits[2].split(), float) * float(digits[1])
    np.testing.assert_allclose(record.lead_mv("V2"), microvolts / 1000, atol=1e-6)  # float32


@pytest.mark.parametrize("file", [name for name in FILES if "philips" in name])
def test_the_calibration_pulse_of_philips_is_cut(file):
    record = read_ecg(FORMATS / file)
    assert "calibration pulse" in record.meta["warnings"][0]
    assert not np.isclose(record.signal_mv, record.signal_mv[:1]).all(axis=0)[-20:].all()


def test_scp_that_does_not_follow_the_standard_is_refused_with_what_differs():
    with pytest.raises(
        RecordError, match=r"section 0 pointing to itself at byte 7, found .* byte 6"
    ):
        read_ecg(FORMATS / "scp/healforce_62.SCP")


@EVERY_FILE
def test_nobody_is_named(file):
    path = FORMATS / file
    meta = dict(read_ecg(path).meta)
    assert set(meta) <= {
        "source", "format", "age_years", "sex", "derived_leads", "left_out", "warnings"
    }  # fmt: skip
    assert meta["source"] == path.name
