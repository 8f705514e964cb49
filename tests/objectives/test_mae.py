from __future__ import annotations

import numpy as np
import pytest
import torch

from physioclr.models import TransformerConfig
from physioclr.objectives import Step
from physioclr.objectives.mae import Mae, MaeConfig, hidden_error


def test_the_error_is_the_mean_square_where_the_signal_was_hidden():
    generator = torch.Generator().manual_seed(0)
    signal, rebuilt = (torch.randn(2, 3, 20, generator=generator) for _ in range(2))
    hidden = torch.rand(2, 3, 20, generator=generator) < 0.4
    squares = [
        float(rebuilt[i, j, t] - signal[i, j, t]) ** 2
        for i in range(2)
        for j in range(3)
        for t in range(20)
        if hidden[i, j, t]
    ]
    assert float(hidden_error(rebuilt, signal, hidden)) == pytest.approx(np.mean(squares), rel=1e-5)


def test_whole_patches_of_single_leads_are_hidden_from_the_encoder(batch):
    seen = []
    objective = Mae(
        TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5),
        MaeConfig(mask_fraction=0.75),
    )
    objective.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    objective(batch, Step.seeded(0))
    patches = (seen[0] == 0)[..., :496].unflatten(-1, (-1, 8))
    hidden = patches.all(-1)
    assert (patches.any(-1) == hidden).all()
    # 8 · 12 · 62 patches: standard error of the share .006.
    assert float(hidden.float().mean()) == pytest.approx(0.75, abs=0.03)
    assert len(torch.unique(hidden[0], dim=0)) == 12
