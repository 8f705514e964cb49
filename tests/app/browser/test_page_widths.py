"""No page is wider than its window: on a telephone, in the dark, with text at twice its size."""

import pytest

from app.navigation import PAGES
from benchmarks.browser import serve_app, wait_until_ready

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PATIENCE_MS = 180_000
TEXT_SIZE = "size => { document.documentElement.style.fontSize = size; }"
# The page scrolls in its main pane; a strip that scrolls by itself does not widen it.
TOO_WIDE_PX = """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
    .map(pane => pane.scrollWidth - window.innerWidth)"""
BRIGHTNESS = """() => getComputedStyle(document.querySelector('[data-testid="stApp"]'))
    .backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) / 3"""


@pytest.fixture(scope="module")
def page(browser):
    with serve_app() as url:
        page = browser.new_context(base_url=url, color_scheme="dark").new_page()
        page.set_default_timeout(PATIENCE_MS)
        yield page


@pytest.mark.parametrize("url_path", PAGES)
def test_no_page_is_wider_than_its_window(page, url_path):
    page.set_viewport_size(WIDE)
    page.goto("/" if url_path == next(iter(PAGES)) else f"/{url_path}")
    wait_until_ready(page)
    assert page.evaluate(BRIGHTNESS) < 64  # the dark theme's background, of 255
    for window in (WIDE, NARROW):
        for size in ("", "200%"):
            page.set_viewport_size(window)
            page.evaluate(TEXT_SIZE, size)
            page.wait_for_timeout(300)  # the page lays itself out anew
            assert max(page.evaluate(TOO_WIDE_PX)) <= 0, f"{window['width']} px, text {size or 1}"
    page.evaluate(TEXT_SIZE, "")
