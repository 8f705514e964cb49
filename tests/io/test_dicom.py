"""DICOM waveforms: several groups, several types of sample, and DICOM that holds no ECG."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from physioclr.io.limits import ReadLimits
from physioclr.leads import STANDARD_LEADS
from tests.io.ecg_bytes import dicom

UNITS = np.random.default_rng(7).integers(-120, 120, size=(12, 300))
FLOAT32_MV = 1e-6  # 2^-24 of amplitudes below 1 mV


@pytest.mark.parametrize(
    ("syntax", "order"),
    [
        (ExplicitVRLittleEndian, "<"),
        (ImplicitVRLittleEndian, "<"),
        (DeflatedExplicitVRLittleEndian, "<"),
        (ExplicitVRBigEndian, ">"),
    ],
)
@pytest.mark.parametrize(("kind", "size"), [("SB", "i1"), ("SS", "i2"), ("SL", "i4")])
def test_every_encoding_and_size_of_sample_is_read(syntax, order, kind, size):
    content = dicom(UNITS, syntax=syntax, dtype=order + size, kind=kind)
    np.testing.assert_allclose(
        read_ecg(content, name="7.dcm").signal_mv, UNITS / 1000, atol=FLOAT32_MV
    )


@pytest.mark.parametrize(("kind", "dtype"), [("UB", "u1"), ("US", "<u2"), ("UL", "<u4")])
def test_samples_without_a_sign_are_read(kind, dtype):
    record = read_ecg(dicom(np.abs(UNITS), dtype=dtype, kind=kind), name="7.dcm")
    np.testing.assert_allclose(record.signal_mv, np.abs(UNITS) / 1000, atol=FLOAT32_MV)


def test_a_file_without_its_preamble_is_told_by_its_first_element():
    assert read_ecg(dicom(UNITS)[132:], name="7").meta["format"] == "DICOM"


@pytest.mark.parametrize("first", [True, False])
def test_a_median_beat_is_never_the_rhythm(first):
    groups = [
        (UNITS, STANDARD_LEADS, "RHYTHM", 0, 100),
        (3 * UNITS[:, :60], STANDARD_LEADS, "MEDIAN BEAT", 0, 100),
    ]
    record = read_ecg(dicom(groups if first else groups[::-1]), name="7.dcm")
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=FLOAT32_MV)


def test_a_median_beat_alone_is_no_ecg():
    with pytest.raises(RecordError, match="a rhythm, found a median beat and no more"):
        read_ecg(dicom([(UNITS, STANDARD_LEADS, "MEDIAN BEAT", 0, 500)]), name="7.dcm")


def test_groups_recorded_one_after_another_keep_their_times():
    groups = [
        (UNITS[i : i + 3], STANDARD_LEADS[i : i + 3], "RHYTHM", 3000 * i // 3, 100)
        for i in (0, 3, 6, 9)
    ]
    record = read_ecg(dicom(groups), name="7.dcm")
    assert record.leads == STANDARD_LEADS
    assert record.duration_s == 12
    assert np.isfinite(record.signal_mv).sum() == UNITS.size
    for i, lead in enumerate(STANDARD_LEADS):
        start = 300 * (i // 3)
        found = record.lead_mv(lead)[start : start + 300]
        np.testing.assert_allclose(found, UNITS[i] / 1000, atol=FLOAT32_MV)


def test_groups_without_a_time_are_taken_together_only_if_of_one_length():
    groups = [
        (UNITS[:6], STANDARD_LEADS[:6], "RHYTHM", None, 500),
        (UNITS[6:9], STANDARD_LEADS[6:9], "RHYTHM", None, 500),
        (UNITS[9:10, :200], ("V4",), "RHYTHM", None, 500),
    ]
    record = read_ecg(dicom(groups), name="7.dcm")
    assert record.leads == STANDARD_LEADS[:9]
    assert "count as simultaneous" in record.meta["warnings"][0]
    assert record.meta["left_out"] == {"V4": "when it was recorded is not stated"}


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(RecordError, match="damaged"):
        read_ecg(dicom(UNITS, fs_hz=0), name="7.dcm")


def test_a_rhythm_strip_that_repeats_a_lead_is_left_out():
    groups = [
        (UNITS, STANDARD_LEADS, "RHYTHM", 0, 500),
        (UNITS[1:2], ("II",), "RHYTHM STRIP", 0, 500),
    ]
    record = read_ecg(dicom(groups), name="7.dcm")
    assert record.leads == STANDARD_LEADS
    assert record.meta["left_out"] == {"II of another group": "the lead is read already"}


def test_a_group_at_another_rate_is_left_out_with_both_rates():
    groups = [
        (UNITS[:6], STANDARD_LEADS[:6], "RHYTHM", 0, 500),
        (UNITS[6:7, :150], ("V1",), "OTHER", 0, 250),
    ]
    record = read_ecg(dicom(groups), name="7.dcm")
    assert record.fs_hz == 500
    assert record.meta["left_out"] == {"V1": "it is sampled at 250 Hz, the ECG at 500 Hz"}


def test_padding_is_nan_but_not_a_value_that_the_signal_crosses():
    units = UNITS.copy()
    units[:, 200:] = -32768
    record = read_ecg(dicom(units, padding=-32768), name="7.dcm")
    assert np.isnan(record.signal_mv[:, 200:]).all()
    assert np.isfinite(record.signal_mv[:, :200]).all()
    zero = read_ecg(dicom(UNITS, padding=0), name="7.dcm")
    assert (UNITS == 0).any()
    assert np.isfinite(zero.signal_mv).all()


def test_dicom_without_a_waveform_says_so():
    with pytest.raises(RecordError, match="12-lead ECG Waveform Storage without one"):
        read_ecg(dicom([]), name="7.dcm")


def with_meta_before_the_syntax(content, n_bytes, group_length=None):
    """Return a file with a long element in its file meta, and a false or no group length."""
    at = content.index(b"\x02\0\x02\0UI")
    filler = b"\x02\0\x01\0OB\0\0" + n_bytes.to_bytes(4, "little") + bytes(n_bytes)
    length = (
        b"" if group_length is None else b"\x02\0\0\0UL\x04\0" + group_length.to_bytes(4, "little")
    )
    return content[:132] + length + filler + content[at:]


@pytest.mark.parametrize("n_bytes", [2, 4000])
@pytest.mark.parametrize("group_length", [None, 0, 12, 2**31])
def test_a_deflated_bomb_is_refused_whatever_its_file_meta_claims(n_bytes, group_length):
    limits = ReadLimits(any_ratio_bytes=10_000, ratio=2)
    deflated = dicom(np.zeros((12, 5000), int), syntax=DeflatedExplicitVRLittleEndian)
    content = with_meta_before_the_syntax(deflated, n_bytes, group_length)
    with pytest.raises(RecordError, match="more, in a deflated DICOM file"):
        read_ecg(content, name="7.dcm", limits=limits)


def test_a_deflated_file_with_a_long_file_meta_is_read():
    deflated = dicom(UNITS, syntax=DeflatedExplicitVRLittleEndian)
    record = read_ecg(with_meta_before_the_syntax(deflated, 4000), name="7.dcm")
    np.testing.assert_allclose(record.signal_mv, UNITS / 1000, atol=1e-6)  # float32


def test_a_sample_type_that_is_not_linear_is_named():
    with pytest.raises(RecordError, match="found MB in 8 bits"):
        read_ecg(dicom(UNITS, dtype="u1", kind="MB"), name="7.dcm")
