from __future__ import annotations

import pytest
import torch

from physioclr.models import EcgTransformer, TransformerConfig

SMALL = TransformerConfig(width=32, n_layers=2, n_heads=2, feedforward=64, position_kernel=5)


def test_a_token_sees_how_far_away_another_is():
    model = EcgTransformer(SMALL).eval()
    pulses = torch.zeros(2, 12, 500)
    pulses[:, :, 200] = pulses[0, :, 208] = pulses[1, :, 224] = 1
    cls, _ = model(pulses)
    assert not torch.allclose(cls[0], cls[1], atol=1e-6)


@pytest.mark.parametrize("settings", [{"width": 30, "n_heads": 4}, {"position_kernel": 4}])
def test_a_size_that_does_not_fit_is_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        TransformerConfig(**settings)
