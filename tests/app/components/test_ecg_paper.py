import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from app.components.ecg_paper import MAX_POINTS_PER_MM, PaperStyle, ecg_paper
from app.components.palette import DARK, LIGHT
from physioclr.ecg_paper import (
    ARRANGEMENTS,
    BEYOND_PAPER,
    GAINS_MM_PER_MV,
    SPEEDS_MM_PER_S,
    PaperScale,
    paper_layout,
)
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord

LAYOUT = paper_layout()
PITCH_MV = PaperStyle().pitch_mv


def ramp_record(*, fs_hz=500.0, duration_s=10.0, leads=STANDARD_LEADS):
    """A record whose value is the time in units of 0.1 mV/s, so a sample says where it is from."""
    time_s = np.arange(round(fs_hz * duration_s)) / fs_hz
    return EcgRecord(np.tile(0.1 * time_s, (len(leads), 1)), fs_hz, leads, "ramp")


def lead_traces(figure):
    return [trace for trace in figure.data if trace.name in STANDARD_LEADS]


def row_of(lead, *, rhythm=False):
    return 3 if rhythm else next(i for i, row in enumerate(LAYOUT.rows) if lead in row)


def test_a_millivolt_is_as_long_as_four_tenths_of_a_second():
    # 10 mm/mV and 25 mm/s (IEC 60601-2-25): 1 mV = 10 mm = 0.4 s.
    axis = ecg_paper(ramp_record(), LIGHT).layout.yaxis
    assert (axis.scaleanchor, axis.scaleratio) == ("x", pytest.approx(0.4))


@pytest.mark.parametrize("speed", SPEEDS_MM_PER_S)
@pytest.mark.parametrize("gain", GAINS_MM_PER_MV)
def test_boxes_are_square_and_stated_at_every_scale(speed, gain):
    style = PaperStyle(PaperScale(speed, gain))
    layout = ecg_paper(ramp_record(), LIGHT, style=style).layout
    assert layout.xaxis.dtick * speed == pytest.approx(5.0)  # a large box is 5 mm each way
    assert layout.yaxis.dtick * gain == pytest.approx(5.0)
    assert layout.xaxis.minor.dtick * speed == pytest.approx(1.0)
    assert layout.yaxis.minor.dtick * gain == pytest.approx(1.0)
    # A pixel is speed⁻¹ s wide and gain⁻¹ mV high a millimetre.
    assert layout.yaxis.scaleratio == pytest.approx(gain / speed)
    assert layout.xaxis.dtick * layout.xaxis.ticklabelstep == pytest.approx(1.0)  # whole seconds
    assert any(f"{speed:g} mm/s · {gain:g} mm/mV" in a.text for a in layout.annotations)


def test_a_magnified_paper_is_as_much_higher():
    heights = [
        ecg_paper(ramp_record(), LIGHT, style=PaperStyle(magnification=times)).layout.height - 50
        for times in (1, 2, 4)
    ]
    assert heights[1] == pytest.approx(2 * heights[0], abs=1)  # rounded to whole pixels
    assert heights[2] == pytest.approx(4 * heights[0], abs=2)


def test_small_boxes_are_1_mm_and_large_boxes_5_mm():
    layout = ecg_paper(ramp_record(), LIGHT).layout
    assert (layout.xaxis.minor.dtick, layout.yaxis.minor.dtick) == (0.04, 0.1)
    assert (layout.xaxis.dtick, layout.yaxis.dtick) == (0.2, 0.5)


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_all_twelve_leads_are_drawn(name):
    figure = ecg_paper(ramp_record(), LIGHT, style=PaperStyle(layout=paper_layout(name)))
    assert {trace.name for trace in lead_traces(figure)} == set(STANDARD_LEADS)


def test_time_runs_on_across_the_columns():
    record = ramp_record()
    centre_mv = np.median(record.lead_mv("I"))
    for trace in lead_traces(ecg_paper(record, LIGHT))[:12]:
        drawn_mv = np.asarray(trace.y) + row_of(trace.name) * PITCH_MV
        first_s = (drawn_mv[0] + centre_mv) / 0.1
        assert first_s == pytest.approx(trace.x0, abs=1e-4)  # float32 of values below 10
        assert len(drawn_mv) == 1250


def test_columns_start_every_two_and_a_half_seconds():
    starts = {t.name: t.x0 for t in lead_traces(ecg_paper(ramp_record(), LIGHT))[:12]}
    assert (starts["I"], starts["aVL"], starts["V3"], starts["V6"]) == (0.0, 2.5, 5.0, 7.5)


