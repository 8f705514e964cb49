"""How well signal quality is judged: ``python -m benchmarks.quality DATA``.

CinC 2011 is scored twice: by ten folds over records, each judged with weights fitted without it
(`studies.quality.fit`), and with the shipped weights, which have seen these records. NeuroKit2
judges the same records in the same run.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import neurokit2 as nk
import numpy as np
import pandas as pd
import wfdb
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from benchmarks.parts import run_parts
from physioclr.io import read_ecg
from physioclr.leads import STANDARD_LEADS, canonical_lead, in_standard_order
from physioclr.records import EcgRecord
from physioclr.signal.quality import Quality, assess_quality
from physioclr.signal.quality_model import QualityModel
from physioclr.signal.resampling import resample
from physioclr.simulate import CONDITIONS, simulate_record
from studies.quality.fit import fit_quality_model, positions_of
from studies.references.cinc2011 import Cinc2011, read_cinc2011
from studies.references.ludb import read_ludb

N_FOLDS, SEED, N_BOOTSTRAPS = 10, 0, 2000
NEUROKIT = ("averageQRS", "templatematch", "zhao2018")
_ZHAO_SCORE = {"Excellent": 1.0, "Barely acceptable": 0.5, "Unacceptable": 0.0}
_FLAGS = ["baseline_drift", "static_noise", "burst_noise", "electrodes_problems"]
# What is left of the legs' difference in potential, as a share of III.
_LEG_SHARE = 0.03
_LONGEST_S = 30.0

Floats = NDArray[np.float64]
Rows = dict[str, dict[str, float]]


def run_cinc2011(data: Path) -> Rows:
    """Score acceptable against unacceptable, and bad against good leads where marked."""
    cinc = read_cinc2011(data / "cinc2011")
    held_out = list(cross_validated(cinc))
    shipped = [assess_quality(record) for record in cinc.records]
    return _scored("cross-validated", held_out, cinc) | _scored("in sample", shipped, cinc)


def cross_validated(cinc: Cinc2011) -> Iterable[Quality]:
    """Judge each record with weights fitted on the other folds."""
    positions, labels = positions_of(cinc), cinc.unacceptable.astype(np.float64)
    model_of: list[QualityModel] = [None] * len(labels)  # type: ignore[list-item]
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED)
    for seen, unseen in folds.split(positions, labels):
        model = fit_quality_model(positions[seen], labels[seen], cinc.bad_leads[seen])
        for index in unseen:
            model_of[index] = model
    for record, model in zip(cinc.records, model_of, strict=True):
        yield assess_quality(record, model=model)


def _scored(name: str, qualities: Sequence[Quality], cinc: Cinc2011) -> Rows:
    bad = cinc.unacceptable
    scores = np.array([quality.score for quality in qualities])
    accepted = np.array([quality.acceptable for quality in qualities])
    marked = np.isfinite(cinc.bad_leads).all(axis=1)
    of_leads = np.array([[q.leads[lead].score for lead in STANDARD_LEADS] for q in qualities])
    bad_leads = cinc.bad_leads[marked]
    return {
        f"records, {name}": _auroc(bad, -scores)
        | {
            "sensitivity": float(np.mean(~accepted[bad])),
            "specificity": float(np.mean(accepted[~bad])),
            "accuracy": float(np.mean(accepted != bad)),
            "n": float(bad.size),
        },
        f"leads, {name}": _auroc(bad_leads, -of_leads[marked])
        | {
            "sensitivity": float(np.mean(of_leads[marked][bad_leads == 1] < 0.5)),
            "specificity": float(np.mean(of_leads[marked][bad_leads == 0] >= 0.5)),
            "n": float(bad_leads.size),
        },
    }


def _auroc(labels: NDArray[np.generic], badness: Floats) -> dict[str, float]:
    """Return the AUROC and its 95 % interval, by drawing records (rows) with replacement."""
    rng = np.random.default_rng(SEED)
    drawn = []
    for _ in range(N_BOOTSTRAPS):
        rows = rng.integers(len(labels), size=len(labels))
        drawn.append(roc_auc_score(labels[rows].ravel(), badness[rows].ravel()))
    low, high = np.percentile(drawn, [2.5, 97.5])
    value = float(roc_auc_score(labels.ravel(), badness.ravel()))
    return {"auroc": value, "low": float(low), "high": float(high)}


def run_neurokit(data: Path) -> Rows:
    """Score NeuroKit2's three measures: a record by its worst lead and by the mean of its leads."""
    cinc = read_cinc2011(data / "cinc2011")
    bad = cinc.unacceptable
    marked = np.isfinite(cinc.bad_leads).all(axis=1)
    scores = {method: np.zeros((len(bad), 12)) for method in NEUROKIT}
    spent = dict.fromkeys(NEUROKIT, 0.0)
    for index, record in enumerate(cinc.records):
        for lead, lead_mv in enumerate(record.signal_mv):
            for method in NEUROKIT:
                began = time.process_time()
                scores[method][index, lead] = _neurokit_score(lead_mv, record.fs_hz, method)
                spent[method] += time.process_time() - began
    rows: Rows = {}
    for method, of in scores.items():
        ms = 1000 * spent[method] / len(bad)
        rows[f"records, {method}, mean lead"] = _auroc(bad, -of.mean(axis=1)) | {"ms": ms}
        rows[f"records, {method}, worst lead"] = _auroc(bad, -of.min(axis=1)) | {"ms": ms}
        rows[f"leads, {method}"] = _auroc(cinc.bad_leads[marked], -of[marked]) | {"ms": ms}
    return rows


