"""The verb that writes an ECG's report."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from physioclr.cli.ecgs import Layout, declared_layout
from physioclr.cli.terminal import Checkpoint, err_console, option_errors, out_console
from physioclr.errors import PhysioclrError

__all__ = ["app", "report"]

app = typer.Typer()


@app.command()
def report(
    files: Annotated[
        list[Path], typer.Argument(help="ECGs of any format, or stems of WFDB records.")
    ],
    pdf: Annotated[bool, typer.Option("--pdf", help="One sheet, true to scale.")] = False,
    png: Annotated[bool, typer.Option("--png", help="The same as a picture.")] = False,
    fhir: Annotated[bool, typer.Option("--fhir", help="A FHIR R4 bundle, .fhir.json.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The numbers as a table.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The numbers as JSON.")] = False,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path(),
    arrangement: Annotated[str, typer.Option(help="3x4, 6x2 or 12x1.")] = "3x4",
    cabrera: Annotated[bool, typer.Option("--cabrera", help="aVL, I, −aVR, II, aVF, III.")] = False,
    speed: Annotated[float, typer.Option(help="mm/s: 25 or 50.")] = 25.0,
    gain: Annotated[float, typer.Option(help="mm/mV: 5, 10 or 20.")] = 10.0,
    sheet: Annotated[str, typer.Option(help="A4 or US letter.")] = "A4",
    findings: Annotated[str, typer.Option(help="The reader's own findings.")] = "",
    comment: Annotated[str, typer.Option(help="The reader's comment.")] = "",
    checkpoint: Checkpoint = None,
    layout: Layout = None,
) -> None:
    """Write the report of each ECG: RECORD.pdf, .png, .fhir.json, .csv, .json.

    Those that cannot be read are said, the others are written; the exit code is then 2.
    """
    from physioclr import load_encoder, read_ecg
    from physioclr.atomic import make_folder, replace_file
    from physioclr.ecg_paper import PaperScale, paper_layout
    from physioclr.report import ReaderFindings, Report, make_report
    from physioclr.report.fhir import fhir_bundle
    from physioclr.report.page import PageStyle, report_pdf, report_png
    from physioclr.report.tables import report_csv, report_json

    with option_errors():
        style = PageStyle(
            PaperScale(speed, gain),
            paper_layout(arrangement.replace("x", " × "), cabrera=cabrera),
            sheet=sheet,
        )
    kinds: dict[str, tuple[bool, Callable[[Report], bytes]]] = {
        "pdf": (pdf, lambda made: report_pdf(made, style)),
        "png": (png, lambda made: report_png(made, style)),
        "fhir.json": (fhir, lambda made: fhir_bundle(made).encode()),
        "csv": (csv, lambda made: report_csv(made).encode()),
        "json": (json, lambda made: report_json(made).encode()),
    }
    if not any(asked for asked, _ in kinds.values()):
        raise typer.BadParameter("ask for one of --pdf, --png, --fhir, --csv, --json")
    declared, encoder = declared_layout(layout), load_encoder(checkpoint)
    made_at, reader = datetime.now(UTC), ReaderFindings(findings, comment)
    make_folder(out)
    failed = False
    for file in files:
        try:
            record = read_ecg(file, layout=declared)
            made = make_report(record, encoder, made_at=made_at, reader=reader)
        except PhysioclrError as error:
            failed = True
            err_console.print(str(error), style="bold red", highlight=False, markup=False)
            continue
        if made.prediction is None:
            said = f"{file.name}: {made.why_no_prediction}"
            err_console.print(said, style="yellow", highlight=False, markup=False)
        stem = re.sub(r"[^\w.-]+", "_", record.record_id)
        for ending, (asked, write) in kinds.items():
            if asked:
                replace_file(out / f"{stem}.{ending}", write(made))
                out_console.print(str(out / f"{stem}.{ending}"), highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(2)
