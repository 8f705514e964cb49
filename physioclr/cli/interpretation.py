"""The verb that says what an ECG shows, by published criteria."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from physioclr.cli.ecgs import File, Layout, declared_layout
from physioclr.cli.terminal import AsJson, err_console, out_console, print_json

if TYPE_CHECKING:
    from physioclr.interpretation.reading import Reading

__all__ = ["app", "interpret"]

app = typer.Typer()

_SHOWN_EVIDENCE = 4


@app.command()
def interpret(
    file: File,
    checkpoint: Annotated[
        str | None,
        typer.Option(help="Add the statement head of this checkpoint, such as physioclr-tiny."),
    ] = None,
    layout: Layout = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is absent or cannot be assessed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Interpret an ECG: findings by published criteria, each with its evidence."""
    from physioclr import load_encoder, read_ecg
    from physioclr.prediction.statement_reading import read_with_model

    record = read_ecg(Path(file), layout=declared_layout(layout))
    reading = read_with_model(record, None if checkpoint is None else load_encoder(checkpoint))
    if as_json:
        print_json({"simulated": record.simulated, **reading.to_dict()})
        return
    for note in reading.notes:
        err_console.print(f"{file.name}: {note}", style="yellow", highlight=False)
    table = Table(
        title=f"{record.record_id} · findings by criteria",
        caption="Research use only. Not a medical device.",
        box=None,
    )
    for column in ("Code", "Finding", "State", "Certainty", "Evidence"):
        table.add_column(column)
    for row in reading.statements if everything else reading.findings:
        statement = row.statement
        if statement is None:
            continue
        texts = statement.evidence_texts
        shown = list(texts[:_SHOWN_EVIDENCE])
        if len(texts) > _SHOWN_EVIDENCE:
            shown.append(f"{len(texts) - _SHOWN_EVIDENCE} more")
        said = "; ".join([*shown, *([row.reason] if row.reason else [])])
        mark = "[bold red]" if row.is_critical else ""
        table.add_row(
            row.code, f"{mark}{escape(row.text)}", row.shown, _pct(row.certainty), escape(said)
        )
    out_console.print(table)
    if reading.model:
        out_console.print(_model_table(reading, everything))
    n_unknown = len(reading.not_assessable)
    if n_unknown and not everything:
        err_console.print(f"{n_unknown} findings could not be assessed: --all says why.")


def _model_table(reading: Reading, everything: bool) -> Table:
    table = Table(title="Learned head", caption="Right: share of such calls.", box=None)
    for column in ("Label", "Finding", "Call", "Probability", "Right", "Reason"):
        table.add_column(column)
    for row in reading.model:
        if everything or row.shown != "absent":
            cells = (_pct(row.probability), _pct(row.certainty), escape(row.reason))
            table.add_row(row.code, escape(row.text), row.shown, *cells)
    return table


def _pct(share: float) -> str:
    return "" if math.isnan(share) else f"{100 * share:.0f} %"
