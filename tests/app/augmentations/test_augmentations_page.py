"""The page about augmentations."""

import base64
import json

import numpy as np
import pytest

from tests.app.altered_ecgs import thirty_seconds
from tests.app.opened_page import figures_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


def drawn(app, key):
    """The figure of one place on the page."""
    return json.loads(
        next(one.proto.spec for one in figures_of(app) if f"paper_figure_{key}" in one.proto.id)
    )


def test_every_page_of_a_long_record_can_be_augmented(good_record):
    app = open_page("augmentations", thirty_seconds(good_record))
    slider = app.slider(key="start_augmented_1_10")
    assert slider.max == pytest.approx(20.0)
    slider.set_value(15.0).run()
    assert not app.exception
    assert app.session_state["physioclr"].read.start_s == 15.0
    assert drawn(app, "augmented")["data"][0]["x0"] == 15.0


def test_a_short_record_has_no_slider_beside_its_augmentation(good_record):
    app = open_page("augmentations", good_record)
    assert not any("Page begins" in slider.label for slider in app.slider)
    assert "raw · each lead about its median" in json.dumps(
        drawn(app, "augmented"), ensure_ascii=False
    )


def test_the_end_of_both_shuffles_is_drawn_with_the_authors_zeros(good_record):
    app = open_page("augmentations", thirty_seconds(good_record))
    app.selectbox[0].set_value("authors_shuffle").run()
    assert not app.exception
    assert sum("The last 10 of 30 s" in element.value for element in app.caption) == 2
    assert drawn(app, "heartbeat_shuffle")["data"][1]["x0"] == 20.0
    tail = drawn(app, "authors_shuffle")["data"][1]
    assert tail["x0"] == 20.0
    steps = np.diff(np.frombuffer(base64.b64decode(tail["customdata"]["bdata"]), np.int16)[-50:])
    assert not steps.any()


def test_augmentations_say_the_quality_of_both_ecgs(good_record):
    app = open_page("augmentations", good_record)
    said = [element.value for element in [*app.warning, *app.caption]]
    for which in ("the original", "the augmented ECG"):
        assert any(f"quality of {which}" in line for line in said)
