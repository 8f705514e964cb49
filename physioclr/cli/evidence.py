"""Verbs for the evidence: probe encoders, compare, describe and disturb them, fit a head."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from physioclr.cli.terminal import (
    AsJson,
    Checkpoint,
    StoreFolder,
    auroc_cell,
    err_console,
    option_errors,
    out_console,
    print_json,
    progress_bar,
)

__all__ = [
    "app",
    "describe",
    "finetune",
    "fit_head",
    "label_efficiency",
    "probe",
    "robustness",
    "transfer",
]

app = typer.Typer()
_AREA = ("auroc", "auroc_low", "auroc_high")


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
    from physioclr.evaluation.store_probe import probe_store
    from physioclr.probe import paired_table
    from physioclr.probe.figure import comparison_figure
    from physioclr.runtime.atomic_files import replace_file

    if (others and compare is None) or (checkpoint and compare):
        raise typer.BadParameter(
            "name one checkpoint after --checkpoint, or several after --compare"
        )
    opened = Store.open(store)
    asked = [checkpoint] if compare is None else [compare, *(others or [])]
    encoders = _named(asked, [load_encoder(one) for one in asked])
    with progress_bar("Probing") as report:
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
        print_json(document)
        return
    _print_results(results, title=title)


def _print_results(results: Mapping[str, Any], *, title: str) -> None:
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


@app.command()
def finetune(
    store: StoreFolder,
    labels: Annotated[str, typer.Option(help="A label set of the store.")],
    checkpoint: Checkpoint = None,
    epochs: Annotated[int, typer.Option(min=1, help="At most, in each fold.")] = 40,
    out: Annotated[Path | None, typer.Option(help="A .json to write.")] = None,
    seed: Annotated[int, typer.Option()] = 0,
    as_json: AsJson = False,
) -> None:
    """Compare the frozen encoder's probe, the fine-tuned encoder and one trained from scratch."""
    from physioclr import Store, load_encoder
    from physioclr.encoders.embedding import embed_store
    from physioclr.evaluation.finetuning import FinetuneConfig, cross_validate_finetuning
    from physioclr.evaluation.store_probe import probe_targets, usable_records
    from physioclr.probe import cross_validate_probe
    from physioclr.runtime.atomic_files import replace_file

    opened, encoder = Store.open(store), load_encoder(checkpoint)
    targets, patients, names = probe_targets(opened, labels)
    config = FinetuneConfig(epochs=epochs)
    with progress_bar("Fine-tuning") as report:
        embeddings = embed_store(opened, encoder)
        usable = usable_records({encoder.card.name: embeddings})
        results = {
            "linear probe, frozen": cross_validate_probe(
                embeddings[usable], targets[usable], patients[usable], label_names=names, seed=seed
            )
        }
        for before, (name, scratch) in enumerate((("fine-tuned", False), ("from scratch", True))):

            def folds_done(done: int, total: int, before: int = before) -> None:
                report(before * total + done, 2 * total)

            results[name] = cross_validate_finetuning(
                opened,
                encoder,
                labels,
                config=config,
                from_scratch=scratch,
                seed=seed,
                on_progress=folds_done,
            )
    document = {
        "store": opened.source,
        "simulated": opened.simulated,
        "labels": labels,
        "checkpoint": encoder.card.name,
        "seed": seed,
        "models": {name: result.to_dict() for name, result in results.items()},
    }
    if out is not None:
        replace_file(out, (json.dumps(document, indent=1) + "\n").encode())
    if as_json:
        print_json(document)
        return
    _print_results(results, title=f"{encoder.card.name} on {opened.source}, AUROC [95 % CI]")


@app.command()
def transfer(
    train: Annotated[Path, typer.Argument(help="The store to learn on.")],
    test: Annotated[Path, typer.Argument(help="The store to be scored on.")],
    checkpoint: Checkpoint = None,
    seed: Annotated[int, typer.Option()] = 0,
    as_json: AsJson = False,
) -> None:
    """Fit a probe on one cohort and score it on another, for the diagnoses both name."""
    from physioclr import Store, load_encoder
    from physioclr.evaluation.transfer import transfer_probe

    learnt, asked = Store.open(train), Store.open(test)
    with progress_bar("Transfer") as report:
        found = transfer_probe(
            learnt,
            asked,
            load_encoder(checkpoint),
            seed=seed,
            on_progress=lambda what, share: report(round(100 * share), 100, what),
        )
    if as_json:
        print_json({"train": learnt.source, "test": asked.source, "rows": _records(found)})
        return
    table = Table(title=f"AUROC [95 % CI], from {learnt.source} to {asked.source}")
    for column in ("", "model", "ECGs with it\nlearn, test", "within the first", "on the second"):
        table.add_column(column, justify="right" if "\n" in column else "left")
    for row in found.to_dict("records"):
        counts = f"{row['n_train']}, {row['n_test']}"
        if row["reason"]:
            table.add_row(row["diagnosis"], "", counts, row["reason"], "")
            continue
        within = {name: row[name.replace("auroc", "within")] for name in _AREA}
        cells = (counts, auroc_cell(within), auroc_cell(row))
        table.add_row(row["diagnosis"], row["model"], *cells)
    out_console.print(table)


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
    from physioclr.prediction.heads import add_head

    card = add_head(checkpoint, Store.open(store), labels, seed=seed, alpha=alpha)
    for label in card.labels:
        calls = label.calls
        no_call = "" if calls is None else f", no call on {100 * (calls.no_call or 0):.0f} %"
        out_console.print(
            f"{label.display_name}: AUROC {auroc_cell(label.model_dump())}{no_call}",
            highlight=False,
        )
    for name, reason in card.left_out.items():
        err_console.print(f"left out {name}: {reason}", style="yellow", highlight=False)


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


