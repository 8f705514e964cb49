"""Verbs that train on labels: fine-tuning, transfer to another cohort, heads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from physioclr.cli.probes import print_results
from physioclr.cli.terminal import (
    AsJson,
    Checkpoint,
    StoreFolder,
    auroc_cell,
    err_console,
    json_rows,
    out_console,
    print_json,
    progress_bar,
)

__all__ = ["app", "finetune", "fit_head", "transfer"]

app = typer.Typer()
_AREA = ("auroc", "auroc_low", "auroc_high")


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
    from physioclr.evaluation.probe_features import probe_targets, usable_records
    from physioclr.probe import cross_validate_probe
    from physioclr.runtime.atomic_files import replace_file

    opened, encoder = Store(store), load_encoder(checkpoint)
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
    print_results(results, title=f"{encoder.card.name} on {opened.source}, AUROC [95 % CI]")


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

    learnt, asked = Store(train), Store(test)
    with progress_bar("Transfer") as report:
        found = transfer_probe(
            learnt,
            asked,
            load_encoder(checkpoint),
            seed=seed,
            on_progress=report.share,
        )
    if as_json:
        print_json({"train": learnt.source, "test": asked.source, "rows": json_rows(found)})
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

    card = add_head(checkpoint, Store(store), labels, seed=seed, alpha=alpha)
    for label in card.labels:
        calls = label.calls
        no_call = "" if calls is None else f", no call on {100 * (calls.no_call or 0):.0f} %"
        out_console.print(
            f"{label.display_name}: AUROC {auroc_cell(label.model_dump())}{no_call}",
            highlight=False,
        )
    for name, reason in card.left_out.items():
        err_console.print(f"left out {name}: {reason}", style="yellow", highlight=False)
