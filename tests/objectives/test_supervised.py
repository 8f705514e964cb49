from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from physioclr.models import ResNetConfig
from physioclr.objectives.supervised import Supervised, SupervisedConfig, known_label_loss


@pytest.mark.parametrize("weight", [1.0, 3.0])
def test_the_loss_is_the_cross_entropy_of_the_known_labels(weight):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 3))
    labels = rng.integers(0, 2, (5, 3)).astype(float)
    labels[rng.random((5, 3)) < 0.3] = np.nan
    terms = []
    for logit, label in zip(logits.ravel(), labels.ravel(), strict=True):
        if not math.isnan(label):
            chance = 1 / (1 + math.exp(-logit))
            terms.append(-weight * label * math.log(chance) - (1 - label) * math.log(1 - chance))
    found = known_label_loss(
        torch.from_numpy(logits), torch.from_numpy(labels), positive_weight=weight
    )
    assert float(found) == pytest.approx(np.mean(terms), rel=1e-9)  # float64


def test_without_a_known_label_there_is_nothing_to_learn():
    logits = torch.randn(4, 2, requires_grad=True)
    loss = known_label_loss(logits, torch.full((4, 2), torch.nan))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_an_objective_without_labels_is_not_built():
    with pytest.raises(ValueError, match="n_labels must be at least 1, got 0"):
        Supervised(ResNetConfig(width=16, blocks=(1, 1)), SupervisedConfig())
