from __future__ import annotations

import numpy as np
import pytest

from physioclr.probe import cross_validate_probe, fit_probe
from physioclr.probe.no_call import CallLimits, fit_call_limits, measure_calls

N_POSITIVE, N_NEGATIVE, N_TRIALS = 24, 47, 1000


def limits_of(positives, negatives, **kwargs):
    scores = np.concatenate([positives, negatives])
    labels = np.repeat([1.0, 0.0], [len(positives), len(negatives)])
    return fit_call_limits(scores, labels, range(len(scores)), **kwargs)


@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.2])
def test_wrong_calls_are_the_share_of_the_corrected_rank(alpha):
    """Of uniform scores the share beyond a limit is known without drawing new ECGs."""
    rng = np.random.default_rng(0)
    trials = [
        limits_of(rng.random(N_POSITIVE), rng.random(N_NEGATIVE), alpha=alpha)
        for _ in range(N_TRIALS)
    ]
    shares = {
        N_POSITIVE: [max(limits.absent_at, 0.0) for limits in trials],
        N_NEGATIVE: [1 - min(limits.present_at, 1.0) for limits in trials],
    }
    for n, wrong in shares.items():
        rank = int(alpha * (n + 1) + 1e-9)
        # The share is Beta(rank, n + 1 - rank); its mean within 4 standard errors of the trials.
        deviation = np.sqrt(rank * (n + 1 - rank) / ((n + 1) ** 2 * (n + 2)))
        assert np.mean(wrong) == pytest.approx(
            rank / (n + 1), abs=4 * deviation / np.sqrt(N_TRIALS)
        )
        assert rank / (n + 1) <= alpha


def test_ecgs_of_new_patients_are_called_wrongly_no_oftener_than_allowed():
    """Few patients with many ECGs must not drown many patients with one."""
    rng = np.random.default_rng(1)

    def cohort(n_patients):
        many = rng.random(n_patients) < 0.5
        sizes = np.where(many, 20, 1)
        patients = np.repeat(np.arange(n_patients), sizes)
        return np.where(many[patients], 0.8, 0.2) + 0.1 * rng.random(len(patients)), patients

    wrong, wrong_were_each_ecg_a_patient = [], []
    for _ in range(400):
        scores, patients = cohort(30)
        new, of = cohort(20)
        first_of_each = new[np.unique(of, return_index=True)[1]]
        labels = np.ones(len(scores))
        limit = fit_call_limits(scores, labels, patients).absent_at
        naive = fit_call_limits(scores, labels, range(len(scores))).absent_at
        wrong.append(np.mean(first_of_each < limit))
        wrong_were_each_ecg_a_patient.append(np.mean(first_of_each < naive))
    error = np.std(wrong) / np.sqrt(len(wrong))
    assert np.mean(wrong) <= 0.1 + 4 * error
    assert np.mean(wrong_were_each_ecg_a_patient) > 0.3  # what the weights are there for


def test_limits_of_out_of_fold_probabilities_hold_for_the_head_fitted_on_all():
    rng = np.random.default_rng(2)
    missed, falsely_present = [], []

    def draw(n):
        labels = (rng.random(n) < 0.4).astype(float)
        return rng.normal(size=(n, 4)) + labels[:, None] * [1.0, 0.5, 0.0, 0.0], labels

    for seed in range(4):
        features, labels = draw(200)
        data = (features, labels[:, None], range(200))
        result = cross_validate_probe(*data, label_names=["x"], seed=seed, n_bootstrap=1)
        limits = fit_call_limits(result.probabilities[:, 0], labels, result.groups)
        head = fit_probe(*data, label_names=["x"], seed=seed)
        new, truth = draw(4000)
        called = np.array([limits.call(p) for p in head.probabilities(new)[:, 0]])
        missed.append(np.mean(called[truth == 1] == "absent"))
        falsely_present.append(np.mean(called[truth == 0] == "present"))
        assert np.mean(called == "no call") > 0.1  # the classes overlap: AUROC about 0.8
    # The share of one cohort with n ECGs of the class deviates by sqrt(0.1 * 0.9 / (n + 2)): .033
    # with 80, .027 with 120. Three standard errors of the mean of four cohorts.
    assert np.mean(missed) == pytest.approx(0.1, abs=3 * 0.033 / 2)
    assert np.mean(falsely_present) == pytest.approx(0.1, abs=3 * 0.027 / 2)


