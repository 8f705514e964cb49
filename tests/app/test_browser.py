"""The app as a person meets it: a server, a browser, a real ECG, every page."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import wfdb
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect, sync_playwright

from app.components.frame import DISCLAIMER
from app.navigation import PAGES
from physioclr import read_ecg
from physioclr.bundle import bundle_root, bundled
from physioclr.physiology.measurements import MEASUREMENTS, measure
from physioclr.simulate import simulate_record
from tests.shared_data import SHARED_DATA, needs_shared_data

REAL_HEADER = SHARED_DATA / "ptb-xl/records500/00000/00001_hr.hea"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
# The map's first visit embeds the demo cohort and lays it out.
PATIENCE_MS = 180_000


@pytest.fixture(scope="module")
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", str(bundled("app") / "main.py")),
            *(f"--server.port={port}", "--server.headless=true", "--server.address=127.0.0.1"),
        ],
        env={**os.environ, "PYTHONPATH": str(bundle_root())},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                    break
            except OSError:
                time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        except PlaywrightError as error:
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, server):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.goto(server)
    wait_until_ready(page)
    yield page
    context.close()


def wait_until_ready(page: Page) -> None:
    page.wait_for_selector(READY)
    page.wait_for_timeout(300)  # a rerun begins a moment after the event that asked for it
    page.wait_for_selector(READY)


def upload(page: Page, *files: Path) -> None:
    page.locator('input[type="file"]').set_input_files([str(file) for file in files])
    wait_until_ready(page)


def shown_values(page: Page) -> dict[str, float]:
    """Read the measurements off the screen: label to number."""
    values = {}
    for row in page.locator('table[aria-label="Measurements"]').first.locator("tbody tr").all():
        label, value = row.locator("td").all_inner_texts()
        number = re.match(r"[−-]?[\d.]+", value)
        values[label] = float(number[0].replace("−", "-")) if number else np.nan
    return values


def assert_screen_agrees_with(page: Page, header: Path) -> None:
    record = read_ecg(header)
    expect(page.locator(".pc-facts b").first).to_have_text(record.record_id)
    expected = measure(record).scalars()
    of_label = {kind.label: name for name, kind in MEASUREMENTS.items()}
    shown = shown_values(page)
    assert "Heart rate" in shown
    for label, value in shown.items():
        # Shown without decimals.
        assert value == pytest.approx(expected[of_label[label]], abs=0.51, nan_ok=True), label


@needs_shared_data
def test_a_real_ecg_is_read_and_its_measurements_are_on_screen(page):
    upload(page, REAL_HEADER, REAL_HEADER.with_suffix(".dat"))
    assert_screen_agrees_with(page, REAL_HEADER)
    expect(page.locator(".pc-badge")).to_have_count(0)


def test_a_simulated_wfdb_pair_is_read_and_survives_a_bad_upload(page, tmp_path):
    record = simulate_record("sinus_rhythm", seed=4)
    wfdb.wrsamp(
        "ours",
        fs=500,
        units=["mV"] * 12,
        sig_name=list(record.leads),
        p_signal=np.asarray(record.signal_mv.T, dtype=np.float64),
        fmt=["16"] * 12,
        write_dir=str(tmp_path),
    )
    upload(page, tmp_path / "ours.hea", tmp_path / "ours.dat")
    assert_screen_agrees_with(page, tmp_path / "ours.hea")
    bad = tmp_path / "text.dat"
    bad.write_text("this is no ECG")
    page.get_by_role("link", name="Augmentations").click()
    wait_until_ready(page)
    page.get_by_role("link", name="Read an ECG").click()
    wait_until_ready(page)
    upload(page, bad)
    expect(page.get_by_test_id("stAlert").first).to_contain_text("text.dat")
    expect(page.locator(".pc-facts b").first).to_have_text("ours")


def test_every_page_opens_with_its_figure_and_the_disclaimer(page):
    figures = {"read": 1, "augmentations": 1, "map": 1, "datasets": 2, "probe": 0}
    for url_path, (_, title, _) in PAGES.items():
        page.get_by_role("link", name=title).click()
        expect(page.locator("h1")).to_have_text(title)
        wait_until_ready(page)
        expect(page.get_by_text(DISCLAIMER)).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.locator(".js-plotly-plot")).to_have_count(figures[url_path])


def test_boxes_on_screen_are_square(page):
    # 1 mV is as long as 0.4 s, in pixels of the drawn axes.
    scale = page.locator(".js-plotly-plot").first.evaluate(
        "plot => [plot._fullLayout.xaxis._m, plot._fullLayout.yaxis._m]"
    )
    assert abs(scale[1]) == pytest.approx(0.4 * scale[0], rel=1e-3)  # a pixel in a thousand
