"""``python -m studies.repeatability DATA --out FILE``: 35 s on one core."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd
from rich.progress import track

from physioclr.datasets.cohort import CohortRecord
from physioclr.datasets.ptb_xl import DATABASE_NAME, read_ptb_xl
from physioclr.physiology.measurements import MEASUREMENTS
from physioclr.physiology.repeatability import KINDS
from studies.repeatability.pairs import MEASURED, measure_pairs, repeatability_of_pairs

_DECIMALS = 2


def in_order_of_time(folder: Path) -> list[CohortRecord]:
    """List the records of PTB-XL by when they were recorded."""
    columns = ["ecg_id", "recording_date"]
    dates = pd.read_csv(folder / DATABASE_NAME, usecols=columns).set_index("ecg_id")
    recorded = pd.to_datetime(dates["recording_date"])
    return sorted(read_ptb_xl(folder).records, key=lambda listed: recorded[int(listed.record_id)])


def main() -> None:
    """Measure PTB-XL, write the file that ships, print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds ptb-xl")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    pairs = measure_pairs(track(in_order_of_time(arguments.data / "ptb-xl"), "Measuring"))
    measured = {
        name: [repeatability_of_pairs(name, kind, pairs.of_kind[kind]) for kind in KINDS]
        for name in MEASURED
    }
    stated = {
        "cohort": f"PTB-XL 1.0.3: {pairs.n_recordings} recordings of {pairs.n_patients} patients",
        "kinds": dict(KINDS),
        "measurements": {
            name: [
                {
                    key: round(value, _DECIMALS) if isinstance(value, float) else value
                    for key, value in of_kind.to_dict().items()
                }
                for of_kind in of_name
            ]
            for name, of_name in measured.items()
        },
    }
    arguments.out.write_text(json.dumps(stated, indent=1) + "\n", encoding="utf-8")
    print("| | kind of pair | pairs | bias | coefficient | 95th percentile |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, of_name in measured.items():
        for one in of_name:
            print(
                f"| {MEASUREMENTS[name].label}, {MEASUREMENTS[name].unit} | {one.kind} | "
                f"{one.n_pairs} | {one.bias:+.1f} | {one.coefficient:.1f} | "
                f"{one.percentile_95:.1f} |"
            )


if __name__ == "__main__":
    main()
