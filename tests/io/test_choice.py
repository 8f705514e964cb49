"""What of a file is read: channels that can be an ECG, a part of it, the beat beside it."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.errors import RecordError
from physioclr.io import ReadChoice, read_ecg
from physioclr.io.ecg_names import is_named_like_ecg, is_named_like_other
from physioclr.leads import STANDARD_LEADS
from tests.io.ecg_bytes import dicom, edf
from tests.io.wfdb_bytes import wfdb_record

UNITS = np.random.default_rng(5).integers(-900, 900, size=(3, 1000))


@pytest.mark.parametrize(
    "names",
    [
        ("Fp1", "F7", "squarewave"),
        ("C3-A2", "O1-A2", "Fz"),
        ("sine 8.1777Hz", "ramp", "pulse"),
        ("SpO2", "ACC X", "GSR"),
        ("Fp1-LE", "T3-LE", "Cz-LE"),
    ],
)
def test_a_file_without_a_channel_that_can_be_an_ecg_is_asked_about(names):
    for content in (edf(UNITS, names, label=""), wfdb_record(UNITS, leads=names)):
        options = {"name": "7.edf"} if isinstance(content, bytes) else {}
        with pytest.raises(
            RecordError, match=rf"channels=\('{names[0]}',\)\), found only {names[0]}"
        ):
            read_ecg(content, **options)
        record = read_ecg(content, choice=ReadChoice(channels=(names[1],)), **options)
        assert record.leads == (names[1],)
        assert "not among the chosen" in record.meta["left_out"][names[0]]


def test_an_eeg_channel_beside_an_ecg_is_left_out():
    record = read_ecg(edf(UNITS, ("ECG1", "Fp1", "EMG chin"), label=""), name="7.edf")
    assert record.leads == ("ECG1",)
    assert record.meta["left_out"]["Fp1"] == "it is named like another signal"


@pytest.mark.parametrize(
    "name",
    ["I", "V1", "ECG", "EKG1", "Lead II", "MLII", "V5-V1", "X", "CM5", "V4R", "Holter A", "D", "C"],
)
def test_names_of_leads_can_be_an_ecg(name):
    assert is_named_like_ecg(name)
    assert not is_named_like_other(name)


@pytest.mark.parametrize("name", ["signal 1", "ch1", "col 0", "sig 3, fmt 80", "Channel A", "1"])
def test_a_name_that_says_nothing_is_read(name):
    assert not is_named_like_other(name)
    assert read_ecg(edf(UNITS[:1], (name,), label=""), name="7.edf").leads == (name,)


def test_a_part_of_a_recording_is_read():
    whole = read_ecg(wfdb_record(UNITS, leads=("I", "V1", "V2")))
    part = read_ecg(
        wfdb_record(UNITS, leads=("I", "V1", "V2")), choice=ReadChoice(start_s=0.5, duration_s=0.25)
    )
    np.testing.assert_array_equal(part.signal_mv, whole.signal_mv[:, 250:375])
    with pytest.raises(RecordError, match="longer than 5 s, found 2 s"):
        read_ecg(wfdb_record(UNITS, leads=("I", "V1", "V2")), choice=ReadChoice(start_s=5))


def test_the_median_beat_of_dicom_is_offered_and_read_on_request():
    units = np.random.default_rng(1).integers(-500, 500, (12, 1000))
    groups = [
        (units, STANDARD_LEADS, "RHYTHM", 0, 500),
        (units[:, :600] // 2, STANDARD_LEADS, "MEDIAN BEAT", 0, 500),
    ]
    content = dicom(groups)
    record = read_ecg(content, name="7.dcm")
    assert record.n_samples == 1000
    assert "also holds a median beat" in record.meta["warnings"][0]
    beat = read_ecg(content, name="7.dcm", choice=ReadChoice(part="median"))
    assert beat.n_samples == 600
    assert "warnings" not in beat.meta
    with pytest.raises(RecordError, match="a median beat, found a rhythm and no more"):
        read_ecg(dicom(units), name="7.dcm", choice=ReadChoice(part="median"))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"channels": ()}, "channels"),
        ({"channels": "I"}, "channels"),
        ({"part": "beat"}, "part"),
        ({"start_s": -1}, "start_s"),
        ({"duration_s": 0}, "duration_s"),
    ],
)
def test_a_choice_that_cannot_be_is_the_callers_mistake(given, named):
    with pytest.raises(ValueError, match=named):
        ReadChoice(**given)


def test_a_chosen_channel_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(RecordError, match="a channel named V9, found only I, V1, V2"):
        read_ecg(wfdb_record(UNITS, leads=("I", "V1", "V2")), choice=ReadChoice(channels=("V9",)))
