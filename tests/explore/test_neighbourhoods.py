"""Neighbours in an embedding: the same as by physiology, by label, on a map."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.errors import DatasetError
from physioclr.explore.neighbourhoods import (
    label_agreement,
    map_faithfulness,
    nearest_rows,
    neighbourhood_agreement,
)

N, K = 300, 10


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).normal(size=(N, 8))


@pytest.fixture(scope="module")
def patients():
    return np.array([f"p{i}" for i in range(N)])


def cosine(points):
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    return unit @ unit.T


def test_one_space_agrees_with_itself(points, patients):
    found = neighbourhood_agreement(points, cosine(points), patients, k=K)
    assert (found.share, found.low, found.high, found.n) == (1.0, 1.0, 1.0, N)
    assert found.chance == pytest.approx(K / (N - 1))


def test_independent_spaces_agree_by_chance(points, patients):
    other = np.random.default_rng(1).normal(size=(N, 5))
    found = neighbourhood_agreement(points, cosine(other), patients, k=K)
    # A share of 10 of 299: hypergeometric, so its variance is at most that of 10 draws; hubs make
    # the ECGs' shares depend on one another a little: four standard errors of their mean.
    tolerance = 4 * np.sqrt(found.chance * (1 - found.chance) / K / N)
    assert found.share == pytest.approx(found.chance, abs=tolerance)
    assert found.low < found.chance < found.high


def test_the_more_noise_the_less_agreement(points, patients):
    noise = np.random.default_rng(2).normal(size=points.shape)
    shares = [
        neighbourhood_agreement(points + amount * noise, cosine(points), patients, k=K).share
        for amount in (0.1, 0.5, 2.0)
    ]
    assert 1 > shares[0] > shares[1] > shares[2] > K / N


def test_lengths_and_the_order_of_the_ecgs_do_not_matter(points, patients):
    order = np.random.default_rng(3).permutation(N)
    noisy = points + np.random.default_rng(2).normal(size=points.shape)
    lengths = np.linspace(0.1, 10, N)[:, None]
    one = neighbourhood_agreement(noisy, cosine(points), patients, k=K)
    two = neighbourhood_agreement(
        (noisy * lengths)[order], cosine(points[order]), patients[order], k=K
    )
    assert two.share == pytest.approx(one.share, abs=1e-12)


def test_ecgs_of_the_same_patient_are_no_neighbours(points):
    twins = np.repeat(points[: N // 2], 2, axis=0)
    similarity = cosine(np.random.default_rng(4).normal(size=(N, 5)))
    for i in range(0, N, 2):
        similarity[i, i + 1] = similarity[i + 1, i] = 1.0
    pairs = np.repeat(np.arange(N // 2), 2)
    with_twins = neighbourhood_agreement(twins, similarity, np.arange(N), k=1)
    without = neighbourhood_agreement(twins, similarity, pairs, k=1)
    assert with_twins.share == 1.0
    assert without.share < 0.05
    assert without.chance == pytest.approx(1 / (N - 2))


def test_ecgs_that_cannot_be_compared_are_left_out(points, patients):
    similarity = cosine(points)
    similarity[:50] = similarity[:, :50] = np.nan
    found = neighbourhood_agreement(points[50:], similarity[50:, 50:], patients[50:], k=K)
    gappy = neighbourhood_agreement(points, similarity, patients, k=K)
    assert gappy.n == found.n == N - 50
    assert found.share == 1.0
    with pytest.raises(DatasetError, match="an ECG with 10 others"):
        neighbourhood_agreement(points, np.full((N, N), np.nan), patients, k=K)


def test_labels_are_shared_by_neighbours_in_clusters_and_by_chance_elsewhere(patients):
    rng = np.random.default_rng(5)
    cluster = np.arange(N) % 3
    targets = np.eye(3)[cluster]
    centres = 20 * np.eye(3)[cluster]
    close = label_agreement(centres + rng.normal(size=(N, 3)), targets, patients, k=K)
    assert close.share == 1.0
    assert close.chance == pytest.approx((N / 3 - 1) / (N - 1))
    far = label_agreement(rng.normal(size=(N, 6)), targets, patients, k=K)
    # As above, with a share of a third; neighbours are shared, so eight standard errors.
    assert far.share == pytest.approx(far.chance, abs=8 * np.sqrt(2 / 9 / K / N))


def test_an_ecg_without_a_label_is_not_asked_and_an_unknown_label_is_not_shared(points, patients):
    targets = np.ones((N, 2))
    targets[:100] = 0
    targets[100:, 1] = np.nan
    found = label_agreement(points, targets, patients, k=K)
    assert found.n == 200
    assert found.chance == pytest.approx(199 / 299)
    with pytest.raises(DatasetError, match="others, found none"):
        label_agreement(points, np.full((N, 2), np.nan), patients, k=K)


def test_a_flat_space_is_mapped_faithfully_and_a_shuffled_map_is_not():
    angle = np.random.default_rng(6).uniform(0, 2 * np.pi, 200)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    lifted = circle @ np.random.default_rng(7).normal(size=(2, 2))
    rotated = circle @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    kept = map_faithfulness(circle, rotated)
    assert (kept.trustworthiness, kept.continuity) == pytest.approx((1.0, 1.0))
    assert kept.knn_agreement == 1
    stretched = map_faithfulness(lifted, circle)
    assert min(stretched.trustworthiness, stretched.continuity) > 0.9
    shuffled = map_faithfulness(circle, np.random.default_rng(8).permutation(circle))
    assert max(shuffled.trustworthiness, shuffled.continuity) < 0.6  # by chance 0.5
    assert shuffled.knn_agreement < 0.2  # by chance 15 of 199


def test_of_a_large_map_a_sample_is_looked_at_against_all():
    flat = np.random.default_rng(9).normal(size=(2500, 2))
    found = map_faithfulness(flat, flat * 3, metric="euclidean", k=15)
    assert found.n == 2000
    assert found.knn_agreement == 1


def test_the_nearest_are_those_of_a_plain_search():
    rng = np.random.default_rng(10)
    new, cohort = rng.normal(size=(600, 5)), rng.normal(size=(900, 5))
    rows, distances = nearest_rows(new, cohort, 4)
    apart = np.linalg.norm(new[:, None] - cohort[None], axis=2)
    np.testing.assert_array_equal(rows, np.argsort(apart, axis=1)[:, :4])
    # Two ways to sum five squares in float64.
    np.testing.assert_allclose(distances, np.sort(apart, axis=1)[:, :4], rtol=1e-12)
    itself, at = nearest_rows(cohort, cohort, 1)
    np.testing.assert_array_equal(itself[:, 0], np.arange(900))
    assert (at == 0).all()


def test_a_torn_map_is_trustworthy_but_not_continuous():
    # A circle cut open: neighbours on the line are neighbours on the circle, not the reverse.
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    line = np.column_stack([angle, np.zeros_like(angle)])
    torn = map_faithfulness(circle, line)
    assert torn.continuity < torn.trustworthiness - 0.02
    assert torn.knn_agreement > 0.9  # but at the cut, who is nearest stays so


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embeddings": np.full((N, 8), np.nan)}, "finite"),
        ({"embeddings": np.zeros((N, 8))}, "must not be zero throughout"),
        ({"embeddings": np.ones((3, 8))}, "one row a group"),
        ({"similarity": np.ones((3, 3))}, "similarity must be"),
        ({"k": 0}, "k must be at least 1"),
    ],
)
def test_refuses_what_is_not_as_documented(points, patients, changes, message):
    arguments = {"embeddings": points, "similarity": cosine(points), "groups": patients}
    with pytest.raises(ValueError, match=message):
        neighbourhood_agreement(**(arguments | changes))
