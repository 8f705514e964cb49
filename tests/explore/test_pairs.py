"""Positives of a cohort: the rule of pretraining, counted."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.datasets.demo import open_demo_store
from physioclr.errors import DatasetError
from physioclr.explore.pairs import cohort_similarity, positives_at

SIMILARITY = np.array(
    [
        [1.0, 0.9, 0.1, np.nan],
        [0.9, 1.0, -0.5, 0.3],
        [0.1, -0.5, 1.0, 0.25],
        [np.nan, 0.3, 0.25, 1.0],
    ],
    dtype=np.float32,
)


def test_an_ecg_is_no_positive_of_itself_and_delta_itself_is_one():
    found = positives_at(SIMILARITY, 0.25)
    np.testing.assert_array_equal(found.per_anchor, [1, 2, 1, 2])
    assert found.n_incomparable == 1
    assert np.isnan(found.share_alike)


def test_a_higher_delta_takes_positives_away_and_adds_none():
    counts = [positives_at(SIMILARITY, delta).per_anchor for delta in np.linspace(-1, 1, 21)]
    assert (np.diff(counts, axis=0) <= 0).all()
    np.testing.assert_array_equal(counts[0], [2, 3, 3, 2])  # all but the pair that is NaN


def test_labels_are_compared_where_both_are_labelled():
    targets = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    found = positives_at(SIMILARITY, 0.25, targets)
    assert found.share_alike == 1  # of the positives only 0 and 1 are both labelled
    assert found.share_by_chance == pytest.approx(1 / 3)


def test_simulated_ecgs_of_one_condition_are_more_often_positives():
    store = open_demo_store()
    rows, similarity = cohort_similarity(store)
    assert len(rows) == len(store)
    np.testing.assert_allclose(similarity, similarity.T, atol=1e-5)  # float32
    targets = store.labels("condition").to_numpy(np.float64)
    shares = [positives_at(similarity, delta, targets).share_alike for delta in (0.0, 0.5, 0.8)]
    assert shares == sorted(shares)
    assert shares[-1] > 2 * positives_at(similarity, 0.0, targets).share_by_chance


def test_a_store_of_another_vector_is_refused(pulse_store):
    with pytest.raises(DatasetError, match="prepare the cohort again"):
        cohort_similarity(pulse_store)
