"""Predictions of a head with limits and reference ECGs, and of an older one without."""

import re
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st

from app.read_an_ecg.nearest_table import nearest_table
from physioclr.encoders import checkpoint
from physioclr.encoders.checkpoint import load_encoder, save_checkpoint
from physioclr.interpretation.interpret import interpret
from physioclr.physiology.measurements import measure
from physioclr.prediction.heads import add_head
from physioclr.prediction.prediction import predict
from physioclr.prediction.reading import read_with_prediction
from tests.app.opened_page import html_of, open_page


@pytest.fixture(scope="module")
def headed_encoder(tmp_path_factory, small_cohort, small_encoder):
    folder = tmp_path_factory.mktemp("headed") / "checkpoint"
    save_checkpoint(
        folder,
        small_encoder.model,
        name="headed",
        preprocessing=small_encoder.card.preprocessing,
        training=small_encoder.card.training,
    )
    add_head(folder, small_cohort, "rhythm")
    return load_encoder(folder)


@pytest.fixture
def headed_app(small_app, headed_encoder, monkeypatch):
    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.setattr(checkpoint, "load_encoder", lambda: headed_encoder)
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.mark.usefixtures("headed_app")
def test_the_read_page_shows_calls_and_the_nearest_labelled_ecgs(
    small_cohort, headed_encoder, good_record
):
    app = open_page("read", good_record)
    assert not app.exception
    shown = html_of(app)
    prediction = predict(good_record, headed_encoder)
    for row in read_with_prediction(interpret(good_record), prediction).model:
        assert f"{row.shown} <span" in shown
    nearest = prediction.nearest
    assert len(nearest) == 5
    for record_id in nearest["record_id"]:
        assert f"<td>{record_id}</td>" in shown
    assert f"Labelled simulated ECGs of {small_cohort.source}" in shown
    assert "called absent" in " ".join(element.value for element in app.caption)
    measured = measure(good_record).heart_rate_bpm
    rate = nearest["heart_rate_bpm"][0]
    assert f"{rate:.0f} ({round(rate - measured):+d})".replace("-", "−") in shown


@pytest.mark.usefixtures("headed_app")
def test_an_ecg_unlike_the_labelled_ones_is_warned_of(headed_encoder, good_record, monkeypatch):
    of_the_cohort = open_page("read")
    assert not any("may not hold" in element.value for element in of_the_cohort.warning)
    all_alike = replace(headed_encoder.references, typical_distances=np.zeros(24, np.float32))
    narrow = replace(headed_encoder, references=all_alike)
    monkeypatch.setattr(checkpoint, "load_encoder", lambda: narrow)
    st.cache_resource.clear()
    app = open_page("read", good_record)
    assert any("may not hold" in element.value for element in app.warning)


@pytest.mark.usefixtures("small_app")
def test_a_head_without_limits_or_reference_ecgs_is_shown_without_them(good_record):
    app = open_page("read", good_record)
    assert not app.exception
    assert "the head has no limits" in html_of(app)
    assert not any("Nearest" in element.value for element in app.subheader)


def test_what_is_not_known_of_a_reference_ecg_is_not_a_number(headed_encoder, good_record):
    nearest = predict(good_record, headed_encoder).nearest
    measured = measure(good_record).scalars() | {"qrs_ms": float("nan")}
    written = nearest_table(nearest, measured, {"fast": "Tachycardia"})
    assert "nan" not in written
    assert re.search(r">9[0-2]</td>", written)  # QRS as it is, with no difference
    assert not re.search(r">9[0-2] \(", written)
    assert '<td class="pc-number">–</td>' in written  # PR: the cohort has none
    assert ("Tachycardia" in written) == ("fast" in sum(nearest["labels"], ()))
