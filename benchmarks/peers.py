"""How other delineators do on LUDB: ``python -m benchmarks.peers DATA``.

Lead II alone (``--all-leads``: each lead alone), scored as in `benchmarks.delineation`. The
delineators are no dependencies of PhysioCLR. In a separate environment:

    pip install ecgdeli openecg onnxruntime prominence-delineator vg-beat-detectors wfdb pandas
    pip install --ignore-requires-python wavedet    # asks for Python 3.12, runs on 3.11

What is not installed is named and left out. openecg's network was trained on LUDB, these records
among them; it marks spans, no peaks. wavedet and ECGdeli are ports of the MATLAB originals.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.fiducial_scores import FiducialScore
from physioclr.leads import STANDARD_LEADS
from physioclr.signal.delineation import FIDUCIALS
from studies.references.ludb import WAVES, LudbRecord, read_ludb

Marks = dict[str, NDArray[np.float64]]
Delineator = Callable[[NDArray[np.float64], float], Marks]

_SPANS = {"P": "p", "QRS": "qrs", "T": "t"}


def ecgdeli(lead_mv: NDArray[np.float64], fs_hz: float) -> Marks:
    package = importlib.import_module("ecgdeli")
    marks = package.annotate(package.filter_ecg(lead_mv, fs=fs_hz), fs=fs_hz).leads[0]
    found = {}
    for name in FIDUCIALS:
        samples = np.asarray(getattr(marks, name), dtype=np.float64)
        found[name] = samples[samples > 0]
    return found


def wavedet(lead_mv: NDArray[np.float64], fs_hz: float) -> Marks:
    package = importlib.import_module("wavedet")
    marks = package.delineate(lead_mv, fs=fs_hz)
    names = {"p_peak": "p", "r_peak": "qrs", "t_peak": "t"}
    return {
        name: np.asarray(getattr(marks, names.get(name, name)), dtype=np.float64)
        for name in FIDUCIALS
    }


@cache
def _openecg_network() -> Any:
    return importlib.import_module("openecg").load_codec_onnx()


def openecg(lead_mv: NDArray[np.float64], fs_hz: float) -> Marks:
    package = importlib.import_module("openecg")
    codec = package.encode(lead_mv, fs=fs_hz, model=_openecg_network())
    names = importlib.import_module("openecg.eval")
    waves = {getattr(names, f"SUPER_{name}"): wave for name, wave in _SPANS.items()}
    found: dict[str, list[float]] = {name: [] for name in FIDUCIALS}
    for start, stop, kind in codec.events("frame", drop_class=0):
        if kind in waves:
            found[f"{waves[kind]}_on"].append(start)
            found[f"{waves[kind]}_off"].append(stop)
    return {name: np.array(samples, dtype=np.float64) for name, samples in found.items()}


def prominence_delineator(lead_mv: NDArray[np.float64], fs_hz: float) -> Marks:
    package = importlib.import_module("prominence_delineator")
    run = package.ProminenceDelineator(sampling_frequency=int(fs_hz))
    peaks = run.find_rpeaks(lead_mv)
    waves = run.find_waves(run.clean_ecg(lead_mv), rpeaks=peaks)
    keys = {"qrs_on": "R_on", "qrs_off": "R_off", "r_peak": "R"}
    keys |= {f"{wave}_{end}": f"{wave.upper()}_{end}" for wave in "pt" for end in ("on", "off")}
    keys |= {f"{wave}_peak": wave.upper() for wave in "pt"}
    return {name: np.asarray(waves[keys[name]], dtype=np.float64) for name in FIDUCIALS}


DELINEATORS: dict[str, Delineator] = {
    "ecgdeli": ecgdeli,
    "wavedet": wavedet,
    "openecg": openecg,
    "prominence_delineator": prominence_delineator,
}


def score(
    items: list[LudbRecord], delineator: Delineator, leads: tuple[str, ...]
) -> dict[str, Any]:
    """Score a delineator lead by lead; count the leads on which it raises."""
    scores = {name: FiducialScore() for name in FIDUCIALS}
    failed, began = 0, time.perf_counter()
    for item in items:
        fs_hz = item.record.fs_hz
        to_ms = 1000 / fs_hz
        for lead in leads:
            try:
                found = delineator(item.record.lead_mv(lead).astype(np.float64), fs_hz)
            except Exception:  # whatever a peer raises, it found nothing
                found, failed = {name: np.empty(0) for name in FIDUCIALS}, failed + 1
            expert = item.expert[lead]
            span_ms = (expert.first * to_ms, expert.last * to_ms)
            for index, name in enumerate(FIDUCIALS):
                expert_ms = expert.waves[WAVES[index // 3]][:, index % 3] * to_ms
                scores[name].add(expert_ms, found[name] * to_ms, span_ms)
    return {
        "leads_that_raised": failed,
        "wall_s": round(time.perf_counter() - began, 1),
        **{name: one.summary() for name, one in scores.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="holds ludb/")
    parser.add_argument("--all-leads", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    items = read_ludb(arguments.data / "ludb")
    leads = STANDARD_LEADS if arguments.all_leads else ("II",)
    result: dict[str, Any] = {}
    for name, delineator in DELINEATORS.items():
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"{name}: not installed ({error})", flush=True)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result[name] = score(items, delineator, leads)
        n_leads = len(leads) * len(items)
        print(f"\n{name}: {result[name]['leads_that_raised']} of {n_leads} leads raised")
        for fiducial in FIDUCIALS:
            one = result[name][fiducial]
            print(
                f"{fiducial:8} F1 {one['f1']:.3f} PPV {one['ppv']:.3f} "
                f"{one['bias_ms']:+.1f} ± {one['sd_ms']:.1f} ms",
                flush=True,
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
