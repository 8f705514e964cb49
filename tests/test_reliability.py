import numpy as np
import pytest
from scipy.special import expit, logit

from physioclr.probe.reliability import ReliabilityBin, bin_of, reliability_bins


def draw(rng, n, *, slope=1.0):
    """Return probabilities and labels; with a slope of 1 the probabilities are the true ones."""
    stated = expit(rng.normal(0, 1.5, size=n))
    true = expit(slope * logit(stated))
    return stated, (rng.random(n) < true).astype(float), true


def test_bins_hold_every_known_ecg_once_and_leave_no_gap():
    stated, labels, _ = draw(np.random.default_rng(0), 349)
    labels[:9] = np.nan
    bins = reliability_bins(stated, labels)
    assert sum(one.n for one in bins) == 340
    assert sum(one.n_positive for one in bins) == np.nansum(labels)
    assert min(one.n for one in bins) >= 35
    assert [one.high for one in bins[:-1]] == [one.low for one in bins[1:]]
    assert (bins[0].low, bins[-1].high) == (0.0, 1.0)


@pytest.mark.parametrize("slope", [1.0, 0.4])
def test_the_interval_covers_the_true_share_calibrated_or_not(slope):
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(60):
        stated, labels, _ = draw(rng, 350, slope=slope)
        bins = reliability_bins(stated, labels)
        new, _, true = draw(rng, 4000, slope=slope)
        for one in bins:
            inside = (new >= one.low) & (new < one.high)
            low, high = one.interval()
            covered.append(low <= true[inside].mean() <= high)
    # 600 intervals at 95 %: the standard error of the coverage is 0.009.
    assert np.mean(covered) > 0.92


def test_a_probability_finds_its_bin_at_every_edge():
    bins = (ReliabilityBin(0.0, 0.2, 40, 2), ReliabilityBin(0.2, 1.0, 40, 30))
    assert [bin_of(p, bins) for p in (0.0, 0.1999, 0.2, 1.0)] == [
        bins[0],
        bins[0],
        bins[1],
        bins[1],
    ]
    assert bin_of(0.5, ()) is None


def test_wilsons_example():
    # 10 of 10: the score interval is [n / (n + z²), 1].
    low, high = ReliabilityBin(0.9, 1.0, 10, 10).interval()
    assert low == pytest.approx(10 / (10 + 1.959964**2))
    assert high == pytest.approx(1.0)


def test_equal_probabilities_share_a_bin():
    bins = reliability_bins(np.full(200, 0.3), np.r_[np.ones(50), np.zeros(150)])
    assert sum(one.n for one in bins) == 200
    assert bin_of(0.3, bins).n == 200


def test_nothing_known_has_no_bins_and_shapes_must_agree():
    assert reliability_bins(np.array([0.5]), np.array([np.nan])) == ()
    with pytest.raises(ValueError, match="must have one shape"):
        reliability_bins(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="per_bin must be at least 1"):
        reliability_bins(np.zeros(3), np.zeros(3), per_bin=0)
