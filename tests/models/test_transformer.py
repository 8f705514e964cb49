from __future__ import annotations

import pytest
import torch

from physioclr.models import EcgTransformer, TransformerConfig, WaveformDecoder

SMALL = TransformerConfig(width=32, n_layers=2, n_heads=2, feedforward=64, position_kernel=5)


@pytest.mark.parametrize("n_samples", [500, 501, 1000])
def test_the_number_of_tokens_is_the_one_announced(n_samples):
    model = EcgTransformer(SMALL)
    cls, tokens = model(torch.randn(2, 12, n_samples))
    assert cls.shape == (2, 32)
    assert tokens.shape == (2, model.n_tokens(n_samples), 32)


@pytest.mark.parametrize("n_samples", [500, 501, 1000])
def test_the_decoder_gives_back_the_length_of_the_window(n_samples):
    model = EcgTransformer(SMALL)
    _, tokens = model(torch.randn(2, 12, n_samples))
    assert WaveformDecoder(SMALL)(tokens, n_samples).shape == (2, 12, n_samples)


def test_an_ecg_is_encoded_the_same_alone_and_in_a_batch():
    model = EcgTransformer(SMALL).eval()
    signal = torch.randn(4, 12, 500, generator=torch.Generator().manual_seed(0))
    together, _ = model(signal)
    alone = torch.cat([model(row.unsqueeze(0))[0] for row in signal])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)  # float32, other kernels


def test_a_hidden_token_tells_nothing():
    model = EcgTransformer(SMALL).eval()
    signal = torch.randn(1, 12, 500, generator=torch.Generator().manual_seed(0))
    everything = torch.ones(1, model.n_tokens(500), dtype=torch.bool)
    hidden, _ = model(signal, everything)
    other, _ = model(signal * 3 + 1, everything)
    torch.testing.assert_close(hidden, other)


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
