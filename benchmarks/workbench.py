"""How long a researcher waits on the map and for a probe: ``python -m benchmarks.workbench``.

The app in headless Chromium at 1280 × 1000 with a software renderer, on cohorts of 20,000 and
100,000 ECGs. They are the demo cohort repeated, with a little noise on measurements, embeddings and
coordinates: the page is timed, not the science. Their signals are one file many times over. A time
ends when what is waited for is painted, as the browser's next frame says. "Its place alone" is
taken without a browser: embedding, coordinates and distance from the cohort. A probe is shown from
what a finished run has kept: 20,000 ECGs, 20 labels, four sets of features; what fitting it takes
says `benchmarks.probe`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import wfdb
from playwright.sync_api import Browser
from rich.console import Console
from rich.table import Table

from app.components.palette import LIGHT
from app.embedding_map.scatter import Numbers, Points, map_figure
from benchmarks.browser import READY, open_chromium, serve_app, wait_until_ready
from benchmarks.map_page import (
    choose_cohort,
    choosing_times,
    lasso,
    lasso_times,
    link_times,
    open_map,
    opening_times,
    other_ecg_times,
    page_change_times,
    painted,
    panning_times,
    recolouring_times,
)
from benchmarks.probe import planted_cohort
from physioclr.datasets.demo import open_demo_store
from physioclr.datasets.manifest import MANIFEST_NAME, Shard
from physioclr.datasets.store import Store
from physioclr.datasets.store_writer import TABLE_NAMES
from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.embedding import embed
from physioclr.evaluation.probe_features import MEDIAN_BEAT, PHYSIOLOGY, RANDOM_INIT
from physioclr.evaluation.probe_run import ProbedCohort, ProbeRun
from physioclr.evaluation.probe_run_files import save_probe_run
from physioclr.explore.cohort_map import find_cohort_map, make_cohort_map, save_cohort_map
from physioclr.explore.map_layout import MapSettings
from physioclr.jobs import Job, default_queue
from physioclr.jobs.mapping import MapTask
from physioclr.jobs.probing import ProbeTask
from physioclr.probe import auroc_draws, cross_validate_probe
from physioclr.runtime.atomic_files import replace_file
from physioclr.simulate import simulate_record

__all__ = ["main"]

_N_SESSIONS = 4
_NEXT_FRAME = """() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(done)))"""
_Seconds = dict[str, tuple[list[float], str]]


def main() -> None:
    """Time each thing a researcher does on the map and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder, open_chromium() as browser:
        os.environ["PHYSIOCLR_CACHE"] = folder
        stores = {n: repeated_store(Path(folder) / f"store-{n}", n) for n in arguments.sizes}
        for store in stores.values():
            repeated_map(store)
        ecgs = _written(Path(folder), arguments.repeats + 1)
        for n, store in stores.items():
            console.print(_timed(browser, store, n, arguments.repeats, ecgs))
        console.print(_beside_jobs(browser, stores[min(stores)], arguments.repeats))
    console.print(_figure_sizes(arguments.sizes))


def repeated_store(folder: Path, n_records: int) -> Store:
    """Write the demo cohort over and over: other ids, a little noise on what was measured."""
    demo = open_demo_store()
    copies = n_records // len(demo)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in TABLE_NAMES:
        tables = [pq.read_table(demo.path / f"{name}.parquet")] * copies
        table = pa.concat_tables(tables)
        for column in ("record_id", "patient_id"):
            if column in table.column_names:
                ids = pa.array([f"ecg-{row:06d}" for row in range(table.num_rows)])
                table = table.set_column(table.column_names.index(column), column, ids)
        if name == "measurements":
            for at, column in enumerate(table.schema):
                values = table.column(at).to_numpy() * rng.normal(1, 0.01, table.num_rows)
                table = table.set_column(
                    at, column, pa.array(values, column.type, from_pandas=True)
                )
        pq.write_table(table, folder / f"{name}.parquet")
    shards = []
    for number, shard in enumerate(demo.manifest.shards * copies):
        name = f"signals-{number:05d}.i16"
        (folder / name).symlink_to(demo.path / shard.file)
        shards.append(Shard(file=name, n_records=shard.n_records))
    manifest = demo.manifest.model_copy(
        update={
            "n_records": copies * len(demo),
            "shards": tuple(shards),
            "parts": (),
            "checksums": {},
            "fingerprint": f"{n_records:016x}",
        }
    )
    replace_file(folder / MANIFEST_NAME, manifest.model_dump_json().encode())
    return Store(folder)


