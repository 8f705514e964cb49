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
    encoder = build_encoder(AnsweringConfig(READERS["resnet1d"], n_answers=2000, width=1024))
    answers = torch.rand(30, 2000)
    before = torch.pdist(answers) / 2000**0.5
    after = torch.pdist(answers @ encoder.mixture) / 1024**0.5
    # The squared distance has a relative error of sqrt(2 / 1024); four of them over 435 pairs,
    # halved by the root.
    torch.testing.assert_close(after, before, rtol=4 * (2 / 1024) ** 0.5 / 2, atol=0)


def fitted(answers, weight, *, width=64, seed=0):
    size = AnsweringConfig(READERS["resnet1d"], answers.shape[1], width, centred=True)
    encoder = build_encoder(size)
    encoder.fit_mixture(answers, weight, seed=seed)
    return encoder


def embedded(encoder, answers):
    return (answers - encoder.centre) @ encoder.mixture


def test_a_fitted_mixture_keeps_the_distances_of_the_cohort_it_is_fitted_to():
    torch.manual_seed(0)
    answers, weight = torch.rand(30, 200), torch.rand(200)
    expected = torch.pdist(answers / answers.std(0) * weight.sqrt())
    found = torch.pdist(embedded(fitted(answers, weight), answers))
    # 30 ECGs span 29 directions, and the embedding has 64: what is left is float32.
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=0)


def test_a_standardised_embedding_of_a_fitted_mixture_is_still_that_of_the_answers():
    torch.manual_seed(0)
    # One question in ten has nearly all of the spread.
    weight = torch.where(torch.arange(200) % 10 == 0, 1.0, 1e-3)
    answers = torch.rand(500, 200)
    found = embedded(fitted(answers, weight), answers)
    spread = found.std(0)
    # 64 axes, each a random cut through 20 directions: the largest is near the least.
    assert spread.max() / spread.min() < 4
    principal = torch.linalg.svdvals(found)
    assert principal[0] / principal[-1] > 10


def test_a_fitted_mixture_does_not_depend_on_the_order_of_the_ecgs():
    torch.manual_seed(0)
    answers, weight = torch.rand(30, 200), torch.rand(200)
    mixtures = [fitted(some, weight).mixture for some in (answers, answers.flip(0))]
    torch.testing.assert_close(*mixtures, rtol=0, atol=1e-5 * float(mixtures[0].abs().max()))
    assert not torch.allclose(fitted(answers, weight, seed=1).mixture, mixtures[0], atol=1e-3)


def test_an_answer_that_is_always_the_same_is_not_stretched():
    torch.manual_seed(0)
    answers = torch.rand(30, 200)
    answers[:, 0] = 0.3
    assert torch.isfinite(fitted(answers, torch.ones(200)).mixture).all()
    alike = torch.full((30, 200), 0.3)
    assert not fitted(alike, torch.ones(200)).mixture.any()


def test_a_mixture_is_fitted_to_a_centred_encoder_and_two_ecgs(encoder):
    with pytest.raises(ValueError, match="centred=False"):
        encoder.fit_mixture(torch.rand(3, 400), torch.ones(400), seed=0)
    with pytest.raises(ValueError, match=r"and 1$"):
        fitted(torch.rand(1, 20), torch.ones(20))


def test_a_high_temperature_brings_the_answers_near_a_half():
    sizes = {"n_answers": 20, "width": 8}
    cold, warm = (
        build_encoder(AnsweringConfig(READERS["resnet1d"], temperature=t, **sizes))
        for t in (1.0, 2.0)
    )
    warm.load_state_dict(cold.state_dict())
    summary = torch.randn(3, 16)
    # float32 logits of order 1.
    torch.testing.assert_close(
        warm.answered(summary).logit() * 2, cold.answered(summary).logit(), rtol=1e-4, atol=1e-5
    )


def test_a_card_that_knows_no_temperature_is_of_an_encoder_without():
    state = config_to_dict(AnsweringConfig(READERS["resnet1d"], n_answers=7, width=5))
    del state["temperature"], state["centred"]
    older = build_encoder(config_from_dict(state))
    assert set(older.state_dict()) & {"mixture", "centre"} == {"mixture"}
    assert older.config.temperature == 1


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_its_configuration_survives_json(reader):
    config = AnsweringConfig(reader, n_answers=7, width=5, temperature=1.5, centred=True)
    state = config_to_dict(config)
    assert state["encoder"]["architecture"] in READERS
    assert config_from_dict(state) == config


@pytest.mark.parametrize("field", ["n_answers", "width"])
def test_nothing_is_no_size(field):
    sizes = {"n_answers": 3, "width": 2} | {field: 0}
    with pytest.raises(ValueError, match="must be at least 1"):
        AnsweringConfig(READERS["resnet1d"], **sizes)


def test_a_temperature_is_positive():
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        AnsweringConfig(READERS["resnet1d"], n_answers=3, temperature=0)