def test_with_too_few_patients_of_a_class_its_call_is_never_made():
    rng = np.random.default_rng(3)
    few = limits_of(rng.random(8), rng.random(40))
    assert few.absent_at == -np.inf
    assert few.call(0.0) == "no call"
    assert np.isfinite(few.present_at)
    enough = limits_of(rng.random(9), rng.random(40))  # 1 / 0.1 - 1
    assert np.isfinite(enough.absent_at)
    assert limits_of(rng.random(40), rng.random(8)).present_at == np.inf
    none = limits_of(np.empty(0), np.empty(0))
    assert (none.absent_at, none.present_at) == (-np.inf, np.inf)


def test_nine_ecgs_of_one_patient_are_one_patient():
    scores, labels = np.linspace(0, 1, 9), np.ones(9)
    assert fit_call_limits(scores, labels, ["a"] * 9).absent_at == -np.inf
    assert np.isfinite(fit_call_limits(scores, labels, range(9)).absent_at)


def test_unknown_labels_are_not_used():
    rng = np.random.default_rng(4)
    scores = rng.random(60)
    labels = np.tile([1.0, 0.0, np.nan], 20)
    known = ~np.isnan(labels)
    assert fit_call_limits(scores, labels, range(60)) == fit_call_limits(
        scores[known], labels[known], np.arange(60)[known]
    )
    scores[~known] = np.nan
    assert fit_call_limits(scores, labels, range(60)).absent_at > 0


def test_tied_probabilities_are_called_together_and_within_the_share():
    limits = limits_of(np.repeat([0.2, 0.6], 15), np.repeat([0.1, 0.6], [20, 10]))
    # Half of the positives share the lowest score: below it lies none, at it too many.
    assert (limits.absent_at, limits.present_at) == (0.2, 0.6)
    assert limits.call(0.2) == "no call"
    assert limits.call(0.19) == "absent"
    everything_equal = limits_of(np.full(20, 0.5), np.full(20, 0.5))
    assert everything_equal.call(0.5) == "no call"


def test_where_the_classes_are_apart_every_ecg_is_called_rightly():
    positives, negatives = np.linspace(0.8, 1, 30), np.linspace(0, 0.2, 30)
    limits = limits_of(positives, negatives)
    assert limits.absent_at == limits.present_at
    assert 0.2 < limits.absent_at < 0.8
    assert {limits.call(p) for p in positives} == {"present"}
    assert {limits.call(p) for p in negatives} == {"absent"}


def test_each_fold_is_called_by_limits_of_the_others():
    """One fold's ECGs have their scores turned round: its own limits would never call them."""
    rng = np.random.default_rng(5)
    labels = np.tile([1.0, 0.0], 50)
    folds = np.repeat(np.arange(5), 20)
    scores = 0.1 * rng.random(100) + np.where((labels == 1) != (folds == 0), 0.8, 0.1)
    rates = measure_calls(scores, labels, range(100), folds, alpha=0.3)
    # All 10 positives of fold 0 are missed, by the limits of 40 positives set apart from 40
    # negatives; with 10 of the 40 turned round, the other folds' limits at 0.3 are still apart.
    assert rates.missed == pytest.approx(10 / 50)
    assert rates.falsely_present == pytest.approx(10 / 50)
    assert rates.no_call == 0.0
    assert rates.ppv == pytest.approx(40 / 50)
    assert rates.npv == pytest.approx(40 / 50)


def test_what_cannot_be_counted_is_nan():
    rates = measure_calls(np.full(20, 0.5), np.ones(20), range(20), np.arange(20) % 5)
    assert rates.no_call == 1.0
    assert rates.missed == 0.0
    assert np.isnan([rates.falsely_present, rates.ppv, rates.npv]).all()


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, np.nan])
def test_a_share_outside_0_and_1_is_the_callers_mistake(alpha):
    with pytest.raises(ValueError, match="alpha must be in"):
        limits_of(np.linspace(0, 1, 30), np.linspace(0, 1, 30), alpha=alpha)


@pytest.mark.parametrize(
    ("scores", "labels", "says"),
    [
        ([0.1, 0.2], [1.0], "of one length"),
        ([0.1, 0.2], [1.0, 2.0], "labels must be"),
        ([0.1, np.nan], [1.0, 0.0], "must be finite"),
    ],
)
def test_bad_arguments_are_named(scores, labels, says):
    with pytest.raises(ValueError, match=says):
        fit_call_limits(np.array(scores), np.array(labels), range(2))


def test_limits_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="absent_at must be at most present_at"):
        CallLimits(alpha=0.1, present_at=0.2, absent_at=0.3)


def test_an_unknown_probability_is_no_call():
    assert CallLimits(alpha=0.1, present_at=0.6, absent_at=0.3).call(float("nan")) == "no call"
