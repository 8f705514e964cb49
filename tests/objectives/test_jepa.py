from __future__ import annotations

import numpy as np
import pytest
import torch

from physioclr.models import ResNetConfig, TransformerConfig
from physioclr.objectives import Step
from physioclr.objectives.jepa import Jepa, JepaConfig, token_error

TINY = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5)


def test_the_error_is_smooth_l1_at_the_hidden_tokens():
    generator = torch.Generator().manual_seed(0)
    predicted, target = (2 * torch.randn(3, 7, 4, generator=generator) for _ in range(2))
    hidden = torch.rand(3, 7, generator=generator) < 0.5
    terms = []
    for i in range(3):
        for t in range(7):
            if hidden[i, t]:
                for a, b in zip(predicted[i, t].tolist(), target[i, t].tolist(), strict=True):
                    apart = abs(a - b)
                    terms.append(0.5 * apart**2 if apart < 1 else apart - 0.5)
    assert float(token_error(predicted, target, hidden)) == pytest.approx(np.mean(terms), rel=1e-5)


@pytest.mark.parametrize("encoder", [TINY, ResNetConfig(width=16, blocks=(1, 1))])
def test_the_encoder_learns_nothing_of_the_hidden_samples(batch, encoder):
    """What it is given is the same whatever stands at the hidden places."""
    given = []
    torch.manual_seed(0)
    objective = Jepa(encoder, JepaConfig())
    objective.encoder.register_forward_pre_hook(lambda _, inputs: given.append(inputs))
    objective(batch, Step.seeded(0))
    signal, hidden = given[0]
    per_token = encoder.samples_per_token
    samples = hidden.repeat_interleave(per_token, dim=1)[:, None, : signal.shape[-1]]
    assert samples.any()
    assert (signal[samples.expand_as(signal)] == 0).all()
    shown = ~samples.expand_as(signal)
    torch.testing.assert_close(signal[shown], batch.windows.signal[shown], rtol=0, atol=0)


def test_the_teacher_follows_ever_more_slowly_and_is_not_trained(batch):
    config = JepaConfig(momentum=0.9)
    assert [config.momentum_at(progress) for progress in (0, 0.5, 1)] == [
        pytest.approx(0.9),
        pytest.approx(0.95),
        pytest.approx(1.0),
    ]
    torch.manual_seed(0)
    objective = Jepa(TINY, config)
    objective(batch, Step.seeded(0))["loss"].backward()
    assert all(parameter.grad is None for parameter in objective.teacher.parameters())
    before = objective.teacher.module.norm.weight.clone()
    with torch.no_grad():
        objective.encoder.norm.weight += 1
    objective.after_step(0.5)
    torch.testing.assert_close(objective.teacher.module.norm.weight, before + 0.05)
