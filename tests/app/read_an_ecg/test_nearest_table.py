"""The nearest labelled ECGs, by the reader's formula, and whether they are near at all."""

import math
import re

import pandas as pd
import pytest

from app.read_an_ecg.nearest_table import nearest_table
from physioclr.encoders.reference_comparison import with_qtc
from physioclr.physiology.intervals import QT_FORMULAS, corrected_qt_ms

QT_MS, RR_MS = 400.0, 800.0


@pytest.fixture
def nearest():
    qtc = float(corrected_qt_ms([QT_MS], [RR_MS])[0])
    return pd.DataFrame(
        {
            "record_id": ["a", "b"],
            "cohort": "PTB-XL",
            "simulated": False,
            "labels": [("af",), ()],
            "cosine": [0.9, -0.1],
            "heart_rate_bpm": [60_000 / RR_MS, math.nan],
            "pr_ms": [math.nan, 160.0],
            "qrs_ms": [90.0, 100.0],
            "qtc_fridericia_ms": [qtc, 420.0],
        }
    )


def measured(**others):
    qtc = {f"qtc_{formula}_ms": 400.0 for formula in QT_FORMULAS}
    return {"heart_rate_bpm": 70.0, "pr_ms": 150.0, "qrs_ms": 95.0, **qtc, **others}


@pytest.mark.parametrize("formula", QT_FORMULAS)
def test_qt_is_corrected_by_the_chosen_formula(nearest, formula):
    expected = float(corrected_qt_ms([QT_MS], [RR_MS], formula=formula)[0])
    found = with_qtc(nearest, formula)[f"qtc_{formula}_ms"]
    assert found[0] == pytest.approx(expected, abs=1e-9)  # rounding of float64
    table = nearest_table(nearest, measured(), {}, qt_formula=formula)
    assert f"QTc ({formula.capitalize()}) (ms)" in table
    assert f"{expected:.0f} ({round(expected - 400):+d})".replace("-", "−") in table


def test_without_a_heart_rate_only_the_qtc_that_is_kept_is_known(nearest):
    assert with_qtc(nearest, "fridericia")["qtc_fridericia_ms"][1] == 420.0
    assert math.isnan(with_qtc(nearest, "bazett")["qtc_bazett_ms"][1])


def test_what_is_not_known_of_either_is_a_dash_or_has_no_difference(nearest):
    table = nearest_table(nearest, measured(qrs_ms=math.nan), {"af": "Atrial fibrillation"})
    cells = [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", table)]
    assert cells[:6] == ["a", "Atrial fibrillation", "0.90", "75 (+5)", "–", "90"]
    assert cells[9] == "−0.10"


@pytest.mark.parametrize(("percentile", "far"), [(None, False), (94.0, False), (96.0, True)])
def test_even_the_nearest_may_be_far(nearest, percentile, far):
    table = nearest_table(nearest, measured(), {}, distance_percentile=percentile)
    assert ("Even the nearest is far: 96 of 100" in table) is far
