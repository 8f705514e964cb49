"""Whatever leads, gaps, rails and rates come in: numbers with a reason to stand, no exception."""

import json
import math

import numpy as np
import pytest

from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord
from physioclr.signal.quality import assess_quality
from tests.signal.synthetic import synthetic_record, with_leads, with_signal

EIGHT = ("I", "II", *STANDARD_LEADS[6:])


def gaps(signal_mv):
    signal_mv[:, 400:900] = np.nan
    signal_mv[2, ::2] = np.nan
    signal_mv[3] = np.nan


def rails(signal_mv):
    np.clip(signal_mv, -0.2, 0.3, out=signal_mv)
    signal_mv[4, 1000:3000] = 5.0


def flat(signal_mv):
    signal_mv[:] = 0.0


def spikes_and_hum(signal_mv):
    time_s = np.arange(signal_mv.shape[1])
    signal_mv += 0.3 * np.sin(2 * np.pi * 0.1 * time_s)
    signal_mv[:, ::400] += 2.0


def noise(signal_mv):
    signal_mv[:] = np.random.default_rng(0).normal(size=signal_mv.shape)


def one_impulse(signal_mv):
    signal_mv[:] = 0.0
    signal_mv[:, 700] = 3.0


@pytest.mark.parametrize("spoil", [gaps, rails, flat, spikes_and_hum, noise, one_impulse])
@pytest.mark.parametrize("fs_hz", [100, 1000])
@pytest.mark.parametrize("leads", [("V2",), ("I", "II"), EIGHT, STANDARD_LEADS])
def test_spoilt_ecgs_are_judged_and_measured(spoil, fs_hz, leads):
    record = synthetic_record(fs_hz=fs_hz)
    signal_mv = record.signal_mv.copy()
    spoil(signal_mv)
    spoilt = with_leads(with_signal(record, signal_mv), leads)
    json.dumps(assess_quality(spoilt).to_dict(), allow_nan=False)
    measured = measure(spoilt)
    json.dumps(measured.to_dict(), allow_nan=False)
    for name, value in measured.scalars().items():
        assert math.isfinite(value) or measured.reasons[name], name


def test_five_seconds_are_enough():
    record = synthetic_record(duration_s=5.0)
    assert assess_quality(record).acceptable
    assert np.isfinite(measure(record).qrs_ms)
    assert isinstance(record, EcgRecord)
