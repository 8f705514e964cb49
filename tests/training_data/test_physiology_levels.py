"""Measurements as yes or no."""

from __future__ import annotations

import numpy as np
import torch

from physioclr.training_data.cohort import TrainingCohort
from physioclr.training_data.physiology_levels import PhysiologyLevels


def table(n=400, *, seed=0):
    """A spread entry, one that is often absent, a constant and one that is hardly ever known."""
    rng = np.random.default_rng(seed)
    values = np.column_stack([rng.normal(size=n), rng.normal(100, 20, n), np.ones(n), np.ones(n)])
    values[rng.random(n) < 0.3, 1] = np.nan
    values[10:, 3] = np.nan
    return values


def test_an_answer_is_whether_the_entry_is_above_the_level():
    values = table()
    levels = PhysiologyLevels.fit(values)
    answers = levels.answers(torch.tensor(values, dtype=torch.float32)).numpy()
    n_above = len(levels.entry)
    for i, (entry, level) in enumerate(zip(levels.entry, levels.level, strict=True)):
        own = values[:, int(entry)].astype(np.float32)
        known = np.isfinite(own)
        np.testing.assert_array_equal(answers[known, i] > 0.5, own[known] > float(level))
        assert np.isnan(answers[~known, i]).all()
    np.testing.assert_array_equal(answers[:, n_above], np.isnan(values[:, 1]))


def test_the_levels_are_percentiles_of_what_is_known():
    values = table(10_000)
    levels = PhysiologyLevels.fit(values)
    answers = levels.answers(torch.tensor(values, dtype=torch.float32)).numpy()
    above = np.mean(answers > 0.5, axis=0, where=np.isfinite(answers))
    # Two entries of seven levels; a percentile of 10,000 is off by at most one record.
    np.testing.assert_allclose(above[:14], [0.95, 0.9, 0.75, 0.5, 0.25, 0.1, 0.05] * 2, atol=2e-3)


def test_an_answer_is_softer_the_nearer_the_level():
    values = np.linspace(0, 100, 1001)[:, None]
    levels = PhysiologyLevels.fit(values)
    median = int((levels.level - 50).abs().argmin())
    # A quarter of the interquartile range, 50, is where the odds of yes are e to 1.
    asked = torch.tensor([[50.0], [62.5], [37.5], [100.0], [torch.nan]])
    found = levels.answers(asked)[:, median].numpy()
    odds = np.e / (1 + np.e)
    # float32, and the median of the values is exact to its last digit.
    np.testing.assert_allclose(found[:3], [0.5, odds, 1 - odds], atol=1e-5)
    assert 0.98 < found[3] < 1
    assert np.isnan(found[4])


def test_the_softness_of_an_entry_that_is_mostly_one_value_is_of_its_spread():
    values = np.zeros((1000, 1))
    values[:200] = 5.0
    levels = PhysiologyLevels.fit(values)
    assert len(levels) > 0
    assert (levels.softness > 0).all()


def test_what_nearly_all_answer_alike_is_not_asked():
    levels = PhysiologyLevels.fit(table())
    assert set(levels.entry.tolist()) == {0, 1}  # not the constant, not the one known in ten
    assert levels.absent.tolist() == [1]
    assert len(levels) == 15


def test_without_enough_ecgs_there_are_no_levels():
    assert len(PhysiologyLevels.fit(table(40))) == 0
    assert len(PhysiologyLevels.fit(np.empty((0, 3)))) == 0


def test_a_cohort_gets_its_levels_once(pulse_store):
    stores = [pulse_store] * 3  # 72 ECGs: levels need 50
    cohort = TrainingCohort.from_stores(stores)
    assert cohort.batch(torch.arange(4)).levels is None
    ready = cohort.with_levels()
    assert ready.with_levels() is ready
    answers = ready.batch(torch.tensor([0, 24, 5])).levels
    assert answers.shape == (3, len(ready.levels))
    assert torch.equal(answers[0].nan_to_num(2), answers[1].nan_to_num(2))  # the same ECG again
    assert ready.described.shape[1] > ready.physiology.shape[1]


def test_a_cohort_says_which_levels_are_of_the_vector_and_which_ecgs_are_simulated(pulse_store):
    cohort = TrainingCohort.from_stores([pulse_store] * 3).with_levels()
    n_entries = cohort.physiology.shape[1]
    entries = torch.cat([cohort.levels.entry, cohort.levels.absent])
    assert torch.equal(cohort.asks_physiology, entries < n_entries)
    assert cohort.is_simulated.shape == (72,)
    assert cohort.is_simulated.all()
