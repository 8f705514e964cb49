"""What the app keeps of a cohort is forgotten once it was made anew in the same place."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import streamlit as st

from app.resources import cohort, encoder, matching
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
    assert len(matching(str(out), "age_years > 35")) == 1
    assert cohort(str(out)) is first  # nothing has changed
    shutil.rmtree(out)
    write_store(out, signals, [50.0, 60.0, 70.0])
    assert len(cohort(str(out))) == 3
    assert len(matching(str(out), "age_years > 35")) == 3


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
