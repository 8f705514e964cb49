"""Criteria at, below and above their limits, on simulated ECGs whose truth is exact.

Values stand further from a limit than the error with which they are measured: 3 bpm, 12 ms of PR,
8 ms of QRS, 10 ms of QT, 8° of axis, 0.03 mV of ST.
"""

from __future__ import annotations

import pytest

from physioclr import interpret
from physioclr.simulate import simulate_record


def state(code: str, condition: str, **truth: float | str) -> str:
    return interpret(simulate_record(condition, seed=2, noise=False, **truth)).state(code)


@pytest.mark.parametrize(
    ("code", "condition", "rate_bpm", "expected"),
    [
        ("SBRAD", "sinus_rhythm", 47, "present"),
        ("SBRAD", "sinus_rhythm", 53, "borderline"),  # slow by the older limit of 60 only
        ("SBRAD", "sinus_rhythm", 63, "absent"),
        ("STACH", "sinus_rhythm", 97, "absent"),
        ("STACH", "sinus_rhythm", 103, "present"),
        ("XFAST", "sinus_tachycardia", 147, "absent"),
        ("XFAST", "sinus_tachycardia", 153, "present"),
        ("XSLOW", "sinus_bradycardia", 42, "absent"),
        ("XSLOW", "sinus_bradycardia", 38, "present"),
    ],
)
def test_the_rate(code, condition, rate_bpm, expected):
    assert state(code, condition, heart_rate_bpm=rate_bpm) == expected


@pytest.mark.parametrize(
    ("code", "condition", "qrs_ms", "expected"),
    [
        ("CLBBB", "lbbb", 110, "absent"),
        ("CLBBB", "lbbb", 128, "present"),
        ("CRBBB", "rbbb", 110, "absent"),
        ("CRBBB", "rbbb", 128, "present"),
    ],
)
def test_a_bundle_branch_block_is_complete_from_120_ms_on(code, condition, qrs_ms, expected):
    assert state(code, condition, qrs_ms=qrs_ms, heart_rate_bpm=70) == expected


@pytest.mark.parametrize(
    ("code", "condition", "qt_ms", "expected"),
    [
        ("LNGQT", "long_qt", 430, "absent"),
        ("LNGQT", "long_qt", 470, "present"),
        ("SHRTQT", "sinus_rhythm", 380, "absent"),
        ("SHRTQT", "sinus_rhythm", 350, "absent"),  # measured 10 ms longer: above 360 ms
        ("SHRTQT", "sinus_rhythm", 330, "borderline"),
        ("SHRTQT", "sinus_rhythm", 310, "present"),
        ("XQTC", "long_qt", 530, "absent"),
        ("XQTC", "long_qt", 570, "present"),
    ],
)
def test_qtc_at_60_a_minute_where_every_formula_agrees(code, condition, qt_ms, expected):
    assert state(code, condition, qt_ms=qt_ms, heart_rate_bpm=60, sex="male") == expected


@pytest.mark.parametrize(
    ("code", "axis_deg", "expected"),
    [
        ("LAD", -15, "absent"),
        ("LAD", -45, "present"),
        ("LAFB", -20, "absent"),
        ("LAFB", -35, "borderline"),
        ("LAFB", -60, "absent"),  # the simulator turns the axis without rS in III and qR in aVL
    ],
)
def test_the_axis(code, axis_deg, expected):
    assert state(code, "sinus_rhythm", axis_deg=axis_deg, heart_rate_bpm=70) == expected


@pytest.mark.parametrize(
    ("code", "sokolow_lyon_mv", "expected"),
    [
        ("VCLVH", 3.0, "absent"),
        ("VCLVH", 3.7, "present"),
        ("LVH", 2.5, "absent"),
        ("LVH", 4.5, "present"),  # with strain
    ],
)
def test_the_voltage_of_left_ventricular_hypertrophy(code, sokolow_lyon_mv, expected):
    truth = {"sokolow_lyon_mv": sokolow_lyon_mv, "heart_rate_bpm": 70, "sex": "male"}
    assert state(code, "lvh", **truth) == expected


@pytest.mark.parametrize(
    ("code", "condition", "st_mv", "expected"),
    [
        ("STE_", "stemi_inferior", 0.05, "absent"),
        ("STE_", "stemi_inferior", 0.13, "present"),
        ("STEMI", "stemi_anterior", 0.05, "absent"),
        ("STEMI", "stemi_anterior", 0.3, "present"),
    ],
)
def test_st_elevation(code, condition, st_mv, expected):
    assert state(code, condition, st_mv=st_mv, heart_rate_bpm=70, sex="male") == expected


@pytest.mark.parametrize(("pr_ms", "expected"), [(185, "absent"), (230, "present")])
def test_first_degree_block(pr_ms, expected):
    assert state("1AVB", "av_block_1", pr_ms=pr_ms, heart_rate_bpm=70) == expected


@pytest.mark.parametrize(("rr_cv", "expected"), [(0.1, "present"), (0.2, "present")])
def test_atrial_fibrillation_by_how_irregular_it_is(rr_cv, expected):
    assert state("AFIB", "atrial_fibrillation", rr_cv=rr_cv, heart_rate_bpm=80) == expected
