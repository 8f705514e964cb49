"""``python -m studies.main DATA --out STUDY``."""

from __future__ import annotations

import argparse
from pathlib import Path

from studies.main.measures import measure_all, measure_rows
from studies.main.pretraining import Study
from studies.main.rows import ROWS
from studies.main.tables import write_tables


def main() -> None:
    """Run what is left of the study and write its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of ptb-xl, cinc2011, …")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--scale", type=float, default=1.0, help="of 400 steps a run")
    parser.add_argument(
        "--rows", nargs="+", help="only these ways to pretrain, by name, no controls"
    )
    parser.add_argument("--tables", action="store_true", help="only write the tables anew")
    arguments = parser.parse_args()
    chosen = [row for row in ROWS if row.name in (arguments.rows or ())]
    if len(chosen) < len(arguments.rows or ()):
        parser.error(f"--rows must be of: {'; '.join(row.name for row in ROWS)}")
    study = Study(arguments.data, arguments.out, seeds=arguments.seeds, scale=arguments.scale)
    if not arguments.tables:
        study.prepare_stores()
        if chosen:
            measure_rows(study, chosen)
        else:
            measure_all(study)
    print(write_tables(study))


if __name__ == "__main__":
    main()
