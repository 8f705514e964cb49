"""Whom an ECG is near, in the embedding and in physiology."""

import numpy as np

from physioclr.explore.nearness import _ranks


def test_ranks_leave_out_the_ecg_itself_and_what_cannot_be_compared():
    ranks = _ranks(np.array([1.0, 0.2, np.nan, 0.9]), np.array([False, True, True, True]))
    np.testing.assert_array_equal(ranks, [0, 2, 0, 1])