@app.command()
def describe(
    store: StoreFolder,
    labels: Annotated[
        str | None, typer.Option(help="A label set, for how often neighbours share a label.")
    ] = None,
    checkpoint: Checkpoint = None,
    as_json: AsJson = False,
) -> None:
    """Say what an embedding knows of physiology, and how far a map of it can be trusted."""
    from physioclr import Store, load_encoder
    from physioclr.evaluation.embedded_physiology import describe_embedding

    opened, encoder = Store.open(store), load_encoder(checkpoint)
    with progress_bar("Describing") as report:
        found = describe_embedding(
            opened,
            encoder,
            label_set=labels,
            on_progress=lambda what, share: report(round(100 * share), 100, what),
        )
    if as_json:
        print_json(
            {
                "store": opened.source,
                "checkpoint": encoder.card.name,
                "n_refused": found.n_refused,
                "physiology": _records(found.physiology),
                "geometry": _records(found.geometry),
            }
        )
        return
    note = ", simulated" if opened.simulated else ""
    table = Table(title=f"From {encoder.card.name} to measurements, {opened.source}{note}")
    for column in ("", "ECGs", "R² [95 % CI]", "mean error", "SD"):
        table.add_column(column, justify="left" if not column else "right")
    for row in found.physiology.to_dict("records"):
        if row["reason"]:
            table.add_row(row["label"], f"{row['n_known']}", row["reason"], "", "")
            continue
        r2 = f"{row['r2']:.2f} [{row['r2_low']:.2f}, {row['r2_high']:.2f}]"
        error, spread = (f"{row[name]:.3g} {row['unit']}".strip() for name in ("mae", "sd"))
        table.add_row(row["label"], f"{row['n_known']}", r2, error, spread)
    out_console.print(table)
    for name, row in found.geometry.to_dict("index").items():
        shown = row["reason"] or f"{row['value']:.3f}{_limits(row)}"
        out_console.print(f"{str(name).replace('_', ' ')}: {shown}", highlight=False)


@app.command()
def robustness(
    store: StoreFolder,
    labels: Annotated[str, typer.Option(help="A label set of the store.")],
    checkpoint: Checkpoint = None,
    nstdb: Annotated[
        Path | None, typer.Option(help="MIT-BIH's Noise Stress Test, for recorded noise.")
    ] = None,
    seed: Annotated[int, typer.Option()] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure a probe that learnt from clean ECGs on noisy ones, and without some leads."""
    from physioclr import Store, load_encoder
    from physioclr.evaluation.noise_robustness import noise_robustness
    from physioclr.evaluation.noise_sources import noise_sources

    opened, encoder = Store.open(store), load_encoder(checkpoint)
    with progress_bar("Robustness") as report:
        found = noise_robustness(
            opened,
            encoder,
            labels,
            noises=noise_sources(nstdb),
            seed=seed,
            on_progress=lambda what, share: report(round(100 * share), 100, what),
        )
    if as_json:
        print_json({"store": opened.source, "rows": _records(found)})
        return
    table = Table(title=f"{encoder.card.name} on {opened.source}, {labels}")
    for column in ("", "noise is", "macro AUROC [95 % CI]", "loss, % [95 % CI]"):
        table.add_column(column, justify="left" if not column else "right")
    for row in found.to_dict("records"):
        loss = f"{row['loss_pct']:.1f} [{row['loss_low_pct']:.1f}, {row['loss_high_pct']:.1f}]"
        table.add_row(row["condition"], row["origin"], auroc_cell(row), loss)
    out_console.print(table)


def _records(table: Any) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON has them."""
    rows: list[dict[str, Any]] = json.loads(table.reset_index().to_json(orient="records"))
    return rows


def _limits(row: Mapping[Any, Any]) -> str:
    limits = "" if row["low"] != row["low"] else f" [{row['low']:.3f}, {row['high']:.3f}]"
    chance = "" if row["chance"] != row["chance"] else f", by chance {row['chance']:.3f}"
    return limits + chance


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
    from physioclr import Store, load_encoder
    from physioclr.evaluation.store_probe import probe_features, probe_targets, usable_records
    from physioclr.probe import FRACTIONS
    from physioclr.probe import label_efficiency as efficiency

    opened = Store.open(store)
    asked: list[str | None] = [*checkpoints] if checkpoints else [None]
    encoders = _named(asked, [load_encoder(one) for one in asked])
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
        print_json({"store": opened.source, "labels": labels, "rows": _records(found)})
        return
    table = Table(title=f"Macro AUROC [95 % CI] by share of the labels, {opened.source}, {labels}")
    models = list(dict.fromkeys(found["model"]))
    for column in ("labels", "ECGs", *models):
        table.add_column(column, justify="right")
    for share, rows in found.groupby("fraction"):
        cells = [auroc_cell(row) for row in rows.to_dict("records")]
        table.add_row(f"{100 * float(str(share)):g} %", f"{rows['n_records'].iloc[0]:.0f}", *cells)
    out_console.print(table)
