"""How well and how fast beats are delineated: ``python -m benchmarks.delineation DATA``.

On LUDB each record is delineated with weights trained without it (those of
``studies/wave_network/folds``, made by ``python -m studies.wave_network.train``), beside both
NeuroKit2 methods in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import wfdb
from numpy.typing import NDArray

from benchmarks.fiducial_scores import FiducialScore, match_fiducials
from benchmarks.parts import run_parts
from physioclr.records import EcgRecord
from physioclr.signal.delineation import FIDUCIALS, delineate, delineate_many
from physioclr.signal.wave_input import filter_at_network_rate
from physioclr.signal.wave_network import load_wave_network
from studies import wave_network
from studies.references.ludb import WAVES, LudbRecord, fold_of_record, read_ludb
from studies.references.neurokit_waves import METHODS, neurokit_fiducials

FOLDS = Path(wave_network.__file__).with_name("folds")
_BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")
_SNR_DB = (24.0, 12.0, 6.0)

Method = Callable[[EcgRecord], dict[str, dict[str, NDArray[np.float64]]]]


def cross_validated(record: EcgRecord) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Delineate a LUDB record with the weights that never saw it."""
    weights = FOLDS / f"fold-{fold_of_record(record.record_id)}.safetensors"
    found = delineate(record, network=load_wave_network(weights))
    return {
        lead: {name: table[name].to_numpy() for name in FIDUCIALS} for lead, table in found.items()
    }


def neurokit(method: str) -> Method:
    """Return a function that delineates each lead of a record with NeuroKit2."""

    def run(record: EcgRecord) -> dict[str, dict[str, NDArray[np.float64]]]:
        return {
            lead: neurokit_fiducials(lead_mv, record.fs_hz, method)
            for lead, lead_mv in zip(record.leads, record.signal_mv, strict=True)
        }

    return run


METHOD_OF = {"physioclr": cross_validated} | {f"nk {name}": neurokit(name) for name in METHODS}


