"""The workbench as a researcher uses it, in Chromium: map, probe, pretraining, and a restart."""

from __future__ import annotations

import re
from contextlib import ExitStack

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import serve_app, wait_until_ready
from physioclr import load_encoder
from physioclr.datasets.demo import open_demo_store
from physioclr.explore.cohort_map import find_cohort_map
from physioclr.jobs import default_queue
from physioclr.jobs.pretraining import PretrainTask
from physioclr.jobs.probing import ProbeTask
from physioclr.simulate import simulate_record
from tests.conftest import write_wfdb_pair
from tests.jobs.waiting import ended, wait_until

PATIENCE_MS = 180_000
AF = "Atrial fibrillation"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """Jobs, runs and selections of these tests go into a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHYSIOCLR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
        for job in default_queue().jobs():
            job.cancel()
            wait_until(job, ended)


@pytest.fixture(scope="module")
def server(cache):
    with serve_app() as url:
        yield url


@pytest.fixture
def new_page(browser):
    with ExitStack() as stack:

        def opened(url) -> Page:
            context = stack.enter_context(browser.new_context(viewport=WIDE))
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            expect.set_options(timeout=PATIENCE_MS)
            page.goto(url)
            wait_until_ready(page)
            return page

        yield opened


WIDE = {"width": 1280, "height": 1100}


def draw_lasso(page, corners):
    """Draw a lasso through corners given in the map's coordinates."""
    plot = page.locator(".pc-map.js-plotly-plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    pixels = plot.evaluate(
        """(plot, corners) => {
            const {xaxis, yaxis} = plot._fullLayout;
            return corners.map(([x, y]) =>
                [xaxis._offset + xaxis.l2p(x), yaxis._offset + yaxis.l2p(y)]);
        }""",
        corners,
    )
    (x, y), *others = [(box["x"] + x, box["y"] + y) for x, y in pixels]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in others:
        page.mouse.move(x, y, steps=3)
    page.mouse.up()


def test_a_planted_cluster_is_lassoed_and_what_sets_it_apart_is_read(server, new_page):
    store = open_demo_store()
    mapped = find_cohort_map(store, load_encoder())
    has_af = store.labels("condition")["atrial_fibrillation"].to_numpy()[mapped.rows] == 1
    points = mapped.layout.coordinates[has_af]
    centre = np.median(points, axis=0)
    near = points[np.linalg.norm(points - centre, axis=1) < 3]
    (left, low), (right, high) = near.min(axis=0) - 0.3, near.max(axis=0) + 0.3
    page = new_page(f"{server}/map")
    page.wait_for_selector(".pc-map .main-svg")
    wait_until_ready(page)
    corners = [(left, low), (right, low), (right, high), (left, high), (left, low)]
    draw_lasso(page, [(float(x), float(y)) for x, y in corners])
    expect(page.get_by_text(re.compile(r"\d+ ECGs selected"))).to_be_visible()
    wait_until_ready(page)
    n_selected = int(page.locator('b[role="status"]').inner_text().split()[0])
    inside = ((mapped.layout.coordinates > [left, low]).all(axis=1)) & (
        (mapped.layout.coordinates < [right, high]).all(axis=1)
    )
    # A pixel's width of the lasso's edge may cut a point in or out.
    assert n_selected == pytest.approx(inside.sum(), abs=2)
    expect(page.locator(".pc-strip").first).to_be_visible()
    page.get_by_role("tab", name="What sets them apart").click()
    table = page.locator('table[aria-label="What sets the selection apart"]')
    expect(table).to_be_visible()
    rows = {
        row.locator("td").first.inner_text(): row.locator("td").all_inner_texts()
        for row in table.locator("tbody tr").all()
    }
    assert rows[AF][1] == f"{100 * has_af[inside].mean():.0f} %"
    assert rows["RMSSD / mean RR"][3].startswith("+")  # irregular
    assert rows["Beats with a P wave"][3].startswith("−")
    assert list(rows).index(AF) < 4


def test_two_sessions_at_once_see_nothing_of_each_other(server, new_page):
    pages = [new_page(f"{server}/map") for _ in range(2)]
    for page in pages:
        page.wait_for_selector(".pc-map .main-svg")
        wait_until_ready(page)
    one, other = pages
    (left, right), (low, high) = one.locator(".pc-map.js-plotly-plot").evaluate(
        "plot => [plot._fullLayout.xaxis.range, plot._fullLayout.yaxis.range]"
    )
    near_x, near_y, middle = 0.02 * (right - left), 0.02 * (high - low), (left + right) / 2
    left, low, high = left + near_x, low + near_y, high - near_y
    draw_lasso(one, [(left, low), (middle, low), (middle, high), (left, high), (left, low)])
    expect(one.get_by_text(re.compile(r"ECGs selected"))).to_be_visible()
    other.get_by_role("textbox", name="Only ECGs with").fill("qrs_ms > 120")
    other.keyboard.press("Enter")
    expect(other.get_by_text("meet the condition").first).to_be_visible()
    wait_until_ready(one)
    one.get_by_role("link", name="Jobs").click()
    one.get_by_role("link", name="Embedding map").click()
    expect(one.get_by_text(re.compile(r"ECGs selected"))).to_be_visible()
    expect(one.get_by_text("meet the condition")).to_have_count(0)
    expect(other.get_by_text(re.compile(r"ECGs selected"))).to_have_count(0)
    assert "query" in other.url
    assert "query" not in one.url


