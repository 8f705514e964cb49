from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from physioclr.checkpoint import load_encoder, load_physiology_space
from physioclr.errors import CheckpointError, DatasetError
from physioclr.heads import add_head
from physioclr.models import TransformerConfig
from physioclr.objectives import PhysioclrConfig
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.preprocessing import Preprocessing
from physioclr.pretrain import PretrainConfig, pretrain
from physioclr.run_folder import RunFolder
from physioclr.training_cohort import TrainingCohort

SMALL = PretrainConfig(
    steps=6,
    records_per_batch=6,
    warmup_steps=2,
    save_every=2,
    projection_dim=16,
    encoder=TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5),
)


class Killed(BaseException):
    """Stands for a process that is gone between two steps."""


def kill_at(step):
    def on_step(report):
        if report.step == step:
            raise Killed

    return on_step


def weights(run):
    return load_file(run / "checkpoint" / "model.safetensors")


def test_a_run_leaves_a_checkpoint_that_loads_and_a_line_a_step(pulse_store, tmp_path):
    card = pretrain(pulse_store, tmp_path / "run", SMALL)
    encoder = load_encoder(tmp_path / "run" / "checkpoint")
    assert encoder.card.fingerprint == card.fingerprint
    assert encoder.card.training.cohorts[0].simulated
    assert encoder.card.training.cohorts[0].n_records == 24
    steps = [line["step"] for line in RunFolder(tmp_path / "run").metrics()]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_a_run_keeps_the_space_it_compared_ecgs_in(pulse_store, tmp_path):
    card = pretrain(pulse_store, tmp_path / "run", replace(SMALL, steps=1))
    space = load_physiology_space(tmp_path / "run" / "checkpoint")
    assert space.fingerprint == card.physiology_space
    assert space.cohort == f"{pulse_store.source}, 24 ECGs"
    expected = PhysiologySpace.fit(pulse_store.physiology.to_numpy(), space.names)
    assert space.fingerprint == expected.fingerprint
    in_run = PhysiologySpace.load(tmp_path / "run" / "physiology_space.json")
    assert in_run.fingerprint == space.fingerprint
    add_head(tmp_path / "run" / "checkpoint", pulse_store, "rate")
    after = load_physiology_space(tmp_path / "run" / "checkpoint")
    assert after.fingerprint == space.fingerprint


@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_a_resumed_run_ends_in_the_same_bits_as_an_uninterrupted_one(
    pulse_store, tmp_path, killed_at
):
    pretrain(pulse_store, tmp_path / "whole", SMALL)
    with pytest.raises(Killed):
        pretrain(pulse_store, tmp_path / "cut", SMALL, on_step=kill_at(killed_at))
    pretrain(pulse_store, tmp_path / "cut", SMALL, resume=True)
    whole, cut = weights(tmp_path / "whole"), weights(tmp_path / "cut")
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    losses = [
        [line["loss"] for line in RunFolder(tmp_path / name).metrics()] for name in ("whole", "cut")
    ]
    assert losses[0] == losses[1]


def test_training_lowers_the_loss(pulse_store, tmp_path):
    losses = []
    config = replace(SMALL, steps=60, learning_rate=3e-3, save_every=60)
    pretrain(pulse_store, tmp_path / "run", config, on_step=lambda r: losses.append(r.loss))
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.5