def score(
    items: list[LudbRecord], method: Method, leads: tuple[str, ...] | None = None
) -> dict[str, dict[str, dict[str, float]]]:
    """Score a method on LUDB, lead II apart and all leads given."""
    scores = {where: {name: FiducialScore() for name in FIDUCIALS} for where in ("II", "all")}
    for item in items:
        found = method(item.record)
        for lead in leads or item.record.leads:
            expert = item.expert[lead]
            to_ms = 1000 / item.record.fs_hz
            span_ms = (expert.first * to_ms, expert.last * to_ms)
            for index, name in enumerate(FIDUCIALS):
                expert_ms = expert.waves[WAVES[index // 3]][:, index % 3] * to_ms
                for where in ("II", "all") if lead == "II" else ("all",):
                    scores[where][name].add(expert_ms, found[lead][name] * to_ms, span_ms)
    return {
        where: {name: one.summary() for name, one in of.items()} for where, of in scores.items()
    }


def run_ludb(data: Path) -> dict[str, object]:
    items = read_ludb(data / "ludb")
    return {name: score(items, method) for name, method in METHOD_OF.items()}


def run_noise(data: Path) -> dict[str, object]:
    """Add the second half of the noise stress records, which no training saw, and score lead II."""
    items = read_ludb(data / "ludb")
    out: dict[str, object] = {}
    for kind in ("bw", "ma"):
        noise = _noise(data / "nstdb" / kind)
        for snr_db in _SNR_DB:
            rng = np.random.default_rng(7)
            noisy = [_with_noise(item, noise, snr_db, rng) for item in items]
            for name in ("physioclr", "nk prominence"):
                found = score(noisy, METHOD_OF[name], leads=("II",))["II"]
                out[f"{kind} {snr_db:g} dB, {name}"] = {
                    fiducial: found[fiducial]["f1"] for fiducial in ("p_peak", "r_peak", "t_peak")
                }
    return out


def _noise(stem: Path) -> NDArray[np.float64]:
    recording = wfdb.rdrecord(str(stem))
    late = recording.p_signal[recording.sig_len // 2 :].T
    at_250_hz, _ = filter_at_network_rate(np.nan_to_num(late), recording.fs)
    at_500_hz = np.repeat(at_250_hz, 2, axis=1).astype(np.float64)
    at_500_hz[:, 1:-1:2] = (at_500_hz[:, :-2:2] + at_500_hz[:, 2::2]) / 2
    return at_500_hz


def _with_noise(
    item: LudbRecord, noise: NDArray[np.float64], snr_db: float, rng: np.random.Generator
) -> LudbRecord:
    record = item.record
    signal = record.signal_mv.astype(np.float64)
    power = np.var(filter_at_network_rate(signal, record.fs_hz)[0], axis=1)
    for lead in range(record.n_leads):
        start = rng.integers(noise.shape[1] - record.n_samples)
        added = noise[rng.integers(len(noise)), start : start + record.n_samples]
        signal[lead] += added * np.sqrt(power[lead] / np.var(added) / 10 ** (snr_db / 10))
    noisy = EcgRecord(signal, record.fs_hz, record.leads, record.record_id)
    return LudbRecord(noisy, item.expert)


def run_mitdb(data: Path) -> dict[str, object]:
    """Score R peaks at ±50 ms; ventricular flutter, marked [ to ], is left out."""
    out: dict[str, object] = {}
    totals = {name: np.zeros(3) for name in ("physioclr", "nk")}
    for path in sorted((data / "mitdb").glob("*.dat")):
        stem = str(path.with_suffix(""))
        raw, marks = wfdb.rdrecord(stem), wfdb.rdann(stem, "atr")
        record = EcgRecord(raw.p_signal.T, raw.fs, tuple(raw.sig_name), path.stem)
        found = {
            "physioclr": delineate(record).r_peaks_samples.astype(np.float64),
            "nk": neurokit_fiducials(record.signal_mv[0], record.fs_hz, "peaks only")["r_peak"],
        }
        for name, peaks in found.items():
            counts = _count_beats(marks, peaks, record.fs_hz)
            totals[name] += counts
            out[f"{path.stem} {name}"] = _rates(counts)
    return out | {f"all {name}": _rates(counts) for name, counts in totals.items()}


def _count_beats(
    marks: wfdb.Annotation, peaks: NDArray[np.float64], fs_hz: float
) -> NDArray[np.float64]:
    symbols = np.array(marks.symbol)
    expert = marks.sample[[symbol in _BEATS for symbol in symbols]].astype(np.float64)
    for start, stop in zip(marks.sample[symbols == "["], marks.sample[symbols == "]"], strict=True):
        expert = expert[(expert < start) | (expert > stop)]
        peaks = peaks[(peaks < start) | (peaks > stop)]
    pairs = 0
    # In pieces: all pairs of half an hour would be millions.
    edges = np.arange(0, max(expert[-1], peaks[-1]) + 60 * fs_hz, 60 * fs_hz)
    for low, high in pairwise(edges):
        mine = expert[(expert >= low) & (expert < high)] / fs_hz * 1000
        near = (peaks >= low - 0.05 * fs_hz) & (peaks < high + 0.05 * fs_hz)
        pairs += match_fiducials(mine, peaks[near] / fs_hz * 1000, window_ms=50.0)[0].size
    return np.array([pairs, peaks.size - pairs, expert.size - pairs], dtype=np.float64)


def _rates(counts: NDArray[np.float64]) -> dict[str, float]:
    right, false, missed = counts
    return {
        "f1": 2 * right / (2 * right + false + missed),
        "false": false,
        "missed": missed,
        "beats": right + missed,
    }


def run_fibrillation(data: Path) -> dict[str, object]:
    """Count P waves where there are none: PTB-XL records with AFIB never trained on (odd)."""
    table = pd.read_csv(data / "ptb-xl" / "ptbxl_database.csv", index_col="ecg_id")
    chosen = table[table.scp_codes.str.contains("'AFIB'") & (table.index % 2 == 1)]
    records = []
    for ecg_id, path in chosen.filename_hr.items():
        raw = wfdb.rdrecord(str(data / "ptb-xl" / path))
        leads = tuple(name.replace("AV", "aV") for name in raw.sig_name)
        records.append(EcgRecord(raw.p_signal.T, raw.fs, leads, f"ptb-xl-{ecg_id}"))
    found = [delineation["II"].p_peak.notna() for delineation in delineate_many(records)]
    waves = [neurokit_fiducials(record.lead_mv("II"), 500.0, "prominence") for record in records]
    beats = sum(of["r_peak"].size for of in waves)
    return {
        "physioclr": {"records": len(records), "share": float(pd.concat(found).mean())},
        "nk prominence": {
            "records": len(records),
            "share": sum(np.isfinite(of["p_peak"]).sum() for of in waves) / beats,
        },
    }


def run_speed(data: Path) -> dict[str, object]:
    """Time 12 leads of 10 s, in wall and processor time of one thread."""
    records = [item.record for item in read_ludb(data / "ludb")]
    for _ in delineate_many(records[:5]):
        pass
    out: dict[str, object] = {"physioclr": _timed(lambda: delineate_many(records), len(records))}
    for method in METHODS:
        few = records[:3]
        out[f"nk {method}"] = _timed(lambda few=few, m=method: map(neurokit(m), few), len(few))
    return out


def _timed(run: Callable[[], Iterator[object]], n_records: int) -> dict[str, float]:
    wall, processor = [], []
    for _ in range(3):
        began, began_processor = time.perf_counter(), time.process_time()
        for _ in run():
            pass
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - began_processor)
    per_record = 1000 / n_records
    return {"wall_ms": min(wall) * per_record, "processor_ms": min(processor) * per_record}


def print_ludb(result: dict[str, dict[str, dict[str, dict[str, float]]]]) -> None:
    for where in ("II", "all"):
        print(
            f"\nLUDB, {'lead II' if where == 'II' else 'all 12 leads'}: F1 (Se, PPV), error in ms"
        )
        print("| | " + " | ".join(result) + " |\n|---" * 1 + "|---" * len(result) + "|")
        for name in FIDUCIALS:
            cells = []
            for of in result.values():
                one = of[where][name]
                cells.append(
                    f"{one['f1']:.4f} ({one['sensitivity']:.3f}, {one['ppv']:.3f}) "
                    f"{one['bias_ms']:+.1f} ± {one['sd_ms']:.1f}"
                )
            print(f"| {name} | " + " | ".join(cells) + " |")


RUN = {
    "ludb": run_ludb,
    "noise": run_noise,
    "mitdb": run_mitdb,
    "fibrillation": run_fibrillation,
    "speed": run_speed,
}


def main() -> None:
    run_parts(__doc__, "ludb/, mitdb/, nstdb/ and ptb-xl/", RUN, {"ludb": print_ludb})


if __name__ == "__main__":
    main()
