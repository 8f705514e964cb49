from dataclasses import replace

import numpy as np
import pytest

from app.components.ecg_view import waves_legend
from app.components.palette import LIGHT
from app.components.wave_bars import WAVES, wave_bars
from physioclr.ecg_paper import PaperScale, paper_cells, paper_layout
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_record

SCALE = PaperScale()


@pytest.fixture(scope="module")
def record():
    return simulate_record("sinus_rhythm", seed=3)


def bars_of(record, layout, **window):
    found = delineate(record)
    cells = paper_cells(layout, SCALE, duration_s=record.duration_s, **window)
    traces = wave_bars(found, cells, lambda row: -3.0 * row, SCALE, LIGHT)
    return found, {trace.name: trace for trace in traces}


def test_every_wave_inside_a_strip_is_a_bar_from_onset_to_end(record):
    found, traces = bars_of(record, paper_layout("12 × 1", leads=("II",)))
    for wave, (onset, offset) in WAVES.items():
        name = "QRS complex" if wave == "QRS" else f"{wave} wave"
        drawn = np.asarray(traces[name].x, dtype=float).reshape(-1, 3)[:, :2]
        expected = found["II"][[onset, offset]].dropna().to_numpy() / record.fs_hz
        np.testing.assert_allclose(drawn, expected)


def test_a_bar_stays_in_the_column_that_shows_its_wave(record):
    _, traces = bars_of(record, paper_layout("3 × 4", rhythm=()))
    for name in ("P wave", "QRS complex", "T wave"):
        ends = np.asarray(traces[name].x, dtype=float).reshape(-1, 3)[:, :2]
        assert (np.floor(ends[:, 0] / 2.5) == np.floor(ends[:, 1] / 2.5)).all()


def test_a_wave_that_is_absent_is_a_circle_that_says_so():
    record = simulate_record("atrial_fibrillation", seed=1)
    found, traces = bars_of(record, paper_layout("12 × 1", leads=("II",)))
    states = found.states("II")
    expected = {"absent": states["p"] == "absent", "not measurable": states["p"] != "present"}
    expected["not measurable"] &= ~expected["absent"]
    assert expected["absent"].sum() > 5
    for state, rows in expected.items():
        marked = sum(text == f"II: P {state}" for text in traces[state].text)
        assert marked == pytest.approx(rows.sum(), abs=1)  # one may lie beyond the page's edge


def test_absent_and_not_measurable_have_marks_of_their_own(record):
    _, traces = bars_of(record, paper_layout("12 × 1", leads=("II",)))
    symbols = {traces[state].marker.symbol for state in ("absent", "not measurable")}
    assert len(symbols) == 2
    legend = waves_legend(LIGHT)
    assert "<span>○ absent</span>" in legend
    assert "<span>× not measurable</span>" in legend


def test_a_lead_that_was_not_recorded_has_no_bars(record):
    chest = replace(record, signal_mv=record.signal_mv[6:], leads=record.leads[6:])
    _, traces = bars_of(chest, paper_layout("12 × 1", leads=("II",)))
    assert all(len(trace.x) == 0 for trace in traces.values())
