from dataclasses import replace

import numpy as np
import pytest

from app.augmentations.category_table import category_sentence, category_table
from physioclr import load_encoder
from physioclr.errors import CheckpointError, SignalError
from physioclr.prediction.change import PredictionChange, prediction_change
from physioclr.prediction.prediction import Prediction
from physioclr.simulate import simulate_record


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


@pytest.fixture(scope="module")
def record():
    return simulate_record("sinus_rhythm", seed=3)


@pytest.fixture(scope="module")
def itself(record, encoder):
    return prediction_change(record, record, encoder)


def changed_to(change, *, label, probability):
    """Return the change with another probability after it."""
    at = change.after.labels.index(label)
    probabilities = change.after.probabilities.copy()
    probabilities[at] = probability
    after = Prediction(change.after.head, change.after.labels, probabilities, change.after.card)
    return PredictionChange(change.before, after, change.cosine, change.nearer_than_pct)


def test_an_ecg_keeps_its_own_category(itself):
    assert itself.cosine == pytest.approx(1.0)
    assert itself.nearer_than_pct == 100.0
    assert itself.reversed_calls == itself.lost_or_new_calls == ()
    assert category_sentence(itself).startswith("Yes: all 5 calls stay. Cosine")


def test_another_heart_is_less_alike_than_noise(record, encoder):
    noise = np.random.default_rng(0).normal(0, 0.01, record.signal_mv.shape)
    noisy = replace(record, signal_mv=(record.signal_mv + noise).astype(np.float32))
    other = simulate_record("lbbb", seed=5)
    near, far = (prediction_change(record, each, encoder) for each in (noisy, other))
    assert near.cosine > 0.9 > far.cosine
    assert near.nearer_than_pct >= far.nearer_than_pct


def test_a_call_that_turns_round_is_not_a_call_that_is_lost(itself):
    label = itself.before.card.labels[3]
    limits = label.calls.limits
    sure, never = min(1.0, limits.present_at + 0.01), max(0.0, limits.absent_at - 0.01)
    unsure = (limits.present_at + limits.absent_at) / 2
    absent = changed_to(itself, label=label.name, probability=never)
    from_absent = PredictionChange(absent.after, absent.after, 1.0, 100.0)
    turned = changed_to(from_absent, label=label.name, probability=sure)
    lost = changed_to(from_absent, label=label.name, probability=unsure)
    assert turned.reversed_calls == (label.display_name,)
    assert turned.lost_or_new_calls == ()
    assert category_sentence(turned).startswith(f"No: the call is reversed of {label.display_name}")
    assert lost.reversed_calls == ()
    assert lost.lost_or_new_calls == (label.display_name,)
    assert "absent → present" in category_table(turned)
    assert "absent → no call" in category_table(lost)


def uncalled(change, names):
    """Return the change with probabilities at which no call is made of some labels."""
    for label in change.before.card.labels:
        if label.name in names:
            limits = label.calls.limits
            unsure = (limits.present_at + limits.absent_at) / 2
            after = changed_to(change, label=label.name, probability=unsure).after
            change = PredictionChange(after, after, change.cosine, change.nearer_than_pct)
    return change


def test_only_calls_that_are_made_are_kept(itself):
    names = itself.before.labels
    assert len(itself.kept_calls) == 5
    none = uncalled(itself, names)
    assert none.kept_calls == ()
    assert category_sentence(none).startswith("Cannot tell: the model makes no call. Cosine")
    one = category_sentence(uncalled(itself, names[1:]))
    assert one.startswith("Yes: the one call made stays; on 4 of 5 labels there is none. Cosine")
    three = category_sentence(uncalled(itself, names[3:]))
    assert three.startswith("Yes: all 3 calls made stay; on 2 of 5 labels there is none")


def test_what_cannot_be_embedded_or_compared_is_said(record, encoder):
    flat = replace(record, signal_mv=np.zeros_like(record.signal_mv))
    with pytest.raises(SignalError):
        prediction_change(record, flat, encoder)
    with pytest.raises(CheckpointError, match="expected reference ECGs, found none"):
        prediction_change(record, record, replace(encoder, references=None))
