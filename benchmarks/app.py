"""How long a reader waits: ``python -m benchmarks.app``.

The app in headless Chromium at 1280 × 900, with simulated ECGs of 10 s at 500 Hz as WFDB files. A
time ends when what is waited for is painted, as the browser's next frame says.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import wfdb
from playwright.sync_api import Page
from rich.console import Console
from rich.table import Table

from app.components.ecg_paper import PaperStyle, ecg_paper
from app.components.palette import LIGHT
from app.navigation import PAGES
from benchmarks.browser import READY, open_chromium, serve_app, wait_until_ready
from physioclr.ecg_paper import ARRANGEMENTS, paper_layout
from physioclr.simulate import CONDITIONS, simulate_record

__all__ = ["main"]

_N_FILES = 20
_PATIENCE_MS = 120_000
_PLOT = '[class*="st-key-ecg_paper_read"] .js-plotly-plot'
_PAINTED = """() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(done)))"""

# In the page itself: a question from outside would wait in line behind its drawing.
_WATCH_THE_PAPER = """(paper) => {
    const began = performance.now(), before = document.querySelector(paper).data;
    window.painted = new Promise(done => {
        const look = () => requestAnimationFrame(() =>
            (document.querySelector(paper)?.data ?? before) === before ? look()
            : requestAnimationFrame(() => done(performance.now() - began)));
        look();
    });
}"""


def main() -> None:
    """Time each thing a reader does and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    table = Table(title="Seconds until it is painted, two cores")
    for column in ("", "median", "longest", "goal"):
        table.add_column(column, justify="right" if column else "left")
    with tempfile.TemporaryDirectory() as folder, open_chromium() as browser:
        files = _written(Path(folder), arguments.repeats + _N_FILES)
        started = time.perf_counter()
        with serve_app() as url:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(_PATIENCE_MS)
            page.goto(url)
            _paper(page)
            first_s = time.perf_counter() - started
            wait_until_ready(page)
            rows: dict[str, tuple[list[float], str]] = {
                "start of the app to its first paper": ([first_s], "6"),
                **_uploads(page, url, files[: arguments.repeats]),
                **_page_changes(page, arguments.repeats),
                **_many(page, url, files[arguments.repeats :]),
            }
    for name, (seconds, goal) in rows.items():
        table.add_row(name, f"{np.median(seconds):.2f}", f"{max(seconds):.2f}", goal)
    Console().print(table)
    Console().print(_figure_sizes())


def _written(folder: Path, n: int) -> list[tuple[Path, Path]]:
    conditions = list(CONDITIONS)
    written = []
    for seed in range(n):
        record = simulate_record(conditions[seed % len(conditions)], seed=seed)
        name = f"ecg{seed:03d}"
        wfdb.wrsamp(
            name,
            fs=500,
            units=["mV"] * 12,
            sig_name=list(record.leads),
            p_signal=np.asarray(record.signal_mv.T, dtype=np.float64),
            fmt=["16"] * 12,
            write_dir=str(folder),
        )
        written.append((folder / f"{name}.hea", folder / f"{name}.dat"))
    return written


def _paper(page: Page) -> None:
    page.wait_for_selector(f"{_PLOT} .scatterlayer .js-line")
    page.evaluate(_PAINTED)


def _uploads(
    page: Page, url: str, files: list[tuple[Path, Path]]
) -> dict[str, tuple[list[float], str]]:
    to_paper, to_numbers = [], []
    for header, signal in files:
        page.goto(url)  # a new session
        wait_until_ready(page)
        _paper(page)
        page.evaluate(_WATCH_THE_PAPER, _PLOT)
        started = time.perf_counter()
        page.locator('input[type="file"]').set_input_files([str(header), str(signal)])
        to_paper.append(page.evaluate("() => window.painted") / 1000)
        page.wait_for_selector('table[aria-label="Predictions"]')
        wait_until_ready(page)
        to_numbers.append(time.perf_counter() - started)
    return {
        "upload to painted paper": (to_paper, "1.5"),
        "upload to measurements and predictions": (to_numbers, "3"),
    }


def _page_changes(page: Page, repeats: int) -> dict[str, tuple[list[float], str]]:
    """Go to every page in turn: until its title is painted, and until all of it is."""
    to_title: list[float] = []
    first: list[float] = []
    again: list[float] = []
    for turn in range(repeats):
        for _, title, _ in (*list(PAGES.values())[1:], next(iter(PAGES.values()))):
            started = time.perf_counter()
            page.get_by_role("link", name=title).click()
            page.wait_for_selector(f'h1:text-is("{title}")')
            page.evaluate(_PAINTED)
            to_title.append(time.perf_counter() - started)
            page.wait_for_selector(READY)
            page.evaluate(_PAINTED)
            (again if turn else first).append(time.perf_counter() - started)
    return {
        "change of page, to its title": (to_title, "1"),
        "change of page, to all of it": (again, "1"),
        "the same, the first time": (first, ""),
    }


def _many(
    page: Page, url: str, files: list[tuple[Path, Path]]
) -> dict[str, tuple[list[float], str]]:
    page.goto(url)
    wait_until_ready(page)
    started = time.perf_counter()
    page.locator('input[type="file"]').set_input_files(
        [str(file) for pair in files for file in pair]
    )
    page.wait_for_selector(f'.pc-facts b:text-is("{files[0][0].stem}")')
    wait_until_ready(page)
    return {f"{len(files)} ECGs at once": ([time.perf_counter() - started], "20")}


def _figure_sizes() -> Table:
    table = Table(title="What goes to the browser")
    for column in ("paper", "MB", "goal"):
        table.add_column(column, justify="right" if column != "paper" else "left")
    record = simulate_record("sinus_rhythm", seed=0)
    for arrangement in ARRANGEMENTS:
        figure = ecg_paper(record, LIGHT, style=PaperStyle(layout=paper_layout(arrangement)))
        table.add_row(arrangement, f"{len(figure.to_json()) / 1e6:.2f}", "1.5")
    return table


if __name__ == "__main__":
    main()
