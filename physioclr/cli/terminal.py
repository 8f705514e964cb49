"""What every verb of the command line shares: its consoles, options, cells and progress bar."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AsJson",
    "Checkpoint",
    "Report",
    "StoreFolder",
    "auroc_cell",
    "err_console",
    "json_rows",
    "number_cell",
    "option_errors",
    "out_console",
    "print_json",
    "progress_bar",
]

out_console = Console()
err_console = Console(stderr=True)

Checkpoint = Annotated[
    str | None, typer.Option(help="A shipped checkpoint's name, or a checkpoint folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
StoreFolder = Annotated[Path, typer.Argument(help="A store made by `physioclr prepare`.")]


def print_json(value: dict[str, Any]) -> None:
    """Print a document as JSON, which knows no NaN."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


@contextmanager
def option_errors() -> Iterator[None]:
    """Say of an option out of range what is wrong with it, as Typer does of its own."""
    try:
        yield
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def json_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON has them."""
    rows: list[dict[str, Any]] = json.loads(table.reset_index().to_json(orient="records"))
    return rows


def number_cell(value: float | None, decimals: int = 3) -> str:
    """Write a number for a table; nothing where there is none."""
    return "" if value is None else f"{value:.{decimals}f}"


def auroc_cell(row: Mapping[Any, Any]) -> str:
    """Write the AUROC of a row with its interval."""
    auroc = row["auroc"]
    if auroc is None or auroc != auroc:
        return "not measurable"
    return f"{auroc:.3f} [{row['auroc_low']:.3f}, {row['auroc_high']:.3f}]"


class Report:
    """What a long piece of work calls: how much is done, of how much, and what it is doing."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title
        self._task = progress.add_task(title, total=None)

    def __call__(self, done: int, total: int, what: str = "") -> None:
        """Show how far it is."""
        title = f"{self._title}: {what}" if what else self._title
        self._progress.update(self._task, completed=done, total=total, description=title)

    def share(self, what: str, share: float) -> None:
        """Show what is being done and the share done, in [0, 1]."""
        self(round(100 * share), 100, what)


@contextmanager
def progress_bar(title: str) -> Iterator[Report]:
    """Show a bar on standard error until the block ends; it yields what to call."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err_console, transient=True) as progress:
        yield Report(progress, title)
