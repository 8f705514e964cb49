"""Plug-ins on the pages: offered where PhysioCLR's own are, named where they are broken."""

from __future__ import annotations

import json
import shutil

import pytest

from app.components.problems import literal
from app.inputs.checkpoint_card import card_table
from physioclr.encoders.card import PluginCard
from physioclr.encoders.checkpoint import load_encoder
from physioclr.runtime.shipped_files import bundled
from tests.app.opened_page import open_page
from tests.runtime.fake_packages import write_dist_info

pytestmark = pytest.mark.usefixtures("small_app")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path))


def options_of(app, label):
    return next(box.options for box in app.selectbox if box.label == label)


def test_pretraining_offers_the_objective_and_the_encoder(extensions):
    app = open_page("pretrain")
    assert not app.exception
    assert "bootstrap" in options_of(app, "Objective")
    assert "strided" in options_of(app, "Encoder")


def test_augmentations_offers_the_augmentation_and_applies_it(extensions, good_record):
    app = open_page("augmentations", good_record)
    assert "Swapped arm electrodes" in options_of(app, "Augmentation")
    next(box for box in app.selectbox if box.label == "Augmentation").set_value("swapped_arms")
    app.run()
    assert not app.exception
    assert any("Lead I is inverted" in text.value for text in app.markdown)
    assert any(slider.label == "Probability" for slider in app.slider)


def test_datasets_names_the_layouts_and_formats(extensions):
    app = open_page("datasets")
    assert not app.exception
    said = " ".join(caption.value for caption in app.caption)
    assert literal("a folder with index.json (indexed)") in said
    assert literal("files of microvolt text (microvolts)") in said


def test_the_page_about_datasets_says_nothing_where_there_is_no_plugin():
    assert not any("Plug" in caption.value for caption in open_page("datasets").caption)


@pytest.mark.parametrize(
    ("page", "group"),
    [
        ("pretrain", "physioclr.objectives"),
        ("pretrain", "physioclr.encoders"),
        ("augmentations", "physioclr.augmentations"),
        ("datasets", "physioclr.cohorts"),
        ("datasets", "physioclr.formats"),
    ],
)
@pytest.mark.filterwarnings("ignore::physioclr.runtime.plugins.PluginWarning")
def test_a_broken_plugin_is_named_on_its_page_which_works(
    page, group, good_record, tmp_path, monkeypatch
):
    name = f"broken-{group.partition('.')[2]}"
    write_dist_info(tmp_path / "site", name, {group: {"lost": "no_such_module_at_all:Lost"}})
    monkeypatch.syspath_prepend(tmp_path / "site")
    app = open_page(page, good_record)
    assert not app.exception
    warned = [warning.value for warning in app.warning]
    assert sum(literal(f"lost of {name} 0.1 cannot be used") in text for text in warned) == 1


def test_a_card_names_its_plugins_on_screen():
    card = load_encoder().card
    plugins = (
        PluginCard(
            group="physioclr.encoders", name="strided", package="ecg-extensions", version="0.1"
        ),
        PluginCard(group="physioclr.objectives", name="mine.module:Own"),
    )
    shown = card_table(card.model_copy(update={"plugins": plugins}), n_parameters=1)
    assert "encoder strided (ecg-extensions 0.1)" in shown
    assert "objective mine.module:Own (not of an installed package)" in shown
    assert "Plug-ins" not in card_table(card, n_parameters=1)


def test_a_checkpoint_without_its_plugin_is_one_sentence_on_a_page(extensions, tmp_path):
    folder = tmp_path / "runs" / "gone" / "checkpoint"
    shutil.copytree(bundled("checkpoints") / "physioclr-tiny", folder)
    card = json.loads((folder / "card.json").read_text())
    card["plugins"] = [{"group": "physioclr.encoders", "name": "gone", "package": "lost-package"}]
    (folder / "card.json").write_text(json.dumps(card))
    app = open_page("read")
    app.session_state["physioclr"].checkpoint = str(folder)
    app.run()
    assert not app.exception
    assert any(literal("gone of the package lost-package") in error.value for error in app.error)
