"""What the app keeps of a cohort is forgotten once it was made anew in the same place."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import streamlit as st

from app import resources
from app.resources import cohort, encoder, matching, prediction_of
from physioclr.datasets.store import StoreWriter
from physioclr.encoders.checkpoint import load_encoder, save_checkpoint
from physioclr.models.transformer import EcgTransformer, TransformerConfig


@pytest.fixture(autouse=True)
def _nothing_kept():
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


def write_store(out, signals, ages):
    with StoreWriter(
        out, fs_hz=500.0, n_samples=signals.shape[-1], source="a test", simulated=True
    ) as writer:
        for row, age in enumerate(ages):
            writer.append(
                signals[row],
                {"record_id": f"r{row}", "patient_id": f"p{row}", "age_years": age},
            )


def test_a_cohort_made_anew_is_opened_anew(tmp_path, pulse_store):
    signals = np.stack([pulse_store.record(row).signal_mv for row in range(3)])
    out = tmp_path / "store"
    write_store(out, signals, [30.0, 40.0])
    first = cohort(str(out))
    assert len(matching(first, "age_years > 35")) == 1
    assert cohort(str(out)) is first  # nothing has changed
    shutil.rmtree(out)
    write_store(out, signals, [50.0, 60.0, 70.0])
    second = cohort(str(out))
    assert len(second) == 3
    assert len(matching(second, "age_years > 35")) == 3


def test_a_checkpoint_in_anothers_place_is_loaded(tmp_path, small_encoder):
    folder = tmp_path / "checkpoint"
    card = small_encoder.card
    size = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=16, position_kernel=7)
    for name in ("first", "second"):
        shutil.rmtree(folder, ignore_errors=True)
        save_checkpoint(
            folder,
            EcgTransformer(size),
            name=name,
            preprocessing=card.preprocessing,
            training=card.training,
        )
        assert encoder(str(folder)).card.name == name == load_encoder(folder).card.name


def test_a_head_fitted_again_has_predictions_of_its_own(small_encoder, good_record):
    name, head = next(iter(small_encoder.heads.items()))
    other = replace(
        small_encoder, heads={name: replace(head, platt_intercept=head.platt_intercept + 1)}
    )
    first, second = prediction_of(good_record, small_encoder), prediction_of(good_record, other)
    assert (second.probabilities != first.probabilities).all()


def test_results_are_kept_by_classes_that_exist_under_these_names():
    named = [key for key in resources._BY_CONTENT if isinstance(key, str)]
    for name in named:
        module, _, kind = name.rpartition(".")
        found = getattr(import_module(module), kind)
        assert f"{found.__module__}.{found.__qualname__}" == name
    assert len(named) == 3
