"""The map's page: what is coloured how, who is near whom, what a link says, what is kept."""

from __future__ import annotations

import base64
import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from app import resources
from app.embedding_map.link import is_in_link
from app.embedding_map.maps import begin_map, find_id, row_of_read, save_rows, selection_csv
from app.navigation import PAGES
from app.state import MapState, ReadState
from physioclr.datasets import demo
from physioclr.datasets.selection import open_cohort, save_selection, saved_selections
from physioclr.encoders import checkpoint
from physioclr.errors import DatasetError
from physioclr.explore.cohort_map import make_cohort_map
from physioclr.explore.map_layout import MapSettings
from physioclr.jobs import default_queue
from physioclr.jobs.mapping import MapTask
from physioclr.runtime.cache_folder import cache_folder
from physioclr.runtime.shipped_files import bundled
from tests.app.opened_page import html_of, open_page

pytestmark = pytest.mark.usefixtures("small_app")
PCA = MapSettings(method="pca")


def map_page(*rows):
    """Open the page on the small cohort, whose map by PCA is kept, with some ECGs selected."""
    app = open_page("read")
    state = app.session_state["physioclr"].map
    state.settings = PCA
    state.select(rows)
    app.switch_page(str(bundled("pages") / PAGES["map"][0])).run()
    assert not app.exception
    return app


@pytest.fixture(scope="module")
def kept_map(small_app):
    return make_cohort_map(demo.open_demo_store(), checkpoint.load_encoder(), PCA)


def data_of(app, key):
    """Return what a component of the page was given."""
    (proto,) = (element.proto for element in app.get("bidi_component") if key in element.proto.id)
    return json.loads(proto.json)


@pytest.mark.parametrize(
    ("condition", "is_held"),
    [
        ("", True),
        ("age_years >= 65", True),
        ("source == 'record_id'", True),
        ("record_id == 'small-03'", False),
        ("qrs_ms > 3 and (`patient_id` == 'patient-03')", False),
        ("qrs_ms > 3 and record_id == 'small-03", False),  # cannot be read, and yet has an id
    ],
)
def test_the_address_holds_no_condition_that_names_an_ecg_or_a_patient(condition, is_held):
    assert is_in_link(condition) == is_held


def test_an_id_is_found_by_a_part_that_no_other_has(small_cohort):
    assert find_id(small_cohort, "small-07") == (7, "")
    row, why = find_id(small_cohort, "small-1")
    assert row is None
    assert why.startswith("10 ids have")
    assert "No ECG" in find_id(small_cohort, "elsewhere")[1]


def test_the_table_of_a_selection_holds_what_is_known_of_each(small_cohort):
    table = pd.read_csv(io.BytesIO(selection_csv(small_cohort, [3, 5])))
    assert list(table["record_id"]) == ["small-03", "small-05"]
    assert table["heart_rate_bpm"][1] == small_cohort.measurements["heart_rate_bpm"][5]
    assert table["qtc_fridericia_ms"].isna()[1]
    assert "rhythm/fast" in table


def test_a_map_that_is_damaged_says_so_and_is_offered_again(small_cohort):
    settings = MapSettings(method="pca", metric="euclidean")
    make_cohort_map(small_cohort, checkpoint.load_encoder(), settings)
    kept = next((cache_folder() / "maps").glob(f"*-{settings.fingerprint}"))
    (kept / "layout.npz").write_bytes(b"")
    app = open_page("read")
    app.session_state["physioclr"].map.settings = settings
    app.switch_page(str(bundled("pages") / PAGES["map"][0])).run()
    assert not app.exception
    assert any("is kept but cannot be opened" in one.value for one in app.error)
    assert any(one.label.startswith("Make the map") for one in app.button)


def test_an_ecg_of_the_cohort_is_not_its_own_nearest(kept_map, small_cohort):
    app = map_page()
    name = small_cohort.records["record_id"][0]  # which is read until another is
    assert "It is one of the cohort" in " ".join(one.value for one in app.caption)
    (table,) = re.findall(r"<table[^>]*Nearest in the embedding.*?</table>", html_of(app), re.S)
    assert f"<td>{name}" not in table
    assert table.count("<tr>") == 11  # 10 and the header


def test_an_ecg_that_was_opened_from_another_cohort_is_found_in_it(tmp_path, kept_map, good_record):
    part = save_selection(
        demo.open_demo_store(), ["small-07", "small-03"], tmp_path / "part.json", name="part"
    )

    def asked(state, read):
        return row_of_read(state, resources.cohort(state.store_path), read)

    store = demo.open_demo_store()
    read = ReadState()
    read.open(store.record(3), demo_row=3)
    assert asked(MapState(), read) == 3
    assert asked(MapState(store_path=str(part)), read) == 1
    read.open(store.record(3))  # an upload with the same id
    assert asked(MapState(), read) is None
    read.open(store.record(7))
    own = MapState(store_path=str(part), read_from=(read.opened, store.fingerprint))
    assert asked(own, read) == 0
    read.open(good_record)
    assert asked(own, read) is None


