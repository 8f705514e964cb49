from dataclasses import replace

import numpy as np
import pytest

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
    missing = traces["absent or not measurable"]
    absent = (found.states("II")["p"] == "absent").sum()
    assert absent > 5
    assert sum(text == "II: P absent" for text in missing.text) == pytest.approx(absent, abs=1)


def test_a_lead_that_was_not_recorded_has_no_bars(record):
    chest = replace(record, signal_mv=record.signal_mv[6:], leads=record.leads[6:])
    _, traces = bars_of(chest, paper_layout("12 × 1", leads=("II",)))
    assert all(len(trace.x) == 0 for trace in traces.values())
