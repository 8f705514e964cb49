from __future__ import annotations

import numpy as np
import pytest

from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import SignalError
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from tests.conftest import pulse_train


def record(signal=None, *, fs_hz=500.0, leads=STANDARD_LEADS):
    if signal is None:
        signal, _ = pulse_train(400, seed=0)
    return EcgRecord(signal, fs_hz, leads, "x")


@pytest.mark.parametrize(
    ("duration_s", "starts"), [(5, [0]), (10, [0, 500]), (7, [0, 200]), (12, [0, 350, 700])]
)
def test_windows_cover_the_record(duration_s, starts):
    assert Preprocessing().starts(duration_s * 100) == starts


@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 360.0, 1000.0])
def test_a_window_is_in_the_encoders_rate_whatever_the_records(fs_hz):
    signal = np.random.default_rng(0).normal(size=(12, round(10 * fs_hz))).astype(np.float32)
    assert Preprocessing().windows(record(signal, fs_hz=fs_hz)).shape == (2, 12, 500)


def test_the_order_of_the_leads_does_not_matter():
    signal, _ = pulse_train(400, seed=0)
    reversed_record = record(signal[::-1], leads=STANDARD_LEADS[::-1])
    np.testing.assert_array_equal(
        Preprocessing().windows(reversed_record), Preprocessing().windows(record())
    )


def test_voltage_stays_visible():
    signal, _ = pulse_train(400, seed=0)
    once, twice = (Preprocessing().windows(record(signal * gain)) for gain in (1, 2))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-3, atol=1e-4)  # a linear filter in float32


def test_an_offset_is_filtered_out():
    signal, _ = pulse_train(400, seed=0)
    shifted = Preprocessing().windows(record(signal + 3))
    # 0.5 Hz high pass: 3 mV leaves under 0.01 of the scale (0.005 mV) away from the edges.
    np.testing.assert_allclose(
        shifted[:, :, 100:400], Preprocessing().windows(record(signal))[:, :, 100:400], atol=0.01
    )


def test_missing_limb_leads_are_derived():
    signal = np.random.default_rng(0).normal(size=(12, 5000)).astype(np.float32)
    signal[2] = signal[1] - signal[0]
    signal[3] = -(signal[0] + signal[1]) / 2
    signal[4] = signal[0] - signal[1] / 2
    signal[5] = signal[1] - signal[0] / 2
    keep = [0, 1, 6, 7, 8, 9, 10, 11]
    eight = record(signal[keep], leads=tuple(STANDARD_LEADS[i] for i in keep))
    np.testing.assert_allclose(
        Preprocessing().windows(eight), Preprocessing().windows(record(signal)), atol=1e-4
    )


def test_each_ecg_that_cannot_be_encoded_says_why():
    signal, _ = pulse_train(400, seed=0)
    flat, gap = signal.copy(), signal.copy()
    flat[7] = 0.25
    gap[2, 100:110] = np.nan
    for refused, why in (
        (record(signal[:, :1000]), "at least 5 s of signal, found 2.0 s"),
        (record(signal[:2], leads=("I", "V1")), "found no II, III, aVR"),
        (record(flat), "lead V2 flat"),
        (record(gap), "10 of 5000 samples of lead III missing"),
    ):
        with pytest.raises(SignalError, match=why):
            Preprocessing().windows(refused)


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e38])
def test_an_amplitude_without_bound_is_refused_by_its_lead(value):
    signal_mv = np.random.default_rng(0).normal(0, 0.3, (12, 5000)).astype(np.float32)
    signal_mv[3, 100] = value
    with pytest.raises(SignalError, match="one without bound in lead aVR"):
        Preprocessing().windows(EcgRecord(signal_mv, 500, STANDARD_LEADS, "a"))
