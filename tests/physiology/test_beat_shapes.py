import itertools

import numpy as np
import pytest

from physioclr.physiology.beat_shapes import (
    adjacent_correlation,
    dominant_shape,
    shape_correlation,
)
from physioclr.signal.median_beat import cut_beats

FS_HZ = 500.0


def beats_of(shapes: np.ndarray, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Two leads with one Gaussian a beat, its height and sign given for each lead."""
    rng = np.random.default_rng(0)
    peaks = 300 + 400 * np.arange(len(shapes))
    time = np.arange(peaks[-1] + 300)
    bumps = np.exp(-0.5 * ((time[None, :] - peaks[:, None]) / 12) ** 2)
    return shapes.T @ bumps + noise * rng.normal(size=(2, time.size)), peaks


def correlation_by_definition(signal, peaks):
    """Slow oracle: pair by pair, over the leads known in both windows."""
    windows = cut_beats(signal, FS_HZ, peaks)
    result = []
    for one, other in itertools.pairwise(windows):
        leads = [i for i in range(2) if np.isfinite(one[i]).all() and np.isfinite(other[i]).all()]
        a = np.concatenate([np.empty(0), *(one[i] - one[i].mean() for i in leads)])
        b = np.concatenate([np.empty(0), *(other[i] - other[i].mean() for i in leads)])
        result.append(a @ b / np.sqrt((a @ a) * (b @ b)) if leads else np.nan)
    return np.array(result)


@pytest.mark.parametrize("n_beats", [1, 2, 64, 65, 130])
def test_neighbours_are_correlated_pair_by_pair_also_across_blocks(n_beats):
    rng = np.random.default_rng(n_beats)
    signal, peaks = beats_of(rng.normal(size=(n_beats, 2)), noise=0.3)
    signal[0, 500:600] = np.nan  # unknown for the first beats, in one lead
    # 1e-12: rounding of float64
    np.testing.assert_allclose(
        adjacent_correlation(signal, FS_HZ, peaks),
        correlation_by_definition(signal, peaks),
        atol=1e-12,
    )


def test_the_shape_of_the_most_beats_is_the_dominant_one():
    shapes = np.array([[1.0, 0.5]] * 4 + [[-0.5, 1.0]] * 3)
    signal, peaks = beats_of(shapes, noise=0.01)
    shape = dominant_shape(signal, FS_HZ, peaks)
    correlation = shape_correlation(signal, FS_HZ, peaks, shape)
    assert (correlation[:4] > 0.99).all()  # noise of a hundredth
    assert (np.abs(correlation[4:]) < 0.05).all()  # 1 · -0.5 + 0.5 · 1 = 0


def test_a_mark_that_lies_a_little_off_does_not_make_another_shape():
    signal, peaks = beats_of(np.array([[1.0, 0.5]] * 6), noise=0.01)
    shape = dominant_shape(signal, FS_HZ, peaks)
    off = peaks + np.array([0, 4, -4, 8, -8, 12])  # up to 24 ms
    # 0.98: half a step of 8 ms on a flank of 24 ms
    assert (shape_correlation(signal, FS_HZ, off, shape) > 0.98).all()


def test_gain_does_not_change_how_alike_beats_are():
    signal, peaks = beats_of(np.array([[1.0, 0.5], [1.1, 0.4], [0.9, 0.6], [0.2, 1.0]]), 0.01)
    one = shape_correlation(signal, FS_HZ, peaks, dominant_shape(signal, FS_HZ, peaks))
    other = shape_correlation(7 * signal, FS_HZ, peaks, dominant_shape(7 * signal, FS_HZ, peaks))
    np.testing.assert_allclose(one, other, atol=1e-12)  # rounding of float64


def test_a_lead_that_is_unknown_is_left_out_of_the_comparison():
    signal, peaks = beats_of(np.array([[1.0, 0.5]] * 5), noise=0.01)
    signal[1, 250:350] = np.nan
    shape = dominant_shape(signal, FS_HZ, peaks)
    assert (shape_correlation(signal, FS_HZ, peaks, shape) > 0.99).all()
    signal[:] = np.nan
    assert np.isnan(shape_correlation(signal, FS_HZ, peaks, shape)).all()


def test_there_is_no_dominant_shape_where_no_three_beats_are_alike():
    signal, peaks = beats_of(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]))
    assert dominant_shape(signal, FS_HZ, peaks) is None
    assert dominant_shape(signal, FS_HZ, peaks[:2]) is None
