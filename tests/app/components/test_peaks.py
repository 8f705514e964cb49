import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.components.peaks import keep_peaks


@given(st.integers(1, 5000), st.integers(2, 500), st.integers(0, 99))
def test_extremes_survive_and_the_budget_holds(n_samples, max_points, seed):
    signal = np.random.default_rng(seed).standard_normal(n_samples).astype(np.float32)
    points, stride = keep_peaks(signal, max_points)
    assert len(points) <= max(max_points, 2)
    assert (np.nanmin(points), np.nanmax(points)) == (signal.min(), signal.max())
    # The points span the signal, give or take the last bin's padding.
    assert len(points) * stride >= n_samples
    assert (len(points) - 2) * stride < n_samples


def test_a_short_signal_passes_untouched():
    signal = np.arange(10, dtype=np.float32)
    points, stride = keep_peaks(signal, 10)
    assert points is signal
    assert stride == 1.0


def test_an_unknown_bin_stays_unknown():
    signal = np.zeros(1000, dtype=np.float32)
    signal[400:600] = np.nan
    points, _ = keep_peaks(signal, 100)
    assert np.isnan(points[40:60]).all()
    assert np.isfinite(points[:40]).all()


def test_extremes_keep_their_order_in_time():
    signal = np.zeros(100, dtype=np.float32)
    signal[[10, 20]] = [-1.0, 1.0]
    points, _ = keep_peaks(signal, 2)
    assert points.tolist() == pytest.approx([-1.0, 1.0])
