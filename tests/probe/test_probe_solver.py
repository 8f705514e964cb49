"""The minimiser behind the probe: many problems at once, each ending at its own minimum."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from physioclr.probe.lbfgs import minimise_columns
from physioclr.probe.logistic import Standardiser, fit_path


def quadratics(n_columns, *, dimension=12, seed=0):
    """Quadratics of very different curvature, and where each is lowest."""
    rng = np.random.default_rng(seed)
    curvature = torch.tensor(np.geomspace(1, 300, dimension)[:, None] * np.ones(n_columns))
    lowest = torch.tensor(rng.normal(size=(dimension, n_columns)))

    def objective(point, at):
        away = point - lowest[:, at]
        scaled = curvature[:, at] * away
        return 0.5 * (away * scaled).sum(0), scaled

    return objective, lowest


def test_each_column_reaches_its_own_minimum():
    objective, lowest = quadratics(7)
    found = minimise_columns(
        objective, torch.zeros_like(lowest), gradient_tolerance=1e-8, max_iterations=300
    )
    # A gradient of 1e-8 over the least curvature, 1.
    torch.testing.assert_close(found, lowest, atol=1e-8, rtol=0)


def test_a_column_does_not_depend_on_those_beside_it():
    objective, lowest = quadratics(5)
    together = minimise_columns(
        objective, torch.zeros_like(lowest), gradient_tolerance=1e-6, max_iterations=100
    )
    for column in range(5):

        def alone(point, _at, column=column):
            return objective(point, torch.tensor([column]))

        found = minimise_columns(
            alone, torch.zeros(12, 1).double(), gradient_tolerance=1e-6, max_iterations=100
        )
        # The same steps; sums over columns of another memory layout differ by rounding only.
        torch.testing.assert_close(found[:, 0], together[:, column], atol=1e-9, rtol=0)


def test_columns_that_converge_at_once_stay_where_they_are():
    objective, lowest = quadratics(3)
    found = minimise_columns(objective, lowest, gradient_tolerance=1e-6, max_iterations=5)
    assert torch.equal(found, lowest)


def test_it_ends_after_the_iterations_allowed():
    calls = []
    objective, lowest = quadratics(2)

    def counted(point, at):
        calls.append(len(at))
        return objective(point, at)

    minimise_columns(counted, torch.zeros_like(lowest), gradient_tolerance=1e-12, max_iterations=3)
    assert 4 <= len(calls) <= 4 + 3 * 30  # the start, three iterations, their halvings


@pytest.mark.parametrize("n_records", [200, 9000])
def test_probabilities_are_those_of_scikit_learn(n_records):
    """9,000 x 256 is fitted in single precision, 200 x 256 in double and with n < d."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(n_records, 256)) * np.geomspace(1, 0.05, 256)
    logits = features @ rng.normal(size=(256, 2)) - 1
    targets = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(float)
    targets[::7, 1] = np.nan
    standard = Standardiser.fit(features).apply(features)
    weights, bias = fit_path(standard, targets, np.array([0.3, 0.01]), gradient_tolerance=1e-6)
    for label in range(2):
        known = np.isfinite(targets[:, label])
        reference = LogisticRegression(C=1 / (0.01 * known.sum()), tol=1e-6, max_iter=2000)
        reference.fit(standard[known], targets[known, label])
        ours = 1 / (1 + np.exp(-(standard @ weights[1, :, label] + bias[1, label])))
        # Both stop at a small gradient of a strictly convex loss; single precision: 1e-7 an
        # operation, some 1e3 of them.
        np.testing.assert_allclose(ours, reference.predict_proba(standard)[:, 1], atol=5e-4)


def test_features_that_repeat_each_other_do_no_harm():
    rng = np.random.default_rng(2)
    features = np.repeat(rng.normal(size=(80, 5)), 4, axis=1)
    targets = (features[:, :1] + 0.5 * rng.normal(size=(80, 1)) > 0).astype(float)
    standard = Standardiser.fit(features).apply(features)
    weights, bias = fit_path(standard, targets, np.array([0.1]))
    assert np.isfinite(weights).all()
    assert np.isfinite(bias).all()
    # By symmetry the four copies share the weight; the fit ends at a gradient of 1e-6.
    np.testing.assert_allclose(weights[0, ::4], weights[0, 1::4], atol=1e-5)
