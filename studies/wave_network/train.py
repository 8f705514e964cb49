"""Train the wave network on LUDB: ``python -m studies.wave_network.train --help``.

Five folds by record give the weights that `benchmarks/delineation.py` scores on records they
never saw; a last run on all records gives the weights that ship.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import wfdb
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from physioclr.records import EcgRecord
from physioclr.signal.wave_input import filter_at_network_rate
from physioclr.simulate import CONDUCTION_CONDITIONS, simulate_cohort
from studies.references.ludb import N_FOLDS, fold_of_record, read_ludb
from studies.wave_network.examples import (
    Source,
    draw_example,
    from_ludb,
    from_simulated,
    without_p,
)
from studies.wave_network.model import WaveNetwork, folded_weights, load_folded

_BATCH, _N_SAMPLES = 12, 1280
_LEAD_COUNTS, _LEAD_SHARES = (1, 2, 3, 6, 12), (0.2, 0.2, 0.25, 0.25, 0.1)
_PEAK_RATE, _WEIGHT_DECAY = 4e-3, 0.02
_REFINING_RATE = 5e-4
_SHARE_WITHOUT_P, _SHARE_SIMULATED = 0.08, 0.2
_N_SIMULATED, _N_HARD, _SIMULATION_SEED = 240, 240, 90_210


def read_noise(folder: Path) -> NDArray[np.float32]:
    """Read the first half of the noise stress records at 250 Hz; the rest is for tests."""
    rows = []
    for name in ("bw", "ma"):
        recording = wfdb.rdrecord(str(folder / name))
        half = recording.p_signal[: recording.sig_len // 2].T
        rows.append(filter_at_network_rate(np.nan_to_num(half), recording.fs)[0])
    shortest = min(row.shape[1] for row in rows)
    noise = np.concatenate([row[:, :shortest] for row in rows])
    return np.asarray(noise / noise.std(axis=1, keepdims=True), dtype=np.float32)


def read_fibrillation(folder: Path) -> list[Source]:
    """Read the PTB-XL records in atrial fibrillation with an even number: they have no P wave."""
    table = pd.read_csv(folder / "ptbxl_database.csv", index_col="ecg_id")
    chosen = table[table.scp_codes.str.contains("'AFIB'") & (table.index % 2 == 0)]
    sources = []
    for ecg_id, path in chosen.filename_hr.items():
        raw = wfdb.rdrecord(str(folder / path))
        sources.append(
            without_p(EcgRecord(raw.p_signal.T, raw.fs, tuple(raw.sig_name), f"ptb-xl-{ecg_id}"))
        )
    return sources


def simulate_sources() -> list[Source]:
    """Simulate hearts of every condition, without noise, other than those of the demo."""
    usual = simulate_cohort(_N_SIMULATED, seed=_SIMULATION_SEED, noise=False)
    hard = simulate_cohort(
        _N_HARD,
        seed=_SIMULATION_SEED,
        noise=False,
        conditions=[*CONDUCTION_CONDITIONS, "lbbb", "rbbb"],
    )
    return [
        from_simulated(cohort, index) for cohort in (usual, hard) for index in range(len(cohort))
    ]


def train(
    sources: list[Source],
    without: list[Source],
    simulated: list[Source],
    noise: NDArray[np.float32],
    *,
    n_steps: int,
    seed: int,
    start: Mapping[str, Tensor] | None = None,
) -> WaveNetwork:
    """Train one network.

    Parameters
    ----------
    sources, without, simulated : list of Source
        Fully marked records; records of which only the lack of P waves is known; simulated ones.
    noise : (n_rows, n_noise) float32
    n_steps, seed : int
    start : mapping of str to Tensor, optional
        Folded weights to go on from, at an eighth of the rate.

    Returns
    -------
    WaveNetwork
        The exponential moving average of the weights, ready to run.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = WaveNetwork()
    peak_rate = _PEAK_RATE
    if start is not None:
        load_folded(network, start)
        peak_rate = _REFINING_RATE
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99), use_buffers=True
    )
    optimiser = torch.optim.AdamW(network.parameters(), peak_rate, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, peak_rate, total_steps=n_steps, pct_start=0.15
    )
    shares = (1 - _SHARE_WITHOUT_P - _SHARE_SIMULATED, _SHARE_WITHOUT_P, _SHARE_SIMULATED)
    pools = list(zip((sources, without, simulated), shares, strict=True))
    network.train()
    if start is not None:
        for part in network.modules():
            if isinstance(part, torch.nn.BatchNorm1d):
                part.eval()
    began, running = time.perf_counter(), 0.0
    for step in range(n_steps):
        leads, target, known = _batch(pools, noise, rng)
        loss = _loss(network(leads), target, known)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
        running += loss.item()
        if (step + 1) % 100 == 0:
            spent_s = time.perf_counter() - began
            print(f"step {step + 1} loss {running / 100:.4f} after {spent_s:.0f} s", flush=True)
            running = 0.0
    return average.module.eval()


def _batch(
    pools: list[tuple[list[Source], float]],
    noise: NDArray[np.float32],
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    n_leads = int(rng.choice(_LEAD_COUNTS, p=_LEAD_SHARES))
    drawn = []
    for _ in range(_BATCH):
        pool = pools[rng.choice(len(pools), p=[share for _, share in pools])][0]
        source = pool[rng.integers(len(pool))]
        drawn.append(draw_example(source, noise, n_leads, _N_SAMPLES, rng))
    leads, target, known = (torch.from_numpy(np.stack(part)) for part in zip(*drawn, strict=True))
    return leads, target, known


def _loss(logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
    each = binary_cross_entropy_with_logits(logits, target, reduction="none") * known
    spans = each[:, :, :3].sum() / known[:, :, :3].sum().clamp(min=1)
    peaks = each[:, :, 3:].sum() / known[:, :, 3:].sum().clamp(min=1)
    return spans + 2.0 * peaks


def main() -> None:
    """Train what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="holds ludb/, nstdb/ and ptb-xl/")
    parser.add_argument(
        "out", type=Path, help="folder for fold-0.safetensors … and all.safetensors"
    )
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--runs", nargs="*", default=[*map(str, range(N_FOLDS)), "all"])
    parser.add_argument(
        "--start-from", type=Path, help="folder of weights to go on from, named as in OUT"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    ludb = read_ludb(arguments.data / "ludb")
    noise = read_noise(arguments.data / "nstdb")
    without = read_fibrillation(arguments.data / "ptb-xl")
    simulated = simulate_sources()
    for run in arguments.runs:
        kept = [i for i in ludb if run == "all" or fold_of_record(i.record.record_id) != int(run)]
        name = run if run == "all" else f"fold-{run}"
        print(f"{name}: {len(kept)} records, {len(without)} without P waves", flush=True)
        seed = arguments.seed + (N_FOLDS if run == "all" else int(run))
        start = None
        if arguments.start_from is not None:
            start = load_file(arguments.start_from / f"{name}.safetensors")
        network = train(
            [from_ludb(item) for item in kept],
            without,
            simulated,
            noise,
            n_steps=arguments.steps,
            seed=seed,
            start=start,
        )
        save_file(folded_weights(network), arguments.out / f"{name}.safetensors")


if __name__ == "__main__":
    main()
