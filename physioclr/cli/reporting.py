"""The verb that writes an ECG's report."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from physioclr.cli.ecgs import Layout, declared_layout
from physioclr.cli.option_groups import takes_option_groups
from physioclr.cli.terminal import Checkpoint, err_console, option_errors, out_console
from physioclr.errors import PhysioclrError

if TYPE_CHECKING:
    from physioclr.encoders.encoder import Encoder
    from physioclr.records import EcgRecord
    from physioclr.report import ReaderFindings, Report
    from physioclr.report.page import PageStyle

__all__ = ["app", "report"]

app = typer.Typer()


@dataclass(frozen=True)
class FormatOptions:
    """What is written of each ECG."""

    pdf: Annotated[bool, typer.Option("--pdf", help="One sheet, true to scale.")] = False
    png: Annotated[bool, typer.Option("--png", help="The same as a picture.")] = False
    fhir: Annotated[bool, typer.Option("--fhir", help="A FHIR R4 bundle, .fhir.json.")] = False
    attach_pdf: Annotated[
        bool, typer.Option("--attach-pdf", help="Put the sheet into the FHIR bundle.")
    ] = False
    csv: Annotated[bool, typer.Option("--csv", help="The numbers as a table.")] = False
    json: Annotated[bool, typer.Option("--json", help="The numbers as JSON.")] = False

    def writers(self, page: PageOptions) -> dict[str, Callable[[Report], bytes]]:
        """Return what writes each file that was asked for, by its ending.

        Raises
        ------
        BadParameter
            If none was.
        """
        from physioclr.report.fhir import fhir_bundle
        from physioclr.report.page import report_pdf, report_png
        from physioclr.report.tables import report_csv, report_json

        def bundle(made: Report) -> bytes:
            attached = report_pdf(made, page.style(made.record)) if self.attach_pdf else None
            return fhir_bundle(made, pdf=attached).encode()

        every: dict[str, tuple[bool, Callable[[Report], bytes]]] = {
            "pdf": (self.pdf, lambda made: report_pdf(made, page.style(made.record))),
            "png": (self.png, lambda made: report_png(made, page.style(made.record))),
            "fhir.json": (self.fhir or self.attach_pdf, bundle),
            "csv": (self.csv, lambda made: report_csv(made).encode()),
            "json": (self.json, lambda made: report_json(made).encode()),
        }
        asked = {ending: write for ending, (wanted, write) in every.items() if wanted}
        if not asked:
            raise typer.BadParameter("ask for one of --pdf, --png, --fhir, --csv, --json")
        return asked


@dataclass(frozen=True)
class PageOptions:
    """How the ECG lies on the sheet."""

    arrangement: Annotated[str, typer.Option(help="3x4, 6x2 or 12x1.")] = "3x4"
    cabrera: Annotated[bool, typer.Option("--cabrera", help="aVL, I, −aVR, II, aVF, III.")] = False
    speed: Annotated[float, typer.Option(help="mm/s: 25 or 50.")] = 25.0
    gain: Annotated[float, typer.Option(help="mm/mV: 5, 10 or 20.")] = 10.0
    start: Annotated[float, typer.Option(help="Where in the ECG the page begins, in s.")] = 0.0
    sheet: Annotated[str, typer.Option(help="A4 or US letter.")] = "A4"

    def style(self, record: EcgRecord | None = None) -> PageStyle:
        """Return the page's style, for the leads of a record if one is given."""
        from physioclr.ecg_paper import PaperScale, paper_layout, record_layout
        from physioclr.report.page import PageStyle

        rows, scale = self.arrangement.replace("x", " × "), PaperScale(self.speed, self.gain)
        if record is None:
            layout = paper_layout(rows, cabrera=self.cabrera)
        else:
            layout = record_layout(record, rows, cabrera=self.cabrera)
        return PageStyle(scale, layout, start_s=self.start, sheet=self.sheet)


