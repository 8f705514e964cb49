from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import distributed, multiprocessing

from physioclr.datasets.store import Store
from physioclr.models import ResNetConfig, TransformerConfig
from physioclr.objectives import OBJECTIVES, Step, objective_config
from physioclr.runtime.distributed import ONE_PROCESS, Processes
from physioclr.training_data.cohort import TrainingCohort

N_RECORDS = 8
ENCODERS = {
    "transformer": TransformerConfig(
        width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5
    ),
    "resnet1d": ResNetConfig(width=16, blocks=(1, 1)),
}


def loss_and_gradients(store: Path, name: str, encoder: str, processes: Processes):
    """The loss and the gradients of this process's share of one batch."""
    cohort = TrainingCohort.from_stores([Store(store)])
    kind = OBJECTIVES[name]
    torch.manual_seed(0)
    config = kind.fitted(objective_config(name), n_labels=len(cohort.label_names), n_levels=0)
    objective = kind(ENCODERS[encoder], config)
    share = N_RECORDS // processes.count
    # Every third ECG: the physiology of some lacks an entry, and shares differ in their peaks.
    rows = 3 * torch.arange(processes.rank * share, (processes.rank + 1) * share)
    terms = objective(cohort.batch(rows), Step.seeded(7, progress=0.3, processes=processes))
    terms["loss"].backward()
    gradients = {
        f"{name}/{encoder}/{parameter}": value.grad
        for parameter, value in objective.named_parameters()
        if value.grad is not None
    }
    return {f"{name}/{encoder}": terms["loss"].detach().reshape(1), **gradients}


def work(rank: int, count: int, folder: Path, store: Path) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=count
    )
    found = {}
    for name in OBJECTIVES:
        for encoder in ENCODERS:
            for key, value in loss_and_gradients(
                store, name, encoder, Processes(rank, count)
            ).items():
                distributed.all_reduce(value)
                found[key] = value / count
    row = torch.arange(3.0) + 10 * rank
    found["gathered"] = Processes(rank, count).gather(row)
    found["mean"] = Processes(rank, count).mean(torch.tensor(6.0), 1 + rank).reshape(1)
    if rank == 0:
        save_file(found, folder / "found.safetensors")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def of_two(tmp_path_factory, pulse_store):
    folder = tmp_path_factory.mktemp("gloo")
    multiprocessing.spawn(work, (2, folder, pulse_store.path), nprocs=2)
    return load_file(folder / "found.safetensors")


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_two_processes_find_the_loss_and_gradients_of_one(of_two, pulse_store, name, encoder):
    of_one = loss_and_gradients(pulse_store.path, name, encoder, ONE_PROCESS)
    prefix = f"{name}/{encoder}"
    assert {key for key in of_two if key == prefix or key.startswith(f"{prefix}/")} == set(of_one)
    scale = max(value.abs().max() for value in of_one.values())
    for key, expected in of_one.items():
        # float32, sums in another order: 1e-5 of the largest gradient.
        torch.testing.assert_close(of_two[key], expected, rtol=1e-4, atol=1e-5 * float(scale))


def test_rows_are_gathered_in_the_order_of_the_ranks(of_two):
    assert of_two["gathered"].tolist() == [0, 1, 2, 10, 11, 12]


def test_the_mean_over_processes_is_over_what_each_counted(of_two):
    # Rank 0 counts 1 and rank 1 counts 2; each returns 6 · 2 / 3.
    assert of_two["mean"].item() == pytest.approx(4.0)


def test_one_process_gathers_what_it_has():
    row = torch.arange(3.0, requires_grad=True)
    assert ONE_PROCESS.gather(row) is row
    assert ONE_PROCESS.mean(torch.tensor(6.0), 3).item() == 2
    assert ONE_PROCESS.mean(torch.tensor(0.0), 0).item() == 0
