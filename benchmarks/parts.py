"""A benchmark of several parts, as one command."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["print_rows", "run_parts"]

Part = Callable[[Path], Any]


def run_parts(
    description: str | None,
    holds: str,
    parts: Mapping[str, Part],
    printers: Mapping[str, Callable[[Any], None]] | None = None,
) -> None:
    """Run the parts the command line asks for, print their tables, and write them as JSON.

    Parameters
    ----------
    description : str
        For ``--help``.
    holds : str
        Which folders the data folder holds.
    parts : mapping of str to callable
        Name → function from the data folder to its rows.
    printers : mapping of str to callable, optional
        For the parts whose result is not printed by `print_rows`.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("data", type=Path, help=f"holds {holds}")
    parser.add_argument("--parts", nargs="*", choices=list(parts), default=list(parts))
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    arguments = parser.parse_args()
    results = {}
    for name in arguments.parts:
        results[name] = parts[name](arguments.data)
        print(f"\n{name}")
        (printers or {}).get(name, print_rows)(results[name])
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


def print_rows(rows: Mapping[str, Mapping[str, float]]) -> None:
    """Print one line a row: its name, and each number with its own."""
    for name, values in rows.items():
        cells = " | ".join(f"{key} {value:.4g}" for key, value in values.items())
        print(f"| {name} | {cells} |", flush=True)