@dataclass(frozen=True)
class ReaderOptions:
    """What the reader of the ECG found."""

    findings: Annotated[str, typer.Option(help="The reader's own findings.")] = ""
    comment: Annotated[str, typer.Option(help="The reader's comment.")] = ""
    agree: Annotated[
        list[str] | None, typer.Option(help="A label the reader agrees with; repeatable.")
    ] = None
    disagree: Annotated[
        list[str] | None, typer.Option(help="A label the reader disagrees with; repeatable.")
    ] = None
    reader: Annotated[str, typer.Option(help="The reader's name.")] = ""

    def of_reader(self) -> ReaderFindings:
        """Return them as the report takes them.

        Raises
        ------
        ValueError
            If a label is agreed and disagreed with.
        """
        from physioclr.report import ReaderFindings

        agree, disagree = self.agree or [], self.disagree or []
        if both := set(agree) & set(disagree):
            raise ValueError(f"agree and disagree must name different labels, both name {both}")
        agreement = {**dict.fromkeys(agree, "agree"), **dict.fromkeys(disagree, "disagree")}
        return ReaderFindings(self.findings, self.comment, agreement, self.reader)


@app.command()
@takes_option_groups
def report(
    files: Annotated[
        list[Path], typer.Argument(help="ECGs of any format, or stems of WFDB records.")
    ],
    formats: FormatOptions,
    page: PageOptions,
    read: ReaderOptions,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path(),
    qtc: Annotated[
        str, typer.Option(help="The QTc that stands first: fridericia, bazett, framingham, hodges.")
    ] = "fridericia",
    checkpoint: Checkpoint = None,
    layout: Layout = None,
) -> None:
    """Write the report of each ECG: RECORD.pdf, .png, .fhir.json, .csv, .json.

    Those that cannot be read are said, the others are written; the exit code is then 2. A report
    that is there already is replaced; two ECGs of one name are RECORD and RECORD-2.
    """
    from physioclr import load_encoder, read_ecg
    from physioclr.report import make_report
    from physioclr.report.findings import check_qt_formula
    from physioclr.runtime.atomic_files import make_folder, replace_file

    with option_errors():
        page.style()
        check_qt_formula(qtc)
        reader = read.of_reader()
    writers = formats.writers(page)
    if not reader.is_empty and len(files) > 1:
        raise typer.BadParameter("what a reader finds is about one ECG, give one FILE")
    declared, encoder = declared_layout(layout), load_encoder(checkpoint)
    _check_labels(reader.agreement, encoder)
    made_at = datetime.now(UTC)
    make_folder(out)
    failed, stems = False, set[str]()
    for file in files:
        try:
            record = read_ecg(file, layout=declared)
            made = make_report(record, encoder, made_at=made_at, reader=reader, qt_formula=qtc)
            written = {ending: write(made) for ending, write in writers.items()}
        except PhysioclrError as error:
            failed = True
            _say(str(error), style="bold red")
            continue
        if made.prediction is None:
            _say(f"{file.name}: {made.why_no_prediction}", style="yellow")
        stem = _free_stem(record.record_id, stems)
        for ending, content in written.items():
            replace_file(out / f"{stem}.{ending}", content)
            out_console.print(str(out / f"{stem}.{ending}"), highlight=False, soft_wrap=True)
    if failed:
        raise typer.Exit(2)


def _say(text: str, *, style: str) -> None:
    err_console.print(text, style=style, highlight=False, soft_wrap=True, markup=False)


def _check_labels(agreement: Mapping[str, str], encoder: Encoder) -> None:
    from physioclr.prediction.prediction import head_name

    if not agreement:
        return
    known = encoder.heads[head_name(encoder)].label_names
    if unknown := sorted(set(agreement) - set(known)):
        raise typer.BadParameter(
            f"--agree and --disagree take {', '.join(known)}, got {', '.join(unknown)}"
        )


def _free_stem(record_id: str, taken: set[str]) -> str:
    """Return a file's name for a record that no record of this run has, and take it."""
    stem = re.sub(r"[^\w.-]+", "_", record_id)
    free, number = stem, 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}"
    taken.add(free)
    return free
