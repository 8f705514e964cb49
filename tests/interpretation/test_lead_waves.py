from __future__ import annotations

import math

import numpy as np
import pytest

from physioclr.interpretation.lead_waves import measure_lead
from physioclr.physiology.global_fiducials import GlobalFiducials

TIME_MS = np.arange(-300.0, 600.0, 2.0)
AT = GlobalFiducials(-160.0, -60.0, -40.0, 60.0, 240.0, 330.0, 10)


def bump(centre_ms: float, width_ms: float, height_mv: float) -> np.ndarray:
    """A half sine from half a width before the centre to half a width after it."""
    phase = (TIME_MS - centre_ms) / width_ms
    return np.where(np.abs(phase) <= 0.5, height_mv * np.cos(np.pi * phase), 0.0)


def test_the_waves_of_qrs_are_named_in_their_order():
    beat = bump(-30, 20, -0.2) + bump(0, 40, 1.2) + bump(40, 40, -0.5)
    waves = measure_lead(beat, TIME_MS, AT)
    assert waves.q_mv == pytest.approx(-0.2, abs=0.01)  # sampled within 1 ms of its peak
    assert waves.q_ms == pytest.approx(20, abs=4)  # two samples
    assert waves.r_mv == pytest.approx(1.2, abs=0.01)
    assert waves.s_mv == pytest.approx(-0.5, abs=0.01)
    assert waves.r_peak_ms == pytest.approx(40, abs=2)
    assert waves.r2_mv == 0
    assert waves.net_mv == pytest.approx(0.7, abs=0.02)


def test_a_second_positive_wave_is_r_prime():
    beat = bump(-25, 30, 0.3) + bump(5, 30, -0.6) + bump(40, 40, 0.9)
    waves = measure_lead(beat, TIME_MS, AT)
    assert waves.r_mv == pytest.approx(0.3, abs=0.01)
    assert waves.r2_mv == pytest.approx(0.9, abs=0.01)
    assert waves.r_peak_ms == pytest.approx(80, abs=2)
    assert waves.terminal_mv > 0


def test_one_negative_wave_is_a_qs():
    waves = measure_lead(bump(0, 80, -1.0), TIME_MS, AT)
    assert waves.is_qs
    assert waves.deepest_s_mv == pytest.approx(1.0, abs=0.01)
    assert math.isnan(waves.r_peak_ms)


def test_a_ripple_of_20_microvolts_is_no_wave():
    waves = measure_lead(bump(-30, 20, -0.02) + bump(0, 40, 1.0), TIME_MS, AT)
    assert waves.q_mv == 0


def test_two_peaks_with_a_dip_are_a_notch():
    beat = bump(-10, 60, 1.0) + bump(30, 60, 1.0)
    assert measure_lead(beat - bump(10, 20, 0.4), TIME_MS, AT).notched
    assert not measure_lead(bump(0, 80, 1.0), TIME_MS, AT).notched


def test_st_is_read_at_j_and_after_it():
    beat = bump(0, 40, 1.0) + np.where((TIME_MS >= 60) & (TIME_MS <= 200), 0.15, 0.0)
    waves = measure_lead(beat, TIME_MS, AT)
    assert waves.st_mv == pytest.approx([0.15] * 5, abs=0.01)
    assert waves.st_at(60) == waves.st_mv[3]


def test_the_terminal_force_of_p_is_depth_times_duration():
    beat = bump(0, 40, 1.0) + bump(-130, 40, 0.1) + bump(-85, 50, -0.1)
    waves = measure_lead(beat, TIME_MS, AT)
    assert waves.p_mv == pytest.approx(0.1, abs=0.02)
    assert waves.p_terminal_mv_ms == pytest.approx(-5.0, abs=0.8)  # 0.1 mV over 50 ms


def test_without_a_p_wave_its_height_is_unknown():
    at = GlobalFiducials(math.nan, math.nan, -40.0, 60.0, 240.0, 330.0, 10)
    assert math.isnan(measure_lead(bump(0, 40, 1.0), TIME_MS, at).p_mv)


def test_an_inverted_t_is_negative():
    waves = measure_lead(bump(0, 40, 1.0) + bump(240, 160, -0.3), TIME_MS, AT)
    assert waves.t_mv == pytest.approx(-0.3, abs=0.01)
    assert waves.t_min_mv == waves.t_mv
