"""An embedding made of answers."""

from __future__ import annotations

import pytest
import torch

from physioclr.models import (
    AnsweringConfig,
    AnsweringEncoder,
    ResNetConfig,
    TransformerConfig,
    build_encoder,
)
from physioclr.models.architectures import config_from_dict, config_to_dict

READERS = {
    "transformer": TransformerConfig(
        width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5
    ),
    "resnet1d": ResNetConfig(width=16, blocks=(1, 2)),
}


@pytest.fixture(params=READERS)
def encoder(request):
    torch.manual_seed(0)
    return build_encoder(AnsweringConfig(READERS[request.param], n_answers=400, width=64)).eval()


def test_the_embedding_is_the_mixture_of_the_answers(encoder):
    assert isinstance(encoder, AnsweringEncoder)
    signal = torch.randn(3, 12, 500)
    mixed, tokens = encoder(signal)
    summary, own = encoder.reader(signal)
    answers = torch.sigmoid(encoder.answers(summary))
    torch.testing.assert_close(mixed, (answers - 0.5) @ encoder.mixture)
    assert torch.equal(tokens, own)
    assert tokens.shape == (3, encoder.n_tokens(500), 16)


def test_the_mixture_keeps_the_distances_of_the_answers():
    torch.manual_seed(0)
    encoder = AnsweringEncoder(AnsweringConfig(READERS["resnet1d"], n_answers=2000, width=1024))
    answers = torch.rand(30, 2000)
    before = torch.pdist(answers) / 2000**0.5
    after = torch.pdist(answers @ encoder.mixture) / 1024**0.5
    # The squared distance has a relative error of sqrt(2 / 1024); four of them over 435 pairs,
    # halved by the root.
    torch.testing.assert_close(after, before, rtol=4 * (2 / 1024) ** 0.5 / 2, atol=0)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_its_configuration_survives_json(reader):
    config = AnsweringConfig(reader, n_answers=7, width=5)
    state = config_to_dict(config)
    assert state["encoder"]["architecture"] in READERS
    assert config_from_dict(state) == config


@pytest.mark.parametrize("field", ["n_answers", "width"])
def test_nothing_is_no_size(field):
    sizes = {"n_answers": 3, "width": 2} | {field: 0}
    with pytest.raises(ValueError, match="must be at least 1"):
        AnsweringConfig(READERS["resnet1d"], **sizes)
