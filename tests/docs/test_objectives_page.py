"""The example of docs/objectives.md, as it stands there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from physioclr.encoders.checkpoint import load_encoder
from physioclr.models import TransformerConfig
from physioclr.objectives import OBJECTIVES, objective_config
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.pretrain import pretrain

PAGE = Path(__file__).parents[2] / "docs" / "objectives.md"


@pytest.fixture
def example():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.S)
    before = dict(OBJECTIVES)
    scope = {"OBJECTIVES": OBJECTIVES, "__name__": "example"}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec", dont_inherit=True), scope)
    yield (set(OBJECTIVES) - set(before)).pop()
    OBJECTIVES.clear()
    OBJECTIVES.update(before)


def test_the_objective_of_the_page_pretrains_and_resumes(example, pulse_store, tmp_path):
    config = PretrainConfig(
        steps=4,
        records_per_batch=6,
        save_every=2,
        held_out=0,
        objective=objective_config(example, ["momentum=0.9"]),
        encoder=TransformerConfig(
            width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5
        ),
    )
    losses = []
    card = pretrain(pulse_store, tmp_path / "run", config, on_step=lambda r: losses.append(r.loss))
    assert card.training.objective == example
    assert card.training.settings == {"momentum": 0.9, "snr_db": 20.0}
    assert len(losses) == 4
    assert load_encoder(tmp_path / "run" / "checkpoint").embedding_dim == 16
    with pytest.raises(ValueError, match="a setting of bootstrap must be one of momentum, snr_db"):
        objective_config(example, ["depth=2"])
    assert replace(config.objective, momentum=0.5).momentum == 0.5


def test_every_objective_and_every_switch_of_the_table_is_on_the_page():
    page = PAGE.read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, flags=re.M)) == set(OBJECTIVES)
    recipes = re.findall(r"^ *physioclr pretrain (?:.*\\\n)*.*", page, flags=re.M)
    switches = re.findall(r"`(--set [^`]+)`", page)
    for settings in [re.findall(r"--set (\w+=[\w.]+)", text) for text in recipes + switches]:
        objective_config("physioclr", settings)
    assert sum("levels_weight=1" in text for text in recipes) == 1
