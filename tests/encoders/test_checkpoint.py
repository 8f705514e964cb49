from __future__ import annotations

import json
import time
import tracemalloc

import numpy as np
import pytest
import torch

from physioclr.encoders.card import TrainingCard
from physioclr.encoders.checkpoint import load_encoder, load_physiology_space, save_checkpoint
from physioclr.encoders.encoder import random_encoder
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import CheckpointError
from physioclr.leads import STANDARD_LEADS
from physioclr.models import EcgTransformer, TransformerConfig
from physioclr.physiology.similarity import PhysiologySpace

CONFIG = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5)
TRAINING = TrainingCard(objective="none", settings={}, cohorts=(), steps=0, seed=0)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    save_checkpoint(
        tmp_path / "small",
        EcgTransformer(CONFIG),
        name="small",
        preprocessing=Preprocessing(),
        training=TRAINING,
    )
    return tmp_path / "small"


def edit_card(folder, **changes):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | changes))


def test_a_checkpoint_without_a_physiology_space_says_so(folder):
    assert load_encoder(folder).card.physiology_space is None
    with pytest.raises(CheckpointError, match="a card that names a physiology space"):
        load_physiology_space(folder)


def test_the_physiology_space_is_the_one_its_card_names(folder):
    values = np.random.default_rng(0).normal(size=(9, 3))
    one, other = (PhysiologySpace.fit(values * s, ("a", "b", "c")) for s in (1, 2))
    save_checkpoint(
        folder,
        EcgTransformer(CONFIG),
        name="small",
        preprocessing=Preprocessing(),
        training=TRAINING,
        physiology_space=one,
    )
    assert load_physiology_space(folder).fingerprint == one.fingerprint
    other.save(folder / "physiology_space.json")
    with pytest.raises(CheckpointError, match=f"the fingerprint {one.fingerprint}"):
        load_physiology_space(folder)
    (folder / "physiology_space.json").unlink()
    with pytest.raises(CheckpointError, match=r"physiology_space\.json: expected a physiology"):
        load_physiology_space(folder)


def test_what_is_saved_is_loaded(folder):
    torch.manual_seed(0)
    windows = torch.randn(3, 12, 500)
    torch.manual_seed(0)
    expected, _ = EcgTransformer(CONFIG).eval()(windows)
    encoder = load_encoder(folder)
    np.testing.assert_array_equal(
        encoder.encode_windows(windows.numpy()), expected.detach().numpy()
    )
    assert encoder.card.leads[0] == "I"
    assert encoder.card.fs_hz == 100.0


def test_weights_that_are_not_the_cards_are_refused(folder, tmp_path):
    torch.manual_seed(1)
    save_checkpoint(
        tmp_path / "other",
        EcgTransformer(CONFIG),
        name="other",
        preprocessing=Preprocessing(),
        training=TRAINING,
    )
    (folder / "model.safetensors").write_bytes(
        (tmp_path / "other" / "model.safetensors").read_bytes()
    )
    with pytest.raises(CheckpointError, match="expected weights and preprocessing"):
        load_encoder(folder)


@pytest.mark.parametrize(
    "changed",
    [
        {"fs_hz": 250.0},
        {"leads": ("II", "I", *STANDARD_LEADS[2:])},
        {"high_hz": 20.0},
        {"window_s": 10.0},
        {"scale_mv": 1.0},
    ],
)
def test_a_card_with_another_preprocessing_is_refused_in_one_sentence(folder, changed):
    edit_card(folder, preprocessing=Preprocessing(**changed).model_dump(mode="json"))
    with pytest.raises(CheckpointError, match=r"preprocessing .* fingerprint") as caught:
        load_encoder(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"fs_hz": 250.0}, "expected fs_hz 250, found 100"),
        ({"leads": ("II", "I", *STANDARD_LEADS[2:])}, "expected leads II, I, III, .* found I, II"),
        ({"high_hz": 20.0}, "expected high_hz 20, found 40"),
    ],
)
def test_windows_cut_in_another_way_are_refused_where_it_is_said_how(folder, changed, says):
    with pytest.raises(CheckpointError, match=says):
        load_encoder(folder, expected=Preprocessing(**changed))
    assert load_encoder(folder, expected=Preprocessing()).card.fs_hz == 100.0


@pytest.mark.parametrize("shape", [(2, 11, 500), (2, 12, 499), (2, 12, 1000), (12, 500)])
def test_windows_of_another_shape_are_the_callers_mistake(folder, shape):
    with pytest.raises(ValueError, match=r"windows must be \(n_windows, 12, 500\)"):
        load_encoder(folder).encode_windows(np.zeros(shape, dtype=np.float32))


def test_a_card_with_another_size_is_refused(folder):
    card = json.loads((folder / "card.json").read_text())
    edit_card(folder, encoder=card["encoder"] | {"width": 32})
    with pytest.raises(CheckpointError, match="weights of the shape its card describes"):
        load_encoder(folder)


