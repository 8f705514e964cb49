from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from physioclr.encoders.card import CheckpointCard, TrainingCard
from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.embedding import embed
from physioclr.encoders.encoder import Encoder
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import CheckpointError, SignalError
from physioclr.leads import STANDARD_LEADS
from physioclr.models import TransformerConfig
from physioclr.models.architectures import config_to_dict
from physioclr.models.encoder import EcgEncoder
from physioclr.prediction.attribution import (
    Attribution,
    attribute,
    compare_attributions,
    randomisation_check,
)
from physioclr.prediction.prediction import predict
from physioclr.probe import LinearProbe
from physioclr.records import EcgRecord
from physioclr.simulate import simulate_record
from tests.conftest import pulse_train

CONFIG = TransformerConfig(width=1, n_heads=1, n_layers=1, feedforward=2, position_kernel=5)
SEGMENT = slice(200, 260)
SLOPE, WEIGHT, SCALE = 1.5, 3.0, 2.0


class SegmentSum(EcgEncoder):
    """The sum of 0.6 s of lead II of a window: what it rests on is known."""

    def forward(self, signal, _token_mask=None):
        return signal[:, 1, SEGMENT].sum(dim=1, keepdim=True), signal


class LeadEnergy(EcgEncoder):
    """The sum of squares of lead V2: bent, and its integrated gradients are the squares."""

    def forward(self, signal, _token_mask=None):
        return signal[:, 7].square().sum(dim=1, keepdim=True), signal


def encoder_of(model, *, n_labels=1):
    names = ("planted", "other")[:n_labels]
    ones = np.ones(n_labels)
    head = LinearProbe(
        names,
        mean=[0.5],
        scale=[SCALE],
        weights=[[WEIGHT]] * n_labels,
        bias=0.1 * ones,
        platt_slope=SLOPE * ones,
        platt_intercept=-0.2 * ones,
        thresholds=0.5 * ones,
    )
    card = CheckpointCard(
        name="planted",
        encoder=config_to_dict(CONFIG),
        preprocessing=Preprocessing(),
        training=TrainingCard(objective="none", settings={}, cohorts=(), steps=0, seed=0),
        fingerprint="planted",
    )
    # The embedding has a width of 1 as CONFIG says, but no weight to find a device by.
    model.register_parameter("unused", torch.nn.Parameter(torch.zeros(1)))
    return Encoder(model.eval(), card, {"head": head})


def record_of(signal_mv, fs_hz=500.0):
    return EcgRecord(
        signal_mv=np.asarray(signal_mv, dtype=np.float32),
        fs_hz=fs_hz,
        leads=STANDARD_LEADS,
        record_id="planted",
    )


@pytest.fixture(scope="module")
def record():
    return record_of(pulse_train(400, seed=0)[0])


@pytest.fixture(scope="module")
def shipped():
    return load_encoder()


@pytest.fixture(scope="module")
def sinus():
    return simulate_record("sinus_rhythm", seed=0)


def test_a_linear_function_of_one_segment_is_attributed_to_it_alone(record):
    encoder = encoder_of(SegmentSum(CONFIG))
    found = attribute(record, encoder, "planted")
    eaten = encoder.card.preprocessing.signal(record)
    expected = np.zeros_like(eaten)
    for window in (slice(0, 500), slice(500, 1000)):
        rows = expected[1, window]
        rows[SEGMENT] = SLOPE * WEIGHT / SCALE / 2 * eaten[1, window][SEGMENT]  # two windows
    # float32: seven digits of each product.
    np.testing.assert_allclose(found.values, expected, rtol=1e-5, atol=1e-6)
    assert not found.values[[0, *range(2, 12)]].any()
    assert found.completeness_error < 1e-5
    assert found.by_lead.sum() == pytest.approx(found.log_odds - found.baseline_log_odds, abs=1e-4)


def test_samples_of_two_windows_are_attributed_what_both_say(record):
    """Of 7.5 s there are two windows, from 0 and from 2.5 s."""
    encoder = encoder_of(LeadEnergy(CONFIG))
    shorter = replace(record, signal_mv=record.signal_mv[:, :3750])
    found = attribute(shorter, encoder, "planted")
    eaten = encoder.card.preprocessing.signal(shorter)[7].astype(np.float64)
    n_windows = np.r_[np.ones(250), np.full(250, 2), np.ones(250)]
    expected = SLOPE * WEIGHT / SCALE / 2 * n_windows * eaten**2
    # Gauss-Legendre is exact for a line, the gradient of a square, but for float32.
    np.testing.assert_allclose(found.values[7], expected, rtol=1e-4, atol=1e-6)
    assert found.completeness_error < 1e-4


