"""What differs on a GPU: where tensors lie, pinned prefetch, bfloat16."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from physioclr.augment import AUGMENTATIONS, Draws
from physioclr.augment.windows import EcgWindows
from physioclr.models import ResNetConfig
from physioclr.objectives import OBJECTIVES, objective_config
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.pretrain import pretrain
from physioclr.pretraining.run_folder import RunFolder
from physioclr.training_data.cohort import TrainingCohort

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")

SMALL = PretrainConfig(
    steps=4, records_per_batch=6, save_every=2, encoder=ResNetConfig(width=16, blocks=(1,))
)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_pretrains(pulse_store, tmp_path, name, precision):
    config = replace(SMALL, objective=objective_config(name), precision=precision)
    pretrain(pulse_store, tmp_path / "run", config, device="cuda")
    assert len(RunFolder(tmp_path / "run").metrics()) == 4


def test_streamed_signals_are_those_that_stay(pulse_store, tmp_path, monkeypatch):
    device = torch.device("cuda")
    resident = TrainingCohort.from_stores([pulse_store], device=device)
    monkeypatch.setattr("physioclr.training_data.cohort.device_memory_bytes", lambda _: 1000)
    streamed = TrainingCohort.from_stores([pulse_store], device=device, spill_to=tmp_path)
    rows = torch.tensor([5, 1, 20])
    streamed.prefetch(rows)
    found, expected = (cohort.batch(rows).windows.signal for cohort in (streamed, resident))
    assert found.device.type == "cuda"
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("augmentation", AUGMENTATIONS.values(), ids=lambda a: a.key)
def test_every_augmentation_runs_where_the_signal_is(pulse_store, augmentation):
    cohort = TrainingCohort.from_stores([pulse_store], device=torch.device("cuda"))
    windows = cohort.batch(torch.arange(6)).windows
    if augmentation.key == "powerline_noise":  # 100 Hz does not carry the hum
        windows = EcgWindows(windows.signal, 500.0, windows.leads, windows.r_peaks, windows.cuts)
    augmented = augmentation.kind()(windows, draws=Draws.seeded(0, device="cuda"))
    assert augmented.signal.device.type == "cuda"
    assert torch.isfinite(augmented.signal).all()
