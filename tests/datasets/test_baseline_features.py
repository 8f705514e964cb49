"""The control features: what they hold, and what they leave unknown."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.datasets.baseline_features import (
    INDEPENDENT_LEADS,
    median_beat_features,
    physiology_features,
)
from physioclr.datasets.store import Store, StoreWriter

FS_HZ = 500.0
R_AT = 25  # samples of the beat at 100 Hz before R
N_WINDOW = 70  # 700 ms at 100 Hz


@pytest.fixture(scope="module")
def odd_store(tmp_path_factory):
    """Four ECGs: with beats, the same twice as large, with one beat, with none."""
    out = tmp_path_factory.mktemp("controls") / "odd"
    r_peaks = np.arange(400, 4800, 400)
    since = np.arange(5000) - r_peaks[:, None]
    beat = np.exp(-((since / 15) ** 2)).sum(axis=0)
    signal = np.linspace(0.5, 1.6, 12)[:, None] * beat
    rows = [(signal, r_peaks), (2 * signal, r_peaks), (signal, r_peaks[:1]), (signal, ())]
    with StoreWriter(out, fs_hz=FS_HZ, n_samples=5000, source="pulses") as writer:
        for i, (mv, peaks) in enumerate(rows):
            writer.append(
                mv,
                {"record_id": f"r{i}", "patient_id": f"p{i}"},
                physiology={"rr_ms_median": 800.0 if len(peaks) > 1 else np.nan},
                beats={"r_peaks_samples": np.asarray(peaks, dtype=int).tolist()},
            )
    return Store(out)


def test_physiology_features_keep_unknown_unknown(odd_store):
    np.testing.assert_array_equal(
        physiology_features(odd_store), [[800.0], [800.0], [np.nan], [np.nan]]
    )


def test_the_r_peak_stands_250_ms_into_each_beat(odd_store):
    features = median_beat_features(odd_store)
    assert features.shape == (4, len(INDEPENDENT_LEADS) * N_WINDOW + 1)
    beats = features[0, :-1].reshape(len(INDEPENDENT_LEADS), N_WINDOW)
    assert (beats.argmax(axis=1) == R_AT).all()
    # Leads I, II, V1–V6 of the store, whose pulses grow from 0.5 by 0.1 mV a lead; the
    # high-pass takes the mean of the signal (7 %) and the resampling rounds the tip a little.
    expected = 0.5 + 0.1 * np.array([0, 1, 6, 7, 8, 9, 10, 11])
    np.testing.assert_allclose(np.ptp(beats, axis=1), expected, rtol=0.12)


def test_the_beat_scales_with_the_gain_and_the_rr_does_not(odd_store):
    once, twice = median_beat_features(odd_store)[:2]
    np.testing.assert_allclose(twice[:-1], 2 * once[:-1], atol=0.004)  # 1 µV steps of the store
    assert once[-1] == twice[-1] == 800.0


def test_the_mean_rr_of_one_beat_is_unknown(odd_store):
    one_beat = median_beat_features(odd_store)[2]
    assert np.isnan(one_beat[-1])
    assert np.isfinite(one_beat[:-1]).all()


def test_an_ecg_without_beats_is_unknown_throughout(odd_store):
    assert np.isnan(median_beat_features(odd_store)[3]).all()
