"""What is read of the files of a folder, and how fast: ``python -m benchmarks.formats FOLDER``.

Each file is read from memory, as an upload is, five times after a first; the fastest counts. What
cannot be read is listed with its reason. Files that state no layout are read by the one given.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from physioclr.errors import RecordError
from physioclr.io import ArrayLayout, group_files, read_ecg
from physioclr.leads import STANDARD_LEADS

_REPEATS = 5


def fastest_ms(files: dict[str, bytes], layout: ArrayLayout | None) -> float:
    """Return the shortest of some times it takes to read an ECG that is in memory."""
    read_ecg(files, layout=layout)
    durations_s = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        read_ecg(files, layout=layout)
        durations_s.append(time.perf_counter() - start)
    return 1000 * min(durations_s)


def describe(files: dict[str, bytes], layout: ArrayLayout | None) -> str:
    """Return a row of the table: what the record is, or why it is none."""
    name = next(iter(files))
    try:
        record = read_ecg(files, layout=layout)
    except RecordError as error:
        return f"| {name} | refused: expected {error.expected}, found {error.found} | | | | |"
    return (
        f"| {name} | {record.meta['format']} | {record.n_leads} | {record.fs_hz:g} | "
        f"{record.duration_s:.2f} | {fastest_ms(files, layout):.0f} |"
    )


def main() -> None:
    """Print a table of every ECG in a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fs-hz", type=float)
    parser.add_argument("--unit")
    parser.add_argument("--orientation", choices=("samples_first", "leads_first"))
    given = parser.parse_args()
    layout = None
    if given.fs_hz and given.unit:
        layout = ArrayLayout(
            fs_hz=given.fs_hz,
            unit=given.unit,
            leads=STANDARD_LEADS,
            orientation=given.orientation,
        )
    print("| file | format | leads | Hz | s | ms |\n| --- | --- | --- | --- | --- | --- |")
    for folder in sorted({path.parent for path in given.folder.rglob("*") if path.is_file()}):
        files = {
            path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()
        }
        for group in group_files(files):
            print(describe(group, layout))


if __name__ == "__main__":
    main()
