"""Verbs for probes: encoders and their controls on a store, with fewer labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from physioclr.cli.terminal import (
    AsJson,
    Checkpoint,
    StoreFolder,
    auroc_cell,
    json_rows,
    option_errors,
    out_console,
    print_json,
    progress_bar,
)

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.encoders.encoder import Encoder
    from physioclr.probe import ProbeResult

__all__ = ["app", "label_efficiency", "print_results", "probe"]

app = typer.Typer()


@app.command()
def probe(
    store: StoreFolder,
    labels: Annotated[str, typer.Option(help="A label set of the store.")],
    others: Annotated[
        list[str] | None, typer.Argument(help="More checkpoints, after --compare.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for probe.json and probe.npz.")] = None,
    checkpoint: Checkpoint = None,
    compare: Annotated[
        str | None,
        typer.Option(help="Checkpoints side by side, in place of --checkpoint: --compare A B C."),
    ] = None,
    figure: Annotated[Path | None, typer.Option(help="An .html to draw them in.")] = None,
    seed: Annotated[int, typer.Option()] = 0,
    as_json: AsJson = False,
) -> None:
    """Cross-validate a linear probe on the embeddings, next to its controls."""
    from physioclr import Store
    from physioclr.evaluation.probe_run import probe_store
    from physioclr.evaluation.probe_run_files import probe_document, save_probe_run
    from physioclr.probe import paired_table
    from physioclr.probe.figure import comparison_figure
    from physioclr.runtime.atomic_files import replace_file

    if (others and compare is None) or (checkpoint and compare):
        raise typer.BadParameter(
            "name one checkpoint after --checkpoint, or several after --compare"
        )
    if out is not None and out.suffix == ".json":
        raise typer.BadParameter(f"--out is a folder, for probe.json and probe.npz; got {out}")
    opened = Store(store)
    encoders = named_encoders([checkpoint] if compare is None else [compare, *(others or [])])
    with progress_bar("Probing") as report:
        run = probe_store(opened, encoders, labels, seeds=(seed,), on_progress=report.share)
    results, draws = run.results[seed], run.draws[seed]
    if out is not None:
        save_probe_run(run, out)
    title = _title(opened, results)
    if figure is not None:
        drawn = comparison_figure(results, title=title)
        replace_file(figure, drawn.to_html(include_plotlyjs=True).encode())
    pairs = paired_table(results, draws=draws)
    if as_json:
        print_json({**probe_document(run), "paired": pairs.to_dict("records")})
        return
    print_results(results, title=title)


def _title(store: Store, results: Mapping[str, ProbeResult]) -> str:
    first = next(iter(results.values()))
    note = ", simulated" if store.simulated else ""
    ecgs = f"{len(first.targets)} ECGs of {len(set(first.groups))} patients"
    return f"AUROC [95 % CI], {store.source}{note}, {ecgs}"


def print_results(results: Mapping[str, ProbeResult], *, title: str) -> None:
    """Print the AUROC of every label and the macro means, in pairs with the first model."""
    from physioclr.probe import MACRO, paired_table

    pairs = paired_table(results)
    first = next(iter(results.values()))
    table = Table(title=title)
    table.add_column("", no_wrap=True)
    for label, n_positive in first.table["n_positive"].items():
        table.add_column(f"{label}\n{n_positive:.0f} positive", justify="right")
    for name, result in results.items():
        table.add_row(name, *(auroc_cell(row) for row in result.table.to_dict("records")))
    out_console.print(table)
    macro = Table(title="Macro means, and the difference of AUROC from the first, p by Holm")
    macro.add_column("", no_wrap=True)
    for column in ("AUPRC", "F1", "Brier", "ECE", "Difference", "p"):
        macro.add_column(column, justify="right")
    differences = pairs[pairs["label"] == MACRO].set_index("model").to_dict("index")
    for name, result in results.items():
        means = [f"{result.table.loc[MACRO, s]:.3f}" for s in ("auprc", "f1", "brier", "ece")]
        macro.add_row(name, *means, *_paired(differences.get(name)))
    out_console.print(macro)
    for label, reason in first.table["reason"].items():
        if reason:
            out_console.print(f"{label} was not measured: {reason}.", highlight=False)


def _paired(row: Mapping[Any, Any] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    limits = f"[{-row['high']:+.3f}, {-row['low']:+.3f}]"
    return f"{-row['difference']:+.3f} {limits}", f"{row['p_holm']:.3f}"


@app.command("label-efficiency")
def label_efficiency(
    store: StoreFolder,
    labels: Annotated[str, typer.Option(help="A label set of the store.")],
    checkpoints: Annotated[
        list[str] | None, typer.Argument(help="Checkpoints; the shipped one if absent.")
    ] = None,
    fraction: Annotated[
        list[float] | None,
        typer.Option(help="A share of the labelled patients, as 0.1; repeatable."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Draws of the patients.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Score encoders and their controls with a growing share of the labels."""
    from physioclr import Store
    from physioclr.evaluation.probe_features import probe_features, probe_targets, usable_records
    from physioclr.probe import FRACTIONS
    from physioclr.probe import label_efficiency as efficiency

    opened = Store(store)
    encoders = named_encoders([*checkpoints] if checkpoints else [None])
    targets, patients, names = probe_targets(opened, labels)
    with progress_bar("Label efficiency") as report:
        features = probe_features(
            opened, encoders, on_progress=lambda what, x: report(round(50 * x), 100, what)
        )
        usable = usable_records(features)
        with option_errors():
            found = efficiency(
                {name: values[usable] for name, values in features.items()},
                targets[usable],
                patients[usable],
                label_names=names,
                fractions=tuple(fraction) if fraction else FRACTIONS,
                seeds=tuple(range(seeds)),
                on_progress=lambda i, n: report(50 + round(50 * i / n), 100, "Fitting"),
            )
    if as_json:
        print_json({"store": opened.source, "labels": labels, "rows": json_rows(found)})
        return
    table = Table(title=f"Macro AUROC [95 % CI] by share of the labels, {opened.source}, {labels}")
    models = list(dict.fromkeys(found["model"]))
    for column in ("labels", "ECGs", *models):
        table.add_column(column, justify="right")
    for share, rows in found.groupby("fraction"):
        cells = [auroc_cell(row) for row in rows.to_dict("records")]
        table.add_row(f"{100 * float(str(share)):g} %", f"{rows['n_records'].iloc[0]:.0f}", *cells)
    out_console.print(table)


def named_encoders(asked: Sequence[str | None]) -> dict[str, Encoder]:
    """Load encoders, named by their cards, or as they were asked for if two cards say the same."""
    from physioclr import load_encoder

    encoders = [load_encoder(one) for one in asked]
    names = [encoder.card.name for encoder in encoders]
    unique = len(set(names)) == len(names)
    chosen = names if unique else [str(one) for one in asked]
    if len(set(chosen)) < len(chosen):
        raise typer.BadParameter("--compare takes each checkpoint once")
    return dict(zip(chosen, encoders, strict=True))
