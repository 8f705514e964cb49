"""The probe with a share of the labels."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.errors import DatasetError
from physioclr.probe import label_efficiency
from tests.probe.test_probe import NAMES, a_cohort

FAST = {"label_names": NAMES, "n_bootstrap": 60, "seeds": (0, 1)}


@pytest.fixture(scope="module")
def table():
    features, targets, groups = a_cohort(150)
    noise = np.random.default_rng(4).normal(size=(len(features), 5))
    return label_efficiency(
        {"signal": features, "noise": noise},
        targets,
        groups,
        fractions=(0.02, 0.2, 1.0),
        **FAST,
    )


def test_more_labels_help_where_there_is_something_to_learn(table):
    signal = table[table["model"] == "signal"].set_index("fraction")["auroc"]
    assert signal[0.02] < signal[0.2] < signal[1.0]


def test_noise_stays_at_chance(table):
    noise = table[(table["model"] == "noise") & (table["fraction"] == 1.0)].iloc[0]
    # Within a fold there is no lean; 300 records leave a standard error of about 0.03.
    assert abs(noise["auroc"] - 0.5) < 0.1


def test_the_difference_is_paired_with_the_first_model(table):
    own = table[table["model"] == "signal"]
    assert (own[["difference", "difference_low", "difference_high"]] == 0).all(axis=None)
    noise = table[(table["model"] == "noise") & (table["fraction"] == 1.0)].iloc[0]
    assert 0 < noise["difference_low"] < noise["difference"] < noise["difference_high"]


def test_shares_are_of_patients_and_nested():
    from physioclr.probe.label_efficiency import _drawn

    codes = np.repeat(np.arange(100), 3)
    training = codes % 5 != 0
    small, large = (_drawn(codes, training, share, (0, 0)) for share in (0.1, 0.5))
    assert small.sum() == 3 * 8
    assert large.sum() == 3 * 40
    assert (large | ~small).all()
    assert not (large & ~training).any()


def test_a_label_of_which_one_class_was_drawn_is_predicted_by_a_constant():
    features, targets, groups = a_cohort(60, per_patient=1)
    rare = np.zeros_like(targets[:, 0])
    rare[:6] = 1
    found = label_efficiency(
        {"one": features},
        rare[:, None],
        groups,
        fractions=(0.01,),
        label_names=("RARE",),
        seeds=(3,),
        n_bootstrap=20,
    )
    # Two of 48 patients, 6 of 60 with the label: most folds draw none.
    assert 0.3 < found["auroc"][0] < 0.75
    assert found["n_records"][0] == 2


def test_refuses_a_share_that_is_none():
    with pytest.raises(ValueError, match="fractions must lie in"):
        label_efficiency({"x": np.zeros((3, 1))}, np.zeros((3, 1)), "abc", fractions=(0,), **FAST)


def test_refuses_labels_that_cannot_be_measured():
    features, targets, groups = a_cohort(30)
    with pytest.raises(DatasetError, match="one that can be measured"):
        label_efficiency({"x": features}, targets * 0, groups, **FAST)
