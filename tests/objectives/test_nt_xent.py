from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from physioclr.objectives.nt_xent import nt_xent


def slow_nt_xent(first, second, patient, temperature):
    """The equation, view by view and term by term."""
    views = [*first, *second]
    source = [*patient, *patient]
    n = len(first)

    def similar(a, b):
        return math.exp(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) / temperature)

    losses = []
    for i, view in enumerate(views):
        j = (i + n) % (2 * n)
        others = [similar(view, views[k]) for k in range(2 * n) if source[k] != source[i]]
        own = similar(view, views[j])
        losses.append(-math.log(own / (own + sum(others))))
    return sum(losses) / len(losses)


@given(
    n=st.integers(2, 7),
    seed=st.integers(0, 1000),
    each=st.sampled_from([1, 2]),
    temperature=st.sampled_from([0.1, 0.5]),
)
def test_the_fast_loss_is_the_equation(n, seed, each, temperature):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(n, 5)), rng.normal(size=(n, 5))
    patient = np.arange(n) // each
    found = nt_xent(*map(torch.from_numpy, (first, second, patient)), temperature=temperature)
    expected = slow_nt_xent(first, second, patient, temperature)
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)  # float64


def test_equal_views_far_from_all_others_cost_nothing():
    views = torch.eye(4)
    loss = nt_xent(views, views, torch.arange(4), temperature=0.05)
    # Six other views at cosine 0: log(1 + 6 exp(-20)).
    assert float(loss) == pytest.approx(6 * math.exp(-20), rel=0.1, abs=1e-6)  # float32
