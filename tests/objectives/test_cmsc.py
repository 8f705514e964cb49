from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from physioclr.objectives import Step
from physioclr.objectives.cmsc import neighbour_loss, patient_contrast
from tests.objectives.conftest import random_batch


def slow_patient_contrast(first, second, patient, temperature):
    """The equation, pair by pair."""

    def similar(a, b):
        return math.exp(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) / temperature)

    def one_way(a, b):
        terms = []
        for i in range(len(a)):
            every = sum(similar(a[i], other) for other in b)
            terms += [
                -math.log(similar(a[i], b[j]) / every)
                for j in range(len(b))
                if patient[i] == patient[j]
            ]
        return sum(terms) / len(terms)

    return (one_way(first, second) + one_way(second, first)) / 2


@given(n=st.integers(1, 7), seed=st.integers(0, 1000), n_patients=st.integers(1, 4))
def test_the_fast_loss_is_the_equation(n, seed, n_patients):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(n, 5)), rng.normal(size=(n, 5))
    patient = rng.integers(0, n_patients, n)
    found = patient_contrast(*map(torch.from_numpy, (first, second, patient)), temperature=0.2)
    expected = slow_patient_contrast(first, second, patient, 0.2)
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)  # float64


def test_of_three_windows_the_neighbours_alone_are_pairs():
    batch = random_batch(4, n_windows=3)
    projected = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    of = projected.view(4, 3, 5).double().numpy()
    patient = np.arange(4) // 2
    expected = [slow_patient_contrast(of[:, i], of[:, i + 1], patient, 0.1) for i in (0, 1)]
    found = neighbour_loss(projected, batch, Step.seeded(0), temperature=0.1)
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-4)  # float32