def test_a_map_is_found_again_as_it_was_left(server, new_page):
    page = new_page(f"{server}/map")
    page.wait_for_selector(".pc-map .main-svg")
    wait_until_ready(page)
    in_sight = "plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]"
    plot = page.locator(".pc-map.js-plotly-plot")
    plot.evaluate(
        """(plot) => window.Plotly.relayout(plot, {"xaxis.range": [0, 4], "yaxis.range": [1, 3]})"""
    )
    page.get_by_role("link", name="Jobs").click()
    expect(page.locator("h1")).to_have_text("Jobs")
    expect(plot).to_have_count(0)
    page.set_viewport_size({"width": 1000, "height": 1000})
    page.get_by_role("link", name="Embedding map").click()
    expect(plot).to_be_visible()
    assert plot.evaluate(in_sight) == pytest.approx([0, 4, 1, 3])
    expect(plot.locator(".main-svg").first).to_have_css("width", re.compile("^8..px$"))


def test_an_upload_is_placed_on_the_map_among_its_like(server, new_page, tmp_path):
    record = simulate_record("atrial_fibrillation", seed=77)
    header = write_wfdb_pair(tmp_path, "theirs", record.signal_mv, record.leads)
    page = new_page(f"{server}/map")
    page.get_by_text("Place an ECG on the map").click()
    page.locator('input[type="file"]').set_input_files(
        [str(header), str(header.with_suffix(".dat"))]
    )
    expect(page.get_by_text("Most like theirs").first).to_be_visible()
    wait_until_ready(page)
    page.get_by_text("Most like theirs").first.click()
    near = page.locator("table", has_text="Cosine").first
    expect(near).to_contain_text(AF)
    expect(page.get_by_text(re.compile("of its own ECGs|of the cohort’s own ECGs"))).to_be_visible()


def test_a_probe_is_run_to_its_end_and_another_is_stopped(server, new_page):
    page = new_page(f"{server}/probe")
    for share in ("5 %", "25 %", "100 %"):  # no curve of fewer labels: it takes a minute
        page.get_by_role("button", name=share, exact=True).click()
        wait_until_ready(page)
    page.get_by_role("button", name="Run the probe").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    (job,) = default_queue().jobs(ProbeTask)
    assert wait_until(job, ended, seconds=180).status == "finished", job.log()
    page.goto(f"{server}/probe?run={job.id}")
    area, low, high = job.progress().result["auroc"]["physioclr-tiny"]
    shown = page.locator("table").first
    expect(shown).to_contain_text(f"{area:.3f}".removeprefix("0"))
    for bound in (low, high):
        expect(shown).to_contain_text(f"{bound:.3f}".removeprefix("0"))
    page.get_by_text("A new run").click()
    wait_until_ready(page)
    page.get_by_role("button", name="Run the probe").click()
    page.get_by_role("button", name="Stop").click()
    stopped = default_queue().jobs(ProbeTask)[0]
    assert stopped.id != job.id
    assert wait_until(stopped, ended).status == "cancelled"
    expect(page.get_by_text("stopped").first).to_be_visible()


def test_a_pretraining_goes_on_when_the_app_is_started_again(new_page):
    with serve_app() as url:
        page = new_page(f"{url}/pretrain")
        page.get_by_role("textbox", name="Name of the run").fill("overnight")
        page.get_by_role("spinbutton", name="Steps").fill("100000")
        page.keyboard.press("Enter")
        wait_until_ready(page)
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        expect(page.get_by_text(re.compile("simulated ECGs alone"))).to_be_visible()
    (job,) = default_queue().jobs(PretrainTask)  # the app has gone, its server with it
    before = wait_until(job, lambda progress: "step" in progress.what or progress.ended)
    assert before.status == "running", job.log()
    with serve_app() as url:
        page = new_page(f"{url}/pretrain?run=overnight")
        expect(page.get_by_text(re.compile(r"step [\d,]+ of 100,000")).first).to_be_visible()
        expect(page.locator(".js-plotly-plot:visible").first).to_be_visible()
        assert not job.progress().ended
        page.get_by_role("button", name="Stop").click()
        assert wait_until(job, ended).status == "cancelled"
        expect(page.get_by_role("button", name="Go on")).to_be_visible()