@pytest.mark.parametrize("fs_hz", [250.0, 360.0, 500.0, 1000.0])
def test_an_attribution_lies_where_the_deflection_is_in_the_record(fs_hz):
    """One pulse a record, in V2, at a time that is no sample of the encoder's."""
    time_s = np.arange(round(10 * fs_hz)) / fs_hz
    noise = np.random.default_rng(0).normal(0, 0.002, (12, len(time_s)))
    noise[7] += np.exp(-(((time_s - 6.234) / 0.02) ** 2))
    found = attribute(record_of(noise, fs_hz), encoder_of(LeadEnergy(CONFIG)), "planted")
    lead, sample = np.unravel_index(np.argmax(found.values), found.values.shape)
    assert found.leads[lead] == "V2"
    assert found.time_s[sample] == pytest.approx(6.234, abs=0.5 / found.fs_hz + 1e-3)
    assert found.values.shape == (12, 1000)


def test_the_log_odds_are_those_of_the_prediction_and_nearly_add_up(shipped, sinus):
    prediction = predict(sinus, shipped)
    for name in ("NORM", "HYP"):
        found = attribute(sinus, shipped, name)
        column = prediction.labels.index(name)
        # The embedding is float32, its head here too.
        assert found.probability == pytest.approx(prediction.probabilities[column], abs=1e-4)
        assert abs(found.missed_log_odds) < 0.1  # 80 attributions of PTB-XL: 0.08 at most
        assert found.completeness_error < 0.05
        assert 0 < found.baseline_probability < 1


def test_more_steps_add_up_better(shipped, sinus):
    coarse = attribute(sinus, shipped, "NORM", n_steps=1)
    fine = attribute(sinus, shipped, "NORM", n_steps=32)
    assert abs(fine.missed_log_odds) < abs(coarse.missed_log_odds) / 4


def test_an_attribution_changes_when_the_weights_are_randomised(shipped, sinus):
    """Adebayo et al. 2018: else it would show the ECG, not what the model has learnt."""
    found = attribute(sinus, shipped, "NORM", n_steps=16)
    again = attribute(sinus, shipped, "NORM", n_steps=16)
    assert compare_attributions(found, again) == pytest.approx((1.0, 1.0, 1.0))
    check = randomisation_check(sinus, shipped, found, seed=0)
    # Waves of some 100 ms make about 100 of the 1,000 samples independent, and the leads two or
    # more: a standard error of 0.07 at most. What PTB-XL showed was below 0.08.
    assert abs(check.values) < 0.2
    assert abs(check.sensitivity) < 0.2
    assert check.magnitudes < 0.8  # the ECG itself is a factor of both


def test_smoothing_keeps_what_each_lead_adds(record):
    found = attribute(record, encoder_of(LeadEnergy(CONFIG)), "planted", n_steps=4)
    smooth = found.smoothed(40.0)
    np.testing.assert_allclose(smooth.sum(axis=1), found.by_lead, rtol=1e-4, atol=1e-4)
    assert smooth[7].max() < found.values[7].max()
    with pytest.raises(ValueError, match="sigma_ms must be above 0, got 0"):
        found.smoothed(0)


def broken(record, how):
    signal = record.signal_mv.copy()
    if how == "short":
        signal = signal[:, :2000]
    elif how == "flat":
        signal[3] = 0.0
    else:
        signal[5, 100:120] = np.nan
    return replace(record, signal_mv=signal)


@pytest.mark.parametrize("how", ["short", "flat", "missing"])
def test_what_cannot_be_embedded_is_refused_in_the_same_words(record, how):
    encoder, poor = encoder_of(SegmentSum(CONFIG)), broken(record, how)
    with pytest.raises(SignalError) as refused:
        embed(poor, encoder)
    with pytest.raises(SignalError) as found:
        attribute(poor, encoder, "planted")
    assert str(found.value) == str(refused.value)


def test_what_is_asked_for_must_be_there(record):
    encoder = encoder_of(SegmentSum(CONFIG), n_labels=2)
    with pytest.raises(ValueError, match="label must be one of planted, other, got 'MI'"):
        attribute(record, encoder, "MI")
    with pytest.raises(ValueError, match="head must be one of head, got 'rhythm'"):
        attribute(record, encoder, "planted", head="rhythm")
    with pytest.raises(ValueError, match="n_steps must be at least 1, got 0"):
        attribute(record, encoder, "planted", n_steps=0)
    with pytest.raises(CheckpointError, match="expected a prediction head"):
        attribute(record, replace(encoder, heads={}), "planted")


def test_nothing_attributed_has_no_share_missed():
    nothing = np.zeros((12, 10), dtype=np.float32)
    found = Attribution("head", "MI", STANDARD_LEADS, 100.0, nothing, nothing, 0.0, 0.0, 32)
    assert np.isnan(found.completeness_error)
    assert found.missed_log_odds == 0.0
