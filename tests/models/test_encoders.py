"""What every encoder is, whichever its architecture and size."""

from __future__ import annotations

import math

import pytest
import torch

from physioclr.models import (
    ENCODER_NAMES,
    ResNetConfig,
    TransformerConfig,
    WaveformDecoder,
    build_encoder,
    encoder_config,
)
from physioclr.models.architectures import ARCHITECTURES, config_from_dict, config_to_dict
from physioclr.models.sizes import token_strides
from physioclr.models.token_predictor import TokenPredictor

TINY = {
    "transformer": TransformerConfig(
        width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5
    ),
    "resnet1d": ResNetConfig(width=16, blocks=(1, 2)),
}


@pytest.fixture(params=TINY)
def encoder(request):
    torch.manual_seed(0)
    return build_encoder(TINY[request.param]).eval()


def signal(n=4, n_samples=500, *, seed=0):
    return torch.randn(n, 12, n_samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("n_samples", [500, 503, 1000])
def test_the_number_of_tokens_is_the_one_announced_and_decodes_to_the_window(encoder, n_samples):
    summary, tokens = encoder(signal(2, n_samples))
    assert summary.shape == (2, 16)
    assert tokens.shape == (2, encoder.n_tokens(n_samples), 16)
    assert encoder.local_features(signal(2, n_samples)).shape == tokens.shape
    decoder = WaveformDecoder(encoder.config)
    assert decoder(tokens, n_samples).shape == (2, 12, n_samples)


def test_an_ecg_is_encoded_the_same_alone_and_in_a_batch(encoder):
    together, _ = encoder(signal())
    alone = torch.cat([encoder(row.unsqueeze(0))[0] for row in signal()])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)  # float32, other kernels


def test_hidden_everywhere_an_ecg_tells_nothing(encoder):
    everywhere = torch.ones(4, encoder.n_tokens(500), dtype=torch.bool)
    hidden, _ = encoder(signal(), everywhere)
    other, _ = encoder(3 * signal(seed=1) + 1, everywhere)
    torch.testing.assert_close(hidden, other)


@pytest.mark.parametrize("name", [n for n in ENCODER_NAMES if not n.endswith(("base", "medium"))])
@pytest.mark.parametrize("fs_hz", [100.0, 257.0, 500.0])
def test_a_named_encoder_takes_the_rate_and_the_leads_it_is_made_for(name, fs_hz):
    config = encoder_config(name, fs_hz=fs_hz, n_leads=3)
    torch.manual_seed(0)
    summary, _ = build_encoder(config)(torch.randn(1, 3, round(5 * fs_hz)))
    assert summary.shape == (1, config.width)
    assert 0.07 <= config.samples_per_token / fs_hz <= 0.17


def test_the_base_transformer_has_the_size_of_the_papers():
    with torch.device("meta"):
        model = build_encoder(encoder_config("transformer-base", fs_hz=500.0, n_leads=12))
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    # "About 90 M", METHOD.md.
    assert n_parameters == pytest.approx(90e6, rel=0.05)
    assert (model.config.width, model.config.n_layers, model.config.n_heads) == (768, 12, 8)


@pytest.mark.parametrize("fs_hz", [100, 125, 128, 200, 240, 250, 257, 300, 360, 400, 480, 500])
def test_a_token_is_about_80_ms_at_any_rate(fs_hz):
    strides = token_strides(fs_hz)
    assert set(strides) <= {2, 3, 5}
    # The nearest product of 2, 3 and 5 is never farther than this below 40 samples.
    assert math.prod(strides) / fs_hz == pytest.approx(0.08, rel=0.13)


@pytest.mark.parametrize("fs_hz", [50, 1000])
def test_a_rate_out_of_range_is_refused(fs_hz):
    with pytest.raises(ValueError, match=r"fs_hz must lie in \[100, 500\]"):
        encoder_config("transformer-tiny", fs_hz=fs_hz, n_leads=12)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name must be one of transformer-tiny"):
        encoder_config("vit-giant", fs_hz=100, n_leads=12)


@pytest.mark.parametrize("config", TINY.values())
def test_a_configuration_goes_through_json(config):
    import json

    assert config_from_dict(json.loads(json.dumps(config_to_dict(config)))) == config


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"width": 16}, f"encoder must be one of {', '.join(ARCHITECTURES)}, got None"),
        ({"architecture": "mlp"}, "got 'mlp'"),
        ({"architecture": "resnet1d", "n_heads": 2}, "resnet1d has no n_heads"),
    ],
)
def test_a_configuration_of_something_else_is_refused(state, message):
    with pytest.raises(ValueError, match=message):
        config_from_dict(state)


def test_the_predictor_does_not_look_at_hidden_tokens():
    torch.manual_seed(0)
    predictor = TokenPredictor(16, width=8, n_layers=1, n_heads=2).eval()
    tokens = torch.randn(2, 7, 16)
    hidden = torch.zeros(2, 7, dtype=torch.bool)
    hidden[:, 2:5] = True
    other = torch.where(hidden.unsqueeze(-1), torch.randn(2, 7, 16), tokens)
    torch.testing.assert_close(predictor(tokens, hidden), predictor(other, hidden))
    places = predictor(tokens, hidden)[:, 2:5]
    assert not torch.allclose(places[:, 0], places[:, 1])
