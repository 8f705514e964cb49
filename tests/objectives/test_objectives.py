"""What every objective must do."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from physioclr.leads import STANDARD_LEADS
from physioclr.models import ResNetConfig, TransformerConfig, encoder_config
from physioclr.models.exponential_average import ExponentialAverage
from physioclr.objectives import OBJECTIVES, Step, objective_config, objective_name
from tests.objectives.conftest import random_batch

TINY = {
    "transformer": TransformerConfig(
        width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5
    ),
    "resnet1d": ResNetConfig(width=16, blocks=(1, 1)),
}


def built(name, encoder, **settings):
    torch.manual_seed(0)
    config = OBJECTIVES[name].fitted(objective_config(name), n_labels=3, n_levels=0)
    return OBJECTIVES[name](encoder, replace(config, **settings))


@pytest.mark.parametrize(
    ("fs_hz", "window_s", "leads"),
    [(100.0, 5.0, STANDARD_LEADS), (250.0, 10.0, ("II", "V2")), (500.0, 5.0, STANDARD_LEADS)],
)
@pytest.mark.parametrize("encoder", TINY)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_any_rate_length_and_number_of_leads(name, encoder, fs_hz, window_s, leads):
    config = replace(
        TINY[encoder],
        n_leads=len(leads),
        **(
            {"strides": encoder_config("transformer-tiny", fs_hz=fs_hz, n_leads=1).strides}
            if encoder == "transformer"
            else {}
        ),
    )
    batch = random_batch(4, fs_hz=fs_hz, window_s=window_s, leads=leads)
    objective = built(name, config)
    if "dipole" in objective.needs(objective.config) and leads != STANDARD_LEADS:
        with pytest.raises(ValueError, match="leads must be I, II, V1 to V6"):
            objective(batch, Step.seeded(0))
        return
    loss = objective(batch, Step.seeded(0))["loss"]
    loss.backward()
    assert torch.isfinite(loss)
    gradients = [p.grad for p in objective.encoder.parameters() if p.grad is not None]
    assert gradients
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_what_is_kept_as_the_embedding_is_learned(name, batch):
    """The summary is what a checkpoint gives; an objective on tokens alone would leave it as is."""
    objective = built(name, TINY["transformer"])
    objective(batch, Step.seeded(0))["loss"].backward()
    assert objective.encoder.cls_token.grad.abs().max() > 0


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_few_steps_on_one_batch_lower_the_loss(name, batch):
    objective = built(name, TINY["transformer"])
    trained = [p for p in objective.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(trained, lr=3e-3)
    losses = []
    for _ in range(30):
        loss = objective(batch, Step.seeded(0))["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert min(losses[-5:]) < losses[0]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_seed_of_the_step_alone_decides(name, batch):
    objective = built(name, TINY["transformer"])
    torch.manual_seed(1)
    first = objective(batch, Step.seeded(0))["loss"]
    torch.manual_seed(2)
    assert objective(batch, Step.seeded(0))["loss"].equal(first)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_loss_is_float32_where_the_encoder_runs_in_bfloat16(name, batch):
    objective = built(name, TINY["transformer"])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = objective(batch, Step.seeded(0))["loss"]
    loss.backward()
    assert loss.dtype == torch.float32
    gradients = [p.grad for p in objective.encoder.parameters() if p.grad is not None]
    assert gradients
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


CHANGES = {
    "simclr": {
        "temperature": 0.2,
        "shift_ms": 0.0,
        "scale": 1.0,
        "noise_snr_db": None,
        "time_mask_fraction": 0.0,
        "lead_mask_fraction": 0.0,
        "projection_dim": 16,
    },
    "cmsc": {"temperature": 0.2, "projection_dim": 16},
    "3kg": {
        "temperature": 0.2,
        "projection_dim": 16,
        "most_degrees": 5.0,
        "most_scale": 1.1,
        "keep_residual": True,
        "time_mask_fraction": 0.1,
    },
    "w2v_cmsc_rlm": {
        "temperature": 0.2,
        "diversity_weight": 0.5,
        "cmsc_weight": 0.0,
        "lead_mask_fraction": 0.25,
        "token_mask_fraction": 0.3,
        "token_mask_span": 2,
        "n_groups": 4,
        "n_entries": 10,
        "first_gumbel_temperature": 20.0,
        "last_gumbel_temperature": 0.001,
        "projection_dim": 16,
    },
    "mae": {"mask_fraction": 0.5},
    "jepa": {
        "mask_fraction": 0.3,
        "mask_span": 2,
        "predictor_width": 32,
        "predictor_layers": 1,
        "predictor_heads": 2,
    },
    "supervised": {"positive_weight": 3.0},
}


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [(name, setting, value) for name, of in CHANGES.items() for setting, value in of.items()],
)
def test_each_setting_changes_the_loss(batch, name, setting, value):
    def gradient(**settings):
        objective = built(name, TINY["transformer"], **settings)
        terms = objective(batch, Step.seeded(0, progress=0.5))
        terms["loss"].backward()
        return terms["loss"].item(), objective.encoder.cls_token.grad

    before, after = gradient(), gradient(**{setting: value})
    assert before[0] != after[0] or not torch.equal(before[1], after[1])


def test_no_setting_is_without_such_a_test():
    untested = {"n_labels", "momentum"}  # the cohort's; seen after a step alone
    for name, objective in OBJECTIVES.items():
        if name != "physioclr":  # tests/pretraining/test_pretrain.py
            assert {field.name for field in fields(objective.Config)} - untested == set(
                CHANGES[name]
            )


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("simclr", "temperature=0"),
        ("simclr", "scale=0.8"),
        ("simclr", "shift_ms=-1"),
        ("cmsc", "temperature=-1"),
        ("3kg", "temperature=0"),
        ("w2v_cmsc_rlm", "token_mask_fraction=1"),
        ("w2v_cmsc_rlm", "token_mask_span=0"),
        ("w2v_cmsc_rlm", "last_gumbel_temperature=0"),
        ("w2v_cmsc_rlm", "projection_dim=7"),
        ("mae", "mask_fraction=0"),
        ("jepa", "mask_span=0"),
        ("jepa", "momentum=1.5"),
        ("supervised", "positive_weight=0"),
    ],
)
def test_a_setting_out_of_range_is_named_with_its_value(name, setting):
    field, _, value = setting.partition("=")
    with pytest.raises(ValueError, match=f"{field} must .*got {value}"):
        objective_config(name, [setting])


def test_a_configuration_is_made_from_what_a_shell_can_say():
    config = objective_config("physioclr", ["delta=0.4", "shuffle=authors", "neighbour=none"])
    assert (config.delta, config.shuffle, config.neighbour) == (0.4, "authors", None)
    assert objective_config("physioclr", ["own_positive=true"]).own_positive is True
    assert objective_name(objective_config("3kg")) == "3kg"


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("physioclr", "delta", "a setting of physioclr must be one of temperature, delta"),
        ("physioclr", "depth=3", "got 'depth=3'"),
        ("physioclr", "delta=high", "delta: .*got 'high'"),
        ("physioclr", "shuffle=backwards", "shuffle: .*got 'backwards'"),
        ("physioclr", "delta=7", "delta must lie in"),
        ("moco", "delta=1", "objective must be one of physioclr, simclr"),
    ],
)
def test_what_a_shell_gets_wrong_is_said(name, setting, message):
    with pytest.raises(ValueError, match=message):
        objective_config(name, [setting])


def test_an_average_moves_by_its_decay_and_is_not_trained():
    module = torch.nn.Linear(2, 1)
    average = ExponentialAverage(module)
    start = module.weight.detach().clone()
    with torch.no_grad():
        module.weight += 1
    average.update(module, 0.75)
    torch.testing.assert_close(average.module.weight, start + 0.25)
    average.update(module, 0.0)
    torch.testing.assert_close(average.module.weight, module.weight)
    assert not any(parameter.requires_grad for parameter in average.parameters())


def test_an_average_evaluates_whatever_the_mode_of_its_owner():
    """A teacher with dropout would draw from torch's own generator, and be a noisy target."""
    owner = torch.nn.ModuleList([ExponentialAverage(torch.nn.Dropout(0.5))])
    owner.train()
    assert owner.training
    assert owner[0].module(torch.ones(64)).equal(torch.ones(64))
