from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tensorboardX.proto.event_pb2 import Event

from physioclr.encoders.checkpoint import load_encoder, load_physiology_space
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import CheckpointError, DatasetError, PhysioclrError
from physioclr.models import ResNetConfig, TransformerConfig
from physioclr.objectives import OBJECTIVES, PhysioclrConfig, objective_config
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.prediction.heads import add_head
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.pretrain import pretrain, pretrain_cohort
from physioclr.pretraining.run_folder import RunFolder
from physioclr.training_data.cohort import TrainingCohort

SMALL = PretrainConfig(
    steps=6,
    records_per_batch=6,
    warmup_steps=2,
    save_every=2,
    monitor_every=0,
    held_out=0,
    objective=PhysioclrConfig(projection_dim=16),
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


def same(run_a, run_b):
    a, b = weights(run_a), weights(run_b)
    return all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def cohort(pulse_store):
    return TrainingCohort.from_stores([pulse_store])


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


@pytest.mark.parametrize("encoder", ["transformer", "resnet1d"])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_pretrains_every_encoder(cohort, tmp_path, name, encoder):
    config = replace(
        SMALL,
        steps=2,
        objective=objective_config(name),
        encoder=SMALL.encoder if encoder == "transformer" else ResNetConfig(width=16, blocks=(1,)),
    )
    card = pretrain_cohort(cohort, tmp_path / "run", config)
    assert card.training.objective == name
    embedded = load_encoder(tmp_path / "run" / "checkpoint").encode_windows(
        np.zeros((1, 12, 500), np.float32)
    )
    assert embedded.shape == (1, 16)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_resumed_run_of_any_objective_ends_in_the_same_bits(cohort, tmp_path, name):
    config = replace(SMALL, objective=objective_config(name), ema_decay=0.9, accumulate=2)
    pretrain_cohort(cohort, tmp_path / "whole", config)
    with pytest.raises(Killed):
        pretrain_cohort(cohort, tmp_path / "cut", config, on_step=kill_at(3))
    pretrain_cohort(cohort, tmp_path / "cut", config, resume=True)
    assert same(tmp_path / "whole", tmp_path / "cut")
    losses = [
        [line["loss"] for line in RunFolder(tmp_path / run).metrics()] for run in ("whole", "cut")
    ]
    assert losses[0] == losses[1]


def test_a_resumed_run_compares_ecgs_in_the_space_it_began_with(cohort, tmp_path):
    """A basis fitted on another number of cores differs in its last bits; here in its first."""
    other = PhysiologySpace.fit(cohort.physiology.numpy()[:12], cohort.space.names)
    assert other.fingerprint != cohort.space.fingerprint
    pretrain_cohort(cohort, tmp_path / "whole", SMALL)
    with pytest.raises(Killed):
        pretrain_cohort(cohort, tmp_path / "cut", SMALL, on_step=kill_at(3))
    card = pretrain_cohort(replace(cohort, space=other), tmp_path / "cut", SMALL, resume=True)
    assert card.physiology_space == cohort.space.fingerprint
    assert same(tmp_path / "whole", tmp_path / "cut")


def command(store: Path, out: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "physioclr", "pretrain", str(store), "--out", str(out)),
        *("--encoder", "resnet1d-tiny", "--batch", "8", "--device", "cpu", *more),
    ]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def test_a_run_that_was_killed_goes_on_to_the_same_bits(pulse_store, tmp_path):
    steps = ("--steps", "16", "--seed", "3", "--save-every", "6", "--monitor-every", "4")
    subprocess.run(
        command(pulse_store.path, tmp_path / "whole", *steps),
        check=True,
        env=environment(),
        capture_output=True,
    )
    cut = tmp_path / "cut"
    process = subprocess.Popen(
        command(pulse_store.path, cut, *steps),
        env=environment(),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if len(RunFolder(cut).metrics()) > 7:
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (cut / "checkpoint").exists()
    subprocess.run(
        command(pulse_store.path, cut, *steps, "--resume"),
        check=True,
        env=environment(),
        capture_output=True,
    )
    assert same(tmp_path / "whole", cut)
    assert [line["step"] for line in RunFolder(cut).metrics()] == list(range(1, 17))


def test_two_processes_train_what_one_trains(pulse_store, tmp_path):
    arguments = ("--steps", "3", "--held-out", "0")
    for out, launcher in (
        ("one", []),
        ("two", ["-m", "torch.distributed.run", "--nproc-per-node"]),
    ):
        interpreter, *rest = command(pulse_store.path, tmp_path / out, *arguments)
        launched = [interpreter, *launcher, *(["2"] if launcher else []), *rest]
        found = subprocess.run(launched, env=environment(), capture_output=True, text=True)
        assert found.returncode == 0, found.stderr[-2000:]
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name, expected in one.items():
        # Adam divides a gradient by its own size, which makes float32 noise in a gradient near 0
        # a whole step: 3 steps of at most 6e-5 in the warm-up, of weights of about 0.1.
        torch.testing.assert_close(two[name], expected, rtol=0, atol=4e-4)
    losses = [RunFolder(tmp_path / out).metrics() for out in ("one", "two")]
    for a, b in zip(*losses, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-3)
        assert a["positives_per_anchor"] == pytest.approx(b["positives_per_anchor"])


def test_training_lowers_the_loss(cohort, tmp_path):
    losses = []
    config = replace(SMALL, steps=60, learning_rate=3e-3, save_every=60)
    pretrain_cohort(cohort, tmp_path / "run", config, on_step=lambda r: losses.append(r.loss))
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.5


def test_the_seed_decides(cohort, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        pretrain_cohort(cohort, tmp_path / name, replace(SMALL, seed=seed))
    assert same(tmp_path / "a", tmp_path / "b")
    assert not same(tmp_path / "a", tmp_path / "c")


def test_two_batches_a_step_are_the_mean_of_their_gradients(cohort, tmp_path):
    """With plain gradients the weights move by the mean; here the terms must be their mean."""
    reports = []
    pretrain_cohort(
        cohort,
        tmp_path / "two",
        replace(SMALL, steps=1, accumulate=2),
        on_step=reports.append,
    )
    single = []
    pretrain_cohort(
        cohort, tmp_path / "one", replace(SMALL, steps=2, learning_rate=0.0), on_step=single.append
    )
    assert reports[0].loss == pytest.approx((single[0].loss + single[1].loss) / 2, rel=1e-5)


def test_the_average_of_the_encoder_is_what_is_kept_where_asked(cohort, tmp_path):
    pretrain_cohort(cohort, tmp_path / "last", SMALL)
    pretrain_cohort(cohort, tmp_path / "none", replace(SMALL, ema_decay=0.0))
    pretrain_cohort(cohort, tmp_path / "slow", replace(SMALL, ema_decay=0.99))
    assert same(tmp_path / "last", tmp_path / "none")
    assert not same(tmp_path / "last", tmp_path / "slow")


def test_bfloat16_trains_and_the_losses_stay_in_float32(cohort, tmp_path):
    reports = []
    config = replace(SMALL, precision="bf16-mixed", steps=2)
    pretrain_cohort(cohort, tmp_path / "half", config, on_step=reports.append)
    whole = []
    pretrain_cohort(cohort, tmp_path / "whole", replace(SMALL, steps=2), on_step=whole.append)
    # bfloat16 keeps eight bits of each activation; the pairs themselves do not change at all.
    assert reports[0].loss == pytest.approx(whole[0].loss, rel=0.02)
    assert reports[0].loss != whole[0].loss
    pairs = [run[0].terms["positives_per_anchor"] for run in (reports, whole)]
    assert pairs[0] == pairs[1]


def test_monitored_values_are_logged_and_the_best_is_kept(pulse_store, tmp_path):
    config = replace(SMALL, steps=4, monitor_every=2, held_out=0.34)
    pretrain(pulse_store, tmp_path / "run", config)
    lines = RunFolder(tmp_path / "run").metrics()
    assert [("uniformity" in line) for line in lines] == [False, True, False, True]
    assert lines[1]["alignment"] >= 0
    assert 1 <= lines[1]["effective_rank"] <= 8
    assert lines[1]["r2_heart_rate"] is None  # the pulse trains were not measured
    assert not (tmp_path / "run" / "best").exists()


def test_held_out_patients_are_not_trained_on(cohort):
    from physioclr.pretraining.batch_rows import rows_of_batch, split_patients

    config = replace(SMALL, held_out=0.25)
    train, held_out = split_patients(cohort, config)
    assert not set(cohort.patient[train].tolist()) & set(cohort.patient[held_out].tolist())
    assert sorted([*train.tolist(), *held_out.tolist()]) == list(range(24))
    assert len(held_out) == 6
    seen = torch.cat([train[rows_of_batch(len(train), config, n)] for n in range(9)])
    assert not set(seen.tolist()) & set(held_out.tolist())


def test_every_step_is_a_tensorboard_event(cohort, tmp_path):
    pretrain_cohort(cohort, tmp_path / "run", SMALL)
    (file,) = (tmp_path / "run" / "events").iterdir()
    content, at, losses = file.read_bytes(), 0, {}
    while at < len(content):  # length, its checksum, the event, its checksum
        size = int.from_bytes(content[at : at + 8], "little")
        event = Event.FromString(content[at + 12 : at + 12 + size])
        for value in event.summary.value:
            if value.tag == "loss":
                losses[event.step] = value.simple_value
        at += 16 + size
    logged = {line["step"]: line["loss"] for line in RunFolder(tmp_path / "run").metrics()}
    assert losses == pytest.approx(logged, rel=1e-6)  # float32


def test_a_run_is_not_overwritten_unasked(pulse_store, tmp_path):
    pretrain(pulse_store, tmp_path / "run", SMALL)
    with pytest.raises(CheckpointError, match="--resume"):
        pretrain(pulse_store, tmp_path / "run", SMALL)


def test_a_run_that_failed_before_its_first_step_is_begun_anew(cohort, tmp_path, monkeypatch):
    class BrokenError(Exception):
        pass

    def fail(*_):
        raise BrokenError

    with monkeypatch.context() as patched:
        patched.setattr(OBJECTIVES["physioclr"], "forward", fail)
        with pytest.raises(BrokenError):
            pretrain_cohort(cohort, tmp_path / "run", SMALL)
    pretrain_cohort(cohort, tmp_path / "run", replace(SMALL, seed=1))
    assert RunFolder(tmp_path / "run").config()["seed"] == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"learning_rate": 1e-4}, "learning_rate"),
        ({"objective": PhysioclrConfig(projection_dim=16, delta=0.5)}, "objective"),
        ({"encoder": ResNetConfig(width=16)}, "encoder"),
    ],
)
def test_another_configuration_is_not_resumed(pulse_store, tmp_path, change, named):
    pretrain(pulse_store, tmp_path / "run", SMALL)
    with pytest.raises(CheckpointError, match=f"found another {named}"):
        pretrain(pulse_store, tmp_path / "run", replace(SMALL, **change), resume=True)


