from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from physioclr.models import TransformerConfig
from physioclr.objectives import Step
from physioclr.objectives.w2v_cmsc_rlm import (
    W2vCmscRlm,
    W2vCmscRlmConfig,
    diversity_loss,
    local_contrast,
)


def slow_local_contrast(context, quantised, codes, hidden, temperature):
    """The equation, token by token."""

    def similar(a, b):
        return math.exp(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) / temperature)

    terms = []
    for window in range(len(context)):
        places = np.flatnonzero(hidden[window])
        for t in places:
            own = similar(context[window, t], quantised[window, t])
            others = [
                similar(context[window, t], quantised[window, u])
                for u in places
                if u != t and not (codes[window, u] == codes[window, t]).all()
            ]
            terms.append(-math.log(own / (own + sum(others))))
    return np.mean(terms)


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_contrast_is_the_equation(seed):
    rng = np.random.default_rng(seed)
    context, quantised = rng.normal(size=(3, 9, 4)), rng.normal(size=(3, 9, 4))
    codes = rng.integers(0, 2, (3, 9, 2))
    hidden = rng.random((3, 9)) < 0.6
    found = local_contrast(
        *map(torch.from_numpy, (context, quantised, codes, hidden)), temperature=0.2
    )
    expected = slow_local_contrast(context, quantised, codes, hidden, 0.2)
    assert float(found) == pytest.approx(expected, rel=1e-9)  # float64


def test_the_diversity_is_the_perplexity_of_the_mean_choice():
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.full(6, 0.3), size=(3, 5, 2))
    hidden = rng.random((3, 5)) < 0.6
    mean = chances[hidden].mean(0)
    perplexity = np.exp(-(mean * np.log(mean)).sum(-1))
    found = diversity_loss(torch.from_numpy(chances), torch.from_numpy(hidden))
    assert float(found) == pytest.approx(1 - perplexity.mean() / 6, rel=1e-9)  # float64


def test_even_use_of_the_entries_costs_nothing_and_one_entry_alone_the_most():
    hidden = torch.ones(1, 4, dtype=torch.bool)
    even = torch.full((1, 4, 2, 8), 1 / 8)
    single = torch.zeros(1, 4, 2, 8)
    single[..., 3] = 1
    assert float(diversity_loss(even, hidden)) == pytest.approx(0, abs=1e-6)  # float32
    assert float(diversity_loss(single, hidden)) == pytest.approx(1 - 1 / 8)


def test_features_are_entries_of_the_codebooks(batch):
    torch.manual_seed(0)
    objective = W2vCmscRlm(
        TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5),
        W2vCmscRlmConfig(n_groups=2, n_entries=5, projection_dim=8),
    )
    quantised, codes, chances = objective._quantised(batch.windows.signal, Step.seeded(0))
    books = objective.codebooks
    expected = torch.cat([books[0][codes[..., 0]], books[1][codes[..., 1]]], dim=-1)
    torch.testing.assert_close(quantised, expected, rtol=1e-5, atol=1e-6)  # hard + soft − soft
    torch.testing.assert_close(chances.sum(-1), torch.ones(chances.shape[:-1]))


def test_the_choice_hardens_over_the_run():
    config = W2vCmscRlmConfig()
    temperatures = [config.gumbel_temperature_at(progress) for progress in (0, 0.5, 1)]
    assert temperatures == [pytest.approx(2.0), pytest.approx(1.0), pytest.approx(0.5)]
