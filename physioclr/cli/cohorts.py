"""Verbs for cohorts: fetch, prepare, check, export, embed them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from physioclr.cli.plugins import helped_by_plugins
from physioclr.cli.terminal import (
    AsJson,
    Checkpoint,
    StoreFolder,
    err_console,
    out_console,
    print_json,
    progress_bar,
)

__all__ = ["app", "download", "embed", "export_store", "fit_physiology", "prepare", "verify"]

app = typer.Typer()


@app.command(cls=helped_by_plugins("physioclr.cohorts", "physioclr.formats"))
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

    with progress_bar("Preparing") as report:
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
        print_json(done.to_dict())
        return
    if done.nothing_to_do:
        out_console.print(f"{out} is there already: {done.n_prepared} ECGs", highlight=False)
        return
    earlier = f", {done.n_found_done} done by an earlier run" if done.n_found_done else ""
    out_console.print(
        f"{done.n_prepared} ECGs in {out}, {done.seconds:.0f} s{earlier}", highlight=False
    )
    for record_id, reason in done.left_out:
        err_console.print(f"left out {record_id}: {reason}", style="yellow", highlight=False)


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
        out_console.print(table)
        return
    cohort = public_cohort(name)
    about = f"{cohort.title}: {cohort.licence}, about {cohort.size_gb:g} GB, from "
    err_console.print(about + (mirror or cohort.url), highlight=False, soft_wrap=True, markup=False)
    folder = out or Path(name)
    with progress_bar("Downloading") as report:
        done = fetch(name, folder, only=only or (), mirror=mirror, on_progress=report)
    if as_json:
        print_json({"out": str(folder), **dataclasses.asdict(done)})
        return
    out_console.print(
        f"{done.n_fetched} files fetched, {done.n_kept} were there, in {folder}", highlight=False
    )


@app.command("export")
def export_store(
    store: StoreFolder,
    out: Annotated[Path, typer.Option(help="The folder to write; must not exist.")],
    condition: Annotated[
        str | None,
        typer.Option("--where", help="Only these ECGs, as `age_years >= 65 and acceptable`."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a store as a folder of WFDB records, with a table of what is known of each."""
    from physioclr import Store
    from physioclr.datasets.store_view import where
    from physioclr.datasets.wfdb_export import export_wfdb

    opened = Store(store)
    chosen = opened if condition is None else where(opened, condition)
    with progress_bar("Exporting") as report:
        export_wfdb(chosen, out, on_progress=report)
    if as_json:
        print_json({"out": str(out), "records": len(chosen)})
        return
    out_console.print(f"{len(chosen)} ECGs in {out}", highlight=False)


@app.command()
def verify(store: StoreFolder) -> None:
    """Compare every file of a store with its checksum."""
    from physioclr import Store

    opened = Store(store)
    opened.verify()
    files = len(opened.manifest.checksums)
    out_console.print(f"{files} files of {store} are as they were written", highlight=False)


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

    opened = [Store(store) for store in stores]
    space = fit_physiology_space(opened, n_components=components)
    space.save(out)
    n_components = space.components.shape[1]
    if as_json:
        found = {"fingerprint": space.fingerprint, "cohort": space.cohort}
        print_json({"out": str(out), "components": n_components, **found})
        return
    out_console.print(
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
    from physioclr.encoders.embedding import embed_store
    from physioclr.runtime.atomic_files import replace_file

    opened, encoder = Store(store), load_encoder(checkpoint)
    with progress_bar("Embedding") as report:
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
        print_json({"out": str(out), "records": len(opened), "embedded": embedded})
        return
    out_console.print(f"{embedded} of {len(opened)} ECGs embedded in {out}", highlight=False)