def test_a_run_that_a_process_works_at_is_left_to_it(cohort, tmp_path):
    short = replace(SMALL, steps=1)

    def intrude(report):
        with pytest.raises(CheckpointError, match="a run that no process works at"):
            pretrain_cohort(cohort, tmp_path / "run", short, resume=True)

    pretrain_cohort(cohort, tmp_path / "run", short, on_step=intrude)


def test_a_damaged_state_is_refused_in_one_sentence(cohort, tmp_path):
    with pytest.raises(Killed):
        pretrain_cohort(cohort, tmp_path / "run", SMALL, on_step=kill_at(3))
    state = tmp_path / "run" / "last.safetensors"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"last\.safetensors: expected the state of this run"):
        pretrain_cohort(cohort, tmp_path / "run", SMALL, resume=True)


def test_a_line_of_the_log_cut_short_by_a_crash_is_passed_over(tmp_path):
    run = RunFolder(tmp_path)
    run.log({"step": 1, "loss": float("nan")})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert run.metrics() == [{"step": 1, "loss": None}]


def test_a_full_disk_stops_the_run_in_one_sentence_and_loses_nothing(cohort, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(Killed):
        pretrain_cohort(cohort, run, SMALL, on_step=kill_at(3))
    before = (run / "last.safetensors").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(report):
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))

    try:
        with pytest.raises(PhysioclrError, match=r"last\.safetensors: expected a file that can be"):
            pretrain_cohort(cohort, run, SMALL, resume=True, on_step=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (run / "last.safetensors").read_bytes() == before
    assert not list(run.glob("*.partial*"))
    pretrain_cohort(cohort, run, SMALL, resume=True)
    pretrain_cohort(cohort, tmp_path / "whole", SMALL)
    assert same(run, tmp_path / "whole")


def test_a_cohort_smaller_than_the_batch_is_refused_and_nothing_is_written(pulse_store, tmp_path):
    with pytest.raises(DatasetError, match="at least 25 usable ECGs, one batch, found 24"):
        pretrain(pulse_store, tmp_path / "run", replace(SMALL, records_per_batch=25))
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_batch(cohort, tmp_path):
    with pytest.raises(DatasetError, match=r"a finite (loss|gradient) at step") as stopped:
        pretrain_cohort(cohort, tmp_path / "run", replace(SMALL, steps=50, learning_rate=1e30))
    (kept,) = (tmp_path / "run").glob("not-finite-step-*.safetensors")
    assert kept.name in str(stopped.value)
    with safe_open(kept, framework="pt") as file:
        rows = file.get_tensor("rows")
        assert file.metadata()["record_ids"].split("\n") == cohort.record_ids[rows].tolist()
        torch.testing.assert_close(
            file.get_tensor("signal"), cohort.batch(rows).windows.signal, rtol=0, atol=0
        )
        assert any(name.startswith("model.encoder.") for name in file.keys())  # noqa: SIM118


def test_every_epoch_sees_each_recording_once():
    from physioclr.pretraining.batch_rows import rows_of_batch

    epoch = torch.cat([rows_of_batch(24, SMALL, number) for number in range(4, 8)])
    assert sorted(epoch.tolist()) == list(range(24))
    assert epoch.tolist() != torch.cat([rows_of_batch(24, SMALL, n) for n in range(4)]).tolist()


def test_a_window_as_long_as_the_ecg_has_no_neighbour(pulse_store, tmp_path):
    whole = Preprocessing(window_s=10.0)
    with pytest.raises(DatasetError, match="two neighbouring windows, for physioclr"):
        pretrain(pulse_store, tmp_path / "run", SMALL, preprocessing=whole)
    alone = replace(SMALL, objective=PhysioclrConfig(projection_dim=16, neighbour=None))
    card = pretrain(pulse_store, tmp_path / "alone", alone, preprocessing=whole)
    assert card.preprocessing.window_s == 10


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0.2},
        {"delta": 0.9},
        {"global_weight": 1.0},
        {"peak_weight": 1.0},
        {"global_weight": 0.0, "peak_weight": 0.0},
        {"shuffle": "morphology"},
        {"shuffle": "authors"},
        {"shuffle": None},
        {"neighbour": "next_row"},
        {"neighbour": None},
        {"physiology": "raw"},
        {"physiology": None},
        {"missing": "zero"},
        {"positive_weights": "similarity"},
        {"own_positive": True},
        {"denominator": "all"},
        {"lead_mask_fraction": 0.0},
        {"token_mask_fraction": 0.2},
        {"token_mask_fraction": 0.0},
        {"token_mask_span": 2},
        {"peak_halfwidth_ms": 80.0},
    ],
)
def test_each_switch_of_the_objective_changes_the_loss(cohort, tmp_path, change):
    def first_loss(name, config):
        losses = []
        pretrain_cohort(cohort, tmp_path / name, config, on_step=lambda r: losses.append(r.loss))
        return losses[0]

    one_step = replace(SMALL, steps=1)
    changed = replace(one_step, objective=replace(SMALL.objective, **change))
    assert first_loss("changed", changed) != first_loss("default", one_step)


def test_the_configuration_of_a_run_can_be_read(pulse_store, tmp_path):
    pretrain(pulse_store, tmp_path / "run", SMALL)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["objective"]["name"] == "physioclr"
    assert config["objective"]["temperature"] == 0.1
    assert config["encoder"]["architecture"] == "transformer"
    assert config["stores"] == [pulse_store.fingerprint]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"held_out": 0.6}, "held_out must lie in"),
        ({"ema_decay": 1.0}, "ema_decay must lie in"),
    ],
)
def test_a_setting_out_of_range_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **change)
