import numpy as np
import pytest

from physioclr.signal.wave_input import NETWORK_HZ
from studies.wave_network.rhythms import erase_p, quicken

# Onset, peak and end of P, QRS and T around each R peak, in s.
OFFSETS_S = {"p": (-0.2, -0.16, -0.11), "qrs": (-0.04, 0.0, 0.05), "t": (0.16, 0.28, 0.36)}
HEIGHTS = {"p": 0.2, "qrs": 1.0, "t": 0.4}


@pytest.fixture
def marked():
    """Two leads of ten beats a second apart, every wave a half sine between its marks."""
    peaks_s = np.arange(0.5, 10)
    waves = {name: peaks_s[:, None] + np.array(at) for name, at in OFFSETS_S.items()}
    time_s = np.arange(2600) / NETWORK_HZ
    lead = np.zeros(time_s.size)
    for name, marks in waves.items():
        for onset, _, end in marks:
            inside = (time_s >= onset) & (time_s <= end)
            lead[inside] += HEIGHTS[name] * np.sin(np.pi * (time_s[inside] - onset) / (end - onset))
    signal = np.stack([lead, -0.5 * lead]).astype(np.float32)
    span_s = np.tile([waves["p"][0, 0], waves["t"][-1, 2]], (2, 1))
    return signal, [waves, waves], span_s


@pytest.mark.parametrize("seed", range(6))
def test_marks_stay_on_their_waves_when_the_rest_is_taken_out(marked, seed):
    signal, waves, span_s = quicken(*marked, np.random.default_rng(seed))
    peaks = np.round(waves[0]["qrs"][:, 1] * NETWORK_HZ).astype(int)
    assert peaks.size == 10
    # A QRS peaks within a sample of its mark; what is left of a step adds to its height.
    for peak in peaks:
        near = signal[0, peak - 4 : peak + 5]
        assert abs(int(np.argmax(near)) - 4) <= 1
    assert span_s[0, 1] == pytest.approx(waves[0]["t"][-1, 2])


def test_the_rhythm_grows_quicker_by_the_same_for_every_beat(marked):
    _, waves, _ = quicken(*marked, np.random.default_rng(3))
    rr_s = np.diff(waves[0]["qrs"][:, 1])
    assert rr_s.max() < 1.0
    # Rounding to samples of 4 ms
    assert np.ptp(rr_s) <= 0.0041


def test_p_may_come_to_lie_on_t(marked):
    ends = []
    for seed in range(30):
        _, waves, _ = quicken(*marked, np.random.default_rng(seed))
        ends.append(float(waves[0]["t"][0, 2] - waves[0]["p"][1, 0]))
    assert max(ends) > 0.05
    assert min(ends) < 0


def test_erased_p_waves_leave_the_rest_as_it_was(marked):
    signal, waves, _ = marked
    out, left = erase_p(signal, waves)
    assert all(not len(of_lead["p"]) for of_lead in left)
    at = np.round(waves[0]["p"][:, 1] * NETWORK_HZ).astype(int)
    # What remains is the line between two flat samples
    assert np.abs(out[:, at]).max() < 1e-6
    assert np.array_equal(left[0]["t"], waves[0]["t"])
    t = np.round(waves[0]["t"][:, 1] * NETWORK_HZ).astype(int)
    np.testing.assert_array_equal(out[:, t], signal[:, t])
