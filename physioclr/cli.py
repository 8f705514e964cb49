"""The command line: the verbs of the package, for a shell.

Exit code 0 when done, 2 with one line on standard error when the input is not what it should be.
Results go to standard output, progress and messages to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from physioclr.errors import PhysioclrError

__all__ = ["app", "main"]

app = typer.Typer(
    name="physioclr",
    help="Read ECGs, measure them, learn from them. Research use only. Not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
runs_app = typer.Typer(name="runs", help="Pretraining runs.", no_args_is_help=True)
app.add_typer(runs_app)
_out = Console()
_err = Console(stderr=True)

Checkpoint = Annotated[
    str | None, typer.Option(help="A shipped checkpoint's name, or a checkpoint folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
File = Annotated[Path, typer.Argument(help="An ECG of any format, or a WFDB record's stem.")]
Layout = Annotated[
    list[str] | None,
    typer.Option(
        help="What a table or array does not say: fs_hz=500, unit=uV, leads=I,II,…, "
        "orientation=samples_first; repeatable."
    ),
]
StoreFolder = Annotated[Path, typer.Argument(help="A store made by `physioclr prepare`.")]


@app.command()
def measure(file: File, layout: Layout = None, as_json: AsJson = False) -> None:
    """Measure an ECG: rate, intervals, axis, and the quality of each lead."""
    from physioclr import assess_quality, read_ecg
    from physioclr import measure as measure_record
    from physioclr.physiology.measurements import MEASUREMENTS

    record = read_ecg(file, layout=_layout(layout))
    quality = assess_quality(record)
    measured = measure_record(record)
    if as_json:
        _print_json(
            {
                "record_id": record.record_id,
                "simulated": record.simulated,
                "quality": quality.to_dict(),
                **measured.to_dict(),
            }
        )
        return
    for reason in quality.reasons:
        _err.print(f"{file.name}: {reason}", style="yellow", highlight=False)
    table = Table(title=f"{record.record_id} · {record.duration_s:g} s · {record.fs_hz:g} Hz")
    table.add_column("Measurement")
    table.add_column("Value", justify="right")
    table.add_column("Unit or reason")
    for name, value in measured.scalars().items():
        entry = MEASUREMENTS[name]
        if name in measured.reasons:
            table.add_row(entry.label, "not measurable", measured.reasons[name])
        else:
            table.add_row(entry.label, f"{value:.{entry.decimals}f}", entry.unit)
    _out.print(table)


@app.command()
def predict(
    file: File,
    checkpoint: Checkpoint = None,
    head: Annotated[str | None, typer.Option(help="A head of the checkpoint.")] = None,
    layout: Layout = None,
    as_json: AsJson = False,
) -> None:
    """Predict the labels of a checkpoint's head, with the evidence for each."""
    from physioclr import load_encoder, read_ecg
    from physioclr import measure as measure_record
    from physioclr import predict as predict_record

    record = read_ecg(file, layout=_layout(layout))
    prediction = predict_record(record, load_encoder(checkpoint), head=head)
    nearest = prediction.nearest
    measured = {} if nearest is None else measure_record(record).scalars()
    if as_json:
        _print_json(prediction.to_dict(measured or None))
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
            _interval(label.model_dump()),
        )
    _out.print(table)
    if prediction.warning is not None:
        _err.print(f"{file.name}: {prediction.warning}", style="yellow", highlight=False)
    if nearest is not None:
        _out.print(_nearest_table(nearest, measured))


