"""How fast pretraining is: ``python -m benchmarks.pretrain_speed``.

Four tables. *shuffle*: the heartbeat shuffle of a batch of 12 × 5000 samples, beside the per-record
loop of the authors' way and a plain gather of the batch. *data path*: a step from the cohort beside
the same step on a batch that is there already. *overhead*: a whole step of the trainer, with
augmentations, losses, optimiser and log, beside the bare forward and backward passes of the same
networks on the same number of windows. *model*: what share of the device's measured rate of matrix
products a step reaches, its recordings a second and its memory.

Times are medians over rounds in which the competitors take turns, so that a busy machine slows all
of them. Without a store the ECGs are simulated, 128 of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from physioclr.augment import Draws, HeartbeatShuffle
from physioclr.augment.windows import EcgWindows
from physioclr.datasets.prepare import prepare_cohort
from physioclr.datasets.simulated import simulated_cohort
from physioclr.datasets.store import Store
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.leads import STANDARD_LEADS
from physioclr.models import encoder_config
from physioclr.objectives import Physioclr, PhysioclrConfig, Step
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.run import PretrainRun
from physioclr.training_data.cohort import TrainingCohort

FS_HZ, N_SAMPLES, RR_SAMPLES = 500.0, 5000, 420


def seconds(
    works: Mapping[str, Callable[[], object]], *, rounds: int, repeats: int, device: torch.device
) -> dict[str, float]:
    """Time competitors in turns; return the median of each, in seconds."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for round_ in range(rounds + 1):
        for name, work in works.items():
            wait_for(device)
            started = time.perf_counter()
            for _ in range(repeats):
                work()
            wait_for(device)
            if round_:  # the first round warms up
                times[name].append((time.perf_counter() - started) / repeats)
    return {name: statistics.median(of) for name, of in times.items()}


def wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def loop_over_records(signal: Tensor, r_peaks: list[np.ndarray]) -> Tensor:
    """Shuffle as the authors do: record by record, cut at the R apex, zeros at the end."""
    shuffled = torch.zeros_like(signal)
    for record, peaks in enumerate(r_peaks):
        parts = [signal[record, :, first:last] for first, last in pairwise(peaks)]
        joined = torch.cat([parts[i] for i in torch.randperm(len(parts))], dim=-1)
        shuffled[record, :, : joined.shape[-1]] = joined
    return shuffled


def shuffle_times(device: torch.device, *, n_records: int, rounds: int) -> dict[str, float]:
    """Return ms a record of the loop on the CPU, and of a gather and our shuffle on the device."""
    signal = torch.randn(n_records, 12, N_SAMPLES)
    r_peaks = torch.arange(200, N_SAMPLES, RR_SAMPLES).expand(n_records, -1).contiguous()
    windows = EcgWindows(
        signal.to(device),
        FS_HZ,
        STANDARD_LEADS,
        r_peaks.to(device),
        r_peaks[:, 1:].to(device) - 150,
    )
    index = torch.randint(N_SAMPLES, (n_records, N_SAMPLES), device=device).sort(1).values
    every_lead = index.unsqueeze(1).expand(-1, 12, -1)
    draws = Draws.seeded(0, device=device)
    works: dict[str, Callable[[], object]] = {
        "loop over records, CPU": lambda: loop_over_records(signal, list(r_peaks.numpy())),
        f"plain gather, {device}": lambda: windows.signal.gather(-1, every_lead),
    }
    for name, settings in {
        "whole beats": {},
        "whole beats, no cross-fade": {"crossfade_ms": 0.0},
        "beat shapes only": {"order": "morphology"},
    }.items():
        shuffle = HeartbeatShuffle(**settings)
        works[f"heartbeat shuffle, {name}, {device}"] = lambda s=shuffle: s(windows, draws=draws)
    found = seconds(works, rounds=rounds, repeats=5, device=device)
    return {name: 1000 * value / n_records for name, value in found.items()}


def bare_passes(run: PretrainRun, cohort: TrainingCohort, rows: Tensor) -> Callable[[], None]:
    """Run the networks of the objective and their gradients, on signals that are ready."""
    objective = run.objective
    assert isinstance(objective, Physioclr)
    assert objective.decoder is not None
    signal = cohort.batch(rows).windows.signal
    hidden = torch.rand(len(signal), objective.encoder.n_tokens(signal.shape[-1])) < 0.65
    hidden = hidden.to(signal.device)

    def work() -> None:
        objective.zero_grad(set_to_none=True)
        with run.fabric.autocast():
            total = objective.projection(objective.encoder(signal)[0]).float().sum()
            total = total + objective.projection(objective.encoder(signal)[0]).float().sum()
            tokens = objective.encoder(signal, hidden)[1]
            total = total + objective.decoder(tokens, signal.shape[-1]).float().square().mean()
        total.backward()

    return work


