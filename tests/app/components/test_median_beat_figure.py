from dataclasses import replace

import numpy as np
import pytest

from app.components.median_beat_figure import INTERVALS, median_beat_figure
from app.components.palette import LIGHT
from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.dominant_beat import DominantBeat
from physioclr.physiology.global_fiducials import GlobalFiducials

TIME_MS = np.arange(-150, 301) * 2.0


def beat_of(*, leads=STANDARD_LEADS, **at):
    known = {
        "p_on": -160.0,
        "p_off": -60.0,
        "qrs_on": -40.0,
        "qrs_off": 50.0,
        "t_peak": 280.0,
        "t_off": 360.0,
        **at,
    }
    signal_mv = np.tile(np.float32(TIME_MS / 1000), (len(leads), 1))
    return DominantBeat(signal_mv, TIME_MS, tuple(leads), GlobalFiducials(**known, n_beats=9))


def drawn_ms(figure, name):
    (trace,) = (trace for trace in figure.data if trace.name == name)
    return 1000 * (trace.x[1] - trace.x[0])


def test_intervals_are_as_long_as_they_were_measured():
    figure = median_beat_figure(beat_of(), LIGHT)
    assert [drawn_ms(figure, name) for name in INTERVALS] == pytest.approx([120.0, 90.0, 400.0])
    texts = [a.text for a in figure.layout.annotations]
    assert [t for t in texts if t.endswith("ms")] == [
        "<b>PR</b> 120 ms",
        "<b>QRS</b> 90 ms",
        "<b>QT</b> 400 ms",
    ]


def test_an_interval_that_was_not_measured_is_not_drawn():
    figure = median_beat_figure(beat_of(p_on=np.nan), LIGHT)
    names = {trace.name for trace in figure.data}
    assert "PR" not in names
    assert {"QRS", "QT"} <= names


def test_boxes_are_square_and_the_scale_is_stated():
    layout = median_beat_figure(beat_of(), LIGHT, 20.0).layout
    assert (layout.xaxis.dtick, layout.yaxis.dtick) == (0.2, 0.25)  # 5 mm at 25 mm/s, 20 mm/mV
    assert layout.yaxis.scaleratio == pytest.approx(20.0 / 25.0)
    assert any("25 mm/s · 20 mm/mV" in a.text for a in layout.annotations)


def test_a_beat_begins_where_its_fiducials_are_counted_from():
    figure = median_beat_figure(beat_of(), LIGHT)
    lead_v2 = next(trace for trace in figure.data if trace.name == "V2")
    # V2 is the second lead of the second row; its signal is its time, 0 at the mark.
    row_zero = lead_v2.y[150]
    assert lead_v2.x0 + 150 * lead_v2.dx == pytest.approx(1.0 + 0.3)
    assert row_zero == pytest.approx(-2.5)  # 25 mm at 10 mm/mV


def test_a_second_beat_is_drawn_beneath_where_both_have_the_lead():
    figure = median_beat_figure(beat_of(), LIGHT, behind=beat_of(leads=("I", "II")))
    colours = [t.line.color for t in figure.data if t.name in STANDARD_LEADS]
    assert colours == [LIGHT.trace_behind] * 2 + [LIGHT.trace] * 12


def texts_of(figure):
    return [annotation.text for annotation in figure.layout.annotations]


def test_the_paper_has_the_speed_that_was_chosen():
    figure = median_beat_figure(beat_of(), LIGHT, 20.0, speed_mm_per_s=50.0)
    assert (figure.layout.xaxis.dtick, figure.layout.yaxis.dtick) == (0.1, 0.25)  # 5 mm
    assert figure.layout.yaxis.scaleratio == pytest.approx(20.0 / 50.0)
    assert any("50 mm/s · 20 mm/mV" in text for text in texts_of(figure))
    assert drawn_ms(figure, "QT") == pytest.approx(400.0)


def test_what_is_not_drawn_is_said():
    unknown = median_beat_figure(beat_of(p_on=np.nan, t_off=np.nan), LIGHT)
    assert "<b>PR</b> not drawn: no P wave in the median beat" in texts_of(unknown)
    assert "<b>QT</b> not drawn: no end of the T wave in the median beat" in texts_of(unknown)


def test_an_interval_that_is_not_measurable_is_not_drawn_whatever_was_found():
    why = {"pr_ms": "not measurable: a P wave is present in 20 % of the beats"}
    figure = median_beat_figure(beat_of(), LIGHT, reasons=why)
    assert "PR" not in {trace.name for trace in figure.data}
    said = "<b>PR</b> not drawn: a P wave is present in 20 % of the beats"
    assert said in texts_of(figure)


@pytest.mark.parametrize(("step_ms", "band"), [(2.0, "0.5–100 Hz"), (10.0, "0.5–50 Hz")])
def test_the_band_ends_at_half_the_sampling_rate(step_ms, band):
    beat = replace(beat_of(), time_ms=TIME_MS * step_ms / 2.0)
    assert any(f" {band} " in text for text in texts_of(median_beat_figure(beat, LIGHT)))
