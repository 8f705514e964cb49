"""Verbs that look into an embedding: what it knows of physiology, what noise does to it."""

from __future__ import annotations

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
    json_rows,
    out_console,
    print_json,
    progress_bar,
)

__all__ = ["app", "describe", "robustness"]

app = typer.Typer()


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

    opened, encoder = Store(store), load_encoder(checkpoint)
    with progress_bar("Describing") as report:
        found = describe_embedding(
            opened,
            encoder,
            label_set=labels,
            on_progress=report.share,
        )
    if as_json:
        print_json(
            {
                "store": opened.source,
                "checkpoint": encoder.card.name,
                "n_refused": found.n_refused,
                "physiology": json_rows(found.physiology),
                "geometry": json_rows(found.geometry),
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


def _limits(row: Mapping[Any, Any]) -> str:
    limits = "" if row["low"] != row["low"] else f" [{row['low']:.3f}, {row['high']:.3f}]"
    chance = "" if row["chance"] != row["chance"] else f", by chance {row['chance']:.3f}"
    return limits + chance


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

    opened, encoder = Store(store), load_encoder(checkpoint)
    with progress_bar("Robustness") as report:
        found = noise_robustness(
            opened,
            encoder,
            labels,
            noises=noise_sources(nstdb),
            seed=seed,
            on_progress=report.share,
        )
    if as_json:
        print_json({"store": opened.source, "rows": json_rows(found)})
        return
    table = Table(title=f"{encoder.card.name} on {opened.source}, {labels}")
    for column in ("", "noise is", "macro AUROC [95 % CI]", "loss, % [95 % CI]"):
        table.add_column(column, justify="left" if not column else "right")
    for row in found.to_dict("records"):
        loss = f"{row['loss_pct']:.1f} [{row['loss_low_pct']:.1f}, {row['loss_high_pct']:.1f}]"
        table.add_row(row["condition"], row["origin"], auroc_cell(row), loss)
    out_console.print(table)
