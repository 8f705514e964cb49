"""Every objective on ECGs of people and simulated ones together, as a user would pretrain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from physioclr.datasets.prepare import prepare, prepare_cohort
from physioclr.datasets.simulated import simulated_cohort
from physioclr.datasets.store import Store
from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.embedding import embed_store
from physioclr.models import ResNetConfig
from physioclr.objectives import OBJECTIVES, objective_config
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.pretrain import pretrain_cohort
from physioclr.pretraining.run_folder import RunFolder
from physioclr.training_data.cohort import TrainingCohort
from tests.shared_data import SHARED_DATA, needs_shared_data

pytestmark = needs_shared_data

CONFIG = PretrainConfig(
    steps=3,
    records_per_batch=8,
    monitor_every=3,
    held_out=0.4,
    encoder=ResNetConfig(width=32, blocks=(1, 1)),
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> list[Store]:
    folder = tmp_path_factory.mktemp("stores")
    prepare(SHARED_DATA / "ptb-xl", folder / "real", limit=20, workers=1)
    simulated = simulated_cohort(20, seed=0)
    prepare_cohort(simulated, folder / "simulated", fs_hz=500.0, duration_s=10.0, workers=1)
    return [Store(folder / name) for name in ("real", "simulated")]


@pytest.fixture(scope="module")
def cohort(stores) -> TrainingCohort:
    return TrainingCohort.from_stores(stores)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_pretrains_and_the_checkpoint_embeds(stores, cohort, tmp_path, name):
    config = replace(CONFIG, objective=objective_config(name))
    card = pretrain_cohort(cohort, tmp_path / "run", config)
    assert [part.simulated for part in card.training.cohorts] == [False, True]
    embedded = embed_store(stores[0], load_encoder(tmp_path / "run" / "checkpoint"))
    assert np.isfinite(embedded).all(axis=1).sum() == card.training.cohorts[0].n_records
    last = RunFolder(tmp_path / "run").metrics()[-1]
    assert 1 <= last["effective_rank"] <= 32
    assert last["r2_heart_rate"] is not None  # 16 ECGs held out, all with a rate
    assert load_encoder(tmp_path / "run" / "best").card.training.objective == name


def test_labels_of_people_are_unknown_in_simulated_ecgs(cohort, stores):
    real = cohort.sources[0][1]
    named = [i for i, name in enumerate(cohort.label_names) if name.startswith("superclass/")]
    assert cohort.labels[:real, named].isfinite().any()
    assert cohort.labels[real:, named].isnan().all()
