"""Verbs for one ECG: measure it, predict its labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from physioclr.cli.plugins import helped_by_plugins
from physioclr.cli.terminal import (
    AsJson,
    Checkpoint,
    auroc_cell,
    err_console,
    option_errors,
    out_console,
    print_json,
    progress_bar,
)

__all__ = ["app", "declared_layout", "measure", "predict"]

_DECLARED = ("fs_hz", "unit", "leads", "orientation", "scale", "array", "decimal")

app = typer.Typer()
File = Annotated[Path, typer.Argument(help="An ECG of any format, or a WFDB record's stem.")]
Layout = Annotated[
    list[str] | None,
    typer.Option(
        help="What a table or array does not say: fs_hz=500, unit=uV, leads=I,II,…, "
        "orientation=samples_first; repeatable."
    ),
]


@app.command(cls=helped_by_plugins("physioclr.formats"))
def measure(file: File, layout: Layout = None, as_json: AsJson = False) -> None:
    """Measure an ECG: rate, intervals, axis, and the quality of each lead."""
    from physioclr import assess_quality, read_ecg
    from physioclr import measure as measure_record
    from physioclr.physiology.measurements import MEASUREMENTS

    record = read_ecg(file, layout=declared_layout(layout))
    quality = assess_quality(record)
    with progress_bar("Finding the waves") as report:
        measured = measure_record(
            record, on_progress=lambda done_s, all_s: report(round(done_s), round(all_s))
        )
    if as_json:
        print_json(
            {
                "record_id": record.record_id,
                "simulated": record.simulated,
                "quality": quality.to_dict(),
                **measured.to_dict(),
            }
        )
        return
    for reason in quality.reasons:
        err_console.print(f"{file.name}: {reason}", style="yellow", highlight=False)
    table = Table(title=f"{record.record_id} · {record.duration_s:g} s · {record.fs_hz:g} Hz")
    table.add_column("Measurement")
    table.add_column("Value", justify="right")
    table.add_column("Unit or reason")
    for name, value in measured.scalars().items():
        entry = MEASUREMENTS[name]
        verdict, reason = measured.why_missing(name)
        if verdict:
            table.add_row(entry.label, verdict, reason)
        else:
            doubt = measured.uncertain(name)
            beside = f"{entry.unit}, uncertain: {doubt}" if doubt else entry.unit
            table.add_row(entry.label, f"{value:.{entry.decimals}f}", beside)
    out_console.print(table)
    if measured.pacing is not None and measured.pacing.sentence:
        out_console.print(measured.pacing.sentence)


@app.command()
def predict(
    file: File,
    checkpoint: Checkpoint = None,
    head: Annotated[str | None, typer.Option(help="A head of the checkpoint.")] = None,
    overrule_reversal: Annotated[
        bool,
        typer.Option(help="Make calls although exchanged limb electrodes are suspected."),
    ] = False,
    layout: Layout = None,
    as_json: AsJson = False,
) -> None:
    """Predict the labels of a checkpoint's head, with the evidence for each."""
    from physioclr import load_encoder, read_ecg
    from physioclr import measure as measure_record
    from physioclr import predict as predict_record

    record = read_ecg(file, layout=declared_layout(layout))
    prediction = predict_record(
        record, load_encoder(checkpoint), head=head, overrule_reversal=overrule_reversal
    )
    nearest = prediction.nearest
    measured = {} if nearest is None else measure_record(record).scalars()
    if as_json:
        print_json(prediction.to_dict(measured or None))
        return
    card = prediction.card
    origin = f"{card.cohort}, {card.n_records} ECGs{' (simulated)' if card.simulated else ''}"
    table = Table(
        title=f"{prediction.head} · trained on {origin}",
        caption="Right: share of such calls in cross-validation. AUROC: cross-validated.",
        box=None,
    )
    table.add_column("Label")
    table.add_column("Probability", justify="right")
    table.add_column("Call")
    table.add_column("Right, or why no call")
    table.add_column("AUROC [95 % CI]")
    for label, probability, call in zip(
        card.labels, prediction.probabilities, prediction.calls, strict=True
    ):
        right = "none to count" if call.correct is None else f"{100 * call.correct:.0f} %"
        table.add_row(
            label.display_name,
            f"{probability:.2f}",
            call.call,
            call.reason or right,
            auroc_cell(label.model_dump()),
        )
    out_console.print(table)
    if prediction.warning is not None:
        err_console.print(f"{file.name}: {prediction.warning}", style="yellow", highlight=False)
    if nearest is not None:
        out_console.print(_nearest_table(nearest, measured))


def declared_layout(declared: list[str] | None) -> Any:
    """Read what is declared of an array, as name=value."""
    from physioclr.io import ArrayLayout

    if not declared:
        return None
    values: dict[str, Any] = {}
    for one in declared:
        name, equals, value = one.partition("=")
        if not equals or name not in _DECLARED:
            raise typer.BadParameter(f"--layout takes fs_hz=500, unit=uV and so on, got {one!r}")
        values[name] = tuple(value.split(",")) if name == "leads" else value
    with option_errors():
        for name in {"fs_hz", "scale"} & set(values):
            values[name] = float(values[name])
        if missing := [name for name in ("fs_hz", "unit") if name not in values]:
            raise ValueError(f"--layout needs {' and '.join(missing)} too")
        return ArrayLayout(**values)


def _nearest_table(nearest: Any, measured: Mapping[str, float]) -> Table:
    """Set out the nearest reference ECGs, their measurements less this ECG's in brackets."""
    from physioclr.encoders.reference_comparison import COMPARED, differences
    from physioclr.physiology.measurements import MEASUREMENTS

    origin = f"{nearest['cohort'][0]}{', simulated' if nearest['simulated'][0] else ''}"
    table = Table(
        title=f"Nearest labelled ECGs, {origin}",
        caption="In brackets: theirs less this ECG's.",
        box=None,
    )
    for column in ("ECG", "Labels", "Cosine"):
        table.add_column(column)
    for name in COMPARED:
        heading = MEASUREMENTS[name].label.replace(" (Fridericia)", "F")
        heading = heading.removesuffix(" interval").removesuffix(" duration")
        table.add_column(f"{heading}\n{MEASUREMENTS[name].unit}", justify="right")
    apart = differences(nearest, measured).to_dict(orient="records")
    for row, difference in zip(nearest.to_dict(orient="records"), apart, strict=True):
        labels = "unknown" if row["labels"] is None else ", ".join(row["labels"]) or "none"
        cells = [_with_difference(row[name], difference[name]) for name in COMPARED]
        table.add_row(escape(row["record_id"]), escape(labels), f"{row['cosine']:.2f}", *cells)
    return table


def _with_difference(value: float, difference: float) -> str:
    if value != value:
        return "–"
    return f"{value:.0f}" if difference != difference else f"{value:.0f} ({round(difference):+d})"
