"""A cohort of 24 simulated ECGs and an untrained encoder with a head, in place of the shipped."""

import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from playwright.sync_api import Error as PlaywrightError

from benchmarks.browser import open_chromium
from physioclr.datasets import demo
from physioclr.datasets.store import Store, StoreWriter
from physioclr.encoders import checkpoint
from physioclr.encoders.card import CohortCard, HeadCard, LabelCard, TrainingCard
from physioclr.encoders.checkpoint import load_encoder, save_checkpoint
from physioclr.encoders.embedding import embed_store
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.evaluation.probe_features import probe_targets
from physioclr.models.transformer import EcgTransformer, TransformerConfig
from physioclr.probe import fit_probe
from physioclr.simulate import simulate_cohort, simulate_record
from tests.shared_data import SHARED_DATA

N_RECORDS = 24


@pytest.fixture(autouse=True)
def _same_main_module(monkeypatch):
    """Give back the main module: `AppTest` leaves its script there, for later workers to run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def _folders_of_the_tests_are_allowed(monkeypatch, tmp_path_factory):
    """Let pages use the folders that tests make, and the shared data."""
    folders = (tmp_path_factory.getbasetemp(), SHARED_DATA)
    monkeypatch.setenv("PHYSIOCLR_DATA", os.pathsep.join(map(str, folders)))


@pytest.fixture(scope="session")
def small_cohort(tmp_path_factory) -> Store:
    out = tmp_path_factory.mktemp("cohort") / "store"
    simulated = simulate_cohort(
        N_RECORDS, seed=5, conditions=["sinus_bradycardia", "sinus_tachycardia"], noise=False
    )
    with StoreWriter(
        out,
        fs_hz=500.0,
        n_samples=5000,
        source="24 simulated ECGs",
        simulated=True,
        label_sets={"rhythm": {"fast": "Sinus tachycardia", "slow": "Sinus bradycardia"}},
    ) as writer:
        for row in range(N_RECORDS):
            record = simulated.record(row)
            fast = float("tachycardia" in simulated.conditions[row])
            writer.append(
                record.signal_mv,
                {"record_id": f"small-{row:02d}", "patient_id": f"patient-{row:02d}"},
                labels={"rhythm": {"fast": fast, "slow": 1 - fast}},
                measurements={
                    "heart_rate_bpm": 50.0 + 70 * fast + row,
                    "qrs_ms": 90.0 + row % 3,
                    "qtc_fridericia_ms": np.nan if row % 5 == 0 else 410.0 + row,
                },
                physiology={"rr_ms_median": 1200.0 - 700 * fast + row},
                beats={"r_peaks_samples": list(range(300, 4800, 500))},
            )
    return Store(out)


@pytest.fixture(scope="session")
def small_encoder(tmp_path_factory, small_cohort):
    folder: Path = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    model = EcgTransformer(
        TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=16, position_kernel=7)
    )
    cards = {
        "name": "untrained",
        "preprocessing": Preprocessing(),
        "training": TrainingCard(
            objective="none",
            settings={},
            cohorts=(
                CohortCard(source="none", n_records=0, simulated=True, store_fingerprint="none"),
            ),
            steps=0,
            seed=0,
        ),
    }
    save_checkpoint(folder, model, **cards)
    encoder = load_encoder(folder)
    label_set = next(iter(small_cohort.label_sets))
    embeddings = embed_store(small_cohort, encoder)
    targets, patients, names = probe_targets(small_cohort, label_set)
    head = fit_probe(embeddings, targets, patients, label_names=names)
    labels = tuple(
        LabelCard(
            name=name,
            display_name=small_cohort.label_names[label_set][name],
            n_positives=2,
            auroc=0.75,
            auroc_low=0.5,
            auroc_high=0.9,
        )
        for name in names
    )
    card = HeadCard(
        labels=labels,
        cohort=small_cohort.source,
        n_records=N_RECORDS,
        n_patients=N_RECORDS,
        simulated=True,
        protocol="none: a test's numbers",
    )
    headed = encoder.card.model_copy(update={"heads": {label_set: card}})
    return replace(encoder, card=headed, heads={label_set: head})


@pytest.fixture(scope="module")
def small_app(tmp_path_factory, small_cohort, small_encoder):
    """Let the app find the small cohort and encoder, and keep nothing beyond the module."""
    st.cache_resource.clear()
    st.cache_data.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHYSIOCLR_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(demo, "open_demo_store", lambda: small_cohort)
        patch.setattr(
            checkpoint,
            "load_encoder",
            lambda folder=None: small_encoder if folder is None else load_encoder(folder),
        )
        yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(scope="session")
def good_record():
    return simulate_record("sinus_rhythm", seed=3)


@pytest.fixture(scope="module")
def browser():
    """Chromium; without it the test is skipped."""
    with ExitStack() as stack:
        try:
            chromium = stack.enter_context(open_chromium())
        except PlaywrightError as error:
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        yield chromium
