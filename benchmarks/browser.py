"""The app on a port of its own, and Chromium to look at it: for tests and for `benchmarks.app`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from physioclr.cli.serve import app_command, app_environment

__all__ = ["READY", "open_chromium", "serve_app", "wait_until_ready"]

READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
_PATIENCE_S = 60.0


@contextmanager
def serve_app() -> Iterator[str]:
    """Run the app until the block ends.

    Yields
    ------
    str
        Its address; it answers.

    Raises
    ------
    TimeoutError
        If it does not answer within a minute.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        app_command(port=port, host="127.0.0.1", headless=True),
        env=app_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(url: str) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"the app at {url} did not answer within {_PATIENCE_S:g} s")


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Open Debian's or another Chromium without a window.

    Raises
    ------
    playwright.sync_api.Error
        If there is none.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield chromium
        chromium.close()


def wait_until_ready(page: Page) -> None:
    """Wait until no script of the app runs."""
    page.wait_for_selector(READY)
    page.wait_for_timeout(300)  # a rerun begins a moment after the event that asked for it
    page.wait_for_selector(READY)