def step_times(run: PretrainRun, cohort: TrainingCohort, *, rounds: int) -> dict[str, float]:
    """Return the seconds of a step: the trainer's, on a batch that is there, of bare passes."""
    config, objective = run.config, run.objective
    rows = run.train_rows[: config.records_per_batch]
    ready = cohort.batch(rows)
    optimiser = torch.optim.AdamW(objective.parameters(), lr=0.0)
    number = iter(range(10**9))

    def step(from_cohort: bool) -> None:
        batch = cohort.batch(rows) if from_cohort else ready
        optimiser.zero_grad(set_to_none=True)
        with run.fabric.autocast():
            terms = objective(batch, Step.seeded(next(number), device=cohort.device))
        terms["loss"].backward()
        optimiser.step()

    return seconds(
        {
            "step of the trainer": lambda: run.step(next(number) % config.steps),
            "bare forward and backward": bare_passes(run, cohort, rows),
            "step from the cohort": lambda: step(from_cohort=True),
            "step on a batch that is there": lambda: step(from_cohort=False),
        },
        rounds=rounds,
        repeats=1,
        device=cohort.device,
    )


def matrix_rate(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Return floating point operations a second of a large matrix product."""
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    found = seconds({"product": lambda: a @ b}, rounds=5, repeats=4, device=device)
    return 2 * size**3 / found["product"]


def model_rate(cohort: TrainingCohort, config: PretrainConfig, out: Path) -> dict[str, float]:
    """Return what a step of a model reaches of the device's rate."""
    device = cohort.device
    run = PretrainRun.begin(cohort, out, config)
    with FlopCounterMode(display=False) as counter:
        run.step(0)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    number = iter(range(1, 10**9))
    works = {"step": lambda: run.step(next(number) % config.steps)}
    step_s = seconds(works, rounds=5, repeats=2, device=device)["step"]
    dtype = torch.bfloat16 if config.precision == "bf16-mixed" else torch.float32
    rate = matrix_rate(device, dtype, 8192 if device.type == "cuda" else 2048)
    memory = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else float("nan")
    return {
        "parameters_millions": sum(p.numel() for p in run.objective.parameters()) / 1e6,
        "recordings_per_s": config.records_per_batch / step_s,
        "step_ms": 1000 * step_s,
        "teraflops_per_s": counter.get_total_flops() / step_s / 1e12,
        "share_of_matrix_product_rate": counter.get_total_flops() / step_s / rate,
        "peak_memory_gb": memory / 1e9,
    }


def simulated_store(folder: Path, n_records: int) -> Store:
    cohort = simulated_cohort(n_records, seed=0)
    prepare_cohort(cohort, folder, fs_hz=500.0, duration_s=10.0)
    return Store(folder)


def print_table(title: str, rows: Mapping[str, float], unit: str) -> None:
    print(f"\n{title}\n\n| | {unit} |\n| --- | --- |")
    for name, value in rows.items():
        print(f"| {name} | {value:.4g} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stores", nargs="*", type=Path, help="stores; simulated ECGs if absent")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batch", type=int, default=32, help="recordings")
    parser.add_argument("--encoder", default="transformer-tiny")
    parser.add_argument("--fs", type=float, default=100.0, help="the encoder's sampling rate, Hz")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    found: dict[str, dict[str, float]] = {
        "shuffle": shuffle_times(device, n_records=64, rounds=arguments.rounds)
    }
    loop = found["shuffle"]["loop over records, CPU"]
    print_table("Heartbeat shuffle, 64 ECGs of 12 × 5000", found["shuffle"], "ms a record")
    found["shuffle speed"] = {name: loop / value for name, value in found["shuffle"].items()}
    print_table("The same, times the speed of the loop", found["shuffle speed"], "×")
    with tempfile.TemporaryDirectory() as folder:
        stores = [Store(store) for store in arguments.stores]
        stores = stores or [simulated_store(Path(folder) / "store", 128)]
        cohort = TrainingCohort.from_stores(
            stores, Preprocessing(fs_hz=arguments.fs), device=device
        )
        config = PretrainConfig(
            steps=1000,
            records_per_batch=arguments.batch,
            held_out=0,
            monitor_every=0,
            encoder=encoder_config(arguments.encoder, fs_hz=arguments.fs, n_leads=12),
            precision="bf16-mixed" if arguments.bf16 else "32-true",
            objective=PhysioclrConfig(),
        )
        run = PretrainRun.begin(cohort, Path(folder) / "run", config)
        times = step_times(run, cohort, rounds=arguments.rounds)
        found["step"] = {name: 1000 * value for name, value in times.items()}
        print_table(f"{arguments.encoder}, {arguments.batch} recordings", found["step"], "ms")
        found["ratios"] = {
            "step from the cohort / on a batch that is there": times["step from the cohort"]
            / times["step on a batch that is there"],
            "throughput of the trainer / of bare passes": times["bare forward and backward"]
            / times["step of the trainer"],
        }
        print_table("Ratios", found["ratios"], "")
        model = model_rate(cohort, replace(config, seed=1), Path(folder) / "rate")
        found["model"] = model
        print_table(f"{arguments.encoder} on {device}, {config.precision}", model, "")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
