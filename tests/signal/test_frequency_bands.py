import numpy as np
import pytest

from physioclr.signal.frequency_bands import LeadSpectrum, raised_cosine


@pytest.mark.parametrize("fs_hz", [100.0, 360.0, 500.0, 997.0, 2000.0])
def test_a_sine_in_the_band_keeps_its_size_and_place(fs_hz):
    time_s = np.arange(round(8 * fs_hz)) / fs_hz
    spectrum = LeadSpectrum(np.sin(2 * np.pi * 7 * time_s)[None] + 50, fs_hz)
    passed = spectrum.band(raised_cosine(spectrum.frequency_hz, 47.0, 36.0), 125.0)[0]
    # The true rate is the next whole number of samples, some parts in 1000 off.
    at_s = np.linspace(0, 8, passed.size, endpoint=False)
    middle = slice(100, -100)
    # 0.06: by the end of 8 s a rate off by 1/2000 has moved 4 ms of a 7 Hz sine
    assert passed[middle] == pytest.approx(np.sin(2 * np.pi * 7 * at_s)[middle], abs=0.06)


def test_a_sine_beyond_the_band_is_gone():
    time_s = np.arange(5000) / 500
    spectrum = LeadSpectrum(np.sin(2 * np.pi * 50 * time_s)[None], 500.0)
    passed = spectrum.band(raised_cosine(spectrum.frequency_hz, 47.0, 36.0), 125.0)[0]
    assert np.abs(passed[20:-20]).max() < 0.01  # what the reflected ends spread


def test_power_is_the_mean_square():
    time_s = np.arange(5000) / 500
    spectrum = LeadSpectrum(0.4 * np.sin(2 * np.pi * 20 * time_s)[None], 500.0)
    # 3 %: the faded ends count by their expectation
    assert spectrum.power_mv2(18, 22)[0] == pytest.approx(0.4**2 / 2, rel=0.03)
    assert spectrum.power_mv2(30, 40)[0] < 1e-4
    assert spectrum.power_mv2(300, 400)[0] == 0
