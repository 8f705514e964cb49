import numpy as np
import pytest

from benchmarks.fiducial_scores import FiducialScore, match_fiducials


def test_pairs_are_one_to_one_and_nearest_first():
    rows, columns = match_fiducials(np.array([0.0, 100.0]), np.array([60.0, 90.0, 400.0]))
    assert dict(zip(rows, columns, strict=True)) == {1: 1, 0: 0}


def test_marks_outside_the_expert_span_are_not_false():
    score = FiducialScore()
    score.add(np.array([1000.0, 2000.0]), np.array([100.0, 1010.0, 1500.0, 9000.0]), (1000, 2000))
    summary = score.summary()
    assert (score.true_positives, score.false_positives, score.false_negatives) == (1, 1, 1)
    assert summary["f1"] == pytest.approx(0.5)
    assert summary["bias_ms"] == pytest.approx(10.0)


def test_a_match_just_outside_the_span_counts():
    score = FiducialScore()
    score.add(np.array([1000.0]), np.array([995.0]), (1000, 2000))
    assert score.summary()["f1"] == 1.0


def test_missing_marks_are_neither_right_nor_wrong():
    score = FiducialScore()
    score.add(np.array([np.nan, 1000.0]), np.array([1000.0, np.nan]), (0, 2000))
    assert score.summary()["n"] == 1
    assert score.summary()["ppv"] == 1.0
