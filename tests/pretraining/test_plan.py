"""A run as it is asked for: it survives JSON, stands for a configuration, or is refused."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from physioclr.errors import PhysioclrError
from physioclr.pretraining.plan import PRESETS, PretrainPlan


@pytest.mark.parametrize("preset", PRESETS)
def test_a_recipe_read_back_is_the_same_and_can_be_configured(preset):
    plan = PRESETS[preset].plan
    assert PretrainPlan(**json.loads(json.dumps(asdict(plan)))) == plan
    config = plan.config()
    assert config.records_per_batch == plan.records_per_batch
    assert plan.config(steps=7).steps == 7


def test_epochs_become_steps_of_the_cohort():
    paper = PRESETS["paper"]
    assert paper.plan.ecgs_a_step == 64 * 16
    assert paper.steps_for(64 * 16) == 200
    assert paper.steps_for(64 * 16, a_step=32 * 16) == 400
    assert paper.steps_for(1) == 1
    assert PRESETS["shipped"].steps_for(10) == 3000


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"objective": "none"}, "none"),
        ({"settings": {"no_such": 1}}, "no_such"),
        ({"encoder": "vast"}, "vast"),
        ({"steps": 0}, "steps"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_sentence(change, said):
    with pytest.raises(PhysioclrError, match=said):
        replace(PretrainPlan(), **change).config()


def test_the_cohorts_may_be_stores_and_selections(pulse_store, tmp_path):
    from physioclr.datasets.selection import save_selection

    ids = list(pulse_store.records["record_id"][:6])
    part = save_selection(pulse_store, ids, tmp_path / "part.json", name="part")
    plan = PretrainPlan(cohorts=(str(pulse_store.path), str(part)))
    assert [len(store) for store in plan.stores()] == [24, 6]