def test_the_page_opens_its_cohort_and_its_encoder_once(kept_map, monkeypatch):
    opened = []

    def counted(name):
        fetch = getattr(resources, name)
        return lambda path="": opened.append((name, path)) or fetch(path)

    for module, name in (
        ("sections", "cohort"),
        ("selection", "cohort"),
        ("link", "cohort"),
        ("maps", "cohort"),
        ("maps", "encoder"),
    ):
        monkeypatch.setattr(f"app.embedding_map.{module}.{name}", counted(name))
    app = map_page(4)
    assert "1 ECG selected" in html_of(app)
    # The demo cohort a second time: the ECG being read was picked from it.
    assert sorted(opened) == [("cohort", ""), ("cohort", ""), ("encoder", "")]


def test_of_a_cohort_that_was_made_anew_nothing_is_selected(kept_map):
    app = map_page(1, 2)
    assert "2 ECGs selected" in html_of(app)
    app.session_state["physioclr"].map.fingerprint = "0" * 16  # what it was
    app.run()
    assert not app.exception
    assert app.session_state["physioclr"].map.rows == ()
    assert any("made anew" in one.value for one in app.info)


def test_without_a_map_the_page_offers_to_make_one_in_the_background(monkeypatch):
    submitted = []
    monkeypatch.setattr("app.embedding_map.maps.default_queue", lambda: _Queue(submitted))
    app = open_page("read")
    app.session_state["physioclr"].map.settings = MapSettings(method="tsne", perplexity=7.0)
    app.switch_page(str(bundled("pages") / PAGES["map"][0])).run()
    assert not app.exception
    next(one for one in app.button if one.label.startswith("Make the map")).click().run()
    assert [task.title for task in submitted]
    assert all(isinstance(task, MapTask) for task in submitted)


@pytest.mark.parametrize(("ended", "n_submitted"), [(False, 0), (True, 1)])
def test_a_map_that_is_being_made_is_not_begun_again(ended, n_submitted, monkeypatch):
    state = MapState(settings=PCA)
    job = SimpleNamespace(
        task=MapTask.of("", "", MapSettings(method="pca", perplexity=7.0)),
        progress=lambda: SimpleNamespace(ended=ended),
    )
    submitted = []
    monkeypatch.setattr("app.embedding_map.maps.default_queue", lambda: _Queue(submitted, [job]))
    begun = begin_map(state, "")
    assert len(submitted) == n_submitted
    assert (begun is job) == (not ended)


class _Queue:
    def __init__(self, submitted, jobs=()):
        self.submitted, self.known = submitted, list(jobs)

    def jobs(self, *kinds):  # noqa: ARG002
        return self.known

    def submit(self, task):
        self.submitted.append(task)


def test_every_colour_can_be_drawn(kept_map):
    app = map_page()
    (colour,) = (box for box in app.selectbox if box.label == "Colour")
    assert "Heart rate (bpm)" in colour.options
    for choice in list(colour.options):
        box = next(box for box in app.selectbox if box.label == "Colour")
        box.select(choice).run()
        assert not app.exception, choice
        assert not app.error, choice
        assert json.loads(data_of(app, "map_chart_0")["figure"])["data"], choice


def test_one_selected_ecg_is_shown_with_both_neighbourhoods(kept_map, small_cohort):
    app = map_page(4)
    assert "1 ECG selected" in html_of(app)
    assert small_cohort.records["record_id"][4] in html_of(app)
    assert "Nearest in the embedding" in html_of(app)
    assert data_of(app, "map_rows_page") == {"rows": [4]}


def test_several_are_shown_as_strips_in_pages(kept_map):
    app = map_page(*range(10))
    assert html_of(app).count('class="pc-strip"') == 6
    app.button(key="strips_on").click().run()
    assert html_of(app).count('class="pc-strip"') == 4
    assert "Page 2 of 2" in html_of(app)
    assert not app.exception


def test_what_sets_a_selection_apart_is_said(kept_map, small_cohort):
    fast = np.flatnonzero(small_cohort.labels("rhythm")["fast"] == 1)
    shown = html_of(map_page(*map(int, fast)))
    table = next(text for text in shown.split("<table") if "Heart rate" in text)
    first = re.findall(r"<tr><td[^>]*>(.*?)</td>", table)[0]
    assert re.search("Heart rate|Sinus tachycardia|Sinus bradycardia", first)