def test_the_seed_decides(pulse_store, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        pretrain(pulse_store, tmp_path / name, replace(SMALL, seed=seed))
    a, b, c = (weights(tmp_path / name) for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


def test_a_run_is_not_overwritten_unasked(pulse_store, tmp_path):
    pretrain(pulse_store, tmp_path / "run", SMALL)
    with pytest.raises(CheckpointError, match="--resume"):
        pretrain(pulse_store, tmp_path / "run", SMALL)


def test_another_configuration_is_not_resumed(pulse_store, tmp_path):
    pretrain(pulse_store, tmp_path / "run", SMALL)
    with pytest.raises(CheckpointError, match="learning_rate"):
        pretrain(pulse_store, tmp_path / "run", replace(SMALL, learning_rate=1e-4), resume=True)


def test_a_damaged_state_is_refused_in_one_sentence(pulse_store, tmp_path):
    with pytest.raises(Killed):
        pretrain(pulse_store, tmp_path / "run", SMALL, on_step=kill_at(3))
    state = tmp_path / "run" / "last.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"last\.safetensors: expected the state of this run"):
        pretrain(pulse_store, tmp_path / "run", SMALL, resume=True)


def test_a_line_of_the_log_cut_short_by_a_crash_is_passed_over(tmp_path):
    run = RunFolder.open(tmp_path / "run", {}, resume=False)
    run.log({"step": 1})
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert run.metrics() == [{"step": 1}]


def test_a_cohort_smaller_than_the_batch_is_refused_and_nothing_is_written(pulse_store, tmp_path):
    with pytest.raises(DatasetError, match="at least 25 usable ECGs, one batch, found 24"):
        pretrain(pulse_store, tmp_path / "run", replace(SMALL, records_per_batch=25))
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_stops_the_run(pulse_store, tmp_path):
    with pytest.raises(DatasetError, match="a finite loss at step"):
        pretrain(pulse_store, tmp_path / "run", replace(SMALL, steps=50, learning_rate=1e30))


def test_every_epoch_sees_each_recording_once(pulse_store):
    from physioclr.pretrain import _rows_of_step

    epoch = torch.cat([_rows_of_step(24, SMALL, step) for step in range(4, 8)])
    assert sorted(epoch.tolist()) == list(range(24))
    assert epoch.tolist() != torch.cat([_rows_of_step(24, SMALL, s) for s in range(4)]).tolist()


def test_the_windows_of_a_recording_are_consecutive_in_time(pulse_store):
    cohort = TrainingCohort.from_stores(
        [pulse_store], Preprocessing(), peak_halfwidth_ms=40, device=torch.device("cpu")
    )
    batch = cohort.batch(torch.tensor([3, 8]))
    assert batch.recording.tolist() == [3, 3, 8, 8]
    whole = Preprocessing().filtered(pulse_store.signals_mv([8])[0], pulse_store.fs_hz)
    joined = torch.cat([batch.signal[2], batch.signal[3]], dim=-1)
    torch.testing.assert_close(joined, torch.from_numpy(whole))


def test_beats_lie_at_their_r_peaks_and_cuts_between_them(pulse_store):
    cohort = TrainingCohort.from_stores(
        [pulse_store], Preprocessing(), peak_halfwidth_ms=40, device=torch.device("cpu")
    )
    batch = cohort.batch(torch.arange(24))
    for window in range(48):
        r = batch.r_peaks[window][batch.r_peaks[window] < 500]
        cuts = batch.cuts[window][batch.cuts[window] < 500]
        assert len(cuts) == len(r) - 1
        assert ((cuts > r[:-1]) & (cuts < r[1:])).all()
        # The pulse is 24 ms wide at 1/e: its maximum is within one 10 ms sample of the R peak.
        lead = batch.signal[window, 11]
        inner = r[(r > 2) & (r < 497)]
        assert all(int(lead[i - 2 : i + 3].argmax()) in (1, 2, 3) for i in inner)
        assert batch.near_peak[window, r].all()


@pytest.mark.parametrize(
    "change",
    [
        {"global_weight": 1.0},
        {"peak_weight": 1.0},
        {"shuffle_order": "morphology"},
        {"lead_mask_fraction": 0.0},
        {"token_mask_fraction": 0.2},
    ],
)
def test_each_switch_of_the_objective_changes_the_run(pulse_store, tmp_path, change):
    def first_loss(name, config):
        losses = []
        pretrain(pulse_store, tmp_path / name, config, on_step=lambda r: losses.append(r.loss))
        return losses[0]

    one_step = replace(SMALL, steps=1)
    changed = replace(one_step, objective=replace(PhysioclrConfig(), **change))
    assert first_loss("changed", changed) != first_loss("default", one_step)


def test_the_configuration_of_a_run_can_be_read(pulse_store, tmp_path):
    pretrain(pulse_store, tmp_path / "run", SMALL)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["objective"]["temperature"] == 0.1
    assert config["stores"] == [pulse_store.fingerprint]
