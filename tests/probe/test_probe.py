"""The linear probe: what it finds, what it must not see, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from physioclr.errors import CheckpointError, DatasetError
from physioclr.probe import (
    MACRO,
    LinearProbe,
    ProbeResult,
    compare_probes,
    comparison_table,
    cross_validate_probe,
    fit_probe,
    paired_difference,
    paired_table,
    patient_folds,
    unmeasurable_labels,
)
from physioclr.probe.calibration import best_f1_threshold, platt_scaling
from physioclr.probe.cross_validation import DEFAULT_STRENGTHS, _out_of_fold
from physioclr.probe.folds import patient_codes
from physioclr.probe.logistic import Standardiser, fit_path
from physioclr.probe.scores import auroc, calibration_error, interval, patient_resamples

NAMES = ("NORM", "MI", "HYP")
N_BOOTSTRAP = 200


def a_cohort(n_patients=120, *, per_patient=2, width=12, noise=0.5, seed=0):
    """Features in which three labels of 50, 25 and 12 % are planted along random directions."""
    rng = np.random.default_rng(seed)
    n = n_patients * per_patient
    features = rng.normal(size=(n, width))
    directions = rng.normal(size=(width, 3))
    planted = features @ (directions / np.linalg.norm(directions, axis=0))
    planted += noise * rng.normal(size=planted.shape)
    cuts = np.quantile(planted, (0.5, 0.75, 0.88), axis=0).diagonal()
    groups = np.array([f"patient-{i // per_patient}" for i in range(n)])
    return features, (planted > cuts).astype(float), groups


def probe(features, targets, groups, **settings):
    settings = {"label_names": NAMES, "n_bootstrap": N_BOOTSTRAP} | settings
    return cross_validate_probe(features, targets, groups, **settings)


@pytest.fixture(scope="module")
def cohort():
    return a_cohort()


@pytest.fixture(scope="module")
def result(cohort):
    return probe(*cohort)


def test_a_planted_linear_signal_is_found(result):
    # At signal to noise 2:1 the true direction itself has an AUROC of about 0.94.
    assert (result.table["auroc"] > 0.85).all()
    assert (result.table["auroc_low"] > 0.75).all()
    assert (result.table["auroc_low"] < result.table["auroc"]).all()
    assert (result.table["auroc"] < result.table["auroc_high"]).all()


def test_shuffled_labels_give_an_interval_that_covers_a_half(cohort):
    features, targets, groups = cohort
    shuffled = targets[np.random.default_rng(1).permutation(len(targets))]
    table = probe(features, shuffled, groups).table
    # 0.02: pooled out-of-fold scores of pure noise lean below 0.5, as `cross_validation` says.
    assert table.loc[MACRO, "auroc_low"] < 0.5 < table.loc[MACRO, "auroc_high"] + 0.02


def test_no_patient_is_in_two_folds(cohort, result):
    _, _, groups = cohort
    for patient in np.unique(groups):
        assert len(set(result.folds[groups == patient])) == 1


def test_a_fold_is_predicted_without_its_own_labels(cohort):
    features, targets, groups = cohort
    folds = patient_folds(targets, groups)
    held_out = folds == 2
    spoiled = targets.copy()
    spoiled[held_out] = 1 - spoiled[held_out]
    grid = np.array(DEFAULT_STRENGTHS)
    ours, _, _ = _out_of_fold(features, targets, folds, grid, None)
    theirs, _, _ = _out_of_fold(features, spoiled, folds, grid, None)
    np.testing.assert_array_equal(ours[held_out], theirs[held_out])
    assert not np.allclose(ours[~held_out], theirs[~held_out])


def test_every_record_is_predicted_once(result):
    assert np.isfinite(result.probabilities).all()
    assert ((result.probabilities > 0) & (result.probabilities < 1)).all()


def test_the_order_of_the_records_does_not_matter(cohort, result):
    features, targets, groups = cohort
    order = np.random.default_rng(3).permutation(len(groups))
    again = probe(features[order], targets[order], groups[order])
    np.testing.assert_array_equal(again.folds, result.folds[order])
    np.testing.assert_array_equal(again.probabilities, result.probabilities[order])
    # Sums over the bootstrap's records are taken in another order: rounding only.
    np.testing.assert_allclose(
        again.table.drop(columns="reason").to_numpy(),
        result.table.drop(columns="reason").to_numpy(),
        rtol=1e-12,
    )


def test_the_unit_of_a_feature_does_not_matter(cohort, result):
    features, targets, groups = cohort
    rescaled = features * np.geomspace(1e-4, 1e4, features.shape[1]) + 5.0
    again = probe(rescaled, targets, groups)
    # The minimiser stops at a gradient of 1e-6, worth about 1e-5 of a probability.
    np.testing.assert_allclose(again.probabilities, result.probabilities, atol=1e-4)


def test_unknown_targets_are_neither_learnt_from_nor_scored(cohort):
    features, targets, groups = cohort
    known = targets.copy()
    known[:60, 1] = np.nan
    result = probe(features, known, groups)
    kept = ~np.isnan(known[:, 1])
    assert result.table.loc["MI", "n_known"] == kept.sum()
    assert result.table.loc["MI", "auroc"] == pytest.approx(
        roc_auc_score(known[kept, 1], result.probabilities[kept, 1]),
        abs=1e-12,  # both count pairs; rounding only
    )
    assert np.isfinite(result.probabilities).all()


def test_a_missing_feature_is_filled_and_its_absence_is_learnt_from():
    features, targets, groups = a_cohort()
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(len(features), 4))
    noise[:, 3] = np.nan  # never measurable
    noise[targets[:, 0] == 1, 1] = np.nan  # absent exactly where the label is present
    result = probe(noise, targets, groups)
    assert result.table.loc["NORM", "auroc"] == 1.0
    assert np.isfinite(result.probabilities).all()


def test_the_table_agrees_with_scikit_learn(cohort, result):
    _, targets, _ = cohort
    for i, name in enumerate(NAMES):
        # Both count the same pairs; rounding only.
        assert result.table.loc[name, "auroc"] == pytest.approx(
            roc_auc_score(targets[:, i], result.probabilities[:, i]), abs=1e-12
        )
    assert result.macro_auroc == pytest.approx(result.table.loc[list(NAMES), "auroc"].mean())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=4, max_size=40
    )
)
def test_weighted_auroc_is_that_of_the_repeated_records(rows):
    scores, positive, times = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    times = times.astype(int)
    area = auroc(scores, positive, times[None, :])[0]
    repeated = np.repeat(positive, times)
    if len(set(repeated)) < 2:
        assert np.isnan(area)
    else:
        # Sums of small integers: exact but for the division.
        expected = roc_auc_score(repeated, np.repeat(scores, times))
        assert area == pytest.approx(expected, abs=1e-12)


def test_the_interval_widens_with_fewer_patients():
    few, many = (
        probe(*a_cohort(n, per_patient=1, seed=2), label_names=NAMES).table for n in (60, 600)
    )
    width = [t.loc[MACRO, "auroc_high"] - t.loc[MACRO, "auroc_low"] for t in (few, many)]
    # Ten times the patients: narrower by the square root of ten, less the luck of the draw.
    assert width[0] > 1.8 * width[1]


def test_copies_of_a_patient_do_not_narrow_the_interval():
    features, targets, groups = a_cohort(80, per_patient=1)
    once = probe(features, targets, groups).table
    copies = probe(*(np.repeat(part, 4, axis=0) for part in (features, targets, groups))).table
    width = [t.loc[MACRO, "auroc_high"] - t.loc[MACRO, "auroc_low"] for t in (once, copies)]
    # Were records resampled, four copies would halve it. 200 resamples: good to a tenth.
    assert width[1] > 0.75 * width[0]


def test_resamples_keep_the_records_of_a_patient_together():
    codes = np.array([0, 0, 1, 2, 2, 2])
    drawn = patient_resamples(codes, 50, seed=0)
    assert drawn.shape == (50, 3)
    assert (drawn.sum(axis=1) == 3).all()
    np.testing.assert_array_equal(drawn, patient_resamples(codes, 50, seed=0))


def test_folds_hold_their_share_of_each_label():
    _, targets, groups = a_cohort(200)
    folds = patient_folds(targets, groups)
    for fold in range(5):
        share = targets[folds == fold].mean(axis=0)
        # A fold of 80 records; a patient more or less is 2 records, and labels come in pairs.
        np.testing.assert_allclose(share, targets.mean(axis=0), atol=0.06)
    assert np.ptp(np.bincount(folds)) <= 16


def test_another_seed_deals_other_folds():
    _, targets, groups = a_cohort(50)
    assert (patient_folds(targets, groups, seed=0) != patient_folds(targets, groups, seed=1)).any()


def test_rare_and_constant_labels_get_a_reason_and_the_rest_goes_on(cohort, result):
    features, targets, groups = cohort
    rare = np.zeros(len(targets))
    rare[:2] = 1  # two records of one patient
    with_rare = np.column_stack([targets, rare, np.ones(len(targets))])
    names = (*NAMES, "RARE", "ALL")
    found = probe(features, with_rare, groups, label_names=names)
    assert found.measured == NAMES
    assert found.table.loc["RARE", "reason"] == "needs 5 patients with it, has 1"
    assert found.table.loc["ALL", "reason"] == "needs 5 patients without it, has 0"
    assert found.table.loc[["RARE", "ALL"], "auroc"].isna().all()
    assert np.isnan(found.probabilities[:, 3:]).all()
    assert found.macro_auroc == pytest.approx(found.table.loc[list(NAMES), "auroc"].mean())
    assert found.macro_auroc == pytest.approx(result.macro_auroc, abs=0.05)  # other folds
    assert set(unmeasurable_labels(with_rare, groups, names)) == {"RARE", "ALL"}


def test_refuses_a_cohort_in_which_nothing_can_be_measured(cohort):
    features, targets, groups = cohort
    with pytest.raises(DatasetError, match=r"at least 5 patients.*found 1"):
        probe(features, targets, np.full(len(groups), "one"))
    with pytest.raises(DatasetError, match="one that can be measured"):
        probe(features, np.zeros_like(targets), groups)


def test_refuses_a_record_without_a_patient(cohort):
    features, targets, groups = cohort
    anonymous = groups.astype(object)
    anonymous[3] = None
    with pytest.raises(DatasetError, match="none for 1 of 240"):
        probe(features, targets, anonymous)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": np.zeros((3, 2))}, "one row a record"),
        ({"features": np.full((240, 2), np.inf)}, "infinite"),
        ({"targets": np.full((240, 3), 2.0)}, "1, 0 or NaN"),
        ({"label_names": ("NORM",)}, "must name 3 labels"),
        ({"n_folds": 2}, "at least 3"),
        ({"regularisation_grid": (1.0, 0.0)}, "positive"),
        ({"n_bootstrap": 0}, "at least 1"),
    ],
)
def test_refuses_what_is_not_as_documented(cohort, changes, message):
    features, targets, groups = cohort
    arguments = {"features": features, "targets": targets, "groups": groups} | changes
    with pytest.raises(ValueError, match=message):
        probe(**arguments)


def test_progress_runs_from_the_first_fit_to_the_last(cohort):
    seen = []
    probe(*cohort, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i + 1, 15) for i in range(15)]  # 10 pairs of folds and 5 folds


def test_a_result_survives_json(result):
    again = ProbeResult.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again.table.equals(result.table)
    assert (again.table.dtypes == result.table.dtypes).all()
    np.testing.assert_array_equal(again.probabilities, result.probabilities)
    assert paired_difference(again, result)[0] == 0.0
    with pytest.raises(DatasetError, match="folds"):
        ProbeResult.from_dict({k: v for k, v in result.to_dict().items() if k != "folds"})


def test_the_roc_curve_encloses_the_auroc(result):
    fpr, tpr = result.roc_curve("MI")
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    # The trapezoid rule over the whole curve is the AUROC; rounding only.
    assert np.trapezoid(tpr, fpr) == pytest.approx(result.table.loc["MI", "auroc"], abs=1e-12)
    with pytest.raises(ValueError, match="label must be one of NORM, MI, HYP"):
        result.roc_curve("AFIB")


def test_models_are_compared_on_the_same_folds_and_resamples(cohort, result):
    features, targets, groups = cohort
    noise = np.random.default_rng(9).normal(size=(len(features), 3))
    results = compare_probes(
        {"signal": features, "noise": noise},
        targets,
        groups,
        label_names=NAMES,
        n_bootstrap=N_BOOTSTRAP,
    )
    assert results["signal"].table.equals(result.table)
    np.testing.assert_array_equal(results["signal"].folds, results["noise"].folds)
    difference, low, high = paired_difference(results["signal"], results["noise"])
    assert difference == pytest.approx(results["signal"].macro_auroc - results["noise"].macro_auroc)
    assert 0 < low < difference < high
    assert paired_difference(result, result, "MI") == (0.0, 0.0, 0.0)

    table = comparison_table(results)
    assert table["label"].tolist() == [n for name in (MACRO, *NAMES) for n in (name, name)]
    assert table["model"].tolist() == ["signal", "noise"] * 4
    macro = result.table.loc[MACRO]
    first = f"{macro['auroc']:.3f} [{macro['auroc_low']:.3f}, {macro['auroc_high']:.3f}]"
    assert table["text"][0] == first


def test_records_can_be_met_otherwise_than_they_were_learnt_from(cohort, result):
    features, targets, groups = cohort
    same = probe(features, targets, groups, held_out_as=features)
    assert same.table.equals(result.table)
    noise = np.random.default_rng(6).normal(size=features.shape)
    met = probe(features, targets, groups, held_out_as=noise)
    # What was chosen and fitted does not know of it; what is scored has nothing to go by.
    np.testing.assert_array_equal(met.regularisation, result.regularisation)
    assert abs(met.macro_auroc - 0.5) < 0.12  # 240 records, a standard error of about 0.04
    with pytest.raises(ValueError, match="held_out_as must be"):
        probe(features, targets, groups, held_out_as=noise[:5])


def test_the_calibration_error_is_that_of_the_bins():
    stated = np.repeat([0.1, 0.7], 500)
    rng = np.random.default_rng(0)
    honest = rng.random(1000) < stated
    # Ten bins of 100: chance leaves each a mean gap of 0.8 standard errors, at most 0.037.
    assert calibration_error(stated, honest) < 0.07
    assert calibration_error(stated, np.zeros(1000, dtype=bool)) == pytest.approx(0.4)


def test_every_pair_has_its_difference_and_its_p(cohort):
    features, targets, groups = cohort
    rng = np.random.default_rng(9)
    noise, other = rng.normal(size=(2, len(features), 3))
    results = compare_probes(
        {"signal": features, "noise": noise, "again": features, "other": other},
        targets,
        groups,
        label_names=NAMES,
        n_bootstrap=N_BOOTSTRAP,
    )
    table = paired_table(results).set_index(["label", "model"])
    assert [label for label, _ in table.index[::3]] == [MACRO, *NAMES]
    for model in ("noise", "other"):
        expected = paired_difference(results["signal"], results[model])
        assert tuple(table.loc[(MACRO, model), ["difference", "low", "high"]]) == expected
        assert table.loc[(MACRO, model), "p"] == pytest.approx(2 / N_BOOTSTRAP)
    assert table.loc[(MACRO, "again"), "p"] == 1.0
    # Holm: the least of three p-values counts three times.
    assert table.loc[(MACRO, "noise"), "p_holm"] == pytest.approx(6 / N_BOOTSTRAP)
    with pytest.raises(ValueError, match="reference must be one of"):
        paired_table(results, "none")


def test_results_of_other_records_are_not_paired(cohort, result):
    features, targets, groups = cohort
    other = probe(features[:200], targets[:200], groups[:200])
    with pytest.raises(ValueError, match="same records"):
        paired_difference(result, other)


@pytest.mark.parametrize("strength", [1.0, 0.01])
def test_the_fit_is_scikit_learns(strength):
    features, targets, _ = a_cohort(60, width=300)  # more features than records
    standard = Standardiser.fit(features).apply(features)
    weights, bias = fit_path(standard, targets, np.array([10.0, strength]))
    for i in range(3):
        reference = LogisticRegression(C=1 / (strength * len(standard)), tol=1e-8, max_iter=5000)
        reference.fit(standard, targets[:, i])
        # Two minimisers of one strictly convex function, each stopped at a small gradient.
        np.testing.assert_allclose(weights[1, :, i], reference.coef_[0], atol=1e-4)
        assert bias[1, i] == pytest.approx(reference.intercept_[0], abs=1e-3)


def test_platt_scaling_recovers_a_planted_sigmoid():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=20_000)
    labels = (rng.random(20_000) < expit(2.5 * scores - 1.0)).astype(float)
    slope, intercept = platt_scaling(scores, labels)
    # Standard errors of the two at n = 20,000 are about 0.04 and 0.02; three of them.
    assert slope == pytest.approx(2.5, abs=0.12)
    assert intercept == pytest.approx(-1.0, abs=0.06)


def test_platt_scaling_never_turns_the_order():
    scores = np.linspace(-1, 1, 50)
    slope, _ = platt_scaling(scores, (scores < 0).astype(float))
    assert slope > 0


def test_the_threshold_is_that_of_the_best_f1():
    rng = np.random.default_rng(0)
    labels = (rng.random(60) < 0.3).astype(float)
    probabilities = np.round(rng.random(60) * 0.6 + 0.3 * labels, 1)  # with ties

    def f1(threshold):
        called = probabilities >= threshold
        return 2 * np.sum(labels * called) / (called.sum() + labels.sum())

    best = max(f1(t) for t in np.unique(probabilities))
    assert f1(best_f1_threshold(probabilities, labels)) == best


def test_probabilities_are_calibrated_out_of_fold():
    features, targets, groups = a_cohort(1500, per_patient=1)
    result = probe(features, targets, groups)
    for i in range(3):
        p = result.probabilities[:, i]
        for low, high in ((0.0, 0.2), (0.2, 0.5), (0.5, 1.0)):
            inside = (p >= low) & (p < high)
            observed, expected = targets[inside, i].mean(), p[inside].mean()
            # Three binomial standard errors of the bin.
            assert abs(observed - expected) < 3 * np.sqrt(expected * (1 - expected) / inside.sum())


def test_a_fitted_probe_predicts_new_patients(cohort):
    features, targets, groups = a_cohort(400, per_patient=1)
    head = fit_probe(features[:300], targets[:300], groups[:300], label_names=NAMES)
    p = head.probabilities(features[300:])
    assert p.shape == (100, 3)
    for i in range(3):
        # As in the planted cohort above; 100 patients, of whom 12 with the rarest label.
        assert roc_auc_score(targets[300:, i], p[:, i]) > 0.8
    assert (head.platt_slope > 0).all()


def test_a_fitted_probe_survives_its_tensors(cohort):
    head = fit_probe(*cohort, label_names=NAMES)
    tensors = head.to_tensors()
    assert {array.dtype for array in tensors.values()} == {np.dtype(np.float32)}
    again = LinearProbe.from_tensors(tensors, label_names=NAMES)
    np.testing.assert_array_equal(
        again.probabilities(cohort[0][:5]), head.probabilities(cohort[0][:5])
    )
    with pytest.raises(CheckpointError, match="'bias'"):
        LinearProbe.from_tensors(
            {k: v for k, v in tensors.items() if k != "bias"}, label_names=NAMES
        )
    with pytest.raises(CheckpointError, match="tensors of 2 labels"):
        LinearProbe.from_tensors(tensors, label_names=NAMES[:2])


def test_an_unknown_embedding_has_an_unknown_probability(cohort):
    head = fit_probe(*cohort, label_names=NAMES)
    asked = cohort[0][:2].copy()
    asked[1, 4] = np.nan
    p = head.probabilities(asked)
    assert np.isfinite(p[0]).all()
    assert np.isnan(p[1]).all()


def test_a_fitted_probe_refuses_what_it_cannot_learn(cohort):
    features, targets, groups = cohort
    with pytest.raises(DatasetError, match=r"label MI: .*needs 5 patients with it, has 0"):
        fit_probe(features, targets * [1, 0, 1], groups, label_names=NAMES)
    with pytest.raises(ValueError, match="NaN in 240 of 240 rows"):
        fit_probe(features * np.nan, targets, groups, label_names=NAMES)


def test_patient_codes_follow_the_names_not_the_order():
    np.testing.assert_array_equal(patient_codes(["b", "a", "b"]), [1, 0, 1])
    np.testing.assert_array_equal(patient_codes([12, 7]), patient_codes(["12", "7"]))


def test_an_interval_of_nothing_is_unknown():
    assert np.isnan(interval(np.full(3, np.nan))).all()
