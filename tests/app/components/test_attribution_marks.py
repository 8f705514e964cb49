import numpy as np
import pytest

from app.components.attribution_marks import attribution_marks
from app.components.palette import LIGHT
from app.read_an_ecg.attribution_text import attribution_legend, attribution_sentence
from physioclr.ecg_paper import PaperScale, paper_cells, paper_layout
from physioclr.leads import STANDARD_LEADS
from physioclr.prediction.attribution import Attribution, RandomisationCheck
from physioclr.records import EcgRecord

FS_HZ = 100.0


def attribution_of(**stretches):
    """Return an attribution that is 0 but for some leads' stretches: (from_s, to_s, value)."""
    values = np.zeros((12, 1000), dtype=np.float32)
    for lead, (from_s, to_s, value) in stretches.items():
        at = slice(round(from_s * FS_HZ), round(to_s * FS_HZ))
        values[STANDARD_LEADS.index(lead), at] = value
    total = float(values.sum())
    return Attribution("head", "MI", STANDARD_LEADS, FS_HZ, values, values, total, 0.0, 64)


@pytest.fixture
def record():
    time_s = np.arange(5000) / 500
    return EcgRecord(np.tile(0.1 * time_s, (12, 1)), 500.0, STANDARD_LEADS, "ramp")


def strokes(attribution, record, **window):
    layout = paper_layout("12 × 1")
    cells = paper_cells(layout, PaperScale(), duration_s=record.duration_s, **window)
    traces = attribution_marks(attribution, record, cells, lambda row: -2.0 * row, LIGHT)
    return [trace for trace in traces if np.isfinite(np.asarray(trace.x)).any()]


def span(traces):
    x = np.concatenate([np.asarray(trace.x) for trace in traces])
    return np.nanmin(x), np.nanmax(x)


def test_a_stroke_lies_on_its_lead_where_the_attribution_is(record):
    drawn = strokes(attribution_of(V2=(4.0, 4.4, 1.0)), record)
    low, high = span(drawn)
    # Smoothed by 20 ms, and led on by one sample of 10 ms.
    assert low == pytest.approx(4.0, abs=0.05)
    assert high == pytest.approx(4.4, abs=0.05)
    row = STANDARD_LEADS.index("V2")
    y = np.concatenate([np.asarray(trace.y) for trace in drawn])
    ramp_mv = 0.1 * 4.2 - 0.49995  # about its own median
    assert np.nanmedian(y) == pytest.approx(ramp_mv - 2.0 * row, abs=0.02)


def test_for_and_against_have_colours_of_their_own(record):
    for value, colour, name in ((1.0, 1, "speaks for it"), (-1.0, 2, "speaks against it")):
        drawn = strokes(attribution_of(I=(2.0, 3.0, value)), record)
        assert {trace.line.color for trace in drawn} == {LIGHT.series[colour]}
        assert {trace.name for trace in drawn} == {name}


def test_what_counts_little_is_not_marked_and_more_is_marked_stronger(record):
    drawn = strokes(
        attribution_of(I=(2.0, 3.0, 1.0), II=(4.0, 5.0, 0.5), III=(6.0, 7.0, 0.1)), record
    )
    opacities = {trace.opacity: span([trace]) for trace in drawn}
    assert max(opacities) == 0.85
    assert opacities[0.85] == pytest.approx((2.0, 3.0), abs=0.05)
    assert not any(low > 5.5 for low, _ in opacities.values())


def test_nothing_is_marked_outside_the_page_or_on_a_lead_not_shown(record):
    long = EcgRecord(np.tile(record.signal_mv, (1, 2)), 500.0, STANDARD_LEADS, "long")
    assert strokes(attribution_of(I=(2.0, 3.0, 1.0)), long, start_s=10.0) == []
    one = EcgRecord(record.signal_mv[1:2], 500.0, ("II",), "one lead")
    assert strokes(attribution_of(I=(2.0, 3.0, 1.0)), one) == []


def test_the_method_the_baseline_and_the_checks_are_named():
    found = attribution_of(V2=(4.0, 4.4, 0.02), I=(1.0, 1.2, -0.03))
    said = attribution_sentence("Infarction", found, RandomisationCheck(0.07, 0.1, 0.5))
    assert "Integrated gradients of the log-odds (by Captum) of Infarction, from" in said
    assert "isoelectric line" in said
    assert "but for 0.00 log-odds" in said
    assert "V2 +0.80, I −0.60" in said
    assert "rank correlation with these marks is 0.07" in said
    assert "speaks against &lt;MI&gt;" in attribution_legend("<MI>", LIGHT)
