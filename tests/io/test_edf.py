"""EDF and BDF beyond what every format has in common."""

from __future__ import annotations

import edfio
import numpy as np
import pytest

from physioclr.errors import RecordError
from physioclr.io import read_ecg
from tests.io.ecg_bytes import bdf, edf

UNITS = np.random.default_rng(5).integers(-900, 900, size=(3, 300))
LEADS = ("I", "V1", "V2")
FLOAT32_MV = 1e-6  # 2^-24 of amplitudes below 1 mV


def replaced(content, old, new):
    """Replace a field of the header by one of the same length."""
    assert content.count(old) >= 1
    return content.replace(old, new.ljust(len(old)), 1)


@pytest.mark.parametrize("label", ["ECG ", "EKG ", "Lead ", ""])
def test_labels_of_leads_are_known_with_and_without_their_type(label):
    assert read_ecg(edf(UNITS, LEADS, label=label), name="7.edf").leads == LEADS


@pytest.mark.parametrize(("unit", "per_mv"), [("uV", 1000), ("mV", 1), ("nV", 10**6)])
def test_units_become_millivolts(unit, per_mv):
    record = read_ecg(edf(UNITS, LEADS, unit=unit), name="7.edf")
    np.testing.assert_allclose(record.signal_mv, UNITS / per_mv, rtol=2**-22)  # two roundings


def test_24_bits_are_kept():
    units = UNITS * 5000
    record = read_ecg(bdf(units, LEADS), name="7.bdf")
    np.testing.assert_allclose(record.signal_mv, units / 1000, rtol=2**-22)  # two roundings


def test_signals_of_another_type_are_left_out():
    content = replaced(edf(UNITS, LEADS), b"ECG V2", b"EEG Cz")
    record = read_ecg(content, name="7.edf")
    assert record.leads == ("I", "V1")
    assert record.meta["left_out"] == {"EEG Cz": "it is labelled EEG, not ECG"}


def test_a_recording_of_the_brain_is_no_ecg():
    with pytest.raises(RecordError, match="a signal that is an ECG, found EEG I, EEG V1, EEG V2"):
        read_ecg(edf(UNITS, LEADS, label="EEG "), name="7.edf")


def test_a_signal_that_is_no_voltage_is_left_out():
    content = replaced(edf(UNITS, LEADS), b"uV      uV      uV      ", b"uV      uV      mmHg")
    assert read_ecg(content, name="7.edf").meta["left_out"] == {
        "ECG V2": "its unit is mmHg, not one of voltage"
    }


def test_a_file_its_recorder_did_not_close_is_read_and_said_so():
    record = read_ecg(edf(UNITS, LEADS, n_records=-1), name="7.edf")
    assert record.n_samples == 300
    assert record.meta["warnings"] == (
        "The file was not closed by its recorder: 1 data records are read.",
    )


def test_a_calibration_that_divides_by_nothing_has_no_unit():
    content = edf(UNITS[:1], ("II",)).replace(b"32767   ", b"-32768  ")
    with pytest.raises(RecordError, match="found only no unit"):
        read_ecg(content, name="7.edf")


@pytest.mark.parametrize(("n_signals", "message"), [(b"0   ", "damaged"), (b"x   ", "damaged")])
def test_a_header_that_cannot_be_is_refused(n_signals, message):
    content = edf(UNITS, LEADS)
    with pytest.raises(RecordError, match=message):
        read_ecg(content[:252] + n_signals + content[256:], name="7.edf")


def test_bytes_after_the_last_record_are_not_explained_away():
    with pytest.raises(RecordError, match=r"2824 bytes .* found 2828 bytes"):
        read_ecg(edf(UNITS, LEADS) + b"more", name="7.edf")


def test_withheld_dates_give_no_age():
    record = read_ecg(replaced(edf(UNITS, LEADS), b"02-MAY-1961", b"X"), name="7.edf")
    assert "age_years" not in record.meta
    assert record.meta["sex"] == "female"


def test_gaps_in_time_are_refused_and_none_are_read():
    signals = [
        edfio.EdfSignal(row / 1.0, 100, label=f"ECG {lead}", physical_dimension="uV")
        for row, lead in zip(UNITS, LEADS, strict=True)
    ]
    content = edfio.Edf(signals, annotations=[edfio.EdfAnnotation(0, None, "start")]).to_bytes()
    assert read_ecg(content, name="7.edf").duration_s == 3
    onset = b"+1\x14\x14"  # of the second data record
    assert content.count(onset) == 1
    with pytest.raises(RecordError, match="without interruptions"):
        read_ecg(content.replace(onset, b"+5\x14\x14"), name="7.edf")


@pytest.mark.parametrize(
    "duration", [b"0       ", b"-1      ", b"nan     ", b"inf     ", b"x       "]
)
def test_data_records_of_no_duration_are_refused(duration):
    content = edf(UNITS, LEADS)
    with pytest.raises(RecordError, match=r"7\.edf: expected"):
        read_ecg(content[:244] + duration + content[252:], name="7.edf")
