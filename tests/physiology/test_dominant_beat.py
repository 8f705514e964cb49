from dataclasses import fields, replace

import numpy as np
import pytest

from physioclr.errors import SignalError
from physioclr.physiology.beat_features import compute_beat_features
from physioclr.physiology.dominant_beat import aligned_beats, dominant_beat
from physioclr.physiology.measurements import summarise
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_record


def features_of(record):
    return compute_beat_features(record, delineate(record))


@pytest.fixture(scope="module")
def record():
    return simulate_record("sinus_rhythm", seed=3)


def test_its_fiducials_are_what_the_intervals_are_measured_between(record):
    features = features_of(record)
    beat, measured = dominant_beat(record, features), summarise(features)
    at = beat.fiducials
    assert at.qrs_on - at.p_on == measured.pr_ms
    assert at.qrs_off - at.qrs_on == measured.qrs_ms
    assert at.t_off - at.qrs_on == measured.qt_ms


def test_the_level_before_qrs_is_zero_whatever_the_offset(record):
    offset = replace(record, signal_mv=record.signal_mv + np.arange(12)[:, None])
    for each in (record, offset):
        beat = dominant_beat(each, features_of(each))
        before = (beat.time_ms > beat.fiducials.qrs_on - 20) & (
            beat.time_ms < beat.fiducials.qrs_on
        )
        # Noise of the simulator is about 0.01 mV and falls with the root of the beats.
        assert np.abs(beat.signal_mv[:, before]).max() < 0.03


def test_a_beat_of_another_shape_leaves_no_trace(record):
    signal = record.signal_mv.copy()
    peak = features_of(record).r_peaks_samples[4]
    signal[:, peak - 40 : peak + 200] *= -2
    strange = replace(record, signal_mv=signal)
    plain, median = (dominant_beat(each, features_of(each)) for each in (record, strange))
    qrs = np.abs(plain.time_ms) < 40
    # A tenth of the beats cannot move a median by more than their noise.
    assert np.abs(plain.signal_mv - median.signal_mv)[:, qrs].max() < 0.1


def test_a_flat_lead_is_nan_and_the_others_are_drawn(record):
    signal = record.signal_mv.copy()
    signal[7] = 0.0
    flat = replace(record, signal_mv=signal)
    beat = dominant_beat(flat, features_of(flat))
    assert np.isnan(beat.signal_mv[7]).all()
    assert np.isfinite(beat.signal_mv[:7]).all()


def test_two_beats_are_no_median(record):
    features = features_of(record)
    two = replace(features, r_peaks_samples=features.r_peaks_samples[:2], kinds=first_two(features))
    with pytest.raises(SignalError, match="expected 3 beats or more, found 2"):
        dominant_beat(record, two)


def first_two(features):
    kinds = {field.name: getattr(features.kinds, field.name) for field in fields(features.kinds)}
    return type(features.kinds)(
        **{
            name: value[:2] if isinstance(value, np.ndarray) else value
            for name, value in kinds.items()
        }
    )


def test_two_ecgs_lie_over_each_other_at_the_onset_of_qrs(record):
    # The same heart, recorded 0.4 s later and at half the rate.
    half = replace(record, signal_mv=record.signal_mv[:, 200::2], fs_hz=250.0)
    earlier, later = aligned_beats(record, half, (features_of(record), features_of(half)))
    np.testing.assert_array_equal(earlier.time_ms, later.time_ms)
    assert earlier.fiducials.qrs_on == later.fiducials.qrs_on == 0.0
    qrs = (earlier.time_ms > -20) & (earlier.time_ms < 120)
    apart = np.abs(earlier.signal_mv - later.signal_mv)[:, qrs]
    assert np.median(apart) < 0.03  # noise of the simulator
    # The steepest slope is about 0.1 of the height a ms, and the onsets 2 ms apart.
    assert apart.max() < 0.25 * np.abs(earlier.signal_mv[:, qrs]).max()


def test_without_an_onset_they_lie_over_each_other_at_the_beats_marks(record):
    features = features_of(record)
    unknown = replace(features, median_beat=replace(features.median_beat, qrs_on=np.nan))
    earlier, later = aligned_beats(record, record, (features, unknown))
    assert earlier.fiducials.qrs_on == features.median_beat.qrs_on
    assert np.isnan(later.fiducials.qrs_on)
    assert np.argmax(np.abs(earlier.signal_mv[1])) == np.argmax(np.abs(later.signal_mv[1]))