def test_a_selection_is_saved_found_again_and_probed(kept_map, small_cohort):
    app = map_page(2, 3, 5)
    app.text_input(key="selection_name").set_value("three of them").run()
    next(one for one in app.button if one.label == "Save as a cohort").click().run()
    assert not app.exception
    assert not app.error
    saved = open_cohort(_path(saved_selections()["three of them"]))
    assert list(saved.records["record_id"]) == ["small-02", "small-03", "small-05"]
    assert app.query_params["selection"] == "three of them"
    next(one for one in app.button if one.label == "Send to the probe").click().run()
    assert not app.exception
    state = app.session_state["physioclr"].probe
    assert state.store_path == saved_selections()["three of them"]


def filtered(app, condition):
    """Give the page a condition; return how many points are drawn."""
    next(one for one in app.text_input if one.label == "Only ECGs with").set_value(condition).run()
    assert not app.exception
    figure = json.loads(data_of(app, "map_chart_0")["figure"])
    return sum(len(_decoded(trace["x"])) for trace in figure["data"] if "customdata" in trace)


def _decoded(packed):
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])


def test_a_condition_keeps_the_ecgs_that_meet_it(kept_map, small_cohort):
    app = map_page()
    n_fast = int((small_cohort.measurements["heart_rate_bpm"] > 100).sum())
    assert filtered(app, "heart_rate_bpm > 100") == n_fast
    said = f"{n_fast} meet the condition heart\\_rate\\_bpm \\> 100"
    assert any(said in one.value for one in app.caption)
    assert app.query_params["query"] == "heart_rate_bpm > 100"


def test_a_selection_is_compared_with_the_ecgs_in_sight_only(kept_map, small_cohort, monkeypatch):
    asked = []
    compare = resources.compared
    monkeypatch.setattr(
        "app.embedding_map.selection.compared",
        lambda *given: asked.append(given) or compare(*given),
    )
    fast = small_cohort.measurements["heart_rate_bpm"] > 100
    shown = tuple(map(int, np.flatnonzero(fast)))
    some = (*shown[:3], *map(int, np.flatnonzero(~fast)[:2]))
    app = map_page(*sorted(some))
    assert "5 ECGs selected, 21 % of the map" in html_of(app)
    assert asked[-1][1:] == (tuple(sorted(some)), tuple(range(24)))
    filtered(app, "heart_rate_bpm > 100")
    share = round(100 * 3 / len(shown))
    said = f"3 ECGs selected, {share} % of those that meet the condition; 2 more do not meet it"
    assert said in html_of(app)
    assert asked[-1][1:] == (shown[:3], shown)
    said = f"Compared with the {len(shown) - 3} other ECGs of the map that meet the condition heart"
    assert any(one.value.startswith(said) for one in app.caption)
    filtered(app, "heart_rate_bpm < 100 and qrs_ms == 91")
    assert app.session_state["physioclr"].map.rows == tuple(sorted(some))


def test_what_is_saved_is_what_is_in_sight(kept_map, small_cohort):
    app = map_page(2, 3, 5, 6)
    filtered(app, "record_id != 'small-03'")
    app.text_input(key="selection_name").set_value("without the third").run()
    next(one for one in app.button if one.label == "Save as a cohort").click().run()
    assert not app.exception
    saved = open_cohort(_path(saved_selections()["without the third"]))
    assert list(saved.records["record_id"]) == ["small-02", "small-05", "small-06"]
    assert app.session_state["physioclr"].map.rows == (2, 5, 6)


def test_a_selection_that_is_out_of_sight_says_so(kept_map, small_cohort):
    app = map_page(2, 3)
    filtered(app, "record_id == 'small-09'")
    assert "None of the 2 ECGs selected meets the condition" in html_of(app)


@pytest.mark.parametrize(
    "condition", ["heart_rate_bpm >", "heart_rate > 100", "qrs_ms > 1000", "qrs_ms.to_csv('x')"]
)
def test_a_condition_that_cannot_be_followed_is_said_and_all_ecgs_are_drawn(condition, kept_map):
    app = map_page()
    assert filtered(app, condition) == len(kept_map.rows)
    (problem,) = app.error
    assert "expected a condition" in problem.value
    assert "All ECGs are shown" in problem.value


def test_a_condition_on_an_id_is_followed_and_kept_out_of_the_address(kept_map):
    app = map_page()
    assert filtered(app, "record_id in ['small-03', 'small-04']") == 2
    assert "small" not in str(dict(app.query_params))
    assert any("address leaves this condition out" in one.value for one in app.caption)


