"""The checkpoint of a finished run can be asked about an ECG; the others stay as they are."""

from __future__ import annotations

import pytest

from app.navigation import PAGES
from physioclr.encoders.checkpoint import save_checkpoint
from physioclr.encoders.installed import runs_folder
from physioclr.runtime.shipped_files import bundled
from tests.app.opened_page import html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


@pytest.fixture
def run(tmp_path, monkeypatch, small_encoder):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    folder = runs_folder() / "mine" / "checkpoint"
    card = small_encoder.card
    save_checkpoint(
        folder,
        small_encoder.model,
        name="mine",
        preprocessing=card.preprocessing,
        training=card.training,
    )
    return str(folder)


def choice(app):
    return [box for box in app.selectbox if box.label == "Checkpoint"]


def test_with_the_shipped_one_alone_nobody_is_asked(tmp_path, monkeypatch, good_record):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    assert not choice(open_page("read", good_record))


def test_a_run_without_a_head_says_so_on_both_pages_and_the_shipped_one_comes_back(
    run, good_record
):
    app = open_page("read", good_record)
    assert "Sinus tachycardia" in html_of(app).split("Predictions")[-1]
    choice(app)[0].set_value(run).run()
    assert not app.exception
    assert any("no prediction head" in one.value for one in app.info)
    assert 'aria-label="Predictions"' not in html_of(app)
    app.switch_page(str(bundled("pages") / PAGES["augmentations"][0])).run()
    assert not app.exception
    assert any("no prediction head" in one.value for one in app.info)
    choice(app)[0].select_index(0).run()
    assert not any("no prediction head" in one.value for one in app.info)
    app.switch_page(str(bundled("pages") / PAGES["read"][0])).run()
    assert 'aria-label="Predictions"' in html_of(app)
