from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from physioclr.pretraining.monitoring import alignment, effective_rank, physiology_r2, uniformity


def embeddings(n, d, seed=0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_alignment_is_0_for_equal_views_and_4_for_opposite_ones():
    views = embeddings(20, 5)
    # float32 on the unit sphere
    assert alignment(views, 3 * views) == pytest.approx(0, abs=1e-6)
    assert alignment(views, -views) == pytest.approx(4, abs=1e-5)


def test_uniformity_is_the_mean_over_pairs_of_the_definition():
    points = embeddings(6, 3)
    unit = (points / points.norm(dim=1, keepdim=True)).numpy()
    pairs = [
        math.exp(-2 * ((unit[i] - unit[j]) ** 2).sum()) for i in range(6) for j in range(i + 1, 6)
    ]
    assert uniformity(points) == pytest.approx(math.log(np.mean(pairs)), abs=1e-5)  # float32
    assert uniformity(torch.ones(4, 3)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("rank", [1, 3, 8])
def test_the_effective_rank_counts_equal_directions(rank):
    orthogonal = torch.linalg.qr(embeddings(40, 8))[0]
    # The 1e-7 of RankMe for each of the directions that are not there.
    assert effective_rank(orthogonal[:, :rank]) == pytest.approx(rank, rel=1e-4)


def test_a_measurement_that_is_linear_in_the_embedding_is_found_and_noise_is_not():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 4)).astype(np.float32)
    values = 60 + points @ np.array([5.0, -3, 0, 1])
    assert physiology_r2(points[:100], values[:100], points[100:], values[100:]) > 0.999
    noise = rng.normal(size=200)
    assert physiology_r2(points[:100], noise[:100], points[100:], noise[100:]) < 0.15


def test_an_ecg_without_the_measurement_does_not_count():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 4)).astype(np.float32)
    values = points[:, 0].astype(np.float64)
    some = values.copy()
    some[::3] = np.nan
    assert physiology_r2(points[:100], some[:100], points[100:], some[100:]) > 0.999
    few = np.full(100, np.nan)
    few[:9] = values[:9]
    assert math.isnan(physiology_r2(points[:100], few, points[100:], values[100:]))
