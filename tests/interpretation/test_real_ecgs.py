"""Real ECGs of which the criteria say what their readers coded: one for each finding.

The headers state neither age nor sex: what only the limits of one sex meet is borderline.
"""

from __future__ import annotations

import pytest

from physioclr import interpret, read_ecg
from tests.shared_data import SHARED_DATA, needs_shared_data

PTB_XL = SHARED_DATA / "ptb-xl/records500/00000"


@needs_shared_data
@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("00102", "1AVB"),
        ("00282", "AFIB"),
        ("00256", "CLBBB"),
        ("00269", "CRBBB"),
        ("00139", "IMI"),
        ("00298", "INVT"),
        ("00192", "IRBBB"),
        ("00413", "IVCD"),
        ("00103", "LAFB"),
        ("00489", "LAO/LAE"),
        ("00320", "LNGQT"),
        ("00032", "LPFB"),
        ("00137", "LVH"),
        ("00001", "NORM"),
        ("00495", "NT_"),
        ("00257", "PAC"),
        ("00385", "PACE"),
        ("00255", "PVC"),
        ("00267", "QWAVE"),
        ("00011", "SARRH"),
        ("00002", "SBRAD"),
        ("00001", "SR"),
        ("00103", "STACH"),
        ("00257", "STD_"),
        ("00273", "VCLVH"),
    ],
)
def test_what_a_reader_of_ptb_xl_coded_is_not_passed_over(record, code):
    path = PTB_XL / f"{record}_hr.hea"
    assert interpret(read_ecg(path)).state(code) in ("present", "borderline")


@needs_shared_data
def test_an_unrecognised_left_bundle_branch_block_is_no_acute_infarction():
    """PTB-XL 279, coded CLBBB at 115 a minute: ST stands against QRS, below a quarter of S."""
    said = interpret(read_ecg(PTB_XL / "00279_hr.hea"))
    assert said.state("STEMI") != "present"
    assert not [
        statement
        for statement in said.statements
        if statement.is_critical and statement.state == "present"
    ]


@needs_shared_data
def test_a_long_pr_whose_p_waves_are_mostly_missed_is_not_called_absent():
    """GE MUSE sample; the device: sinus bradycardia, PR 330 ms."""
    said = interpret(read_ecg(SHARED_DATA / "formats/ge_muse/muse_resting_ecg.xml"))
    assert said.state("1AVB") in ("present", "not assessable")
    assert said.state("AFIB") != "present"
    assert said.state("NORM") != "present"