def test_the_rhythm_strip_is_lead_ii_for_ten_seconds():
    rhythm = lead_traces(ecg_paper(ramp_record(), LIGHT))[-1]
    assert (rhythm.name, len(rhythm.y), rhythm.dx) == ("II", 5000, 1 / 500)


@pytest.mark.parametrize("speed", SPEEDS_MM_PER_S)
def test_the_calibration_pulse_is_1_mv_for_200_ms_on_every_row(speed):
    figure = ecg_paper(ramp_record(), LIGHT, style=PaperStyle(PaperScale(speed)))
    pulse = next(t for t in figure.data if t.name == "calibration")
    x, y = list(pulse.x), list(pulse.y)
    for row in range(4):
        rise, fall = x[7 * row + 2], x[7 * row + 3]
        assert fall - rise == pytest.approx(0.2)
        assert y[7 * row + 2] - y[7 * row] == pytest.approx(1.0)


def test_the_scale_is_stated():
    texts = [a.text for a in ecg_paper(ramp_record(), LIGHT).layout.annotations]
    assert any("25 mm/s · 10 mm/mV" in text for text in texts)


def test_a_missing_lead_is_stated_and_leaves_no_line():
    record = ramp_record(leads=tuple(lead for lead in STANDARD_LEADS if lead != "V4"))
    figure = ecg_paper(record, LIGHT)
    assert "V4 – not recorded" in [a.text for a in figure.layout.annotations]
    assert len(next(t for t in lead_traces(figure) if t.name == "V4").y) == 0


def test_in_a_short_record_every_column_begins_with_the_first_sample():
    for trace in lead_traces(ecg_paper(ramp_record(duration_s=2.0), LIGHT)):
        assert len(trace.y) == 1000


def test_a_column_that_begins_again_says_the_records_time():
    figure = ecg_paper(ramp_record(duration_s=4.0), LIGHT)
    v4 = next(t for t in lead_traces(figure) if t.name == "V4")
    assert v4.x0 == 7.5
    assert v4.customdata[100].tolist() == [-180, 0.2]  # 0.1 mV/s about its median of 0.2 mV
    assert "customdata[1]" in v4.hovertemplate
    assert figure.layout.xaxis.showticklabels is False
    assert any("each column from 0 s" in a.text for a in figure.layout.annotations)
    assert ecg_paper(ramp_record(), LIGHT).layout.xaxis.showticklabels is None


def test_few_leads_are_drawn_over_the_whole_page():
    figure = ecg_paper(ramp_record(leads=("ECG1", "V7")), LIGHT)
    drawn = {t.name: t for t in figure.data if t.name != "calibration"}
    assert {name: (t.x0, len(t.y)) for name, t in drawn.items()} == {
        "ECG1": (0.0, 5000),
        "V7": (0.0, 5000),
    }
    assert not any("not recorded" in a.text for a in figure.layout.annotations)


def record_with_waves_of(height_mv, *, lead="I"):
    signal = np.zeros((12, 5000), dtype=np.float32)
    signal[STANDARD_LEADS.index(lead), 300::500] = height_mv
    return EcgRecord(signal, 500.0, STANDARD_LEADS, "waves")


@pytest.mark.parametrize(("lead", "height_mv"), [("I", 3.2), ("V4", 3.2), ("III", 6.2)])
def test_the_paper_grows_with_a_tall_wave_in_large_boxes(lead, height_mv):
    record = record_with_waves_of(height_mv, lead=lead)
    figure = ecg_paper(record, LIGHT, style=PaperStyle(layout=paper_layout(rhythm=())))
    low_mv, high_mv = figure.layout.yaxis.range
    assert high_mv >= max(np.nanmax(t.y) for t in lead_traces(figure)) > 2.0 - 2 * PITCH_MV
    assert round(high_mv - low_mv, 6) % 0.5 == pytest.approx(0.0)  # a large box is 0.5 mV
    assert not any("beyond the paper" in a.text for a in figure.layout.annotations)


def test_the_paper_grows_downwards_for_a_deep_wave_of_the_last_row():
    usual, deep = (ecg_paper(record_with_waves_of(mv, lead="II"), LIGHT) for mv in (-0.5, -3.0))
    assert deep.layout.yaxis.range[0] < usual.layout.yaxis.range[0] - 1.0
    assert deep.layout.height > usual.layout.height


