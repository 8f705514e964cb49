"""The recorder's 1 mV pulse is cut; nothing that a heart does is."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.io.calibration import without_calibration
from physioclr.io.channels import Channels
from physioclr.leads import STANDARD_LEADS
from physioclr.simulate import simulate_cohort

PULSE = np.repeat([0.0, 1.0, 0.0], [50, 100, 50])


@pytest.fixture(scope="module")
def ecg_mv():
    return simulate_cohort(1, seed=3).record(0).signal_mv.astype(float)


def channels(signal_mv):
    return Channels(signal_mv, 500.0, STANDARD_LEADS[: len(signal_mv)])


@pytest.mark.parametrize("at_end", [True, False])
def test_a_pulse_at_either_end_is_cut_with_a_word(ecg_mv, at_end):
    pulse = np.tile(PULSE, (12, 1))
    parts = [ecg_mv, pulse] if at_end else [pulse, ecg_mv]
    found = without_calibration(channels(np.concatenate(parts, axis=1)))
    # 20 ms are cut beside the pulse, and what is equal in all leads by chance.
    assert 0 <= ecg_mv.shape[1] - found.signal_mv.shape[1] <= 20
    kept = (
        ecg_mv[:, : found.signal_mv.shape[1]] if at_end else ecg_mv[:, -found.signal_mv.shape[1] :]
    )
    np.testing.assert_array_equal(found.signal_mv, kept)
    assert "calibration pulse of 1 mV" in found.warnings[0]


def test_an_ecg_without_a_pulse_is_left_as_it_is(ecg_mv):
    given = channels(ecg_mv)
    assert without_calibration(given) is given


def test_silence_in_all_leads_is_no_pulse(ecg_mv):
    given = channels(np.concatenate([ecg_mv, np.zeros((12, 500))], axis=1))
    assert without_calibration(given) is given


def test_one_lead_at_a_millivolt_is_no_pulse(ecg_mv):
    signal = np.concatenate([ecg_mv, np.zeros((12, 200))], axis=1)
    signal[3, -200:] = PULSE
    given = channels(signal)
    assert without_calibration(given) is given


@pytest.mark.parametrize("level", [0.0, 1.0, np.nan])
def test_leads_that_are_equal_throughout_are_left_as_they_are(level):
    given = channels(np.full((12, 500), level))
    assert without_calibration(given) is given