def _neurokit_score(lead_mv: NDArray[np.float32], fs_hz: float, method: str) -> float:
    """Return NeuroKit2's score of a lead; 0 where it finds no beats to judge."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            clean = nk.ecg_clean(lead_mv.astype(np.float64), sampling_rate=int(fs_hz))
            peaks = nk.ecg_peaks(clean, sampling_rate=int(fs_hz))[1]["ECG_R_Peaks"]
            judged = nk.ecg_quality(clean, peaks, sampling_rate=int(fs_hz), method=method)
        except (ArithmeticError, IndexError, KeyError, TypeError, ValueError):
            return 0.0
        score = _ZHAO_SCORE[judged] if isinstance(judged, str) else float(np.nanmean(judged))
    return score if np.isfinite(score) else 0.0


def run_ptb_xl(data: Path) -> Rows:
    """Judge PTB-XL, where a technician remarked on some; no weight was fitted on it."""
    table, records = read_ptb_xl(data / "ptb-xl")
    qualities = [assess_quality(record) for record in records]
    scores = np.array([quality.score for quality in qualities])
    remarked = table[_FLAGS].notna().any(axis=1).to_numpy()
    return {
        "all": {
            "records": float(len(records)),
            "acceptable": float(np.mean([quality.acceptable for quality in qualities])),
            "without remark": float(np.mean([not quality.reasons for quality in qualities])),
        },
        "remarked against not": _auroc(remarked, -scores) | {"remarked": float(remarked.sum())},
    }


def read_ptb_xl(folder: Path) -> tuple[pd.DataFrame, list[EcgRecord]]:
    table = pd.read_csv(folder / "ptbxl_database.csv", index_col="ecg_id")
    records = []
    for ecg_id, path in table.filename_hr.items():
        raw = wfdb.rdrecord(str(folder / path))
        leads = [canonical_lead(name) for name in raw.sig_name]
        signal_mv, order = in_standard_order(raw.p_signal.T, leads)
        records.append(EcgRecord(signal_mv, raw.fs, order, f"ptb-xl-{ecg_id}"))
    return table, records


def exchanged(record: EcgRecord, electrodes: str | None) -> EcgRecord:
    """Return the record as it would be had two limb electrodes been exchanged."""
    rows = {lead: record.signal_mv[row].astype(np.float64) for row, lead in enumerate(record.leads)}
    one, two = rows["I"], rows["II"]
    three = two - one
    first, second = {
        None: (one, two),
        "left arm and right arm": (-one, three),
        "right arm and left leg": (-three, -two),
        "left arm and left leg": (two, one),
        "right arm and right leg": (-three, _LEG_SHARE * three),
        "left arm and right leg": (two, two - _LEG_SHARE * three),
    }[electrodes]
    rows |= {"I": first, "II": second, "III": second - first, "aVR": -(first + second) / 2}
    rows |= {"aVL": first - second / 2, "aVF": second - first / 2}
    signal_mv = np.array([rows[lead] for lead in record.leads])
    return EcgRecord(signal_mv, record.fs_hz, record.leads, record.record_id)


def run_reversal(data: Path) -> Rows:
    """Count suspicions on ECGs as recorded, and on the same with electrodes exchanged."""
    simulated = [
        simulate_record(condition, seed=seed) for condition in CONDITIONS for seed in range(8)
    ]
    cohorts = {
        "PTB-XL (limits set here)": read_ptb_xl(data / "ptb-xl")[1],
        "LUDB": [item.record for item in read_ludb(data / "ludb")],
        "CPSC 2018": [
            record
            for path in sorted((data / "cpsc2018").glob("*.hea"))
            if (record := read_ecg(path)).duration_s < _LONGEST_S
        ],
        "simulated": simulated,
    }
    rows: Rows = {}
    for name, records in cohorts.items():
        for electrodes in (
            None,
            "left arm and right arm",
            "right arm and left leg",
            "right arm and right leg",
            "left arm and right leg",
            "left arm and left leg",
        ):
            named = [
                assess_quality(exchanged(record, electrodes)).suspected_reversal
                for record in records
            ]
            rows[f"{name}, {electrodes or 'as recorded'}"] = {
                "records": float(len(named)),
                "suspected": float(sum(found is not None for found in named)),
                "right pair": float(
                    sum(found is not None and found == electrodes for found in named)
                ),
            }
    suspected = Counter(
        assess_quality(record).suspected_reversal
        for record in read_cinc2011(data / "cinc2011").records
    )
    return rows | {
        f"CinC 2011 as recorded, {pair}": {"suspected": float(count)}
        for pair, count in suspected.items()
        if pair is not None
    }


def run_rates(data: Path) -> Rows:
    """Judge every fifth CinC 2011 record at other sampling rates, against 500 Hz."""
    records = read_cinc2011(data / "cinc2011").records[::5]
    reference = [assess_quality(record) for record in records]
    rows: Rows = {}
    for fs_hz in (100.0, 250.0, 360.0, 1000.0, 2000.0):
        judged = [
            assess_quality(
                EcgRecord(
                    resample(record.signal_mv, record.fs_hz, fs_hz),
                    fs_hz,
                    record.leads,
                    record.record_id,
                )
            )
            for record in records
        ]
        moved = np.abs([a.score - b.score for a, b in zip(judged, reference, strict=True)])
        flipped = [a.acceptable != b.acceptable for a, b in zip(judged, reference, strict=True)]
        rows[f"{fs_hz:g} Hz"] = {
            "records": float(len(records)),
            "median move": float(np.median(moved)),
            "95th percentile": float(np.percentile(moved, 95)),
            "verdicts changed": float(np.sum(flipped)),
        }
    return rows


def run_speed(data: Path) -> Rows:
    """Time 12 leads of 10 s at 500 Hz, and half an hour of two leads, on one thread."""
    records = read_cinc2011(data / "cinc2011").records[:100]
    raw = wfdb.rdrecord(str(data / "mitdb" / "119"))
    holter = EcgRecord(raw.p_signal.T, raw.fs, tuple(raw.sig_name), "mitdb-119")
    assess_quality(records[0])
    return {
        "12 leads of 10 s": {"processor_ms": _timed(records)},
        "2 leads of 30 min, 360 Hz": {"processor_ms": _timed([holter])},
    }


def _timed(records: Sequence[EcgRecord]) -> float:
    spent = []
    for _ in range(3):
        began = time.process_time()
        for record in records:
            assess_quality(record)
        spent.append(time.process_time() - began)
    return 1000 * min(spent) / len(records)


RUN: dict[str, Callable[[Path], Rows]] = {
    "cinc2011": run_cinc2011,
    "neurokit": run_neurokit,
    "ptb-xl": run_ptb_xl,
    "reversal": run_reversal,
    "rates": run_rates,
    "speed": run_speed,
}


def main() -> None:
    run_parts(__doc__, "cinc2011/, ptb-xl/, ludb/ and mitdb/", RUN)


if __name__ == "__main__":
    main()