def repeated_map(store: Store) -> None:
    """Keep a map of a repeated store, made of the demo's."""
    encoder, demo = load_encoder(), open_demo_store()
    settings = MapSettings()
    mapped = find_cohort_map(demo, encoder, settings) or make_cohort_map(demo, encoder, settings)
    rng = np.random.default_rng(0)
    copies = len(store) // len(demo)
    rows = np.concatenate([mapped.rows + copy * len(demo) for copy in range(copies)])
    layout = mapped.layout
    spread = layout.coordinates.std(axis=0) / 10
    layout = replace(
        layout,
        embeddings=_noisy(np.tile(layout.embeddings, (copies, 1)), 0.05, rng),
        coordinates=_noisy(np.tile(layout.coordinates, (copies, 1)), spread, rng),
        typical_distances=np.repeat(layout.typical_distances, copies),
    )
    save_cohort_map(replace(mapped, rows=rows, layout=layout), store, encoder)


def _noisy(values: np.ndarray, sd: float | np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (values + rng.normal(size=values.shape) * sd).astype(np.float32)


def _timed(
    browser: Browser, store: Store, n: int, repeats: int, ecgs: list[tuple[Path, Path]]
) -> Table:
    table = Table(title=f"{n:,} ECGs: seconds until it is painted, two cores")
    for column in ("", "median", "longest", "goal"):
        table.add_column(column, justify="right" if column else "left")
    large = n > 50_000
    with serve_app() as url:
        page = open_map(browser, url)
        choose_cohort(page, store)
        seconds: _Seconds = {
            "opened in a new tab by its link": (link_times(browser, page.url, repeats), ""),
            "chosen in a new tab": (
                choosing_times(browser, url, store, repeats),
                "" if large else "2",
            ),
            "opened from another page": (opening_times(page, repeats), "" if large else "2"),
            "recoloured": (recolouring_times(page, repeats), "3" if large else "1"),
            "a step of panning": (panning_times(page), ""),
            "lasso to strips": (lasso_times(page, repeats), "" if large else "2"),
            "next page of strips": (page_change_times(page, repeats), ""),
            "a new ECG on the map": (other_ecg_times(page, ecgs), ""),
            "its place alone": (_placings(store, repeats), "" if large else "0.5"),
        }
        for name, (values, goal) in seconds.items():
            table.add_row(name, f"{np.median(values):.2f}", f"{max(values):.2f}", goal)
        before = _memory_mb()
        pages = [open_map(browser, url) for _ in range(_N_SESSIONS - 1)]
        for other in pages:
            choose_cohort(other, store)
            lasso(other)
        errors = sum(other.get_by_test_id("stException").count() for other in [page, *pages])
        each = (_memory_mb() - before) / len(pages)
        table.caption = (
            f"{_N_SESSIONS} sessions at once: {errors} errors, {each:.0f} MB more for each; "
            f"{_memory_mb():.0f} MB in all"
        )
        for one in [page, *pages]:
            one.close()
    return table


def _beside_jobs(browser: Browser, store: Store, repeats: int) -> Table:
    """Time a probe that is shown, and pages while a map of a large cohort is made."""
    table = Table(title="Seconds until it is painted, two cores")
    for column in ("", "median", "longest", "goal"):
        table.add_column(column, justify="right" if column else "left")
    run = finished_probe(20_000, 20)
    with serve_app() as url:
        page = open_map(browser, url)
        shown = []
        for _ in range(repeats):
            goes = partial(page.goto, f"{url}/probe?run={run.id}")
            drawn = """() => document.querySelector('table[aria-label="Macro scores"]')"""
            shown.append(painted(page, goes, drawn))
            wait_until_ready(page)
        views = []
        for view in ("Curves", "Calibration", "Confusion", "Scores"):
            started = time.perf_counter()
            page.get_by_text(view, exact=True).first.click()
            wait_until_ready(page)
            views.append(time.perf_counter() - started)
        making = default_queue().submit(MapTask.of(str(store.path), "", MapSettings(seed=1)))
        wait_until_ready(page)
        changes = []
        for name in ("Embedding map", "Read an ECG") * repeats:
            started = time.perf_counter()
            page.get_by_role("link", name=name).click()
            page.wait_for_selector(f'h1:text-is("{name}")')
            page.wait_for_selector(READY)
            page.evaluate(_NEXT_FRAME)
            changes.append(time.perf_counter() - started)
        still = making.progress().status
        making.cancel()
        page.close()
    for name, values, goal in (
        ("a probe of 20,000 × 20 labels shown, page and all", shown, "3"),
        ("another view of it", views, ""),
        (f"change of page while a map is made (it was {still})", changes, "1"),
    ):
        table.add_row(name, f"{np.median(values):.2f}", f"{max(values):.2f}", goal)
    return table


def finished_probe(n_records: int, n_labels: int) -> Job:
    """Keep a run of planted features and labels, as a job that has come to its end."""
    features, targets = planted_cohort(n_records, 16, n_labels)
    patients = np.arange(n_records).astype(str)
    names = tuple(f"label {number}" for number in range(n_labels))
    result = cross_validate_probe(features, targets, patients, label_names=names)
    models = ("physioclr-tiny", RANDOM_INIT, PHYSIOLOGY, MEDIAN_BEAT)
    cohort = ProbedCohort(
        source="planted",
        simulated=True,
        fingerprint="planted",
        n_records=n_records,
        n_refused=0,
        label_set="planted",
        display_names={name: name for name in names},
        encoders={"physioclr-tiny": "planted"},
    )
    draws = auroc_draws(result).astype(np.float32)
    run = ProbeRun(
        cohort,
        patients,
        {0: dict.fromkeys(models, result)},
        {0: dict.fromkeys(models, draws)},
        pd.DataFrame(),
        pd.DataFrame(),
    )
    queue = default_queue()
    folder = queue.folder / str(time.time_ns())
    folder.mkdir(parents=True)
    job = Job.write(folder, ProbeTask("", "planted"))
    save_probe_run(run, folder)
    job.start()
    job.end("finished", result={"n_records": n_records, "auroc": {}})
    return job


def _placings(store: Store, repeats: int) -> list[float]:
    encoder = load_encoder()
    mapped = find_cohort_map(store, encoder)
    if mapped is None:
        raise ValueError("the store must have a map")
    seconds = []
    for seed in range(repeats + 1):
        record = simulate_record("atrial_fibrillation", seed=seed)
        started = time.perf_counter()
        embedding = embed([record], encoder)
        mapped.layout.project(embedding)
        mapped.layout.off_manifold(embedding)
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def _written(folder: Path, n: int) -> list[tuple[Path, Path]]:
    for seed in range(n):
        record = simulate_record("atrial_fibrillation", seed=seed)
        wfdb.wrsamp(
            f"ecg{seed}",
            fs=500,
            units=["mV"] * 12,
            sig_name=list(record.leads),
            p_signal=np.asarray(record.signal_mv.T, dtype=np.float64),
            fmt=["16"] * 12,
            write_dir=str(folder),
        )
    return [(folder / f"ecg{seed}.hea", folder / f"ecg{seed}.dat") for seed in range(n)]


def _memory_mb() -> float:
    """Return the resident memory of the app's server, a child of this process."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            command = (status.parent / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if int(lines["PPid"]) == os.getpid() and b"main.py" in command:
            total += int(lines["VmRSS"].split()[0]) / 1024
    return total


def _figure_sizes(sizes: list[int]) -> Table:
    table = Table(title="What goes to the browser")
    for column in ("ECGs", "MB", "goal"):
        table.add_column(column, justify="right")
    for n in sizes:
        rng = np.random.default_rng(0)
        ids = np.array([f"ecg-{row:06d}" for row in range(n)], dtype=object)
        points = Points(rng.normal(size=(n, 2)).astype(np.float32), np.arange(n), ids)
        figure = map_figure(points, Numbers("QRS duration", "ms", 0, rng.normal(size=n)), LIGHT)
        size_mb = len(figure.to_json(validate=False)) / 1e6
        table.add_row(f"{n:,}", f"{size_mb:.2f}", "1.5" if n == 20_000 else "")
    return table


if __name__ == "__main__":
    main()
