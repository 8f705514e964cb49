"""Flutter waves and blocked P waves, in signals made for it."""

from __future__ import annotations

import numpy as np
import pytest

from physioclr.interpretation.atrial_activity import FLUTTER_LEADS, find_atrial_activity
from physioclr.interpretation.blocked_p import find_blocked_p
from physioclr.physiology.global_fiducials import GlobalFiducials

FS_HZ = 500.0
SECONDS = np.arange(round(10 * FS_HZ)) / FS_HZ


def with_beats(at_s, *, p_at_s=(), seed=0):
    """Return four leads of narrow QRS complexes, T waves and P waves at these times."""
    rng = np.random.default_rng(seed)
    lead = rng.normal(0, 0.004, SECONDS.size)
    for beat in at_s:
        lead += 1.0 * np.exp(-0.5 * ((SECONDS - beat) / 0.012) ** 2)
        lead += 0.25 * np.exp(-0.5 * ((SECONDS - beat - 0.27) / 0.04) ** 2)
    for p in p_at_s:
        lead += 0.12 * np.exp(-0.5 * ((SECONDS - p) / 0.02) ** 2)
    return np.outer([1.0, 0.8, 0.9, 0.5], lead)


@pytest.mark.parametrize("rate_per_min", [240.0, 300.0])
def test_flutter_waves_and_their_ratio_are_found(rate_per_min):
    cycle_s = 60 / rate_per_min
    steps = np.array([3, 4, 2, 4, 3, 2, 4, 3, 4, 2, 3, 4])
    beats = 0.5 + cycle_s * np.cumsum(steps)
    beats = beats[beats < 9.5]
    signal = with_beats(beats) + 0.08 * np.sin(2 * np.pi * SECONDS / cycle_s)
    peaks = np.round(beats * FS_HZ).astype(np.int64)
    found = find_atrial_activity(signal, FS_HZ, FLUTTER_LEADS, peaks, np.ones(peaks.size, bool))
    # A lag of one sample at 100 Hz is 1/cycle: 4 to 5 % of the rate.
    assert found.rate_per_min == pytest.approx(rate_per_min, rel=0.05)
    assert found.regularity > 0.35
    assert found.locked > 0.9


def test_noise_between_irregular_beats_is_no_flutter():
    rng = np.random.default_rng(1)
    beats = np.cumsum(rng.uniform(0.5, 1.1, 11))
    peaks = np.round(beats[beats < 9.5] * FS_HZ).astype(np.int64)
    signal = with_beats(beats) + rng.normal(0, 0.02, (4, SECONDS.size))
    found = find_atrial_activity(signal, FS_HZ, FLUTTER_LEADS, peaks, np.ones(peaks.size, bool))
    assert not found.regularity >= 0.35


def test_three_beats_are_too_few_to_look_for_flutter():
    found = find_atrial_activity(
        with_beats([1, 2, 3]), FS_HZ, FLUTTER_LEADS, np.array([500, 1000, 1500]), np.ones(3, bool)
    )
    assert np.isnan(found.rate_per_min)


AT = GlobalFiducials(-210.0, -110.0, -40.0, 40.0, 270.0, 380.0, 6)


def test_a_p_wave_without_qrs_is_found_in_its_interval():
    beats = np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0])
    p = [*(beats - 0.16), 4.0 - 0.16]
    peaks = np.round(beats * FS_HZ).astype(np.int64)
    everywhere = np.ones(peaks.size, bool)
    pr_ms = np.full(peaks.size, 170.0)
    signal = with_beats(beats, p_at_s=p)
    assert find_blocked_p(signal, FS_HZ, peaks, everywhere, pr_ms, AT) == (2,)
    without = with_beats(beats, p_at_s=beats - 0.16)
    assert find_blocked_p(without, FS_HZ, peaks, everywhere, pr_ms, AT) == ()