@pytest.mark.parametrize(("height_mv", "symbol"), [(9.0, "triangle-up"), (-20.0, "triangle-down")])
def test_a_wave_beyond_all_paper_is_marked_and_said_as_in_print(height_mv, symbol):
    figure = ecg_paper(record_with_waves_of(height_mv), LIGHT)
    (marks,) = (t for t in figure.data if t.name == "beyond the paper")
    assert marks.marker.symbol == symbol
    assert marks.x == pytest.approx([0.6, 1.6])  # lead I is drawn from 0 to 2.5 s
    low_mv, high_mv = figure.layout.yaxis.range
    assert low_mv < marks.y[0] < high_mv
    assert any(BEYOND_PAPER in a.text for a in figure.layout.annotations)


def test_a_pixel_of_the_paper_is_stated_in_milliseconds():
    # 250 mm and 20 mm of margins on 1168 px; 25 mm are 1000 ms.
    assert PaperStyle().ms_per_px == pytest.approx(270 / 1168 * 40)
    assert PaperStyle(magnification=4).ms_per_px == pytest.approx(270 / 1168 * 10)


def test_a_window_of_a_long_record_shows_that_time():
    record = ramp_record(duration_s=60.0)
    figure = ecg_paper(record, LIGHT, start_s=30.0)
    lead_v6 = next(t for t in lead_traces(figure) if t.name == "V6")
    assert lead_v6.x0 == 37.5
    first_mv = lead_v6.y[0] + 2 * PITCH_MV + np.median(record.lead_mv("V6"))
    assert first_mv == pytest.approx(3.75, abs=1e-4)  # float32 of values below 10
    assert figure.layout.xaxis.range == (29.4, 40.2)


@pytest.mark.parametrize("fs_hz", [100.0, 360.0, 500.0, 1000.0, 5000.0])
def test_a_narrow_spike_keeps_its_height_at_any_sampling_rate(fs_hz):
    signal = np.zeros((12, round(10 * fs_hz)), dtype=np.float32)
    signal[:, round(1.2 * fs_hz)] = 2.0
    figure = ecg_paper(EcgRecord(signal, fs_hz, STANDARD_LEADS, "spike"), LIGHT)
    lead_i = next(t for t in lead_traces(figure) if t.name == "I")
    assert max(lead_i.y) == pytest.approx(2.0)
    at_s = lead_i.x0 + lead_i.dx * int(np.argmax(lead_i.y))
    assert at_s == pytest.approx(1.2, abs=2 * lead_i.dx + 1 / fs_hz)  # within its bin
    assert len(lead_i.y) <= 62.5 * MAX_POINTS_PER_MM  # 2.5 s at 25 mm/s


def test_missing_samples_stay_gaps():
    record = ramp_record()
    signal = record.signal_mv.copy()
    signal[:, 100:200] = np.nan
    trace = lead_traces(ecg_paper(replace(record, signal_mv=signal), LIGHT))[0]
    assert np.isnan(np.asarray(trace.y)[100:200]).all()
    assert np.isfinite(np.asarray(trace.y)[200:]).all()


def test_a_lead_without_any_sample_draws_nothing_and_warns_nobody():
    record = ramp_record()
    signal = record.signal_mv.copy()
    signal[0] = np.nan
    trace = lead_traces(ecg_paper(replace(record, signal_mv=signal), LIGHT))[0]
    assert np.isnan(np.asarray(trace.y)).all()


@pytest.mark.parametrize("fs_hz", [500.0, 1000.0])
@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_the_figure_is_small_on_the_wire(name, fs_hz):
    record = ramp_record(fs_hz=fs_hz)
    figure = ecg_paper(record, DARK, style=PaperStyle(layout=paper_layout(name)), behind=record)
    assert len(figure.to_json()) < 1_500_000


def test_signals_travel_as_four_byte_floats():
    trace = json.loads(ecg_paper(ramp_record(), LIGHT).to_json())["data"][0]
    assert trace["y"]["dtype"] == "f4"
    assert len(base64.b64decode(trace["y"]["bdata"])) == 4 * 1250


def test_a_record_behind_is_drawn_in_its_own_colour():
    record = ramp_record()
    figure = ecg_paper(record, LIGHT, behind=record)
    colours = [trace.line.color for trace in lead_traces(figure)]
    assert colours == [LIGHT.trace_behind] * 13 + [LIGHT.trace] * 13
