"""The regression probe: what it finds, what it must not see, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from physioclr.errors import DatasetError
from physioclr.probe import cross_validate_regression
from physioclr.probe.regression import _STRENGTHS, _fit, _out_of_fold

NAMES = ("exact", "half", "nothing")


def a_cohort(n_patients=150, *, per_patient=2, width=20, seed=0):
    """One value that is linear in the features, one with as much noise, one that is only noise."""
    rng = np.random.default_rng(seed)
    n = n_patients * per_patient
    features = rng.normal(size=(n, width))
    direction = rng.normal(size=width)
    linear = features @ direction / np.linalg.norm(direction)
    noise = rng.normal(size=(n, 2))
    values = np.column_stack([70 + 10 * linear, linear + noise[:, 0], noise[:, 1]])
    return features, values, np.array([f"p{i // per_patient}" for i in range(n)])


def regress(features, values, groups, **settings):
    settings = {"names": NAMES, "n_bootstrap": 200} | settings
    return cross_validate_regression(features, values, groups, **settings)


@pytest.fixture(scope="module")
def cohort():
    return a_cohort()


@pytest.fixture(scope="module")
def result(cohort):
    return regress(*cohort)


def test_a_planted_line_is_found_and_noise_is_not(result):
    table = result.table
    assert table.loc["exact", "r2"] > 0.999
    # The share of the variance that is linear is 0.5; 240 records leave a standard error of 0.05,
    # 20 weights cost 20 / 240.
    assert table.loc["half", "r2"] == pytest.approx(0.45, abs=0.12)
    assert -0.2 < table.loc["nothing", "r2"] < 0.05
    assert (table["r2_low"] <= table["r2"]).all()
    assert (table["r2"] <= table["r2_high"]).all()
    assert table.loc["nothing", "r2_low"] < 0.05


def test_errors_are_in_the_unit_of_the_value(cohort, result):
    features, values, groups = cohort
    in_other_units = regress(features, values * [1000.0, 1.0, 1.0], groups).table
    for column in ("mae", "sd"):
        assert in_other_units.loc["exact", column] == pytest.approx(
            1000 * result.table.loc["exact", column]
        )
    assert in_other_units.loc["exact", "r2"] == pytest.approx(result.table.loc["exact", "r2"])
    # The mean absolute value of a normal variable is sqrt(2 / pi) of its standard deviation.
    nothing = result.table.loc["nothing"]
    assert nothing["mae"] == pytest.approx(np.sqrt(2 / np.pi) * nothing["sd"], rel=0.1)


def test_the_fit_is_scikit_learns(cohort):
    features, values, _ = cohort
    training = np.arange(len(features)) < 15  # fewer records than features
    predicted = _fit(training, features, values)(~training)
    mean, sd = features[training].mean(axis=0), features[training].std(axis=0)
    for strength, ours in zip(_STRENGTHS, predicted, strict=True):
        theirs = Ridge(alpha=strength * training.sum(), solver="svd")
        theirs.fit((features[training] - mean) / sd, values[training])
        # Both closed forms in float64; values are about 100.
        np.testing.assert_allclose(
            ours, theirs.predict((features[~training] - mean) / sd), atol=1e-6
        )


def test_no_patient_is_in_two_folds(cohort, result):
    for patient in np.unique(cohort[2]):
        assert len(set(result.folds[cohort[2] == patient])) == 1


def test_a_fold_is_predicted_without_its_own_values(cohort, result):
    features, values, _ = cohort
    held_out = result.folds == 2
    spoiled = values.copy()
    spoiled[held_out] *= -3
    ours, _ = _out_of_fold(features, values, result.folds, 5)
    theirs, _ = _out_of_fold(features, spoiled, result.folds, 5)
    np.testing.assert_array_equal(ours[held_out], theirs[held_out])
    assert not np.allclose(ours[~held_out], theirs[~held_out])


def test_a_weaker_relation_is_held_more_strongly(result):
    _, half, nothing = np.log10(result.strengths).mean(axis=0)
    assert half < nothing


def test_unknown_values_are_left_out_and_counted(cohort):
    features, values, groups = cohort
    gappy = values.copy()
    gappy[::3, 0] = np.nan
    result = regress(features, gappy, groups)
    assert result.table["n_known"].tolist() == [200, 300, 300]
    assert np.isnan(result.predictions[::3, 0]).all()
    assert np.isfinite(result.predictions[1::3]).all()
    assert result.table.loc["exact", "r2"] > 0.999


def test_what_cannot_be_measured_is_unknown_with_a_reason(cohort):
    features, values, groups = cohort
    poor = np.full((len(values), 4), np.nan)
    poor[:29, 0] = values[:29, 0]
    poor[:, 1] = 5.0
    poor[:, 2] = values[:, 0]
    result = regress(features, poor, groups, names=("few", "same", "good", "never"))
    assert result.table["reason"].tolist() == [
        "needs 30 ECGs in which it is known, has 29",
        "is the same in all ECGs",
        "",
        "needs 30 ECGs in which it is known, has 0",
    ]
    scores = result.table[["r2", "r2_low", "r2_high", "mae", "sd"]]
    assert scores.drop(index="good").isna().all(axis=None)
    assert result.table.loc["good", "r2"] > 0.999
    assert np.isnan(result.predictions[:, [0, 1, 3]]).all()


def test_values_of_one_patient_cannot_be_held_out():
    features, values, _ = a_cohort(50)
    groups = ["one"] * 60 + [f"p{i}" for i in range(40)]
    values[60:, 0] = np.nan
    table = regress(features, values, groups).table
    assert table.loc["exact", "reason"] == "needs known values in each of 5 folds, has them in 1"
    assert table.loc["half", "reason"] == ""


def test_missing_features_are_filled(cohort):
    features, values, groups = cohort
    holes = np.random.default_rng(2).random(features.shape) < 0.05
    table = regress(np.where(holes, np.nan, features), values, groups).table
    # 5 % of each of 20 independent parts of the variance is gone.
    assert 0.85 < table.loc["exact", "r2"] < 0.99


def test_one_seed_gives_one_result(cohort, result):
    assert regress(*cohort).table.equals(result.table)
    assert not regress(*cohort, seed=1).table.equals(result.table)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": np.zeros((3, 2))}, "one row a record"),
        ({"features": np.full((300, 2), np.inf)}, "features must not be infinite"),
        ({"values": np.full((300, 3), np.inf)}, "values must not be infinite"),
        ({"names": ("exact",)}, "must name 3 columns"),
        ({"names": ("a", "a", "b")}, "each once"),
        ({"n_folds": 2}, "at least 3"),
        ({"n_bootstrap": 0}, "at least 1"),
    ],
)
def test_refuses_what_is_not_as_documented(cohort, changes, message):
    features, values, groups = cohort
    with pytest.raises(ValueError, match=message):
        regress(**({"features": features, "values": values, "groups": groups} | changes))


def test_refuses_fewer_patients_than_folds(cohort):
    features, values, _ = cohort
    with pytest.raises(DatasetError, match="at least 5 patients"):
        regress(features, values, ["a", "b"] * 150)
