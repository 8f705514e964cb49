import numpy as np
import pytest

from physioclr.signal.wave_input import filter_at_network_rate, scale_leads, wave_input


@pytest.mark.parametrize("fs_hz", [100.0, 257.3, 360.0, 500.0, 2000.0])
def test_a_sine_in_the_band_keeps_its_phase_and_height(fs_hz):
    time_s = np.arange(round(10 * fs_hz)) / fs_hz
    filtered, step = filter_at_network_rate(np.sin(2 * np.pi * 7 * time_s)[None], fs_hz)
    at_s = np.arange(filtered.shape[1]) * step / fs_hz
    middle = slice(500, -500)
    # 0.005: what the extended ends still ring 2 s inside
    np.testing.assert_allclose(
        filtered[0, middle], np.sin(2 * np.pi * 7 * at_s)[middle], atol=0.005
    )


def test_baseline_and_hum_are_gone():
    time_s = np.arange(5000) / 500
    slow, hum = np.sin(2 * np.pi * 0.1 * time_s), np.sin(2 * np.pi * 50 * time_s)
    filtered, _ = filter_at_network_rate(np.stack([slow + 3, hum]), 500.0)
    # 5 %: ends apart, nothing of either may be seen beside a QRS of 1 mV
    assert np.abs(filtered[:, 500:-500]).max() < 0.05


def test_every_lead_gets_the_same_size_and_a_flat_one_stays_zero():
    noise = np.random.default_rng(0).standard_normal(2500)
    scaled = scale_leads(np.outer([1e-3, 1.0, 0.0], noise).astype(np.float32))
    np.testing.assert_allclose(scaled[0], scaled[1], rtol=1e-5)  # float32 rounding
    assert not scaled[2].any()


def test_one_beat_in_a_long_pause_is_not_clipped():
    lead = 1e-3 * np.random.default_rng(0).standard_normal((1, 2500))
    lead[0, 1200:1210] += np.hanning(10)
    assert 2.0 < np.ptp(scale_leads(lead.astype(np.float32))) < 6.1  # three times 2, and noise


def test_the_input_is_about_250_hz():
    seen = wave_input(np.zeros((2, 3600)), 360.0)
    assert seen.leads.shape == (2, 2500)
    assert seen.step_samples == pytest.approx(1.44)