@pytest.mark.parametrize("missing", ["card.json", "model.safetensors"])
def test_a_missing_file_is_named(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(CheckpointError, match=missing):
        load_encoder(folder)


@pytest.mark.parametrize("content", [b"", b"not a card", b"{}", b"\x80\x04pickle"])
@pytest.mark.parametrize("damaged", ["card.json", "model.safetensors"])
def test_a_damaged_file_is_refused_in_one_sentence(folder, damaged, content):
    (folder / damaged).write_bytes(content)
    with pytest.raises(CheckpointError, match="expected") as caught:
        load_encoder(folder)
    assert "\n" not in str(caught.value)


def test_what_is_said_of_an_encoder_is_kept(folder):
    metrics = {"r2": {"heart_rate_bpm": 0.95, "pr_ms": None}, "parameters": 12.0}
    save_checkpoint(
        folder,
        EcgTransformer(CONFIG),
        name="small",
        preprocessing=Preprocessing(),
        training=TRAINING,
        intended_use="To look at.",
        limits=("Nothing is known of it.",),
        metrics=metrics | {"not measured": float("nan")},
    )
    card = load_encoder(folder).card
    assert card.metrics == metrics | {"not measured": None}
    assert (card.intended_use, card.limits) == ("To look at.", ("Nothing is known of it.",))


def test_an_older_card_loads(folder):
    """The fields that came later are not on it."""
    card = json.loads((folder / "card.json").read_text())
    for later in ("metrics", "reference_ecgs"):
        del card[later]
    (folder / "card.json").write_text(json.dumps(card))
    encoder = load_encoder(folder)
    assert encoder.references is None
    assert encoder.card.metrics == {}


def test_limits_of_calls_in_the_wrong_order_are_refused(folder):
    calls = {"alpha": 0.1, "present_at": 0.2, "absent_at": 0.3}
    calls |= dict.fromkeys(("no_call", "missed", "falsely_present", "ppv", "npv"))
    label = {"name": "x", "display_name": "X", "n_positives": 1, "calls": calls}
    label |= dict.fromkeys(("auroc", "auroc_low", "auroc_high"))
    head = {"labels": [label], "cohort": "c", "n_records": 1, "n_patients": 1}
    edit_card(folder, heads={"h": head | {"simulated": True, "protocol": "none"}})
    with pytest.raises(CheckpointError, match="absent_at must be at most present_at") as caught:
        load_encoder(folder)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_shipped_ones():
    with pytest.raises(CheckpointError, match="physioclr-tiny"):
        load_encoder("no-such-checkpoint")


def test_a_random_encoder_has_the_same_shape_and_other_weights(folder):
    encoder = load_encoder(folder)
    control = random_encoder(encoder, seed=3)
    assert control.card.config == encoder.card.config
    assert control.card.fingerprint != encoder.card.fingerprint
    windows = np.random.default_rng(0).normal(size=(2, 12, 500)).astype(np.float32)
    once, again = (random_encoder(encoder, seed=3).encode_windows(windows) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_drawing_a_random_encoder_leaves_the_global_generator_alone(folder):
    encoder = load_encoder(folder)
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    random_encoder(encoder, seed=3)
    torch.testing.assert_close(torch.rand(3), expected)


def edit_encoder(folder, **changes):
    card = json.loads((folder / "card.json").read_text())
    card["encoder"] |= changes
    (folder / "card.json").write_text(json.dumps(card))


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 10_000},
        {"width": -4},
        {"width": "16"},
        {"width": True},
        {"width": 1e9},
        {"width": 10**12},
        {"n_heads": 0},
        {"n_layers": 100_000},
        {"strides": []},
        {"strides": "222"},
        {"strides": [2, -1]},
        {"strides": [[2]]},
        {"position_kernel": -5},
        {"dropout": "no"},
        {"dropout": float("nan")},
        {"architecture": "resnet1d", "blocks": [100_000, 2, 2]},
        {"architecture": "answering", "encoder": {"architecture": "answering"}},
        {"architecture": "answering", "encoder": 7},
        {"architecture": ["x"]},
    ],
)
def test_a_card_of_an_impossible_size_is_refused_before_anything_of_it_is_made(folder, changes):
    edit_encoder(folder, **changes)
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(CheckpointError, match=r"card|shape"):
        load_encoder(folder)
    assert time.perf_counter() - started < 5  # it was endless; 0.1 s
    assert tracemalloc.get_traced_memory()[1] < 2**26  # it was 3.6 GB
    tracemalloc.stop()


@pytest.mark.parametrize("blocks", [[100_000, 2, 2], [2, 0], [-2], [], ["2"]])
def test_a_residual_network_of_an_impossible_size_is_refused(folder, blocks):
    card = json.loads((folder / "card.json").read_text())
    card["encoder"] = {"architecture": "resnet1d", "blocks": blocks}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match=r"blocks must be"):
        load_encoder(folder)
