import numpy as np
import pytest

from physioclr.signal.lead_statistics import lead_statistics
from tests.signal.synthetic import synthetic_record

FS_HZ = 500.0
TIME_S = np.arange(5000) / FS_HZ


def statistics_of(lead_mv, fs_hz=FS_HZ):
    lead_mv = np.atleast_2d(lead_mv)
    return lead_statistics(lead_mv, ~np.isfinite(lead_mv), fs_hz)[0]


@pytest.mark.parametrize("hz", [50.0, 50.3, 60.0, 59.8])
@pytest.mark.parametrize("fs_hz", [250.0, 500.0, 2000.0])
def test_powerline_is_the_amplitude_of_the_sine(hz, fs_hz):
    time_s = np.arange(round(10 * fs_hz)) / fs_hz
    clean = synthetic_record(fs_hz=fs_hz).lead_mv("II")
    found = statistics_of(clean + 0.2 * np.sin(2 * np.pi * hz * time_s), fs_hz)
    # 5 %: a part of a sine of 10 s lies beyond 1 Hz of the line
    assert found.powerline_mv[0] == pytest.approx(0.2, rel=0.05)
    assert statistics_of(clean, fs_hz).powerline_mv[0] < 0.005


def test_wander_is_peak_to_peak():
    clean = synthetic_record().lead_mv("II")
    found = statistics_of(clean + 1.5 * np.sin(2 * np.pi * 0.2 * TIME_S))
    # 10 %: at 0.2 Hz the filter passes 98 %, at both ends it reflects; a beat adds 0.05 mV
    assert found.wander_mv[0] == pytest.approx(3.0, rel=0.1)


def test_amplitude_is_peak_to_peak_of_the_ecg_whatever_the_baseline():
    clean = synthetic_record(noise_mv=0.0).lead_mv("V4")
    drifting = clean + 2 * np.sin(2 * np.pi * 0.1 * TIME_S) + 40
    # 3 %: what 0.1 Hz leaves above 0.5 Hz
    assert statistics_of(drifting).amplitude_mv[0] == pytest.approx(
        statistics_of(clean).amplitude_mv[0], rel=0.03
    )


def test_noise_is_its_standard_deviation_in_the_band():
    clean = synthetic_record(noise_mv=0.0).lead_mv("II")
    white = np.random.default_rng(0).normal(scale=0.1, size=5000)
    # White noise up to 250 Hz: 25 to 43.5 Hz hold sqrt(18.5 / 250) of it, less at the edges.
    expected = 0.1 * np.sqrt(17 / 250)
    # 10 %: a standard deviation of 17 Hz times 10 s
    assert statistics_of(clean + white).noise_mv[0] == pytest.approx(expected, rel=0.1)


def test_qrs_is_not_taken_for_noise():
    assert statistics_of(synthetic_record(noise_mv=0.0).lead_mv("V4")).noise_mv[0] < 0.003


def test_shares_count_samples():
    clean = synthetic_record().lead_mv("II")
    missing = np.zeros((1, 5000), dtype=bool)
    missing[0, :1000] = True
    assert lead_statistics(clean[None], missing, FS_HZ)[0].missing_share[0] == 0.2
    still = np.where((TIME_S >= 2) & (TIME_S < 5), 0.0, clean)
    assert statistics_of(still).flat_share[0] == pytest.approx(0.3)
    at_rail = np.where((TIME_S >= 2) & (TIME_S < 4), 9.0, clean)
    assert statistics_of(at_rail).saturated_share[0] == pytest.approx(0.2)
    assert statistics_of(clean).saturated_share[0] == 0
    clipped = statistics_of(np.minimum(clean, 0.5))
    assert 0.01 < clipped.clipped_share[0] < 0.05  # 12 R waves of 1.1 mV, about 17 ms above 0.5
    assert clipped.saturated_share[0] == 0


def test_beats_of_one_shape_correlate_and_noise_does_not():
    signal_mv = synthetic_record(noise_mv=0.0).signal_mv
    assert statistics_of(signal_mv).beat_correlation.min() > 0.99
    noise = np.random.default_rng(0).normal(size=(1, 5000))
    mixed = statistics_of(np.concatenate([signal_mv, noise]))
    assert mixed.beat_correlation[-1] < 0.3
    assert mixed.agreement[-1] < 0.3
    assert mixed.agreement[:-1].min() > 0.9


def test_a_single_lead_has_nobody_to_agree_with():
    assert np.isnan(statistics_of(synthetic_record().lead_mv("II")).agreement[0])


def test_fewer_than_two_beats_have_no_correlation():
    silent = np.zeros(5000)
    assert np.isnan(statistics_of(silent).beat_correlation[0])
