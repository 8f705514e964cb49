"""How long one ECG takes to embed: ``python -m benchmarks.embedding [CHECKPOINT ...]``.

A simulated 12-lead ECG of 10 s at 500 Hz, already read: filtering, resampling, cutting and the
encoder, one ECG at a time, as the Read page does it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.embedding import embed
from physioclr.encoders.installed import SHIPPED
from physioclr.runtime.shipped_files import bundled
from physioclr.simulate import simulate_record

__all__ = ["main"]


def main() -> None:
    """Time each checkpoint and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", nargs="*", default=[SHIPPED])
    parser.add_argument("--repeats", type=int, default=50)
    arguments = parser.parse_args()
    record = simulate_record("sinus_rhythm", seed=0)
    table = Table(title="One 10 s ECG, 12 x 5000")
    for column in ("", "MB", "load, ms", "filter, ms", "embed, median ms", "90th percentile, ms"):
        table.add_column(column, justify="right")
    for name in arguments.checkpoints:
        started = time.perf_counter()
        encoder = load_encoder(name)
        load_ms = 1000 * (time.perf_counter() - started)
        filtered, embedded = [], []
        for _ in range(arguments.repeats):
            started = time.perf_counter()
            encoder.card.preprocessing.windows(record)
            between = time.perf_counter()
            embed([record], encoder)
            filtered.append(1000 * (between - started))
            embedded.append(1000 * (time.perf_counter() - between))
        folder = Path(name) if Path(name).is_dir() else bundled("checkpoints") / name
        size = sum(file.stat().st_size for file in folder.glob("*")) / 1e6
        table.add_row(
            name,
            f"{size:.1f}",
            f"{load_ms:.0f}",
            f"{np.median(filtered):.1f}",
            f"{np.median(embedded):.1f}",
            f"{np.percentile(embedded, 90):.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
