"""What a user does on the map page, each timed until it is painted."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.browser import wait_until_ready
from physioclr.datasets.store import Store

__all__ = [
    "choose_cohort",
    "choosing_times",
    "lasso",
    "lasso_times",
    "link_times",
    "open_map",
    "opening_times",
    "other_ecg_times",
    "page_change_times",
    "painted",
    "panning_times",
    "recolouring_times",
]

_PATIENCE_MS = 180_000
_NEXT_FRAME = """() => new Promise(done =>
    requestAnimationFrame(() => requestAnimationFrame(done)))"""
_MAP = ".pc-map .main-svg"


def open_map(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(f"{url}/map")
    page.wait_for_selector(_MAP)
    wait_until_ready(page)
    return page


def choose_cohort(page: Page, store: Store) -> float:
    field = page.get_by_role("combobox", name="Cohort")
    field.fill(str(store.path))
    drawn = """n => document.querySelector('.pc-map')._fullData
        .reduce((sum, trace) => sum + trace.x.length, 0) > n / 2"""
    seconds = painted(page, partial(field.press, "Enter"), drawn, len(store))
    page.get_by_text(f"{len(store):,} simulated ECGs").first.wait_for()
    wait_until_ready(page)
    return seconds


def choosing_times(browser: Browser, url: str, store: Store, repeats: int) -> list[float]:
    """Choose the cohort in new tabs: its map is drawn for the first time there."""
    seconds = []
    for _ in range(repeats):
        page = open_map(browser, url)
        seconds.append(choose_cohort(page, store))
        page.close()
    return seconds


def painted(page: Page, act: Callable[[], None], drawn: str, argument: object = None) -> float:
    started = time.perf_counter()
    act()
    page.wait_for_function(drawn, arg=argument, polling="raf")
    page.evaluate(_NEXT_FRAME)
    return time.perf_counter() - started


def opening_times(page: Page, repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats):
        page.get_by_role("link", name="Jobs").click()
        page.wait_for_selector('h1:text-is("Jobs")')
        wait_until_ready(page)
        link = page.get_by_role("link", name="Embedding map")
        seconds.append(painted(page, link.click, f"document.querySelector('{_MAP}')"))
        wait_until_ready(page)
    return seconds


def link_times(browser: Browser, url: str, repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats):
        page = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
        page.set_default_timeout(_PATIENCE_MS)
        seconds.append(painted(page, partial(page.goto, url), f"document.querySelector('{_MAP}')"))
        wait_until_ready(page)
        page.close()
    return seconds


def recolouring_times(page: Page, repeats: int) -> list[float]:
    seconds = []
    for turn in range(2 * repeats):
        name = ("QRS duration", "Heart rate")[turn % 2]
        page.get_by_role("combobox", name="Colour").click()
        page.keyboard.type(name)
        seconds.append(
            painted(
                page,
                lambda: page.keyboard.press("Enter"),
                """name => document.querySelector('.pc-map')._fullData
                    .some(trace => trace.name === name)""",
                name,
            )
        )
        wait_until_ready(page)
    return seconds


def lasso(page: Page) -> float:
    """Draw about a quarter of the map's area; return the time from the button's release."""
    plot = page.locator(".pc-map.js-plotly-plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    if box is None:
        raise ValueError("the map must be in sight")
    x, y, half = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] / 4
    page.mouse.move(x - half, y - half)
    page.mouse.down()
    for across, down in ((1, -1), (1, 1), (-1, 1), (-1, -1)):
        page.mouse.move(x + across * half, y + down * half)
    seconds = painted(page, page.mouse.up, "document.querySelector('.pc-strip')")
    wait_until_ready(page)
    return seconds


def lasso_times(page: Page, repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats):
        seconds.append(lasso(page))
        page.get_by_role("button", name="Clear the selection").click()
        page.wait_for_function("!document.querySelector('.pc-strip')")
        wait_until_ready(page)
    lasso(page)
    return seconds


def page_change_times(page: Page, repeats: int) -> list[float]:
    seconds = []
    for number in range(2, 2 + repeats):
        turn = page.get_by_role("button", name="›")
        drawn = f"document.body.innerText.includes('Page {number} of')"
        seconds.append(painted(page, turn.click, drawn))
        wait_until_ready(page)
    return seconds


def panning_times(page: Page) -> list[float]:
    """Drag the part in sight with the mouse; return the time of each of its steps."""
    plot = page.locator(".pc-map.js-plotly-plot").first
    plot.scroll_into_view_if_needed()
    plot.hover()
    plot.locator('[data-title="Pan"]').click()
    box = plot.bounding_box()
    if box is None:
        raise ValueError("the map must be in sight")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    left = "plot => plot._fullLayout.xaxis.range[0]"
    seconds, before = [], plot.evaluate(left)
    for step in range(1, 21):
        started = time.perf_counter()
        page.mouse.move(x + 8 * step, y + 4 * step)
        page.evaluate(_NEXT_FRAME)
        seconds.append(time.perf_counter() - started)
    page.mouse.up()
    if plot.evaluate(left) == before:
        raise ValueError("the map must have moved")
    plot.hover()
    plot.locator('[data-title="Lasso Select"]').click()
    wait_until_ready(page)
    return seconds


def other_ecg_times(page: Page, ecgs: list[tuple[Path, Path]]) -> list[float]:
    """Upload several ECGs, and place the second and later ones on the map, one after another."""
    page.get_by_text("Place an ECG on the map").click()
    files = [str(file) for pair in ecgs for file in pair]
    page.locator('input[type="file"]').set_input_files(files)
    page.get_by_text(f"Most like {ecgs[0][0].stem}").first.wait_for()
    wait_until_ready(page)
    seconds = []
    for header, _ in ecgs[1:]:
        page.get_by_role("combobox", name="or another of the uploaded ECGs").click()
        page.keyboard.type(header.stem)
        drawn = f"document.body.innerText.includes('Most like {header.stem}')"
        seconds.append(painted(page, lambda: page.keyboard.press("Enter"), drawn))
        wait_until_ready(page)
    return seconds
