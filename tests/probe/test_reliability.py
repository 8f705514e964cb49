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


CALIBRATION = {
    "calibrated": lambda log_odds: log_odds,
    "too bold": lambda log_odds: 0.5 * log_odds,
    "too timid": lambda log_odds: 1.6 * log_odds,
    "too high": lambda log_odds: log_odds - 0.8,
    "bent": lambda log_odds: np.where(log_odds > 0, 2.0, 0.4) * log_odds,
}


def cohort(rng, truth, *, n=350):
    """Return log-odds as a rare label's are, as stated, and labels drawn from the true ones."""
    stated = rng.normal(-2.0, 2.0, size=n)
    return stated, (rng.random(n) < expit(truth(stated))).astype(float)


@pytest.mark.parametrize("kind", CALIBRATION)
def test_the_interval_at_a_probability_covers_the_truth_there(kind):
    """350 ECGs, as in the shipped head's cohort; new ECGs as the cohort's."""
    rng, truth, covered = np.random.default_rng(2), CALIBRATION[kind], []
    for _ in range(60):
        stated, labels = cohort(rng, truth)
        bins = reliability_bins(expit(stated), labels)
        for log_odds in rng.normal(-2.0, 2.0, size=20):
            probability = expit(log_odds)
            low, high = bin_of(probability, bins).interval_at(probability)
            covered.append(low <= expit(truth(log_odds)) <= high)
    # 95 % nominal; 1,200 intervals of 60 cohorts have a standard error of 0.01 to 0.015. A curve
    # that bends within a bin is followed only so far.
    assert np.mean(covered) > (0.92 if kind in ("calibrated", "too high") else 0.86)


def test_in_the_tail_a_calibrated_probability_is_not_drawn_to_its_bins_mean():
    rng, truth = np.random.default_rng(3), CALIBRATION["calibrated"]
    at_the_probability, of_the_bin = [], []
    for _ in range(200):
        stated, labels = cohort(rng, truth)
        probability = expit(2.5)  # of 350 the fourth highest, in the median
        own = bin_of(probability, reliability_bins(expit(stated), labels))
        for covered, (low, high) in (
            (at_the_probability, own.interval_at(probability)),
            (of_the_bin, own.interval()),
        ):
            covered.append(low <= probability <= high)
    # 95 % nominal, the standard error of 200 cohorts is 0.015.
    assert np.mean(at_the_probability) > 0.91
    assert np.mean(of_the_bin) < 0.5


def test_at_the_bins_mean_the_interval_is_the_bins():
    own = ReliabilityBin(0.2, 0.6, 40, 18, 0.41)
    assert own.interval_at(0.41) == pytest.approx(own.interval())
    lower, higher = own.interval_at(0.25), own.interval_at(0.55)
    assert lower[0] < own.interval()[0] < higher[0]
    assert lower[1] < own.interval()[1] < higher[1]


@pytest.mark.parametrize("n_positive", [0, 10])
def test_an_interval_stays_within_0_and_1_and_unknown_stays_unknown(n_positive):
    own = ReliabilityBin(0.0, 1.0, 10, n_positive, 0.5)
    for probability in (0.0, 0.3, 1.0):
        low, high = own.interval_at(probability)
        assert 0 <= low < high <= 1
    assert np.isnan(own.interval_at(float("nan"))).all()


def test_a_probability_finds_its_bin_at_every_edge():
    bins = (ReliabilityBin(0.0, 0.2, 40, 2, 0.1), ReliabilityBin(0.2, 1.0, 40, 30, 0.7))
    assert [bin_of(p, bins) for p in (0.0, 0.1999, 0.2, 1.0)] == [
        bins[0],
        bins[0],
        bins[1],
        bins[1],
    ]
    assert bin_of(0.5, ()) is None


def test_wilsons_example():
    # 10 of 10: the score interval is [n / (n + z²), 1].
    low, high = ReliabilityBin(0.9, 1.0, 10, 10, 0.95).interval()
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
