"""Rules for the QRS axis compared: ``python -m benchmarks.qrs_axis DATA``.

On the 18 GE MUSE axes of Chapman; on PTB-XL's heart_axis codes and LUDB's classes, as the distance
to the nearest axis the code allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.muse_agreement import read_chapman
from benchmarks.parts import run_parts
from benchmarks.quality import read_ptb_xl
from physioclr.leads import LIMB_LEADS
from physioclr.physiology.axis import frontal_axis_deg
from physioclr.physiology.beat_features import compute_beat_features
from physioclr.physiology.measuring_band import measuring_band
from physioclr.records import EcgRecord
from physioclr.signal.delineation import delineate
from physioclr.signal.median_beat import median_beats
from studies.references.ludb import read_ludb

Floats = NDArray[np.float64]
Rows = dict[str, dict[str, float]]

# Axes that a code allows, from and to.
PTB_XL = {
    "LAD": (-90, 0),
    "ALAD": (-90, -30),
    "AXL": (-60, 0),
    "RAD": (90, 180),
    "ARAD": (90, 180),
    "AXR": (60, 120),
    "MID": (0, 90),
}
LUDB = {
    "normal": (30, 69),
    "horizontal": (0, 29),
    "vertical": (70, 90),
    "left axis deviation": (-90, 0),
    "right axis deviation": (91, 180),
}
_BEFORE_MS, _AFTER_MS, _LEVEL_MS = 300.0, 400.0, 20.0


def axes_of(record: EcgRecord) -> dict[str, float]:
    """Return the QRS axis of a record by each rule."""
    delineation = delineate(record)
    features = compute_beat_features(record, delineation)
    at = features.median_beat
    rows = [record.leads.index(lead) for lead in LIMB_LEADS]
    beat = median_beats(
        measuring_band(record.signal_mv, record.fs_hz)[rows],
        record.fs_hz,
        delineation.r_peaks_samples[features.kinds.dominant],
        before_ms=_BEFORE_MS,
        after_ms=_AFTER_MS,
    ).astype(np.float64)
    time_ms = np.arange(beat.shape[1]) * 1000 / record.fs_hz - _BEFORE_MS
    before = (time_ms >= at.qrs_on - _LEVEL_MS) & (time_ms <= at.qrs_on)
    beat -= np.median(beat[:, before], axis=1, keepdims=True)
    qrs = (time_ms >= at.qrs_on) & (time_ms <= at.qrs_off)
    axes = {"net area of QRS": _axis(beat[:, qrs].sum(axis=1))}
    for first_ms in (60, 70, 80, 90):
        early = qrs & (time_ms <= at.qrs_on + first_ms)
        axes[f"net area, first {first_ms} ms of every QRS"] = _axis(beat[:, early].sum(axis=1))
    heights = np.maximum(beat[:, qrs].max(axis=1), 0) + np.minimum(beat[:, qrs].min(axis=1), 0)
    axes["R minus S of all of QRS"] = _axis(heights)
    axes["`qrs_axis_deg`"] = features.qrs_axis_deg
    return axes


def _axis(of_limb_leads: Floats) -> float:
    return frontal_axis_deg(dict(zip(LIMB_LEADS, of_limb_leads.tolist(), strict=True)))


def apart_deg(one: float, other: float) -> float:
    """Return how far two directions are apart, 0 to 180."""
    return abs((one - other + 180) % 360 - 180)


def outside_deg(axis_deg: float, allowed: tuple[float, float]) -> float:
    """Return how far a direction lies outside a sector."""
    low, high = allowed
    if (axis_deg - low) % 360 <= high - low:
        return 0.0
    return min(apart_deg(axis_deg, low), apart_deg(axis_deg, high))


def run_muse(data: Path) -> Rows:
    """Compare with GE MUSE."""
    found = read_chapman(data / "chapman")
    axes = [axes_of(record) for record, _ in found]
    muse = [float(row["RAxis"]) for _, row in found]
    rows: Rows = {}
    for rule in axes[0]:
        signed = [(of[rule] - at + 180) % 360 - 180 for of, at in zip(axes, muse, strict=True)]
        rows[rule] = {
            "records": float(len(signed)),
            "mean": float(np.mean(signed)),
            "sd": float(np.std(signed, ddof=1)),
            "largest": float(np.abs(signed).max()),
            "off by > 30": float((np.abs(signed) > 30).sum()),
        }
    return rows


def run_ptb_xl(data: Path) -> Rows:
    """Compare with PTB-XL's codes."""
    table, records = read_ptb_xl(data / "ptb-xl")
    coded = [
        (record, PTB_XL[code])
        for record, code in zip(records, table["heart_axis"], strict=True)
        if code in PTB_XL
    ]
    return _outside(coded)


def run_ludb(data: Path) -> Rows:
    """Compare with LUDB's classes."""
    table = pd.read_csv(data / "ludb" / "ludb.csv").set_index("ID")
    stated = table["Electric axis of the heart"].str.removeprefix("Electric axis of the heart: ")
    coded = []
    for item in read_ludb(data / "ludb"):
        code = stated[int(item.record.record_id.removeprefix("ludb-"))]
        if code in LUDB:
            coded.append((item.record, LUDB[code]))
    return _outside(coded)


def _outside(coded: Sequence[tuple[EcgRecord, tuple[float, float]]]) -> Rows:
    axes = [axes_of(record) for record, _ in coded]
    rows: Rows = {}
    for rule in axes[0]:
        off = [outside_deg(of[rule], sector) for of, (_, sector) in zip(axes, coded, strict=True)]
        known = [each for each in off if not math.isnan(each)]
        rows[rule] = {
            "records": float(len(known)),
            "outside": float(np.sum(np.array(known) > 0)),
            "by > 15": float(np.sum(np.array(known) > 15)),
            "by > 30": float(np.sum(np.array(known) > 30)),
            "largest": float(max(known)),
        }
    return rows


RUN: dict[str, Callable[[Path], Rows]] = {
    "muse": run_muse,
    "ptb-xl": run_ptb_xl,
    "ludb": run_ludb,
}


def main() -> None:
    run_parts(__doc__, "chapman/, ptb-xl/ and ludb/", RUN)


if __name__ == "__main__":
    main()