def test_a_link_brings_back_the_view(kept_map):
    app = open_page("read")
    app.switch_page(str(bundled("pages") / PAGES["map"][0]))
    app.query_params.update(
        {"method": "pca", "colour": "measurement/qrs_ms", "query": "qrs_ms > 90"}
    )
    app.run()
    assert not app.exception
    state = app.session_state["physioclr"].map
    assert state.settings == PCA
    assert state.colour == "measurement/qrs_ms"
    assert state.query == "qrs_ms > 90"


def test_a_link_to_what_is_not_known_here_says_so(kept_map):
    app = open_page("read")
    app.switch_page(str(bundled("pages") / PAGES["map"][0]))
    app.query_params.update({"cohort": "0123456789abcdef", "checkpoint": "theirs"})
    app.run()
    assert not app.exception
    said = " ".join(one.value for one in app.error)
    assert "0123456789abcdef" in said
    assert "theirs" in said


def test_two_names_that_differ_by_a_sign_are_two_selections(kept_map, small_cohort):
    for name, rows in (("AF > 1", [1, 2]), ("AF < 1", [3, 4]), ("af < 1", [5])):
        save_rows(small_cohort, rows, name)
    found = {name: open_cohort(_path(path)) for name, path in saved_selections().items()}
    assert list(found["AF > 1"].records["record_id"]) == ["small-01", "small-02"]
    assert list(found["AF < 1"].records["record_id"]) == ["small-03", "small-04"]
    files = [_path(path).name.lower() for path in saved_selections().values()]
    assert len(set(files)) == len(files)
    with pytest.raises(DatasetError, match="a name no other selection has"):
        save_rows(small_cohort, [6], "AF > 1")


def linked(**parts):
    app = open_page("read")
    app.switch_page(str(bundled("pages") / PAGES["map"][0]))
    app.query_params.update({"method": "pca"} | parts)
    app.run()
    assert not app.exception
    return app


def test_a_condition_of_a_link_is_compared_and_not_run(kept_map, tmp_path):
    path = tmp_path / "x"
    app = linked(query=f"`'`' != record_id and qrs_ms.to_csv('{path}') != '`'`")
    assert "expected a condition" in app.error[0].value
    assert data_of(app, "map_chart_0")["figure"]
    assert not path.exists()
    assert "query" not in app.query_params


def test_a_link_to_a_selection_that_cannot_be_opened_says_so_and_shows_the_map(
    kept_map, small_cohort
):
    save_rows(small_cohort, [1, 2], "of another")
    path = _path(saved_selections()["of another"])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "0" * 16}))
    app = linked(selection="of another")
    (problem,) = app.error
    assert "The link names a selection that cannot be opened" in problem.value
    assert data_of(app, "map_chart_0")["figure"]
    assert app.session_state["physioclr"].map.rows == ()
    offered = [box.options for box in app.selectbox if box.label == "Saved selection"]
    assert not any("of another" in options for options in offered)


def test_a_link_holds_how_large_clusters_are(kept_map):
    app = linked(colour="cluster", cluster_size="10")
    assert app.session_state["physioclr"].map.cluster_size == 10
    assert app.query_params["cluster_size"] == "10"
    field = next(one for one in app.number_input if one.label.startswith("ECGs in a cluster"))
    assert field.value == 10
    field.set_value(15).run()
    assert app.query_params["cluster_size"] == "15"
    for size in ("3", "-5", "²", "9" * 5000, "many"):
        app = linked(colour="cluster", cluster_size=size)
        assert app.session_state["physioclr"].map.cluster_size == 25
        assert "5 to 500 can be had" in app.error[0].value


def test_the_address_holds_no_path(kept_map, small_cohort):
    app = map_page()
    app.session_state["physioclr"].map.open(str(small_cohort.path))
    app.run()
    assert not app.exception
    assert app.query_params["cohort"] == small_cohort.fingerprint
    assert str(small_cohort.path) not in str(dict(app.query_params))


def test_the_id_that_is_looked_for_is_marked_and_looked_at(kept_map):
    app = map_page()
    next(one for one in app.text_input if one.label == "Find an id").set_value("small-09").run()
    given = data_of(app, "map_chart_0")
    place = np.flatnonzero(kept_map.rows == 9)[0]
    np.testing.assert_allclose(given["centre"], kept_map.layout.coordinates[place], rtol=1e-6)
    assert "found by its id" in given["figure"]


def _path(name):
    from pathlib import Path

    return Path(name)


def test_jobs_that_made_maps_tell_which_cohorts_are_known(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))
    assert default_queue().jobs(MapTask) == []


def test_a_store_that_is_none_is_said_in_one_sentence(good_record):
    app = open_page("map", good_record)
    app.session_state["physioclr"].map.open("no/such/store")
    app.run()
    assert not app.exception
    assert "expected" in app.error[0].value
