"""Every page opens on every kind of ECG, says what it must, and raises nothing."""

from dataclasses import replace

import pytest

from app.components.frame import DISCLAIMER
from app.navigation import PAGES
from physioclr.runtime.shipped_files import bundled
from tests.app.altered_ecgs import KINDS
from tests.app.opened_page import html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")


@pytest.mark.parametrize("kind", ["none", *KINDS])
def test_every_page_opens_on_every_ecg(kind, good_record):
    app = open_page("read", None if kind == "none" else KINDS[kind](good_record))
    for file, title, _ in PAGES.values():
        app.switch_page(str(bundled("pages") / file)).run()
        assert not app.exception, title
        assert DISCLAIMER in html_of(app)
        assert f"<h1>{title}</h1>" in html_of(app)


def test_the_ecg_survives_a_page_change(good_record):
    app = open_page("read", good_record)
    for url_path in ("augmentations", "map", "read"):
        app.switch_page(str(bundled("pages") / PAGES[url_path][0])).run()
        assert good_record.record_id in html_of(app) or url_path == "map"
    assert app.session_state["physioclr"].read.record is good_record


def said_anywhere(app):
    """Everything a page sends to the browser, and the names of its downloads."""

    def sent(block):
        for child in block.children.values():
            yield str(child.proto)
            if hasattr(child, "children"):
                yield from sent(child)

    return "\n".join(sent(app.main))


@pytest.mark.parametrize("url_path", PAGES)
def test_of_where_an_ecg_comes_from_a_page_says_no_more_than_its_id(url_path, good_record):
    record = replace(
        good_record, record_id="id-7", meta={"source": "Vogelsang Jane/1970-01-01.dcm"}
    )
    said = said_anywhere(open_page(url_path, record))
    assert "Vogelsang" not in said
    assert "1970-01-01" not in said
    assert "id-7" in said or url_path not in ("read", "compare", "augmentations")