@app.command()
def prepare(
    source: Annotated[
        str,
        typer.Argument(help="A cohort's folder, a CSV that lists ECGs, or `demo`, simulated ones."),
    ],
    out: Annotated[Path, typer.Option(help="The store to write.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; all cores if absent.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many ECGs.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an existing store.")] = False,
    engine: Annotated[
        Literal["processes", "ray"], typer.Option(help="Of this machine, or of a Ray cluster.")
    ] = "processes",
    physiology: Annotated[
        bool, typer.Option(help="Measure each ECG and judge its quality.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Decode, check and measure a cohort once, into a store everything else reads.

    Killed, it goes on where it was when the same command is given again.
    """
    from physioclr.datasets.prepare import prepare as prepare_store

    with _progress("Preparing") as report:
        done = prepare_store(
            source,
            out,
            workers=workers,
            limit=limit,
            overwrite=overwrite,
            physiology=physiology,
            engine=engine,
            on_progress=report,
        )
    if as_json:
        _print_json(done.to_dict())
        return
    if done.nothing_to_do:
        _out.print(f"{out} is there already: {done.n_prepared} ECGs", highlight=False)
        return
    earlier = f", {done.n_found_done} done by an earlier run" if done.n_found_done else ""
    _out.print(f"{done.n_prepared} ECGs in {out}, {done.seconds:.0f} s{earlier}", highlight=False)
    for record_id, reason in done.left_out:
        _err.print(f"left out {record_id}: {reason}", style="yellow", highlight=False)


@app.command()
def download(
    name: Annotated[
        str | None, typer.Argument(help="A cohort; those that can be fetched if absent.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder; one of its name if absent.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Fetch what fits, as 'records500/*'; repeatable.")
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="A copy of the cohort's folder on another server.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a public cohort from PhysioNet; what is there already is checked and kept."""
    import dataclasses

    from physioclr.datasets.download import download as fetch
    from physioclr.datasets.public_cohorts import ELSEWHERE, PUBLIC_COHORTS, public_cohort

    if name is None:
        table = Table()
        for column in ("Name", "Cohort", "Licence", "GB, about"):
            table.add_column(column)
        for cohort in PUBLIC_COHORTS.values():
            table.add_row(cohort.name, cohort.title, cohort.licence, f"{cohort.size_gb:g}")
        for elsewhere, what in ELSEWHERE.items():
            table.add_row(elsewhere, f"to be fetched by hand: {what}", "CC BY 4.0", "")
        _out.print(table)
        return
    cohort = public_cohort(name)
    about = f"{cohort.title}: {cohort.licence}, about {cohort.size_gb:g} GB, from "
    _err.print(about + (mirror or cohort.url), highlight=False, soft_wrap=True, markup=False)
    folder = out or Path(name)
    with _progress("Downloading") as report:
        done = fetch(name, folder, only=only or (), mirror=mirror, on_progress=report)
    if as_json:
        _print_json({"out": str(folder), **dataclasses.asdict(done)})
        return
    _out.print(
        f"{done.n_fetched} files fetched, {done.n_kept} were there, in {folder}", highlight=False
    )


@app.command("export")
def export_store(
    store: StoreFolder,
    out: Annotated[Path, typer.Option(help="The folder to write; must not exist.")],
    where: Annotated[
        str | None, typer.Option(help="Only these ECGs, as `age_years >= 65 and acceptable`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a store as a folder of WFDB records, with a table of what is known of each."""
    from physioclr import Store
    from physioclr.datasets.wfdb_export import export_wfdb

    opened = Store.open(store)
    chosen = opened if where is None else opened.where(where)
    with _progress("Exporting") as report:
        export_wfdb(chosen, out, on_progress=report)
    if as_json:
        _print_json({"out": str(out), "records": len(chosen)})
        return
    _out.print(f"{len(chosen)} ECGs in {out}", highlight=False)


@app.command()
def verify(store: StoreFolder) -> None:
    """Compare every file of a store with its checksum."""
    from physioclr import Store

    opened = Store.open(store)
    opened.verify()
    files = len(opened.manifest.checksums)
    _out.print(f"{files} files of {store} are as they were written", highlight=False)


@app.command("fit-physiology")
def fit_physiology(
    stores: Annotated[list[Path], typer.Argument(help="One or more stores.")],
    out: Annotated[Path, typer.Option(help="The .json to write.")],
    components: Annotated[int, typer.Option(min=1, help="Of the PCA, at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Fit the scale and basis that ECGs' physiology is compared in."""
    from physioclr import Store
    from physioclr.datasets.physiology_space import fit_physiology_space

    opened = [Store.open(store) for store in stores]
    space = fit_physiology_space(opened, n_components=components)
    space.save(out)
    n_components = space.components.shape[1]
    if as_json:
        found = {"fingerprint": space.fingerprint, "cohort": space.cohort}
        _print_json({"out": str(out), "components": n_components, **found})
        return
    _out.print(
        f"Space {space.fingerprint} of {space.cohort}: {n_components} components, in {out}",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def embed(
    store: StoreFolder,
    out: Annotated[Path, typer.Option(help="The .npz to write.")],
    checkpoint: Checkpoint = None,
    as_json: AsJson = False,
) -> None:
    """Embed every ECG of a store."""
    import io

    import numpy as np

    from physioclr import Store, load_encoder
    from physioclr.atomic import replace_file
    from physioclr.embedding import embed_store

    opened, encoder = Store.open(store), load_encoder(checkpoint)
    with _progress("Embedding") as report:
        embeddings = embed_store(opened, encoder, on_progress=report)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        embeddings=embeddings,
        record_ids=opened.records["record_id"].to_numpy(dtype=str),
        encoder_fingerprint=np.array(encoder.card.fingerprint),
        store_fingerprint=np.array(opened.fingerprint),
    )
    replace_file(out, buffer.getvalue())
    embedded = int(np.isfinite(embeddings).all(axis=1).sum())
    if as_json:
        _print_json({"out": str(out), "records": len(opened), "embedded": embedded})
        return
    _out.print(f"{embedded} of {len(opened)} ECGs embedded in {out}", highlight=False)


@app.command()
def pretrain(
    stores: Annotated[list[Path], typer.Argument(help="One or more stores.")],
    out: Annotated[Path, typer.Option(help="The run folder.")],
    objective: Annotated[
        str, typer.Option(help="What is learned; `physioclr objectives` lists them.")
    ] = "physioclr",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the objective, as name=value; repeatable."),
    ] = None,
    encoder: Annotated[
        str, typer.Option(help="transformer-tiny, -small, -medium or -base; resnet1d-tiny, …")
    ] = "transformer-tiny",
    fs: Annotated[float, typer.Option(help="The encoder's sampling rate, 100 to 500 Hz.")] = 100.0,
    window: Annotated[float, typer.Option(help="Seconds of one input.")] = 5.0,
    leads: Annotated[
        str | None, typer.Option(help="The encoder's leads, as I,II,V1; all twelve if absent.")
    ] = None,
    physiology: Annotated[
        list[Path] | None,
        typer.Option(help="A Parquet table in place of a store's own; one for each store."),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 500,
    batch: Annotated[int, typer.Option(min=2, help="Recordings in a batch.")] = 32,
    accumulate: Annotated[int, typer.Option(min=1, help="Batches a step.")] = 1,
    learning_rate: Annotated[float, typer.Option(help="At its highest.")] = 1e-3,
    ema: Annotated[
        float | None, typer.Option(help="Keep the exponential average with this decay.")
    ] = None,
    bf16: Annotated[bool, typer.Option("--bf16", help="Networks in bfloat16.")] = False,
    compiled: Annotated[bool, typer.Option("--compile", help="torch.compile the encoder.")] = False,
    held_out: Annotated[
        float, typer.Option(help="Share of the patients to monitor on, not trained on.")
    ] = 0.1,
    save_every: Annotated[
        int, typer.Option(min=1, help="Steps from one saved state to the next.")
    ] = 50,
    monitor_every: Annotated[
        int, typer.Option(min=0, help="Steps from one look at the embedding to the next; 0: never.")
    ] = 50,
    seed: Annotated[int, typer.Option()] = 0,
    resume: Annotated[bool, typer.Option(help="Go on where a run stopped.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …; a GPU if there is one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Pretrain an encoder; the run folder then holds a checkpoint.

    On several GPUs or nodes: `torchrun --nproc-per-node 4 -m physioclr pretrain …`.
    """
    from physioclr import Store
    from physioclr.leads import STANDARD_LEADS
    from physioclr.models import encoder_config
    from physioclr.objectives import objective_config
    from physioclr.preprocessing import Preprocessing
    from physioclr.pretrain import PretrainConfig, StepReport
    from physioclr.pretrain import pretrain as pretrain_stores

    with _options():
        preprocessing = Preprocessing(
            fs_hz=fs,
            window_s=window,
            leads=tuple(leads.split(",")) if leads else STANDARD_LEADS,
        )
        config = PretrainConfig(
            objective=objective_config(objective, settings or ()),
            encoder=encoder_config(encoder, fs_hz=fs, n_leads=len(preprocessing.leads)),
            steps=steps,
            records_per_batch=batch,
            accumulate=accumulate,
            learning_rate=learning_rate,
            precision="bf16-mixed" if bf16 else "32-true",
            compile_encoder=compiled,
            ema_decay=ema,
            held_out=held_out,
            save_every=save_every,
            monitor_every=monitor_every,
            seed=seed,
        )
    opened = [Store.open(store) for store in stores]
    with _progress(f"Pretraining, {objective}") as report:

        def show(step: StepReport) -> None:
            what = f"loss {step.loss:.3f} · {step.records_per_s:.0f} ECGs/s"
            report(step.step, steps, what)

        card = pretrain_stores(
            opened,
            out,
            config,
            preprocessing=preprocessing,
            physiology=[_parquet(table) for table in physiology] if physiology else None,
            resume=resume,
            device=device,
            on_step=show,
        )
    if as_json:
        _print_json(card.model_dump(mode="json"))
        return
    _out.print(f"Checkpoint {card.fingerprint} in {out / 'checkpoint'}", highlight=False)


@app.command()
def objectives() -> None:
    """List the pretraining objectives and their settings."""
    import dataclasses

    from physioclr.objectives import OBJECTIVES

    table = Table(box=None, padding=(0, 1, 1, 0))
    for column in ("Objective", "What it is", "Settings and their defaults"):
        table.add_column(column, no_wrap=column == "Objective")
    for name, objective in OBJECTIVES.items():
        defaults = dataclasses.fields(objective.Config)
        shown = ", ".join(f"{field.name}={field.default}" for field in defaults)
        table.add_row(name, f"{objective.title}\n{objective.citation}", shown)
    _out.print(table)


@runs_app.command("list")
def list_runs(
    folder: Annotated[Path, typer.Argument(help="A folder of runs.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """List the pretraining runs in a folder."""
    from physioclr.training.runs import list_runs as runs_in

    found = runs_in(folder)
    if as_json:
        _print_json({"runs": [run.to_dict() for run in found]})
        return
    if not found:
        _out.print(f"No runs in {folder}.", highlight=False)
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for column in ("Run", "Status", "Objective", "Encoder"):
        table.add_column(column, no_wrap=column != "Run", overflow="fold")
    for column in ("Steps", "ECGs/s", "Loss", "R²", "MB"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in found:
        table.add_row(
            run.path.name,
            run.status,
            run.objective,
            run.architecture,
            f"{run.steps_done}/{run.steps}",
            _number(run.records_per_s, 0),
            _number(run.metrics.get("loss")),
            _number(run.metrics.get("score")),
            f"{run.bytes_on_disk / 1e6:.0f}",
        )
    _out.print(table)


@runs_app.command("compare")
def compare_runs(
    runs: Annotated[list[Path], typer.Argument(help="Two or more run folders.")],
    as_json: AsJson = False,
) -> None:
    """Show in what the settings of runs differ, and the last value of every metric."""
    from physioclr.training.runs import compare_runs as compared
    from physioclr.training.runs import summarise_run

    differing, metrics = compared([summarise_run(run) for run in runs])
    if as_json:
        _print_json({"runs": [str(r) for r in runs], "settings": differing, "metrics": metrics})
        return
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("")
    for run in runs:
        table.add_column(run.name, justify="right")
    for name, values in differing.items():
        table.add_row(name, *("none" if value is None else str(value) for value in values))
    table.add_section()
    for name, numbers in metrics.items():
        table.add_row(name, *(_number(number) for number in numbers))
    _out.print(table)


@runs_app.command("delete")
def delete_run(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a run with its checkpoints."""
    from physioclr.training.runs import delete_run as delete
    from physioclr.training.runs import summarise_run

    found = summarise_run(run)
    if not yes:
        done = f"{found.steps_done} of {found.steps} steps, {found.bytes_on_disk / 1e6:.0f} MB"
        typer.confirm(f"Delete {run} ({done})?", abort=True)
    delete(run)
    _out.print(f"Deleted {run}", highlight=False)


@app.command()
def probe(
    store: StoreFolder,
    labels: Annotated[str, typer.Option(help="A label set of the store.")],
    others: Annotated[
        list[str] | None, typer.Argument(help="More checkpoints, after --compare.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A .json to write.")] = None,
    checkpoint: Checkpoint = None,
    compare: Annotated[
        str | None,
        typer.Option(help="Checkpoints side by side, in place of --checkpoint: --compare A B C."),
    ] = None,
    figure: Annotated[Path | None, typer.Option(help="An .html to draw them in.")] = None,
    seed: Annotated[int, typer.Option()] = 0,
    as_json: AsJson = False,
) -> None:
    """Cross-validate a linear probe on the embeddings, with its controls beside it."""
    from physioclr import Store, load_encoder
    from physioclr.atomic import replace_file
    from physioclr.evaluate import probe_store
    from physioclr.probe import MACRO, paired_table
    from physioclr.probe.figure import comparison_figure

    if (others and compare is None) or (checkpoint and compare):
        raise typer.BadParameter(
            "name one checkpoint after --checkpoint, or several after --compare"
        )
    opened = Store.open(store)
    asked = [checkpoint] if compare is None else [compare, *(others or [])]
    encoders = _named(asked, [load_encoder(one) for one in asked])
    with _progress("Probing") as report:
        results = probe_store(
            opened,
            encoders,
            labels,
            seed=seed,
            on_progress=lambda what, share: report(round(100 * share), 100, what),
        )
    pairs = paired_table(results)
    document = {
        "store": opened.source,
        "store_fingerprint": opened.fingerprint,
        "simulated": opened.simulated,
        "labels": labels,
        "checkpoint": next(iter(encoders)),
        "encoder_fingerprint": next(iter(encoders.values())).card.fingerprint,
        "encoder_fingerprints": {k: one.card.fingerprint for k, one in encoders.items()},
        "seed": seed,
        "models": {name: result.to_dict() for name, result in results.items()},
        "paired": pairs.to_dict("records"),
    }
    if out is not None:
        replace_file(out, (json.dumps(document, indent=1) + "\n").encode())
    first = next(iter(results.values()))
    note = ", simulated" if opened.simulated else ""
    title = (
        f"AUROC [95 % CI], {opened.source}{note}, {len(first.targets)} ECGs of "
        f"{len(set(first.groups))} patients"
    )
    if figure is not None:
        drawn = comparison_figure(results, title=title)
        replace_file(figure, drawn.to_html(include_plotlyjs=True).encode())
    if as_json:
        _print_json(document)
        return
    table = Table(title=title)
    table.add_column("", no_wrap=True)
    for label, n_positive in first.table["n_positive"].items():
        table.add_column(f"{label}\n{n_positive:.0f} positive", justify="right")
    for name, result in results.items():
        table.add_row(name, *(_interval(row) for row in result.table.to_dict("records")))
    _out.print(table)
    macro = Table(title="Macro means, and the difference of AUROC from the first, p by Holm")
    macro.add_column("", no_wrap=True)
    for column in ("AUPRC", "F1", "Brier", "ECE", "Difference", "p"):
        macro.add_column(column, justify="right")
    differences = pairs[pairs["label"] == MACRO].set_index("model").to_dict("index")
    for name, result in results.items():
        means = [f"{result.table.loc[MACRO, s]:.3f}" for s in ("auprc", "f1", "brier", "ece")]
        macro.add_row(name, *means, *_paired(differences.get(name)))
    _out.print(macro)
    for label, reason in first.table["reason"].items():
        if reason:
            _out.print(f"{label} was not measured: {reason}.", highlight=False)


@app.command("fit-head")
def fit_head(
    store: StoreFolder,
    labels: Annotated[str, typer.Option(help="A label set of the store.")],
    checkpoint: Annotated[Path, typer.Option(help="The checkpoint folder to add the head to.")],
    alpha: Annotated[
        float,
        typer.Option(min=0.001, max=0.5, help="Share of wrong calls allowed in each class."),
    ] = 0.1,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Fit a prediction head on a store's labels and add it to a checkpoint.

    The store's labelled ECGs go with it, without their signals, as the reference ECGs that
    `predict` shows the nearest of.
    """
    from physioclr import Store
    from physioclr.heads import add_head

    card = add_head(checkpoint, Store.open(store), labels, seed=seed, alpha=alpha)
    for label in card.labels:
        calls = label.calls
        no_call = "" if calls is None else f", no call on {100 * (calls.no_call or 0):.0f} %"
        _out.print(
            f"{label.display_name}: AUROC {_interval(label.model_dump())}{no_call}",
            highlight=False,
        )
    for name, reason in card.left_out.items():
        _err.print(f"left out {name}: {reason}", style="yellow", highlight=False)


@app.command("app")
def run_app(
    port: Annotated[int, typer.Option(help="Where the app listens.")] = 8501,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 to let other machines in; ECGs are then on the network.")
    ] = "localhost",
    headless: Annotated[bool, typer.Option(help="Open no browser.")] = False,
) -> None:
    """Open the app."""
    from physioclr.serve import serve

    raise typer.Exit(serve(port=port, host=host, headless=headless))


def main() -> None:
    """Run the command line; a `PhysioclrError` is one line and exit code 2."""
    try:
        app()
    except PhysioclrError as error:
        _err.print(str(error), style="bold red", highlight=False, soft_wrap=True, markup=False)
        sys.exit(2)


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def _layout(declared: list[str] | None) -> Any:
    """Read what is declared of an array, as name=value."""
    from physioclr.io import ArrayLayout

    if not declared:
        return None
    values: dict[str, Any] = {}
    for one in declared:
        name, equals, value = one.partition("=")
        if not equals or name not in ("fs_hz", "unit", "leads", "orientation", "scale", "array"):
            raise typer.BadParameter(f"--layout takes fs_hz=500, unit=uV and so on, got {one!r}")
        values[name] = tuple(value.split(",")) if name == "leads" else value
    with _options():
        for name in {"fs_hz", "scale"} & set(values):
            values[name] = float(values[name])
        if missing := [name for name in ("fs_hz", "unit") if name not in values]:
            raise ValueError(f"--layout needs {' and '.join(missing)} too")
        return ArrayLayout(**values)


def _parquet(path: Path) -> Any:
    import pandas as pd
    from pyarrow import ArrowException

    try:
        return pd.read_parquet(path)
    except (OSError, ArrowException) as error:
        raise PhysioclrError(
            str(path), expected="a Parquet table", found=str(error).splitlines()[0]
        ) from error


@contextmanager
def _options() -> Iterator[None]:
    """Say of an option out of range what is wrong with it, as Typer does of its own."""
    try:
        yield
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _number(value: float | None, decimals: int = 3) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _named(asked: list[Any], encoders: list[Any]) -> dict[str, Any]:
    """Name encoders by their cards; by what was asked for where two cards say the same."""
    names = [encoder.card.name for encoder in encoders]
    unique = len(set(names)) == len(names)
    chosen = names if unique else [str(one) for one in asked]
    if len(set(chosen)) < len(chosen):
        raise typer.BadParameter("--compare takes each checkpoint once")
    return dict(zip(chosen, encoders, strict=True))


def _paired(row: Mapping[Any, Any] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    limits = f"[{-row['high']:+.3f}, {-row['low']:+.3f}]"
    return f"{-row['difference']:+.3f} {limits}", f"{row['p_holm']:.3f}"


def _nearest_table(nearest: Any, measured: Mapping[str, float]) -> Table:
    """Set out the nearest reference ECGs, their measurements less this ECG's in brackets."""
    from physioclr.physiology.measurements import MEASUREMENTS
    from physioclr.reference_ecgs import COMPARED, differences

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


def _interval(row: Mapping[Any, Any]) -> str:
    auroc = row["auroc"]
    if auroc is None or auroc != auroc:
        return "not measurable"
    return f"{auroc:.3f} [{row['auroc_low']:.3f}, {row['auroc_high']:.3f}]"


class _Report:
    """What a long piece of work calls: how much is done, of how much, and what it is doing."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title
        self._task = progress.add_task(title, total=None)

    def __call__(self, done: int, total: int, what: str = "") -> None:
        title = f"{self._title}: {what}" if what else self._title
        self._progress.update(self._task, completed=done, total=total, description=title)


@contextmanager
def _progress(title: str) -> Iterator[_Report]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_err, transient=True) as progress:
        yield _Report(progress, title)
