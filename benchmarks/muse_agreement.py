"""Agreement with the GE MUSE measurements of Chapman: ``python -m benchmarks.muse_agreement DATA``.

Bland and Altman (1986, Lancet 1:307): the mean of the differences (bias), their standard
deviation, and bias ± 1.96 SD, between which 95 % of them would lie. NeuroKit2 measures the same
records in the same run.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.axis import frontal_axis_deg
from physioclr.physiology.intervals import corrected_qt_ms
from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord
from studies.references.neurokit_waves import neurokit_fiducials

FS_HZ = 500.0
_UV_PER_MV = 1000.0
# What is compared: the column of Diagnostics.xlsx, the unit, and the limits of |bias|, SD.
COMPARED: Mapping[str, tuple[str, str, tuple[float, float] | None]] = {
    "heart_rate_bpm": ("VentricularRate", "bpm", (1.0, 2.0)),
    "qrs_ms": ("QRSDuration", "ms", (5.0, 12.0)),
    "qt_ms": ("QTInterval", "ms", (10.0, 20.0)),
    "qtc_bazett_ms": ("QTCorrected", "ms", None),
    "axis_deg": ("RAxis", "°", None),
    "t_axis_deg": ("TAxis", "°", None),
}


def read_chapman(folder: Path) -> list[tuple[EcgRecord, pd.Series]]:
    """Read the records of a Chapman folder in the figshare layout with their MUSE measurements."""
    table = pd.read_excel(folder / "Diagnostics.xlsx").set_index("FileName")
    read = []
    for path in sorted((folder / "ECGDataDenoised").glob("*.csv")):
        signal_mv = pd.read_csv(path, header=None).to_numpy().T / _UV_PER_MV
        record = EcgRecord(signal_mv.astype(np.float32), FS_HZ, STANDARD_LEADS, path.stem)
        read.append((record, table.loc[path.stem]))
    return read


def physioclr_measures(record: EcgRecord) -> dict[str, float]:
    """Measure a record with PhysioCLR."""
    scalars = measure(record).scalars()
    return {name: scalars[name] for name in COMPARED}


def neurokit_measures(record: EcgRecord) -> dict[str, float]:
    """Measure a record with NeuroKit2 (`prominence`): lead II, medians over beats; axis of I, aVF.

    NeuroKit2 measures neither intervals over all leads nor an axis. The axis is put together from
    its fiducials by our own formula, so that both differ in the fiducials alone.
    """
    to_ms = 1000 / record.fs_hz
    found = neurokit_fiducials(record.lead_mv("II"), record.fs_hz, "prominence")
    rr_ms = float(np.mean(np.diff(found["r_peak"]))) * to_ms
    qt_ms = _span(found["qrs_on"], found["t_off"]) * to_ms
    qtc_ms = math.nan
    if qt_ms > 0:
        qtc_ms = float(corrected_qt_ms([qt_ms], [rr_ms], formula="bazett")[0])
    return {
        "heart_rate_bpm": 60_000 / rr_ms,
        "qrs_ms": _span(found["qrs_on"], found["qrs_off"]) * to_ms,
        "qt_ms": qt_ms,
        "qtc_bazett_ms": qtc_ms,
        "axis_deg": _neurokit_axis(record, "qrs_on", "qrs_off"),
        "t_axis_deg": _neurokit_axis(record, "t_on", "t_off"),
    }


def _span(onsets: NDArray[np.float64], ends: NDArray[np.float64]) -> float:
    """Return the median from each onset to the next end, where that comes before the next onset.

    NeuroKit2's lists skip what it did not find, so that equal places are not always one beat.
    """
    onsets, ends = (np.sort(marks[np.isfinite(marks)]) for marks in (onsets, ends))
    following = np.append(onsets[1:], np.inf)
    after = np.searchsorted(ends, onsets, side="right")
    spans = [
        ends[at] - onset
        for onset, stop, at in zip(onsets, following, after, strict=True)
        if at < ends.size and ends[at] < stop
    ]
    return float(np.median(spans)) if spans else math.nan


def _neurokit_axis(record: EcgRecord, onset: str, end: str) -> float:
    areas = {}
    for lead in ("I", "aVF"):
        lead_mv = record.lead_mv(lead).astype(np.float64)
        found = neurokit_fiducials(lead_mv, record.fs_hz, "prominence")
        of_beats = [
            float((lead_mv[round(a) : round(b) + 1] - lead_mv[round(a)]).sum())
            for a, b in zip(found[onset], found[end], strict=True)
            if np.isfinite(a) and np.isfinite(b) and b > a
        ]
        areas[lead] = float(np.median(of_beats)) if of_beats else math.nan
    return frontal_axis_deg(areas)


METHODS = {"physioclr": physioclr_measures, "neurokit2": neurokit_measures}


def differences(found: pd.Series, muse: pd.Series, unit: str) -> pd.Series:
    """Subtract; angles on the circle, in (−180, 180]."""
    plain = found - muse
    return 180 - (180 - plain) % 360 if unit == "°" else plain


def bland_altman(of_records: pd.Series) -> dict[str, float]:
    """Summarise differences."""
    known = of_records.dropna()
    bias, sd = float(known.mean()), float(known.std(ddof=1))
    return {
        "n": len(known),
        "bias": bias,
        "sd": sd,
        "low": bias - 1.96 * sd,
        "high": bias + 1.96 * sd,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="holds chapman/")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    arguments = parser.parse_args()
    read = read_chapman(arguments.data / "chapman")
    muse = pd.DataFrame([row for _, row in read])
    out: dict[str, dict[str, object]] = {}
    print(f"Found minus MUSE, {len(read)} records: bias ± SD [limits of agreement]\n")
    print("| | " + " | ".join(METHODS) + " | asked |\n|---" * 1 + "|---" * (len(METHODS) + 1) + "|")
    found = {name: pd.DataFrame([method(r) for r, _ in read]) for name, method in METHODS.items()}
    for measurement, (column, unit, limits) in COMPARED.items():
        cells = []
        for name, table in found.items():
            of_records = differences(
                table[measurement], muse[column].astype(float).reset_index(drop=True), unit
            )
            of_records.index = muse.index
            one = bland_altman(of_records)
            out.setdefault(name, {})[measurement] = one | {"records": of_records.to_dict()}
            cells.append(
                f"{one['bias']:+.1f} ± {one['sd']:.1f} [{one['low']:+.1f}, {one['high']:+.1f}] "
                f"{unit}, n {one['n']}"
            )
        asked = "" if limits is None else f"{limits[0]:g} ± {limits[1]:g}"
        print(f"| {measurement} | " + " | ".join(cells) + f" | {asked} |")
    if arguments.json:
        arguments.json.write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
