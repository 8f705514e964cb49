import numpy as np
import pytest

from physioclr.physiology.intervals import QT_FORMULAS, corrected_qt_ms


@pytest.mark.parametrize(
    ("formula", "expected_ms"),
    [
        ("bazett", 360 / np.sqrt(0.64)),  # Bazett 1920: QT / RR^(1/2)
        ("fridericia", 360 / 0.64 ** (1 / 3)),  # Fridericia 1920: QT / RR^(1/3)
        ("framingham", 360 + 154 * 0.36),  # Sagie 1992: QT + 0.154 s (1 - RR)
        ("hodges", 360 + 1.75 * (93.75 - 60)),  # Hodges 1983: QT + 1.75 (HR - 60)
    ],
)
def test_each_formula_is_its_published_equation(formula, expected_ms):
    # RR 640 ms is 93.75 bpm; 1e-9: rounding of float64
    np.testing.assert_allclose(
        corrected_qt_ms([360.0], [640.0], formula=formula), [expected_ms], rtol=1e-9
    )


@pytest.mark.parametrize("formula", QT_FORMULAS)
def test_at_60_bpm_qtc_is_qt(formula):
    np.testing.assert_allclose(corrected_qt_ms([400.0], [1000.0], formula=formula), [400.0])


@pytest.mark.parametrize("formula", QT_FORMULAS)
def test_qtc_is_nan_where_qt_or_rr_is_unknown(formula):
    qtc = corrected_qt_ms([400.0, np.nan, 400.0], [np.nan, 800.0, 800.0], formula=formula)
    np.testing.assert_array_equal(np.isnan(qtc), [True, True, False])


@pytest.mark.parametrize(
    ("qt_ms", "rr_ms", "message"),
    [
        ([400.0], [800.0, 800.0], "one shape"),
        ([0.0], [800.0], "qt_ms must be above 0"),
        ([400.0], [-1.0], "rr_ms must be above 0"),
        ([400.0], [np.inf], "rr_ms must be above 0"),
    ],
)
def test_impossible_intervals_are_refused(qt_ms, rr_ms, message):
    with pytest.raises(ValueError, match=message):
        corrected_qt_ms(qt_ms, rr_ms)


def test_an_unknown_formula_is_refused_with_the_known_ones():
    with pytest.raises(
        ValueError, match="bazett, fridericia, framingham, hodges, got 'rautaharju'"
    ):
        corrected_qt_ms([400.0], [800.0], formula="rautaharju")
