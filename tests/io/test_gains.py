"""A gain is read or missing, never guessed: each format with one that cannot be."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.io.decimals import decimal
from tests.io import ecg_bytes
from tests.shared_data import SHARED_DATA, needs_shared_data

UNITS = np.random.default_rng(0).integers(-500, 500, (12, 1000))
SCALE = b'<scale value="1" unit="uV"/>'
ORIGIN = b'<origin value="0" unit="uV"/>'


def aecg(scale=SCALE, origin=ORIGIN, count=-1):
    content = ecg_bytes.aecg(UNITS)
    return content.replace(SCALE, scale, count).replace(ORIGIN, origin, count)


@pytest.mark.parametrize(
    ("scale", "uv"),
    [("2.5", 2.5), ("2,5", 2.5), ("0,123", 0.123), ("2.5e0", 2.5), (" 2.50 ", 2.5), ("-1", -1)],
)
def test_an_aecg_scale_may_have_a_decimal_comma(scale, uv):
    record = read_ecg(aecg(f'<scale value="{scale}" unit="uV"/>'.encode()), name="a.xml")
    np.testing.assert_allclose(record.signal_mv, UNITS * uv / 1000, rtol=2**-22)  # float32


@pytest.mark.parametrize(
    ("scale", "reason"),
    [
        ('<scale unit="uV"/>', "its scale has no value"),
        ('<scale value="" unit="uV"/>', "its scale has no value"),
        ("", "its scale has no value"),
        ('<scale value="2,500" unit="uV"/>', "its scale is '2,500', not a number"),
        ('<scale value="x" unit="uV"/>', "its scale is 'x', not a number"),
        ('<scale value="nan" unit="uV"/>', "its scale is 'nan', not a number"),
        ('<scale value="1e999" unit="uV"/>', "its scale is '1e999', not a number"),
        ('<scale value="0" unit="uV"/>', "its scale is 0"),
        ('<scale value="1" unit="mmHg"/>', "its unit is mmHg, not one of voltage"),
    ],
)
def test_an_aecg_lead_without_a_scale_is_left_out_with_the_reason(scale, reason):
    with pytest.raises(RecordError) as caught:
        read_ecg(aecg(scale.encode()), name="a.xml")
    assert reason in str(caught.value)
    record = read_ecg(aecg(scale.encode(), count=7), name="a.xml")  # I … aVF, V1
    assert record.leads == ("V2", "V3", "V4", "V5", "V6")
    assert record.meta["left_out"]["V1"] == reason
    np.testing.assert_allclose(record.signal_mv, UNITS[7:] / 1000, rtol=2**-22)  # float32


@pytest.mark.parametrize(
    "origin", ['<origin value="x" unit="uV"/>', "<origin/>", '<origin value="5" unit="m"/>']
)
def test_an_aecg_lead_with_an_unreadable_origin_is_left_out(origin):
    record = read_ecg(aecg(origin=origin.encode(), count=7), name="a.xml")
    assert "its origin" in record.meta["left_out"]["V1"]


def test_an_aecg_origin_in_another_unit_is_converted():
    content = aecg(origin=b'<origin value="0.25" unit="mV"/>')
    np.testing.assert_allclose(
        read_ecg(content, name="a.xml").signal_mv, UNITS / 1000 + 0.25, atol=1e-6
    )  # float32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ChannelSensitivity": "0"}, "found only no unit"),
        ({"ChannelSensitivity": None}, "found only no unit"),
        ({"ChannelSensitivityCorrectionFactor": "0"}, "found only no unit"),
    ],
)
def test_a_dicom_sensitivity_of_0_is_no_sensitivity(change, message):
    dataset = pydicom.dcmread(io.BytesIO(ecg_bytes.dicom(UNITS)))
    for channel in dataset.WaveformSequence[0].ChannelDefinitionSequence:
        for element, value in change.items():
            setattr(channel, element, value)
    content = io.BytesIO()
    dataset.save_as(content)
    with pytest.raises(RecordError, match=message):
        read_ecg(content.getvalue(), name="a.dcm")


def test_an_scp_multiplier_of_0_and_an_ishne_resolution_of_0_are_no_unit():
    for content in (
        ecg_bytes.scp(UNITS, multiplier_nv=0),
        ecg_bytes.ishne(UNITS, resolution_nv=0),
        ecg_bytes.ishne(UNITS, resolution_nv=-9),
    ):
        with pytest.raises(RecordError, match="found only no unit"):
            read_ecg(content, name="a.bin")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<SampleExponent>0<", "<SampleExponent>x<", "SampleExponent"),
        ("<SampleBase>500<", "<SampleBase>-500<", "SampleBase"),
        ("<LeadSampleSize>2<", "<LeadSampleSize>two<", "LeadSampleSize"),
        ("UnitsPerBit>1<", "UnitsPerBit>0<", "LeadAmplitudeUnitsPerBit"),
        ("UnitsPerBit>1<", "UnitsPerBit>inf<", "LeadAmplitudeUnitsPerBit"),
        ("UnitsPerBit>1<", "UnitsPerBit><", "found only no unit"),
    ],
)
def test_muse_numbers_that_cannot_be_read_are_refused(old, new, message):
    content = ecg_bytes.muse(UNITS[:8], ecg_bytes.LEADS_OF_8)
    assert old.encode() in content
    with pytest.raises(RecordError, match=message):
        read_ecg(content.replace(old.encode(), new.encode()), name="a.xml")


@pytest.mark.parametrize("resolution", ["0", "x", "-5", "nan"])
def test_a_philips_resolution_that_cannot_be_read_is_not_replaced_by_another(resolution):
    content = ecg_bytes.philips(UNITS, resolution=resolution)
    other = b"<resolution>5</resolution></signalcharacteristics>"
    content = content.replace(b"</signalcharacteristics>", other)
    with pytest.raises(RecordError, match="above 0 as resolution"):
        read_ecg(content, name="a.xml")


def test_an_edf_without_a_physical_range_is_no_ecg():
    content = ecg_bytes.edf(UNITS)
    n_leads = len(UNITS)
    at = 256 + n_leads * (16 + 80 + 8)  # physical minimum, then maximum, 8 bytes a signal
    same = content[: at + 8 * n_leads] + content[at : at + 8 * n_leads]
    with pytest.raises(RecordError, match=r"found only no unit|damaged"):
        read_ecg(same + content[at + 16 * n_leads :], name="a.edf")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,5", 1.5), ("1,234", None), ("1234,567", 1234.567), ("1_0", None), ("--1", None),
     ("1,2,3", None), ("0,500", 0.5), ("-12,345", None), ("inf", None), ("", None)],
)  # fmt: skip
def test_a_comma_that_may_part_thousands_is_no_number(text, value):
    assert decimal(text) == value


@needs_shared_data
def test_the_aecg_of_case_09_is_read_at_two_and_a_half_microvolts():
    reference = read_ecg(SHARED_DATA / "formats/hl7_aecg/fda_hl7_Example_aECG.xml")
    found = read_ecg(SHARED_DATA / "cases/09/comma.xml")
    np.testing.assert_array_equal(found.signal_mv, reference.signal_mv)
    with pytest.raises(RecordError, match="its scale has no value"):
        read_ecg(SHARED_DATA / "cases/09/no_value.xml")
